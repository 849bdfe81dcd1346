/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/reply.h"

#include <stdlib.h>
#include <string.h>

#include "trace/trace.h"

bool reply_is_early(const struct probe *probe, const struct reply *reply)
{
    return probe->seen && !reply->other_clock && reply->time < probe->sent;
}

nstime reply_rtt(const struct probe *probe, const struct reply *reply)
{
    if (probe->sent == NSTIME_NONE || reply->other_clock || reply_is_early(probe, reply))
        return NSTIME_NONE;
    return reply->time > probe->sent ? reply->time - probe->sent : 0;
}

unsigned initial_ttl(uint8_t ttl)
{
    return ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
}

unsigned reply_initial_ttl(const struct reply *reply)
{
    return initial_ttl(reply->reply_ttl);
}

unsigned reply_return_hops(const struct reply *reply)
{
    return reply_initial_ttl(reply) - reply->reply_ttl + 1;
}

void reply_of_packet(const struct frame *frame, const struct packet *packet, struct reply *out)
{
    const struct ip_header *ip = &packet->outer.ip;
    const struct transport *transport = &packet->outer.transport;
    uint32_t quoted_size = packet->kind == PACKET_ICMP_ERROR ? packet->quote.ip.total_length : 0;
    /* Field by field: for a structure of this size compilers emit an instruction with a slow start. */
    out->from = ip->source;
    out->kind = out->match = 0;
    out->version = ip->version;
    out->icmp_type = transport->type;
    out->icmp_code = transport->code;
    out->reply_ttl = ip->ttl;
    out->tcp_flags = transport->flags;
    out->answer_type = transport->type;
    out->rewrite_count = out->file = 0;
    out->is_icmp = ip->protocol == IP_ICMP || ip->protocol == IP_ICMP6;
    out->dont_fragment = ip->dont_fragment;
    out->late = out->duplicate = out->hop_is_doubtful = out->other_clock = false;
    out->ip_id = ip->id;
    out->tcp_window = transport->window;
    bool has_mss = (transport->have & HAVE_OPTIONS) && transport->tcp_options.has_mss;
    out->tcp_mss = has_mss ? transport->tcp_options.mss : 0;
    out->quoted_ttl = -1;
    out->quoted_size = (uint16_t)(quoted_size <= UINT16_MAX ? quoted_size : 0);
    out->quoted_fields = 0;
    out->mtu = packet->mtu;
    out->interface = packet->interface;
    out->time = frame->time;
    out->frame = frame->number;
    out->rule = NULL;
    out->extension = NULL;
    out->rewrites = NULL;
}

void reply_compare_quote(struct reply *reply, const struct headers *sent, const struct headers *quote)
{
    struct rewrite rewrites[REWRITES_MOST];
    unsigned count = rewrite_compare(sent, quote, rewrites);
    reply->quoted_fields = rewrite_shown(sent, quote);
    reply->rewrites = count ? malloc(count * sizeof *rewrites) : NULL;
    if (!reply->rewrites)
        return;
    memcpy(reply->rewrites, rewrites, count * sizeof *rewrites);
    reply->rewrite_count = (uint8_t)count;
}

/* Whether the sender is the target. Behind a translator of targets it may sign with its own address, to which the quote
 * then says that the probe went. */
static bool is_from_target(const struct trace *trace, const struct reply *reply)
{
    if (addr_equal(&reply->from, &trace->flow.target))
        return true;
    for (unsigned i = 0; i < reply->rewrite_count; i++)
        if (reply->rewrites[i].field == REWRITE_IP_TARGET &&
            addr_equal(&reply->rewrites[i].quoted_address, &reply->from))
            return true;
    return false;
}

bool reply_reaches(const struct trace *trace, const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_ECHO:
    case REPLY_SYN_ACK:
    case REPLY_RST:
    case REPLY_TCP:
    case REPLY_UDP:
    case REPLY_SCTP:
    case REPLY_DCCP:
        return true;
    case REPLY_UNREACHABLE:
    case REPLY_PARAMETER_PROBLEM: /* IPv6: the unknown next header of RFC 4443 3.4 */
        return is_from_target(trace, reply);
    case REPLY_OTHER: /* the target replied with the bare protocol; source quench and redirect are only hints */
        return !reply->is_icmp && addr_equal(&reply->from, &trace->flow.target);
    case REPLY_TIME_EXCEEDED:
    case REPLY_TOO_BIG:
        break;
    }
    return false;
}

bool reply_closes(const struct reply *reply)
{
    bool v4 = reply->version == 4;
    switch (reply->kind) {
    case REPLY_RST:
        return true;
    case REPLY_SCTP:
        return reply->answer_type == SCTP_ABORT;
    case REPLY_DCCP:
        return reply->answer_type == DCCP_RESET;
    case REPLY_UNREACHABLE: /* protocol, port; IPv6: next header, port */
        return v4 ? reply->icmp_code == 2 || reply->icmp_code == 3
                  : reply->icmp_type == ICMP6_PARAMETER_PROBLEM || reply->icmp_code == 4;
    default:
        break;
    }
    return false;
}

bool reply_accepts(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_ECHO:
    case REPLY_SYN_ACK:
    case REPLY_TCP:
    case REPLY_UDP:
        return true;
    case REPLY_SCTP:
    case REPLY_DCCP:
        return !reply_closes(reply);
    case REPLY_OTHER:
        return !reply->is_icmp;
    case REPLY_RST:
    case REPLY_UNREACHABLE:
    case REPLY_TIME_EXCEEDED:
    case REPLY_TOO_BIG:
    case REPLY_PARAMETER_PROBLEM:
        break;
    }
    return false;
}

bool reply_refuses(const struct trace *trace, const struct reply *reply)
{
    if (reply->kind == REPLY_TOO_BIG)
        return true;
    bool refusal = reply->kind == REPLY_UNREACHABLE || reply->kind == REPLY_PARAMETER_PROBLEM;
    return refusal && !is_from_target(trace, reply);
}

bool reply_mtu_is_possible(const struct reply *reply, unsigned size)
{
    unsigned least = reply->version == 6 ? MTU_LEAST_V6 : MTU_LEAST_V4;
    return reply->mtu >= least && (reply->mtu < size || !size);
}

bool reply_rejects(const struct trace *trace, const struct reply *reply)
{
    if (reply->kind != REPLY_TOO_BIG)
        return reply_refuses(trace, reply);
    return reply_mtu_is_possible(reply, trace->flow.size > reply->quoted_size ? trace->flow.size : reply->quoted_size);
}

bool reply_is_no_route(const struct reply *reply)
{
    if (reply->kind != REPLY_UNREACHABLE)
        return false;
    if (reply->version == 6)
        return reply->icmp_type == 1 && (reply->icmp_code == 0 || reply->icmp_code == 2 || reply->icmp_code == 3);
    static const uint32_t no_route = 1U << 0 | 1U << 1 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 8 | 1U << 11 | 1U << 12;
    return reply->icmp_code < 32 && (no_route >> reply->icmp_code & 1U);
}
