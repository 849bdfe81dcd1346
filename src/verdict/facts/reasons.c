/* SPDX-License-Identifier: BSD-2-Clause */
/* reasons: how a refusal stops a probe. RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7 for IPv4; RFC 4443 3.1 for IPv6. */
#include "verdict/facts/reasons.h"

static enum verdict_how how_of_v4(uint8_t code)
{
    static const enum verdict_how hows[] = {
        [0] = HOW_NET_UNREACHABLE,
        [1] = HOW_HOST_UNREACHABLE,
        [2] = HOW_PROTOCOL_UNREACHABLE,
        [3] = HOW_PORT_UNREACHABLE,
        [4] = HOW_NONE,
        [5] = HOW_SOURCE_ROUTE_FAILED,
        [6] = HOW_NET_UNREACHABLE,
        [7] = HOW_HOST_UNREACHABLE,
        [8] = HOW_NET_UNREACHABLE,
        [9] = HOW_NET_PROHIBITED,
        [10] = HOW_HOST_PROHIBITED,
        [11] = HOW_NET_UNREACHABLE,
        [12] = HOW_HOST_UNREACHABLE,
        [13] = HOW_ADMIN_PROHIBITED,
        [14] = HOW_PRECEDENCE,
        [15] = HOW_PRECEDENCE,
    };
    return code < sizeof hows / sizeof *hows ? hows[code] : HOW_NONE;
}

static enum verdict_how how_of_v6(uint8_t code)
{
    static const enum verdict_how hows[] = {
        HOW_NET_UNREACHABLE,  HOW_ADMIN_PROHIBITED, HOW_BEYOND_SCOPE, HOW_HOST_UNREACHABLE,
        HOW_PORT_UNREACHABLE, HOW_SOURCE_POLICY,    HOW_REJECT_ROUTE,
    };
    return code < sizeof hows / sizeof *hows ? hows[code] : HOW_NONE;
}

enum verdict_how how_of_reply(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_RST:
        return HOW_TCP_RESET;
    case REPLY_SCTP:
        return HOW_SCTP_ABORT;
    case REPLY_DCCP:
        return HOW_DCCP_RESET;
    case REPLY_PARAMETER_PROBLEM:
        return HOW_PARAMETER_PROBLEM;
    case REPLY_UNREACHABLE:
        break;
    default:
        return HOW_NONE;
    }
    if (reply->version == 4)
        return how_of_v4(reply->icmp_code);
    /* RFC 4443 3.4 code 1, unrecognised next header, is what IPv4 calls protocol unreachable. */
    return reply->icmp_type == ICMP6_PARAMETER_PROBLEM ? HOW_PROTOCOL_UNREACHABLE : how_of_v6(reply->icmp_code);
}
