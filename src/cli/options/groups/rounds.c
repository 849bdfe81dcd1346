/* SPDX-License-Identifier: BSD-2-Clause */
/* Rounds: how many, and how fast. */
#include <string.h>

#include "cli/options/groups/groups.h"

static enum status apply_interval(struct parse *parse, const char *value, struct err *err)
{
    nstime span;
    const char *rest;
    if (!value_span(value, NS_PER_S, &span, &rest) || *rest || span < INTERVAL_LEAST || span > INTERVAL_MOST)
        return parse_complain(parse, value, err, "expected seconds, 0.1 to 3600");
    parse->out->session.interval = span;
    return STATUS_OK;
}

static enum status apply_count(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 1, UINT32_MAX, &number))
        return parse_complain(parse, value, err, "expected a number of rounds, 1 to %u", UINT32_MAX);
    parse->out->session.rounds = (uint32_t)number;
    return STATUS_OK;
}

/* A number with s, m, h or d; without a unit, seconds. */
static bool parse_duration(const char *text, nstime *out)
{
    static const struct unit {
        const char *name;
        nstime span;
    } units[] = {
        {"", NS_PER_S}, {"s", NS_PER_S}, {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"d", 86400 * NS_PER_S}};
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++) {
        const char *rest;
        if (value_span(text, units[i].span, out, &rest) && strcmp(rest, units[i].name) == 0)
            return *out > 0;
    }
    return false;
}

static enum status apply_duration(struct parse *parse, const char *value, struct err *err)
{
    if (!parse_duration(value, &parse->out->duration))
        return parse_complain(parse, value, err, "expected a time with s, m, h or d, as 90s or 8h");
    return STATUS_OK;
}

static enum status apply_flows(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 1, FLOWS_COMPARED_MOST, &number))
        return parse_complain(parse, value, err, "expected a number of source ports, 1 to %u", FLOWS_COMPARED_MOST);
    parse->out->session.flows = (uint16_t)number;
    return STATUS_OK;
}

static enum status apply_refresh(struct parse *parse, const char *value, struct err *err)
{
    uint64_t seconds;
    if (!value_number(value, false, 0, 86400, &seconds))
        return parse_complain(parse, value, err, "expected seconds, 1 to 86400, or 0 for never");
    parse->out->refresh = seconds ? (nstime)seconds * NS_PER_S : NSTIME_NEVER;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.name = "--interval",
     .argument = "SEC",
     .commands = ON_WATCH,
     .refusal = "the gap between two probes is -z MS",
     .help = "seconds from one round to the next (1; 0.1 to 3600)",
     .apply = apply_interval},
    {.letter = "-c",
     .name = "--count",
     .argument = "N",
     .commands = ON_WATCH,
     .help = "end after N rounds (until Ctrl-C)",
     .apply = apply_count},
    {.name = "--duration",
     .argument = "TIME",
     .commands = ON_WATCH,
     .help = "end after this time: a number with s, m, h or d, as 90s or 8h",
     .apply = apply_duration},
    {.name = "--refresh",
     .argument = "SEC",
     .commands = ON_WATCH,
     .help = "look the names of the targets up again after so many seconds; 0: never (300)",
     .apply = apply_refresh},
    {.name = "--flows",
     .argument = "N",
     .commands = ON_WATCH,
     .help = "source ports of each probe, in turns, so that balanced paths are seen (1; up to 32)",
     .apply = apply_flows},
    {.letter = "-r",
     .name = "--report",
     .commands = ON_WATCH,
     .help = "no screen and no line for each event: only the report at the end",
     OPTION_FLAG(report_only)},
};

OPTION_GROUP(option_group_rounds, "Rounds", NULL, rows);
