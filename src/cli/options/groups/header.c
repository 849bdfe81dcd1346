/* SPDX-License-Identifier: BSD-2-Clause */
/* Header fields of the probes. */
#include "cli/options/groups/groups.h"

static enum status apply_tos(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, true, 0, 255, &number))
        return parse_complain(parse, value, err,
                              "expected a TOS byte or traffic class, 0 to 255 (--dscp takes names, as ef or af11)");
    parse->out->session.tos = (uint8_t)number;
    parse->tos_given = true;
    return STATUS_OK;
}

static enum status apply_dscp(struct parse *parse, const char *value, struct err *err)
{
    if (!value_dscp(value, &parse->dscp))
        return parse_complain(parse, value, err,
                              "expected a DSCP, 0 to 63 or a name (ef, va, le, cs0 to cs7, af11 to af43)");
    parse->dscp_spelled = parse->spelled;
    return STATUS_OK;
}

static enum status apply_ecn(struct parse *parse, const char *value, struct err *err)
{
    if (!value_ecn(value, &parse->ecn))
        return parse_complain(parse, value, err,
                              "expected an ECN codepoint, 0 to 3 or a name (not-ect, ect1, ect0, ce)");
    parse->dscp_spelled = parse->spelled;
    return STATUS_OK;
}

static enum status apply_no_df(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->session.dont_fragment = false;
    return STATUS_OK;
}

static enum status apply_flow_label(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, true, 0, 0xfffff, &number))
        return parse_complain(parse, value, err, "expected an IPv6 flow label, 0 to 1048575 (0xfffff)");
    parse->out->session.flow_label = (int32_t)number;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.letter = "-t",
     .name = "--tos",
     .argument = "N",
     .commands = ON_LIVE,
     .help = "TOS byte or traffic class (0)",
     .apply = apply_tos},
    {.name = "--dscp",
     .argument = "N",
     .commands = ON_LIVE,
     .help = "DSCP, as number or name (ef, af11, cs6 ...)",
     .apply = apply_dscp},
    {.name = "--ecn",
     .argument = "N",
     .commands = ON_LIVE,
     .help = "ECN codepoint, as number or name (ect0, ect1, ce)",
     .apply = apply_ecn},
    {.name = "--mtu",
     .commands = ON_TRACE | ON_DIAGNOSE,
     .help = "also measure the largest packet that each part of the path takes",
     OPTION_FLAG(measures_mtu)},
    {.name = "--no-df", .commands = ON_LIVE, .help = "clear the don't-fragment bit (IPv4)", .apply = apply_no_df},
    {.name = "--flow-label",
     .argument = "N",
     .commands = ON_LIVE,
     .help = "IPv6 flow label (random)",
     .apply = apply_flow_label},
};

OPTION_GROUP(option_group_header, "Header fields", NULL, rows);
