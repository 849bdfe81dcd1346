/* SPDX-License-Identifier: BSD-2-Clause */
/* reply: one reply to a probe, and what it says of the probe's fate. Floor 3; pure. */
#ifndef HOPSONDE_TRACE_REPLY_H
#define HOPSONDE_TRACE_REPLY_H

#include "packet/rewrite.h"
#include "probe/flow.h"

struct probe;
struct trace;

struct reply {
    struct addr from;
    uint8_t kind;                 /* enum reply_kind */
    uint8_t match;                /* enum match */
    uint8_t version;              /* 4 or 6: of the reply's own IP header */
    uint8_t icmp_type, icmp_code; /* meaningful where is_icmp */
    uint8_t reply_ttl;            /* as captured */
    uint8_t tcp_flags;
    uint8_t answer_type; /* direct answers: SCTP first chunk type, DCCP packet type; else 0 */
    uint8_t rewrite_count;
    uint8_t file; /* index of the capture file that holds the frame, from 0 */
    bool is_icmp;
    bool dont_fragment;
    bool late;            /* it came after its probe had expired */
    bool duplicate;       /* its probe had been answered before */
    bool hop_is_doubtful; /* probes of other TTLs fit it as well */
    bool other_clock;     /* another capture than its probe's stamped it: the time between them is unknown */
    uint16_t ip_id;
    uint16_t tcp_window;    /* of a SYN/ACK or RST: tells a forged one */
    uint16_t tcp_mss;       /* of a SYN/ACK; 0: it sets none */
    int16_t quoted_ttl;     /* -1: it has no quote */
    uint16_t quoted_size;   /* bytes of the whole packet, as the quoted header says; 0: it has no quote, or more */
    uint32_t quoted_fields; /* fields that the quote is long enough to show: rewrite_shown(); 0: not known */
    uint32_t mtu;           /* of a too-big; 0: none */
    uint32_t interface;     /* interface that captured it; live: the kernel's ifindex */
    nstime time;
    uint64_t frame;                   /* frame number in the capture; 0: no capture is kept */
    const char *rule;                 /* constant text: the rule by which it was matched */
    struct icmp_extension *extension; /* owned; NULL: none */
    struct rewrite *rewrites;         /* owned; NULL: nothing was changed */
};

/* True if the stamps say that the reply came before its probe: they are wrong, and so is the time between them. */
bool reply_is_early(const struct probe *probe, const struct reply *reply);
/* Reply time minus send time. NSTIME_NONE: it is unknown, since the probe was not captured or another clock stamped the
 * reply; or the reply is early. */
nstime reply_rtt(const struct probe *probe, const struct reply *reply);
/* The usual initial TTL (32, 64, 128, 255) that is the next above this one, and the reply's. */
unsigned initial_ttl(uint8_t ttl);
unsigned reply_initial_ttl(const struct reply *reply);
/* How many hops away its sender is, if the reply had that initial TTL: 1 for a neighbour. */
unsigned reply_return_hops(const struct reply *reply);
/* Whether hosts and routers limit the rate of such replies (RFC 4443 2.4; Linux icmp_ratelimit). */
static inline bool reply_is_limited(const struct reply *reply)
{
    return reply->is_icmp && reply->kind != REPLY_ECHO;
}
/* Whether the reply has the target's address, as sent or as translated, and is no time exceeded. */
bool reply_reaches(const struct trace *trace, const struct reply *reply);
/* Whether a reply in the target's name accepts the probe; whether it says that the port or protocol is closed. */
bool reply_accepts(const struct reply *reply);
bool reply_closes(const struct reply *reply);
/* Whether the reply is an ICMP refusal by a device other than the target. A device before the target refuses packets
 * that are too big, even if it signs as the target. */
bool reply_refuses(const struct trace *trace, const struct reply *reply);
/* The same, but of refusals as too big only those that can be true: with an MTU that some link has, and that is smaller
 * than the packet (RFC 791, 8200). Others explain nothing, and the packets of any size may have met them. */
bool reply_rejects(const struct trace *trace, const struct reply *reply);
/* The smallest MTU of any link, in bytes: every IPv4 module forwards packets of 68 without fragmentation (RFC 791 3.2);
 * IPv6 requires 1280 (RFC 8200 5). */
#define MTU_LEAST_V4 68
#define MTU_LEAST_V6 1280
/* Whether a link may have the MTU that this "too big" reports about a packet of `size` bytes; 0: the size is unknown.
 */
bool reply_mtu_is_possible(const struct reply *reply, unsigned size);
/* Whether the refusal reports a missing route (net or host unreachable) and not a prohibition (RFC 792, 1122, 1812,
 * 4443). */
bool reply_is_no_route(const struct reply *reply);

/* The functions below fill a reply; session/, recognise/ and tests call them. */
/* Fills what the packet alone shows of a reply. The caller adds its probe and its kind. */
void reply_of_packet(const struct frame *frame, const struct packet *packet, struct reply *out);
/* Adds the fields in which the quote differs from what was sent. */
void reply_compare_quote(struct reply *reply, const struct headers *sent, const struct headers *quote);

#endif
