/* SPDX-License-Identifier: BSD-2-Clause */
/* how: the word for a refusal. RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7 for IPv4; RFC 4443 3.1 for IPv6. */
#include "verdict/facts.h"

static const char *reason_of_v4(uint8_t code)
{
    static const char *const names[] = {
        [0] = "net-unreachable",     [1] = "host-unreachable", [2] = "protocol-unreachable", [3] = "port-unreachable",
        [5] = "source-route-failed", [6] = "net-unreachable",  [7] = "host-unreachable",     [8] = "net-unreachable",
        [9] = "net-prohibited",      [10] = "host-prohibited", [11] = "net-unreachable",     [12] = "host-unreachable",
        [13] = "admin-prohibited",   [14] = "precedence",      [15] = "precedence",
    };
    return code < sizeof names / sizeof *names ? names[code] : NULL;
}

static const char *reason_of_v6(uint8_t code)
{
    static const char *const names[] = {"net-unreachable",  "admin-prohibited", "beyond-scope", "host-unreachable",
                                        "port-unreachable", "source-policy",    "reject-route"};
    return code < sizeof names / sizeof *names ? names[code] : NULL;
}

const char *reason_of_reply(const struct reply *reply)
{
    if (reply->kind == REPLY_RST)
        return "tcp-reset";
    if (reply->kind == REPLY_SCTP)
        return "sctp-abort";
    if (reply->kind == REPLY_DCCP)
        return "dccp-reset";
    if (reply->kind != REPLY_UNREACHABLE)
        return reply->kind == REPLY_PARAMETER_PROBLEM ? "parameter-problem" : NULL;
    if (reply->version == 4)
        return reason_of_v4(reply->icmp_code);
    /* RFC 4443 3.4 code 1, unrecognised next header, is what IPv4 calls protocol unreachable. */
    return reply->icmp_type == ICMP6_PARAMETER_PROBLEM ? "protocol-unreachable" : reason_of_v6(reply->icmp_code);
}
