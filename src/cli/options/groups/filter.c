/* SPDX-License-Identifier: BSD-2-Clause */
/* Which traces and frames of a capture a replay reports. */
#include "cli/options/groups/groups.h"

static enum status take_network(struct parse *parse, const char *value, struct network *out, struct err *err)
{
    if (!value_network(value, out))
        return parse_complain(parse, value, err, "expected an address or a network, as 192.0.2.80 or 2001:db8::/32");
    return STATUS_OK;
}

static enum status apply_target(struct parse *parse, const char *value, struct err *err)
{
    return take_network(parse, value, &parse->out->replay_filter.target, err);
}

/* For live commands --source is traceroute's spelling of -s (hints.c). HOPSONDE_OPTIONS may mean that one. */
static enum status apply_source(struct parse *parse, const char *value, struct err *err)
{
    return parse->environment ? STATUS_OK : take_network(parse, value, &parse->out->replay_filter.source, err);
}

static enum status take_instant(struct parse *parse, const char *value, struct instant *out, struct err *err)
{
    if (!value_instant(value, out))
        return parse_complain(
            parse, value, err,
            "expected a time: 2026-01-02T03:04:05Z, 03:04:05, @SECONDS since the epoch, or +90s, +5m, +1h after the first frame");
    return STATUS_OK;
}

static enum status apply_since(struct parse *parse, const char *value, struct err *err)
{
    return take_instant(parse, value, &parse->out->replay_filter.since, err);
}

static enum status apply_until(struct parse *parse, const char *value, struct err *err)
{
    return take_instant(parse, value, &parse->out->replay_filter.until, err);
}

static enum status apply_bpf(struct parse *parse, const char *value, struct err *err)
{
    if (!*value)
        return parse_complain(parse, value, err, "expected a filter, as 'icmp or udp portrange 33434-33534'");
    parse->out->replay_filter.bpf = value;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.name = "--target",
     .argument = "ADDR[/LEN]",
     .commands = ON_CAPTURES,
     .help = "only traces to this address or network",
     .apply = apply_target},
    {.name = "--source",
     .argument = "ADDR[/LEN]",
     .commands = ON_CAPTURES,
     .help = "only traces from this address or network",
     .apply = apply_source},
    {.name = "--since",
     .argument = "TIME",
     .commands = ON_CAPTURES,
     .help =
         "only frames from TIME on: 2026-01-02T03:04:05Z (UTC without an offset), 03:04 on the capture's first day, @SECONDS since the epoch, +90s, +5m or +1h after the first frame",
     .apply = apply_since},
    {.name = "--until",
     .argument = "TIME",
     .commands = ON_CAPTURES,
     .help = "only frames before TIME",
     .apply = apply_until},
    {.name = "--bpf",
     .argument = "EXPR",
     .commands = ON_CAPTURES | ON_TRANSIT,
     .help = "only frames that match this filter (pcap-filter(7))",
     .apply = apply_bpf},
    {.name = "--no-decap",
     .commands = ON_CAPTURES | ON_TRANSIT,
     .help = "do not look into tunnels (VXLAN, GRE, ...): read outer headers only",
     OPTION_FLAG(no_decap)},
    {.name = "--list",
     .commands = ON_CAPTURES,
     .help = "one line per trace instead of the text report",
     OPTION_FLAG(list)},
};

OPTION_GROUP(option_group_filter, "Selection from captures", NULL, rows);
