/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/apply.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "cli/options/hints.h"

#define NS_PER_S_D 1e9

struct subject parse_subject(const struct parse *parse, const char *value)
{
    return (struct subject){.environment = parse->environment, .spelled = parse->spelled, .value = value};
}

static enum status __attribute__((format(printf, 4, 5)))
complain(const struct parse *parse, const char *value, struct err *err, const char *format, ...)
{
    const struct subject subject = parse_subject(parse, value);
    va_list args;
    va_start(args, format);
    enum status status = value_complain_args(err, &subject, format, args);
    va_end(args);
    return status;
}

/* --- what to send --- */

static enum status add_probe(struct parse *parse, const char *text, const char *value, struct err *err)
{
    if (parse->probe_count == SPECS_MOST)
        return complain(parse, value, err, "at most %d probes can be asked for at once", SPECS_MOST);
    parse->probes[parse->probe_count].text = text;
    parse->probes[parse->probe_count].spelled = parse->spelled;
    parse->probes[parse->probe_count].value = value;
    parse->probes[parse->probe_count].environment = parse->environment;
    parse->probe_count++;
    return STATUS_OK;
}

enum status apply_probe(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, value, value, err);
}

enum status apply_icmp(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, "icmp", value, err);
}

enum status apply_tcp(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, "tcp", value, err);
}

enum status apply_udp(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, "udp", value, err);
}

enum status apply_port(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (strchr(value, ',') || (value[0] != '-' && strchr(value, '-') && strspn(value, "0123456789-") == strlen(value)))
        return complain(parse, value, err,
                        "one port goes here (several probes are several -P, as -P tcp/80 -P tcp/443)");
    if (strspn(value, "+-0123456789.") == strlen(value) && !value_number(value, false, 1, 65535, &number))
        return complain(parse, value, err, "a port is 1 to 65535, or the name of a service");
    if (strlen(value) > 32)
        return complain(parse, value, err, "no service has so long a name");
    parse->port = value;
    parse->port_subject = parse_subject(parse, value);
    return STATUS_OK;
}

static enum status apply_family(struct parse *parse, uint8_t family, struct err *err)
{
    if (parse->family_given && parse->out->family != family) {
        const struct subject subject = {.environment = parse->environment, .spelled = "-4 -6"};
        return value_complain(err, &subject, "a path has one address family (leave one of them out)");
    }
    parse->out->family = family;
    parse->family_given = true;
    return STATUS_OK;
}

enum status apply_four(struct parse *parse, const char *value, struct err *err)
{
    (void)value;
    return apply_family(parse, 4, err);
}

enum status apply_six(struct parse *parse, const char *value, struct err *err)
{
    (void)value;
    return apply_family(parse, 6, err);
}

enum status apply_seed(struct parse *parse, const char *value, struct err *err)
{
    if (!value_number(value, true, 0, UINT64_MAX, &parse->out->session.seed))
        return complain(parse, value, err, "a seed is a number, 0 to 18446744073709551615");
    parse->out->seed_given = true;
    return STATUS_OK;
}

enum status apply_dry_run(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->dry_run = true;
    return STATUS_OK;
}

/* --- the ladder and its pace --- */

static enum status take_byte(struct parse *parse, const char *value, uint64_t most, const char *what, uint8_t *out,
                             struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 1, most, &number))
        return complain(parse, value, err, "%s is 1 to %u", what, (unsigned)most);
    *out = (uint8_t)number;
    return STATUS_OK;
}

enum status apply_first(struct parse *parse, const char *value, struct err *err)
{
    return take_byte(parse, value, 255, "the first TTL", &parse->out->session.first_ttl, err);
}

enum status apply_max(struct parse *parse, const char *value, struct err *err)
{
    parse->max_given = true;
    return take_byte(parse, value, 255, "the largest TTL", &parse->out->session.max_ttl, err);
}

enum status apply_queries(struct parse *parse, const char *value, struct err *err)
{
    parse->queries_given = true;
    parse->queries_here = parse->queries_here || !parse->environment;
    return take_byte(parse, value, 100, "the number of probes a hop", &parse->out->session.queries, err);
}

enum status apply_gap(struct parse *parse, const char *value, struct err *err)
{
    return take_byte(parse, value, 255, "the number of silent hops", &parse->out->session.gap, err);
}

/* A span as another unit's suffix says it; 0: `text` is no such thing. */
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

enum status apply_wait(struct parse *parse, const char *value, struct err *err)
{
    const nstime least = NS_PER_MS, most = 60 * NS_PER_S;
    nstime span, meant = span_in_other_unit(value);
    const char *rest;
    if (value_span(value, NS_PER_S, &span, &rest) && !*rest && span >= least && span <= most) {
        parse->out->session.max_wait = span;
        return STATUS_OK;
    }
    if (meant >= least && meant <= most)
        return complain(parse, value, err, "seconds go here, 0.001 to 60, without a unit (-w %g)",
                        (double)meant / NS_PER_S_D);
    if (value_span(value, NS_PER_MS, &span, &rest) && !*rest && span >= least && span <= most)
        return complain(parse, value, err, "seconds go here, 0.001 to 60 (milliseconds were meant? -w %g)",
                        (double)span / NS_PER_S_D);
    if (strchr(value, ','))
        return complain(parse, value, err,
                        "one number of seconds goes here, 0.001 to 60 (waits adapt to the RTTs by themselves)");
    if (strpbrk(value, "./") && strpbrk(value, "abcdefghijklmnopqrstuvwxyz"))
        return complain(parse, value, err, "seconds go here, 0.001 to 60 (to save the packets: --write FILE)");
    return complain(parse, value, err, "seconds go here, 0.001 to 60");
}

enum status apply_send_gap(struct parse *parse, const char *value, struct err *err)
{
    const nstime most = 60 * NS_PER_S;
    nstime span, meant = span_in_other_unit(value);
    const char *rest;
    if (value_span(value, NS_PER_MS, &span, &rest) && !*rest && span <= most) {
        parse->out->session.send_gap = span;
        if (span > NS_PER_MS / 2 && span <= 10 * NS_PER_MS)
            name_hint_add(parse, "%s: %g milliseconds (traceroute counts numbers up to 10 in seconds)", parse->spelled,
                          nstime_ms(span));
        return STATUS_OK;
    }
    if (meant > 0 && meant <= most)
        return complain(parse, value, err, "milliseconds go here, 0 to 60000, without a unit (-z %g)",
                        nstime_ms(meant));
    return complain(parse, value, err, "milliseconds go here, 0 to 60000");
}

enum status apply_rate(struct parse *parse, const char *value, struct err *err)
{
    nstime billionths; /* of a packet a second */
    const char *rest;
    if (!value_span(value, NS_PER_S, &billionths, &rest) || *rest || billionths < NS_PER_S / 100)
        return complain(parse, value, err, "packets a second go here, 0.01 to 1000000");
    parse->rate_gap = (nstime)(NS_PER_S_D * NS_PER_S_D / (double)billionths);
    return STATUS_OK;
}

/* --- a diagnosis --- */

static void note_diagnosis(struct parse *parse)
{
    if (!parse->environment && !parse->diagnosing)
        parse->diagnosing = parse->spelled;
}

enum status apply_confidence(struct parse *parse, const char *value, struct err *err)
{
    const nstime one = NS_PER_S, millionth = one / 1000000; /* as precise as a span is read */
    nstime confidence;
    const char *rest;
    if (!parse->environment && !parse->doubting)
        parse->doubting = parse->spelled;
    parse->confidence = value;
    if (!value_span(value, one, &confidence, &rest) || *rest || confidence < one / 2 || confidence > one - millionth)
        return complain(parse, value, err, "a confidence is 0.5 to 0.999 (paths: to 0.999999)");
    parse->out->session.confidence = (uint32_t)(confidence / millionth);
    return STATUS_OK;
}

enum status apply_budget(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    note_diagnosis(parse);
    if (!value_number(value, false, 50, 1000000, &number))
        return complain(parse, value, err, "a budget is 50 to 1000000 packets");
    parse->out->session.budget = (uint32_t)number;
    return STATUS_OK;
}

static void note_search(struct parse *parse)
{
    if (!parse->environment && !parse->searching)
        parse->searching = parse->spelled;
}

enum status apply_max_probes(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    note_search(parse);
    if (!value_number(value, false, 50, FLOW_SERIALS_MOST, &number))
        return complain(parse, value, err, "a number of probes goes here, 50 to 60000");
    parse->out->max_probes = (uint32_t)number;
    return STATUS_OK;
}

enum status apply_lite(struct parse *parse, const char *value, struct err *err)
{
    (void)value;
    (void)err;
    note_search(parse);
    parse->out->session.lite = true;
    return STATUS_OK;
}

enum status apply_only(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    note_diagnosis(parse);
    parse->only_given = parse->only_given || !parse->environment;
    parse->out->only = true;
    return STATUS_OK;
}

enum status apply_expect(struct parse *parse, const char *value, struct err *err)
{
    if (!parse->environment && !parse->judging)
        parse->judging = parse->spelled;
    if (!*value)
        return complain(parse, value, err, "a file name goes here");
    parse->out->expect_file = value;
    return STATUS_OK;
}

/* --- header fields --- */

enum status apply_tos(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, true, 0, 255, &number))
        return complain(parse, value, err, "a TOS or traffic class is 0 to 255 (--dscp takes names as ef or af11)");
    parse->out->session.tos = (uint8_t)number;
    parse->tos_given = true;
    return STATUS_OK;
}

enum status apply_dscp(struct parse *parse, const char *value, struct err *err)
{
    if (!value_dscp(value, &parse->dscp))
        return complain(parse, value, err, "a DSCP is 0 to 63 or a name (ef, va, le, cs0 to cs7, af11 to af43)");
    parse->dscp_spelled = parse->spelled;
    return STATUS_OK;
}

enum status apply_ecn(struct parse *parse, const char *value, struct err *err)
{
    if (!value_ecn(value, &parse->ecn))
        return complain(parse, value, err, "an ECN codepoint is 0 to 3 or a name (not-ect, ect1, ect0, ce)");
    parse->dscp_spelled = parse->spelled;
    return STATUS_OK;
}

enum status apply_no_df(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->session.dont_fragment = false;
    return STATUS_OK;
}

enum status apply_flow_label(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, true, 0, 0xfffff, &number))
        return complain(parse, value, err, "an IPv6 flow label is 0 to 1048575 (0xfffff)");
    parse->out->session.flow_label = (int32_t)number;
    return STATUS_OK;
}

/* --- where from --- */

enum status apply_source(struct parse *parse, const char *value, struct err *err)
{
    struct addr source;
    uint64_t number;
    if (value_number(value, false, 0, 65535, &number))
        return complain(parse, value, err, "a source address goes here (the packet size is the argument after HOST)");
    if (!addr_parse(value, &source))
        return complain(parse, value, err, "an IPv4 or IPv6 address goes here");
    if (addr_is_multicast(&source))
        return complain(parse, value, err, "a multicast address can't be a source");
    parse->out->session.source = source;
    return STATUS_OK;
}

enum status apply_interface(struct parse *parse, const char *value, struct err *err)
{
    const size_t longest = 15; /* IFNAMSIZ and its NUL */
    if (!*value || strlen(value) > longest || strpbrk(value, "/ \t\n"))
        return complain(parse, value, err,
                        "the name of a network interface goes here, 1 to %zu characters (`ip link` lists them)",
                        longest);
    if (strspn(value, "0123456789.") == strlen(value))
        name_hint_add(parse, "%s: the name of an interface (the gap between two probes is -z MS)", parse->spelled);
    parse->out->interface = strcmp(value, "any") == 0 ? NULL : value; /* tcpdump's name of what is the default here */
    return STATUS_OK;
}

enum status apply_sport(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 1, 65535, &number))
        return complain(parse, value, err, "a source port is 1 to 65535");
    parse->out->session.source_port = (uint16_t)number;
    return STATUS_OK;
}

enum status apply_fwmark(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, true, 0, UINT32_MAX, &number))
        return complain(parse, value, err, "a firewall mark is 0 to 4294967295");
    parse->out->fwmark = (uint32_t)number;
    return STATUS_OK;
}

/* --- what a replay is about --- */

static void note_choice(struct parse *parse)
{
    if (!parse->environment && !parse->choosing)
        parse->choosing = parse->spelled;
}

static enum status take_network(struct parse *parse, const char *value, struct network *out, struct err *err)
{
    note_choice(parse);
    if (!value_network(value, out))
        return complain(parse, value, err, "an address or a network goes here, as 192.0.2.80 or 2001:db8::/32");
    return STATUS_OK;
}

enum status apply_target(struct parse *parse, const char *value, struct err *err)
{
    return take_network(parse, value, &parse->out->choice.target, err);
}

/* What it means depends on the command, which may not be known yet. */
enum status apply_source_choice(struct parse *parse, const char *value, struct err *err)
{
    (void)err;
    if (!parse->environment)
        parse->source = value;
    return STATUS_OK;
}

static enum status take_instant(struct parse *parse, const char *value, struct instant *out, struct err *err)
{
    note_choice(parse);
    if (!value_instant(value, out))
        return complain(parse, value, err,
                        "a time goes here: 2026-01-02T03:04:05Z, 03:04:05, @SECONDS of the epoch or +SECONDS after the "
                        "first frame");
    return STATUS_OK;
}

enum status apply_since(struct parse *parse, const char *value, struct err *err)
{
    return take_instant(parse, value, &parse->out->choice.since, err);
}

enum status apply_until(struct parse *parse, const char *value, struct err *err)
{
    return take_instant(parse, value, &parse->out->choice.until, err);
}

enum status apply_bpf(struct parse *parse, const char *value, struct err *err)
{
    note_choice(parse);
    if (!*value)
        return complain(parse, value, err, "a filter goes here, as 'icmp or udp portrange 33434-33534'");
    parse->out->choice.bpf = value;
    return STATUS_OK;
}

enum status apply_list(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    note_choice(parse);
    parse->out->list = true;
    return STATUS_OK;
}

/* --- output --- */

static enum status complain_format(const struct parse *parse, const char *value, const char *name, struct err *err)
{
    if (reserved_format(name))
        return complain(parse, value, err, "this format is not in this version");
    struct strbuf known;
    strbuf_init(&known);
    for (unsigned i = 0; output_formats[i]; i++)
        strbuf_addf(&known, "%s%s", i ? ", " : "", output_formats[i]->name);
    complain(parse, value, err, "there is no such format (%s)", known.text);
    strbuf_free(&known);
    return STATUS_USAGE;
}

void outputs_leave_stdout(struct parse *parse)
{
    struct options *out = parse->out;
    unsigned kept = 0;
    for (unsigned i = 0; i < out->output_count; i++) {
        if (out->outputs[i].file)
            out->outputs[kept++] = out->outputs[i];
    }
    out->output_count = kept;
    parse->stdout_format = NULL;
}

/* Only one format may have stdout; one from the environment gives way to the command line's. */
static enum status take_stdout(struct parse *parse, const char *value, const char *name, struct err *err)
{
    if (parse->stdout_format && parse->environment_stdout && !parse->environment) {
        outputs_leave_stdout(parse);
    } else if (parse->stdout_format) {
        return complain(parse, value, err, "%s is on standard output already (give one of them a file: -o %s:FILE)",
                        parse->stdout_format, name);
    }
    parse->stdout_format = name;
    parse->environment_stdout = parse->environment;
    return STATUS_OK;
}

enum status apply_output(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    const char *colon = strchr(value, ':');
    const char *file = colon && strcmp(colon, ":-") != 0 ? colon + 1 : NULL;
    size_t length = colon ? (size_t)(colon - value) : strlen(value);
    char name[16] = "";
    if (length < sizeof name)
        memcpy(name, value, length);
    const struct output_format *format = output_format_find(name);
    if (!format)
        return complain_format(parse, value, name, err);
    if (file && !*file)
        return complain(parse, value, err, "a file name goes after the colon");
    if (!file) {
        enum status status = take_stdout(parse, value, format->name, err);
        if (status != STATUS_OK)
            return status;
    }
    /* One place is kept for the text that goes to standard output by itself. */
    if (out->output_count == OUTPUTS_MOST - 1)
        return complain(parse, value, err, "at most %d formats can be written at once", OUTPUTS_MOST - 1);
    out->outputs[out->output_count++] = (struct output_request){.format = format, .file = file};
    if (!parse->environment && (file || strcmp(format->name, "text") != 0))
        parse->output_spelled = value;
    return STATUS_OK;
}

enum status apply_write(struct parse *parse, const char *value, struct err *err)
{
    if (!*value || strcmp(value, "-") == 0)
        return complain(parse, value, err, "a file name goes here (standard output is the report's)");
    parse->out->write_file = value;
    parse->write_environment = parse->environment;
    return STATUS_OK;
}

enum status apply_read(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    if (!*value)
        return complain(parse, value, err, "a file name goes here (- is standard input)");
    if (out->read_count == FILES_MOST)
        return complain(parse, value, err, "at most %d files can be read at once", FILES_MOST);
    out->read_files[out->read_count++] = value;
    out->command = COMMAND_REPLAY;
    return STATUS_OK;
}

enum status apply_color(struct parse *parse, const char *value, struct err *err)
{
    static const char *const words[] = {[WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i]) == 0) {
            parse->out->color = (enum when)i;
            return STATUS_OK;
        }
    }
    return complain(parse, value, err, "auto, always or never goes here");
}

enum status apply_verbose(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->verbose++;
    return STATUS_OK;
}

enum status apply_quiet(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->quiet = true;
    return STATUS_OK;
}

static enum status stop_with(struct parse *parse, enum command command)
{
    if (!parse->environment) {
        parse->out->command = command;
        parse->stop = true;
    }
    return STATUS_OK;
}

enum status apply_help(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    return stop_with(parse, COMMAND_HELP);
}

enum status apply_version(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    return stop_with(parse, COMMAND_VERSION);
}
