/* SPDX-License-Identifier: BSD-2-Clause */
/* The probes to send; in a replay, the probes to select. */
#include <stdio.h>
#include <string.h>

#include "cli/options/groups/groups.h"

#define SERVICE_BYTES_MOST 32

static enum status add_probe(struct parse *parse, const char *text, const char *value, struct err *err)
{
    if (parse->probe_count == SPECS_MOST)
        return parse_complain(parse, value, err, "too many probes (at most %d)", SPECS_MOST);
    parse->probes[parse->probe_count++] = (struct probe_request){
        .text = text, .spelled = parse->spelled, .value = value, .environment = parse->environment};
    return STATUS_OK;
}

enum status probes_add_operand(struct parse *parse, const char *text, struct err *err)
{
    parse->spelled = NULL;
    return add_probe(parse, text, text, err);
}

static enum status apply_probe(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, value, value, err);
}

static enum status apply_icmp(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, "icmp", value, err);
}

static enum status apply_tcp(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, "tcp", value, err);
}

static enum status apply_udp(struct parse *parse, const char *value, struct err *err)
{
    return add_probe(parse, "udp", value, err);
}

static bool is_port_list(const char *value)
{
    return strchr(value, ',') ||
           (value[0] != '-' && strchr(value, '-') && strspn(value, "0123456789-") == strlen(value));
}

static enum status apply_port(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (is_port_list(value))
        return parse_complain(parse, value, err,
                              "expected one port (for several probes repeat -P, as -P tcp/80 -P tcp/443)");
    if (strspn(value, "+-0123456789.") == strlen(value) && !value_number(value, false, 1, 65535, &number))
        return parse_complain(parse, value, err, "expected a port, 1 to 65535, or the name of a service");
    if (strlen(value) > SERVICE_BYTES_MOST)
        return parse_complain(parse, value, err, "this name of a service is too long (at most %d bytes)",
                              SERVICE_BYTES_MOST);
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

static enum status apply_four(struct parse *parse, const char *value, struct err *err)
{
    (void)value;
    return apply_family(parse, 4, err);
}

static enum status apply_six(struct parse *parse, const char *value, struct err *err)
{
    (void)value;
    return apply_family(parse, 6, err);
}

static enum status apply_control(struct parse *parse, const char *value, struct err *err)
{
    struct err cause;
    parse->control_given = parse->control_given || !parse->environment;
    parse->out->control = value;
    if (probe_name_check(value, value, &cause) == STATUS_OK)
        return STATUS_OK;
    return parse_complain(parse, value, err, "%s", value_cause(cause.message, value));
}

/* A number of seconds, or several. */
static enum status apply_idle(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    out->idle_count = 0;
    for (const char *word = value; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL) {
        char text[16];
        uint64_t age;
        int length = snprintf(text, sizeof text, "%.*s", (int)strcspn(word, ","), word);
        if (length >= (int)sizeof text || !value_number(text, false, 1, IDLE_MOST_S, &age))
            return parse_complain(parse, value, err, "expected seconds, 1 to %d each, as 60,300", IDLE_MOST_S);
        if (out->idle_count == IDLE_AGES_MOST)
            return parse_complain(parse, value, err, "too many idle times (at most %d)", IDLE_AGES_MOST);
        out->idle_s[out->idle_count++] = (uint32_t)age;
    }
    return STATUS_OK;
}

static enum status apply_only(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->only_given = parse->only_given || !parse->environment;
    parse->out->only = true;
    return STATUS_OK;
}

static enum status apply_seed(struct parse *parse, const char *value, struct err *err)
{
    if (!value_number(value, true, 0, UINT64_MAX, &parse->out->session.seed))
        return parse_complain(parse, value, err, "expected a number, 0 to 18446744073709551615");
    parse->out->seed_given = true;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.letter = "-P",
     .name = "--probe",
     .argument = "PROBE",
     .commands = ON_ALL,
     .brief = "probe to send, as tcp/443, udp/53, icmp (auto)",
     .help =
         "probe to send, PROTOCOL[/PORT][:VARIANT] (auto: udp, icmp, tcp/443, tcp/80); of several, trace sends the next where hops are silent, diagnose sends all side by side",
     .replay_help = "only traces of this probe, or of any port if it is a protocol alone (tcp, udp); may be repeated",
     .apply = apply_probe},
    {.letter = "-I",
     .commands = ON_ALL,
     .help = "short for -P icmp",
     .replay_help = "only traces by ICMP echo",
     .apply = apply_icmp},
    {.letter = "-T",
     .commands = ON_ALL,
     .brief = "TCP SYN (-I: ICMP echo, -U: UDP)",
     .help = "short for -P tcp/80, or tcp/PORT with -p",
     .replay_help = "only traces by TCP, or to tcp/PORT with -p",
     .apply = apply_tcp},
    {.letter = "-U",
     .commands = ON_ALL,
     .help = "short for -P udp, or udp/PORT with -p",
     .replay_help = "only traces by UDP, or to udp/PORT with -p",
     .apply = apply_udp},
    {.letter = "-p",
     .argument = "PORT",
     .commands = ON_ALL,
     .brief = "target port",
     .help = "target port of each probe that has none; alone: udp/PORT",
     .replay_help = "target port of -T, -U and each -P without one; alone: only traces to udp/PORT",
     .apply = apply_port},
    {.letter = "-4",
     .commands = ON_ALL,
     .brief = "IPv4 (-6: IPv6)",
     .help = "use IPv4",
     .replay_help = "only IPv4 traces",
     .apply = apply_four},
    {.letter = "-6", .commands = ON_ALL, .help = "use IPv6", .replay_help = "only IPv6 traces", .apply = apply_six},
    {.name = "--seed",
     .argument = "N",
     .commands = ON_LIVE,
     .help = "derive all random choices (ports, ids) from N: two runs send the same bytes",
     .apply = apply_seed},
    {.name = "--dry-run",
     .commands = ON_LIVE,
     .refusal = "a replay sends nothing anyway (leave --dry-run out)",
     .brief = "print the probes, decoded, and send none",
     .help = "print all probes of the trace, decoded, and send none (with --write: save them)",
     OPTION_FLAG(dry_run)},
    {.name = "--only",
     .commands = ON_DIAGNOSE | ON_WATCH,
     .help = "send only the named probes; do not add icmp, nor controls of names",
     .apply = apply_only},
    {.name = "--control",
     .argument = "NAME",
     .commands = ON_DIAGNOSE,
     .help = "beside each probe with a name send one with this name, which nothing should filter (www.example.com)",
     .apply = apply_control},
    {.name = "--idle",
     .argument = "SEC[,SEC...]",
     .commands = ON_DIAGNOSE,
     .help = "open a session of its own for each of these times, leave it alone that long, and probe it then",
     .apply = apply_idle},
};

OPTION_GROUP(option_group_probes, "Probes", "Selection by probe", rows);
