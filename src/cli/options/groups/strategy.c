/* SPDX-License-Identifier: BSD-2-Clause */
/* How sure a diagnosis or a search for all paths has to be, and what it may send for that. */
#include "cli/options/groups/groups.h"

static enum status apply_confidence(struct parse *parse, const char *value, struct err *err)
{
    const nstime one = NS_PER_S, millionth = one / 1000000; /* as precise as a span is read */
    nstime confidence;
    const char *rest;
    parse->confidence = parse->environment ? NULL : value;
    if (!value_span(value, one, &confidence, &rest) || *rest || confidence < one / 2 || confidence > one - millionth)
        return parse_complain(parse, value, err, "expected a confidence, 0.5 to 0.999 (paths: to 0.999999)");
    parse->out->session.confidence = (uint32_t)(confidence / millionth);
    return STATUS_OK;
}

static enum status apply_budget(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 50, 1000000, &number))
        return parse_complain(parse, value, err, "expected a number of packets, 50 to 1000000");
    parse->out->session.budget = (uint32_t)number;
    return STATUS_OK;
}

static enum status apply_through(struct parse *parse, const char *value, struct err *err)
{
    struct session_config *config = &parse->out->session;
    uint64_t ttl = 0;
    struct addr gateway = {.family = 0};
    if (!value_number(value, false, 1, 254, &ttl) && !addr_parse(value, &gateway))
        return parse_complain(parse, value, err, "expected the gateway's address, or its TTL, 1 to 254");
    config->through_ttl = (uint8_t)ttl;
    config->through = gateway;
    return STATUS_OK;
}

static enum status apply_max_probes(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 50, FLOW_SERIALS_MOST, &number))
        return parse_complain(parse, value, err, "expected a number of probes, 50 to 60000");
    parse->out->max_probes = (uint32_t)number;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.name = "--confidence",
     .argument = "C",
     .commands = ON_DIAGNOSE | ON_PATHS | ON_GRAPHS,
     .help =
         "diagnose: confidence required before it reports a drop (0.99; 0.5 to 0.999); paths: required confidence that the whole graph is complete (0.95; 0.5 to 0.999999)",
     .apply = apply_confidence},
    {.name = "--budget",
     .argument = "N",
     .commands = ON_DIAGNOSE,
     .help = "maximum packets to send (2000, and 10 for each port of a list; 50 to 1000000)",
     .apply = apply_budget},
    {.name = "--through",
     .argument = "ADDR|TTL",
     .commands = ON_DIAGNOSE,
     .help =
         "test what this gateway of the path forwards: probes expire at the first router behind it and do not reach HOST",
     .apply = apply_through},
    {.name = "--max-probes",
     .argument = "N",
     .commands = ON_PATHS,
     .help = "maximum probes to send (10000; 50 to 60000)",
     .apply = apply_max_probes},
    {.name = "--lite",
     .commands = ON_PATHS | ON_GRAPHS,
     .help = "use MDA-Lite: fewer probes where balancers look uniform and their paths do not cross",
     OPTION_FLAG(session.lite)},
};

OPTION_GROUP(option_group_strategy, "Diagnosis and paths", NULL, rows);
