/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/flow.h"

enum reply_kind reply_kind_of_icmp(uint8_t version, uint8_t type, uint8_t code)
{
    static const struct {
        uint8_t version, type;
        int16_t code; /* -1: any other */
        enum reply_kind kind;
    } rows[] = {
        {4, 3, 4, REPLY_TOO_BIG},
        {4, 3, -1, REPLY_UNREACHABLE},
        {4, 11, 0, REPLY_TIME_EXCEEDED},
        {4, 11, -1, REPLY_PARAMETER_PROBLEM}, /* reassembly timed out: no hop on the way, but a refusal */
        {4, 12, -1, REPLY_PARAMETER_PROBLEM},
        {6, 1, -1, REPLY_UNREACHABLE},
        {6, 2, -1, REPLY_TOO_BIG},
        {6, 3, 0, REPLY_TIME_EXCEEDED},
        {6, 3, -1, REPLY_PARAMETER_PROBLEM},
        {6, 4, 1, REPLY_UNREACHABLE}, /* unknown next header: what IPv4 calls protocol unreachable */
        {6, 4, -1, REPLY_PARAMETER_PROBLEM},
    };
    if (type == (version == 4 ? 11 : 3) && code == 0) /* hardly any other comes as often */
        return REPLY_TIME_EXCEEDED;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].version == version && rows[i].type == type && (rows[i].code == code || rows[i].code == -1))
            return rows[i].kind;
    return REPLY_OTHER;
}

const char *reply_kind_name(enum reply_kind kind)
{
    static const char *const names[] = {
        [REPLY_TIME_EXCEEDED] = "time-exceeded",
        [REPLY_UNREACHABLE] = "unreachable",
        [REPLY_TOO_BIG] = "too-big",
        [REPLY_PARAMETER_PROBLEM] = "parameter-problem",
        [REPLY_ECHO] = "echo-reply",
        [REPLY_SYN_ACK] = "syn-ack",
        [REPLY_RST] = "rst",
        [REPLY_TCP] = "tcp",
        [REPLY_UDP] = "udp-reply",
        [REPLY_SCTP] = "sctp-reply",
        [REPLY_DCCP] = "dccp-reply",
        [REPLY_OTHER] = "other",
    };
    return names[kind];
}

const char *match_name(enum match match)
{
    static const char *const names[] = {
        [MATCH_NONE] = "none",
        [MATCH_WEAK] = "weak",
        [MATCH_REWRITTEN] = "rewritten",
        [MATCH_EXACT] = "exact",
    };
    return names[match];
}
