/* SPDX-License-Identifier: BSD-2-Clause */
/* How far the probes go, and how fast. */
#include <string.h>
#include <strings.h>

#include "cli/options/groups/groups.h"
#include "cli/options/hints.h"

#define NS_PER_S_D 1e9

static enum status take_byte(struct parse *parse, const char *value, uint64_t most, const char *what, uint8_t *out,
                             struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 1, most, &number))
        return parse_complain(parse, value, err, "expected %s, 1 to %u", what, (unsigned)most);
    *out = (uint8_t)number;
    return STATUS_OK;
}

static enum status apply_first(struct parse *parse, const char *value, struct err *err)
{
    return take_byte(parse, value, 255, "the first TTL", &parse->out->session.first_ttl, err);
}

static enum status apply_max(struct parse *parse, const char *value, struct err *err)
{
    parse->max_given = true;
    return take_byte(parse, value, 255, "the largest TTL", &parse->out->session.max_ttl, err);
}

static enum status apply_queries(struct parse *parse, const char *value, struct err *err)
{
    parse->queries_given = true;
    return take_byte(parse, value, 100, "the number of probes per hop", &parse->out->session.queries, err);
}

/* The span that a number with a unit means; 0: `text` is not one. */
static nstime span_in_other_unit(const char *text)
{
    nstime span;
    const char *rest;
    if (value_span(text, NS_PER_S, &span, &rest) && (!strcasecmp(rest, "s") || !strcasecmp(rest, "sec")))
        return span;
    if (value_span(text, NS_PER_MS, &span, &rest) && !strcasecmp(rest, "ms"))
        return span;
    if (value_span(text, NS_PER_US, &span, &rest) && !strcasecmp(rest, "us"))
        return span;
    return 0;
}

static enum status apply_wait(struct parse *parse, const char *value, struct err *err)
{
    const nstime least = NS_PER_MS, most = 60 * NS_PER_S;
    nstime span, meant = span_in_other_unit(value);
    const char *rest;
    if (value_span(value, NS_PER_S, &span, &rest) && !*rest && span >= least && span <= most) {
        parse->out->session.max_wait = span;
        parse->out->session.slow_wait = 0; /* the user's own limit holds on slow paths too */
        return STATUS_OK;
    }
    if (meant >= least && meant <= most)
        return parse_complain(parse, value, err, "expected seconds, 0.001 to 60, without a unit (-w %g)",
                              (double)meant / NS_PER_S_D);
    if (value_span(value, NS_PER_MS, &span, &rest) && !*rest && span >= least && span <= most)
        return parse_complain(parse, value, err, "expected seconds, 0.001 to 60 (for milliseconds: -w %g)",
                              (double)span / NS_PER_S_D);
    if (strchr(value, ','))
        return parse_complain(parse, value, err,
                              "expected one number of seconds, 0.001 to 60 (waits adapt to the RTTs by themselves)");
    if (strpbrk(value, "./") && strpbrk(value, "abcdefghijklmnopqrstuvwxyz"))
        return parse_complain(parse, value, err, "expected seconds, 0.001 to 60 (to save the packets: --write FILE)");
    return parse_complain(parse, value, err, "expected seconds, 0.001 to 60");
}

static enum status apply_gap(struct parse *parse, const char *value, struct err *err)
{
    return take_byte(parse, value, 255, "the number of silent hops", &parse->out->session.gap, err);
}

static enum status apply_send_gap(struct parse *parse, const char *value, struct err *err)
{
    const nstime most = 60 * NS_PER_S;
    nstime span, meant = span_in_other_unit(value);
    const char *rest;
    if (value_span(value, NS_PER_MS, &span, &rest) && !*rest && span <= most) {
        parse->out->session.send_gap = span;
        parse->send_gap_given = true;
        if (span > 0 && span <= 10 * NS_PER_MS)
            hint_add(parse, "%s: %g milliseconds (traceroute reads numbers up to 10 as seconds)", parse->spelled,
                     nstime_ms(span));
        return STATUS_OK;
    }
    if (meant > 0 && meant <= most)
        return parse_complain(parse, value, err, "expected milliseconds, 0 to 60000, without a unit (-z %g)",
                              nstime_ms(meant));
    return parse_complain(parse, value, err, "expected milliseconds, 0 to 60000");
}

static enum status apply_rate(struct parse *parse, const char *value, struct err *err)
{
    nstime billionths; /* of a packet per second */
    const char *rest;
    if (!value_span(value, NS_PER_S, &billionths, &rest) || *rest || billionths < NS_PER_S / 100)
        return parse_complain(parse, value, err, "expected packets per second, 0.01 to 1000000");
    parse->rate_gap = (nstime)(NS_PER_S_D * NS_PER_S_D / (double)billionths);
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.letter = "-f", .argument = "N", .commands = ON_LIVE, .help = "first TTL (1)", .apply = apply_first},
    {.letter = "-m",
     .argument = "N",
     .commands = ON_LIVE,
     .brief = "largest TTL (30)",
     .help = "largest TTL (30; 1 to 255)",
     .apply = apply_max},
    {.letter = "-q",
     .argument = "N",
     .commands = ON_TRACE | ON_DIAGNOSE,
     .brief = "probes per hop (3)",
     .help = "probes per hop (3, diagnose 1; 1 to 100)",
     .apply = apply_queries},
    {.letter = "-w",
     .argument = "SEC",
     .commands = ON_LIVE,
     .brief = "longest wait for a reply (3.2)",
     .help =
         "longest wait for a reply in seconds (3.2; up to 5 on slow paths); usually shorter, because waits adapt to "
         "the RTTs seen",
     .apply = apply_wait},
    {.name = "--gap",
     .argument = "N",
     .commands = ON_LIVE,
     .help = "stop after N silent hops in a row (8)",
     .apply = apply_gap},
    {.letter = "-z",
     .argument = "MS",
     .commands = ON_LIVE,
     .help = "minimum gap between two probes in milliseconds (0.5)",
     .apply = apply_send_gap},
    {.name = "--rate",
     .argument = "PPS",
     .commands = ON_LIVE,
     .help = "maximum probes per second over the whole run (no limit)",
     .apply = apply_rate},
};

OPTION_GROUP(option_group_ladder, "Limits and timing", NULL, rows);
