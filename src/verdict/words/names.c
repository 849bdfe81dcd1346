/* SPDX-License-Identifier: BSD-2-Clause */
/* names: the words of reports for states, for how a probe was stopped, and for kinds of findings. */
#include "verdict/verdict.h"

const char *verdict_state_name(enum verdict_state state)
{
    static const char *const names[] = {
        [VERDICT_OPEN] = "open",
        [VERDICT_CLOSED] = "closed",
        [VERDICT_REJECTED] = "rejected",
        [VERDICT_DROPPED] = "dropped",
        [VERDICT_INTERCEPTED] = "intercepted",
        [VERDICT_UNREACHABLE] = "unreachable",
        [VERDICT_LOOPING] = "looping",
        [VERDICT_UNANSWERED] = "unanswered",
        [VERDICT_INCONCLUSIVE] = "inconclusive",
        [VERDICT_FORWARDED] = "forwarded",
    };
    return names[state];
}

const char *verdict_how_name(enum verdict_how how)
{
    static const char *const names[HOWS] = {
        [HOW_SILENT] = "silent",
        [HOW_TCP_RESET] = "tcp-reset",
        [HOW_SCTP_ABORT] = "sctp-abort",
        [HOW_DCCP_RESET] = "dccp-reset",
        [HOW_PARAMETER_PROBLEM] = "parameter-problem",
        [HOW_NET_UNREACHABLE] = "net-unreachable",
        [HOW_HOST_UNREACHABLE] = "host-unreachable",
        [HOW_PROTOCOL_UNREACHABLE] = "protocol-unreachable",
        [HOW_PORT_UNREACHABLE] = "port-unreachable",
        [HOW_SOURCE_ROUTE_FAILED] = "source-route-failed",
        [HOW_NET_PROHIBITED] = "net-prohibited",
        [HOW_HOST_PROHIBITED] = "host-prohibited",
        [HOW_ADMIN_PROHIBITED] = "admin-prohibited",
        [HOW_PRECEDENCE] = "precedence",
        [HOW_BEYOND_SCOPE] = "beyond-scope",
        [HOW_SOURCE_POLICY] = "source-policy",
        [HOW_REJECT_ROUTE] = "reject-route",
        [HOW_REPLY_LOST] = "reply-lost",
        [HOW_REPLY] = "reply",
        [HOW_FIN] = "fin",
    };
    return names[how];
}

const char *finding_kind_name(enum finding_kind kind)
{
    static const char *const names[FINDING_KINDS] = {
        [FINDING_FORGED_REPLIES] = "forged-replies",
        [FINDING_FORGED] = "forged",
        [FINDING_LOST_TOWARD_FAR] = "lost-toward-far",
        [FINDING_LOST_TOWARD_NEAR] = "lost-toward-near",
        [FINDING_LOCAL_DROP] = "local-drop",
        [FINDING_LOOP] = "loop",
        [FINDING_NAT] = "nat",
        [FINDING_MTU] = "mtu",
        [FINDING_MTU_BLACK_HOLE] = "mtu-black-hole",
        [FINDING_PROXY] = "proxy",
        [FINDING_STATEFUL_FIREWALL] = "stateful-firewall",
        [FINDING_STATELESS_FIREWALL] = "stateless-firewall",
        [FINDING_PATH_DEPENDENT] = "path-dependent",
        [FINDING_NAME_FILTER] = "name-filter",
        [FINDING_IDLE_TIMEOUT] = "idle-timeout",
        [FINDING_DSCP_REWRITE] = "dscp-rewrite",
        [FINDING_ECN_BLEACHED] = "ecn-bleached",
        [FINDING_MSS_CLAMP] = "mss-clamp",
        [FINDING_TCP_OPTIONS_STRIPPED] = "tcp-options-stripped",
        [FINDING_HEADER_REWRITE] = "header-rewrite",
        [FINDING_PAYLOAD_REWRITE] = "payload-rewrite",
        [FINDING_TTL_REWRITE] = "ttl-rewrite",
        [FINDING_ROUTE_CHANGE] = "route-change",
        [FINDING_LOAD_BALANCED] = "load-balanced",
        [FINDING_PER_PACKET_BALANCED] = "per-packet-balanced",
        [FINDING_MPLS_TUNNEL] = "mpls-tunnel",
        [FINDING_ZERO_TTL] = "zero-ttl",
        [FINDING_HIDDEN_HOP] = "hidden-hop",
        [FINDING_ASYMMETRIC_RETURN] = "asymmetric-return",
        [FINDING_RATE_LIMIT] = "rate-limit",
        [FINDING_SILENT_HOP] = "silent-hop",
    };
    return names[kind];
}
