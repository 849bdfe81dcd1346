/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packets are those of tunnels, and what is inside: by IP protocol and UDP port. Also IP in IP, that has no
 * header of its own: RFC 2003 (4 in 4), RFC 4213 (6 in 4), RFC 2473 (4 and 6 in 6). */
#include "packet/tunnels/tunnel.h"

#include "base/captured.h"

enum tunnel_protocol { PROTOCOL_IPV4 = 4, PROTOCOL_IPV6 = 41, PROTOCOL_GRE = 47, PROTOCOL_L2TP = 115 };

enum tunnel_port {
    PORT_L2TP = 1701,
    PORT_GTP_U = 2152,
    PORT_TEREDO = 3544,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_GENEVE = 6081,
    PORT_VXLAN_OLD = 8472, /* Linux's default, from before RFC 7348 */
    PORT_TZSP = 37008,
};

bool tunnel_limit(struct link_state *s, size_t length)
{
    size_t there = cursor_left(&s->cursor);
    if (length > there + s->missing)
        return false;
    s->cursor = cursor_sub(&s->cursor, length);
    s->missing = length > there ? (uint32_t)(length - there) : 0;
    return true;
}

void tunnel_set_id(struct tunnel *out, uint32_t id)
{
    out->has_id = true;
    out->id = id;
}

enum link_result tunnel_ipip(struct link_state *s, struct tunnel *out)
{
    bool carries_v4 = out->protocol == PROTOCOL_IPV4;
    if (out->source.family == 4)
        out->encapsulation = carries_v4 ? ENCAPSULATION_IPIP : ENCAPSULATION_6IN4;
    else
        out->encapsulation = carries_v4 ? ENCAPSULATION_4IN6 : ENCAPSULATION_6IN6;
    bool fits = cursor_left(&s->cursor) > 0 && *cursor_here(&s->cursor) >> 4 == (carries_v4 ? 4 : 6);
    return fits ? LINK_IP : LINK_OTHER;
}

static tunnel_decoder *find_by_port(const struct transport *udp)
{
    switch (udp->target_port) {
    case PORT_VXLAN:
    case PORT_VXLAN_OLD:
    case PORT_VXLAN_GPE:
        return tunnel_vxlan;
    case PORT_GENEVE:
        return tunnel_geneve;
    case PORT_GTP_U:
        return tunnel_gtp;
    case PORT_TZSP:
        return tunnel_tzsp;
    case PORT_L2TP:
        return tunnel_l2tp_udp;
    case PORT_TEREDO:
        return tunnel_teredo;
    default:
        break;
    }
    switch (udp->source_port) { /* of tunnels whose clients have any port */
    case PORT_L2TP:
        return tunnel_l2tp_udp;
    case PORT_TEREDO:
        return tunnel_teredo;
    default:
        return NULL;
    }
}

static tunnel_decoder *find_decoder(const struct headers *outer)
{
    switch (outer->ip.protocol) {
    case IP_UDP:
        return find_by_port(&outer->transport);
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
        return tunnel_ipip;
    case PROTOCOL_GRE:
        return tunnel_gre;
    case PROTOCOL_L2TP:
        return tunnel_l2tp_ip;
    default:
        return NULL;
    }
}

/* Steps over the UDP header, if it is one. False: its length does not fit. */
static bool enter_payload(const struct headers *outer, struct link_state *s)
{
    const struct transport *t = &outer->transport;
    const unsigned udp_header = 8;
    *s = (struct link_state){.cursor = cursor_init(t->bytes, t->captured), .missing = t->size - t->captured};
    if (outer->ip.protocol != IP_UDP)
        return true;
    if (!(t->have & HAVE_LENGTH) || t->length <= udp_header || t->captured <= udp_header)
        return false;
    bool fits = tunnel_limit(s, t->length);
    cursor_skip(&s->cursor, udp_header);
    return fits;
}

/* Whether a packet opens a conversation, so that it is no answer and no error, or is cut too short to be one. */
static bool is_request(const struct headers *h)
{
    const struct transport *t = &h->transport;
    const uint8_t echo_request = h->ip.version == 4 ? 8 : 128;
    if (h->ip.protocol == IP_TCP)
        return !(t->have & HAVE_FLAGS) || (t->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
    return h->ip.protocol == icmp_of(h->ip.version) && (!(t->have & HAVE_TYPE) || t->type == echo_request);
}

/* See tunnel.h: the tracer that puts packets into its probes. */
static bool is_probe(const struct ip_header *outer, const struct headers *inner)
{
    return outer->ttl <= PROBE_TTL_MOST && inner->ip.ttl > PROBE_TTL_MOST && is_request(inner);
}

/* Decodes the packet at the cursor in the place of the outer one. */
static bool replace(struct packet *packet, const struct link_state *s)
{
    struct span inside = span_left(&s->cursor);
    struct headers inner;
    const char *malformed = NULL;
    ip_decode(inside, s->missing ? EXTENT_CUT : EXTENT_WHOLE, &inner, &malformed);
    if (inner.ip.version == 0 || is_probe(&packet->outer.ip, &inner))
        return false;
    packet->outer = inner;
    packet->malformed = malformed;
    packet->truncated = inner.captured < inner.ip.total_length;
    icmp_decode(packet);
    return true;
}

/* False: the packet is no tunnel's. */
static bool open_one(struct packet *packet)
{
    const struct headers *outer = &packet->outer;
    tunnel_decoder *decode = find_decoder(outer);
    struct link_state s;
    if (!decode || packet->malformed || outer->ip.more_fragments || outer->ip.fragment_offset)
        return false;
    struct tunnel tunnel = {
        .protocol = outer->ip.protocol,
        .ttl = outer->ip.ttl,
        .target_port = outer->ip.protocol == IP_UDP ? outer->transport.target_port : 0,
        .source = outer->ip.source,
        .target = outer->ip.target,
    };
    if (!enter_payload(outer, &s) || decode(&s, &tunnel) != LINK_IP || !ip_is_sound(span_left(&s.cursor), s.missing) ||
        !replace(packet, &s))
        return false;
    packet->tunnels.at[packet->tunnels.count++] = tunnel;
    return true;
}

/* Apart, because most packets are no tunnel's: they should not pay for the room that this needs. */
__attribute__((noinline)) static void open_all(struct packet *packet)
{
    while (packet->kind == PACKET_PLAIN && packet->tunnels.count < TUNNELS_MOST && open_one(packet))
        ;
}

void packet_open_tunnels(struct packet *packet)
{
    if (packet->kind == PACKET_PLAIN && find_decoder(&packet->outer))
        open_all(packet);
}
