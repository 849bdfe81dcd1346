/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "packet/checksum.h"
#include "sim/sim_state.h"

enum { TCP_HEADER = 20, UDP_HEADER = 8, ICMP_HEADER = 8 };

/* RFC 1812 4.3.2.3 and RFC 4443 2.4: the whole error, IP header included. */
#define ERROR_MOST_V4 576
#define ERROR_MOST_V6 1280
#define EXTENDED_QUOTE 128 /* RFC 4884: what a quote before an extension is padded to */

/* The IP header of an answer to `about`: addresses swapped. */
static struct pkt_ip answer_ip(const struct headers *about, uint8_t ttl, uint16_t id)
{
    return (struct pkt_ip){.source = about->ip.target,
                           .target = about->ip.source,
                           .protocol = about->ip.protocol,
                           .ttl = ttl,
                           .id = id,
                           .dont_fragment = id == 0};
}

static bool decode(const struct pkt *p, struct headers *h)
{
    const char *malformed = NULL;
    headers_decode(p->bytes, p->length, false, h, &malformed);
    return !malformed && h->ip.version != 0 && h->ip.fragment_offset == 0;
}

static void finish(struct pkt *out, const struct pkt_ip *ip, const uint8_t *payload, size_t length)
{
    pkt_build(out, ip, payload, length);
    pkt_sum(out);
}

/* The quote as `node` makes it; returns its length. */
static size_t make_quote(const struct node *node, const struct pkt *about, bool v6, uint8_t *out)
{
    struct headers h;
    size_t most = v6 ? ERROR_MOST_V6 - 48 : ERROR_MOST_V4 - 28;
    struct pkt copy = *about;
    decode(about, &h);
    if (node->quote_bytes >= 0)
        most = h.ip.header_length + (size_t)node->quote_bytes;
    size_t length = about->length < most ? about->length : most;
    if (node->quote_ttl >= 0)
        pkt_set_ttl(copy.bytes, (uint8_t)node->quote_ttl);
    memcpy(out, copy.bytes, length);
    return length;
}

/* RFC 4950 in an RFC 4884 structure; returns its length. */
static size_t make_extension(const struct node *node, uint8_t *out)
{
    size_t length = 8 + 4 * (size_t)node->mpls_count;
    memset(out, 0, 8);
    out[0] = 0x20;
    pkt_put16(out + 4, (uint16_t)(length - 4));
    out[6] = out[7] = 1;
    for (unsigned i = 0; i < node->mpls_count; i++) {
        const struct mpls_label *m = &node->mpls[i];
        pkt_put32(out + 8 + (size_t)4 * i, m->label << 12 | (uint32_t)m->tc << 9 | (uint32_t)m->bottom << 8 | m->ttl);
    }
    pkt_put16(out + 2, checksum_finish(checksum_add(0, out, length)));
    return length;
}

/* Only errors with a place for the length can carry an extension. */
static bool extends(bool v6, uint8_t type)
{
    return v6 ? type == 1 || type == 3 : type == 3 || type == 11 || type == 12;
}

/* Pads the quote that stands after the ICMP header and adds the labels; returns the length of the message. */
static size_t extend(const struct node *node, bool v6, uint8_t *icmp, size_t quoted)
{
    unsigned word = v6 ? 8 : 4;
    size_t bare = (quoted + word - 1) / word;
    if (quoted > EXTENDED_QUOTE)
        quoted = EXTENDED_QUOTE;
    memset(icmp + ICMP_HEADER + quoted, 0, EXTENDED_QUOTE - quoted);
    if (node->mpls_style != MPLS_NO_LENGTH)
        icmp[v6 ? 4 : 5] = (uint8_t)(node->mpls_style == MPLS_COMPLIANT ? EXTENDED_QUOTE / word : bare);
    return ICMP_HEADER + EXTENDED_QUOTE + make_extension(node, icmp + ICMP_HEADER + EXTENDED_QUOTE);
}

void reply_error(struct pkt *out, const struct node *node, const struct addr *from, const struct pkt *about,
                 uint8_t type, uint8_t code, uint32_t mtu)
{
    struct headers h;
    uint8_t icmp[PKT_MOST + 256] = {type, code};
    decode(about, &h);
    bool v6 = h.ip.version == 6;
    struct pkt_ip ip = answer_ip(&h, node->initial_ttl, 0);
    ip.source = *from;
    ip.protocol = v6 ? IP_ICMP6 : IP_ICMP;
    ip.tos = v6 ? 0 : 0xc0;
    ip.dont_fragment = false;
    size_t length = ICMP_HEADER + make_quote(node, about, v6, icmp + ICMP_HEADER);
    if (mtu)
        pkt_put32(icmp + 4, mtu);
    if (v6 && type == 4)
        pkt_put32(icmp + 4, 6); /* RFC 4443 3.4: the pointer to the next header field */
    if (node->mpls_count > 0 && extends(v6, type))
        length = extend(node, v6, icmp, length - ICMP_HEADER);
    finish(out, &ip, icmp, length);
}

static void tcp_build(struct pkt *out, const struct headers *about, uint8_t ttl, uint32_t seq, uint32_t ack,
                      uint8_t flags)
{
    uint8_t tcp[TCP_HEADER + 4] = {0};
    bool syn = flags & TCP_SYN;
    struct pkt_ip ip = answer_ip(about, ttl, 0);
    pkt_put16(tcp, about->transport.target_port);
    pkt_put16(tcp + 2, about->transport.source_port);
    pkt_put32(tcp + 4, seq);
    pkt_put32(tcp + 8, ack);
    tcp[12] = syn ? 0x60 : 0x50;
    tcp[13] = flags;
    pkt_put16(tcp + 14, syn ? 64240 : 0);
    if (syn) {
        tcp[20] = 2;
        tcp[21] = 4;
        pkt_put16(tcp + 22, 1460);
    }
    finish(out, &ip, tcp, syn ? sizeof tcp : TCP_HEADER);
}

/* RFC 9293 3.10.7.1. */
bool reply_reset(struct pkt *out, const struct pkt *about, uint8_t ttl)
{
    struct headers h;
    if (!decode(about, &h) || h.ip.protocol != IP_TCP || !(h.transport.have & HAVE_FLAGS) ||
        (h.transport.flags & TCP_RST))
        return false;
    if (h.transport.flags & TCP_ACK) {
        tcp_build(out, &h, ttl, (uint32_t)h.transport.ack, 0, TCP_RST);
        return true;
    }
    uint32_t length = h.transport.size - h.transport.header_length;
    length += (h.transport.flags & TCP_SYN ? 1U : 0U) + (h.transport.flags & TCP_FIN ? 1U : 0U);
    tcp_build(out, &h, ttl, 0, (uint32_t)h.transport.seq + length, TCP_RST | TCP_ACK);
    return true;
}

bool reply_forward_reset(struct pkt *out, const struct pkt *about, uint8_t ttl)
{
    struct headers h, back;
    if (!decode(about, &h) || h.ip.protocol != IP_TCP || !(h.transport.have & HAVE_FLAGS))
        return false;
    back = h;
    back.ip.source = h.ip.target;
    back.ip.target = h.ip.source;
    back.transport.source_port = h.transport.target_port;
    back.transport.target_port = h.transport.source_port;
    tcp_build(out, &back, ttl, (uint32_t)h.transport.seq, 0, TCP_RST);
    return true;
}

bool reply_syn_ack(struct pkt *out, const struct pkt *about, uint8_t ttl)
{
    struct headers h;
    if (!decode(about, &h))
        return false;
    uint32_t seq = (uint32_t)h.transport.seq;
    tcp_build(out, &h, ttl, seq * 2654435761U, seq + 1, TCP_SYN | TCP_ACK);
    return true;
}

/* Copies what the packet carries past its IP header. */
static size_t copy_transport(const struct headers *h, uint8_t out[PKT_MOST])
{
    memcpy(out, h->transport.bytes, h->transport.captured);
    return h->transport.captured;
}

bool reply_echo(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id)
{
    struct headers h;
    uint8_t icmp[PKT_MOST];
    if (!decode(about, &h))
        return false;
    size_t length = copy_transport(&h, icmp);
    struct pkt_ip ip = answer_ip(&h, ttl, id);
    icmp[0] = h.ip.version == 6 ? 129 : 0;
    finish(out, &ip, icmp, length);
    return true;
}

static void swap_ports(uint8_t *transport)
{
    uint8_t port[2];
    memcpy(port, transport, 2);
    memcpy(transport, transport + 2, 2);
    memcpy(transport + 2, port, 2);
}

/* What a service says to a payload, in its place; 0: nothing, as to all that it does not understand. */

/* RFC 1035 4.1.1: a query with one question. */
static size_t answer_dns(uint8_t *payload, size_t length)
{
    if (length < 12 || (payload[2] & 0x80) || pkt_get16(payload + 4) != 1)
        return 0;
    payload[2] |= 0x80;
    return length;
}

/* RFC 5905: server mode, the client's transmit time as origin. */
static size_t answer_ntp(uint8_t *payload, size_t length)
{
    if (length < 48 || (payload[0] & 7) != 3)
        return 0;
    payload[0] = (uint8_t)((payload[0] & 0xf8) | 4);
    memcpy(payload + 24, payload + 40, 8);
    return length;
}

/* RFC 8999 6: version negotiation, connection ids swapped. */
static size_t answer_quic(uint8_t *payload, size_t length)
{
    uint8_t out[64] = {0x80};
    if (length < 1200 || !(payload[0] & 0x80) || payload[5] > 20 || payload[6 + payload[5]] > 20)
        return 0;
    size_t to_length = payload[5], from_length = payload[6 + to_length], put = 5;
    out[put++] = (uint8_t)from_length;
    memcpy(out + put, payload + 7 + to_length, from_length);
    put += from_length;
    out[put++] = (uint8_t)to_length;
    memcpy(out + put, payload + 6, to_length);
    put += to_length;
    pkt_put32(out + put, 0x6b3343cf); /* QUIC v2 */
    memcpy(payload, out, put + 4);
    return put + 4;
}

static size_t answer_echo(uint8_t *payload, size_t length)
{
    (void)payload;
    return length;
}

static size_t answer_service(uint16_t port, uint8_t *payload, size_t length)
{
    static const struct {
        uint16_t port; /* 0: every other */
        size_t (*answer)(uint8_t *payload, size_t length);
    } services[] = {{53, answer_dns}, {123, answer_ntp}, {443, answer_quic}, {0, answer_echo}};
    size_t i = 0;
    while (services[i].port != 0 && services[i].port != port)
        i++;
    return services[i].answer(payload, length);
}

/* UDP and UDP-Lite: what the service says, else an echo. */
bool reply_datagram(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id)
{
    struct headers h;
    uint8_t datagram[PKT_MOST];
    if (!decode(about, &h) || h.transport.captured < UDP_HEADER)
        return false;
    size_t length = copy_transport(&h, datagram);
    struct pkt_ip ip = answer_ip(&h, ttl, id);
    swap_ports(datagram);
    size_t said = answer_service(h.transport.target_port, datagram + UDP_HEADER, length - UDP_HEADER);
    if (said == 0 && length > UDP_HEADER)
        return false;
    length = UDP_HEADER + said;
    pkt_put16(datagram + 4, (uint16_t)length);
    finish(out, &ip, datagram, length);
    return true;
}

/* INIT ACK, or ABORT; either bears the initiate tag that came (RFC 9260 8.5.1). The CRC is left 0: the
 * simulator checks none. */
bool reply_sctp(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id, bool open)
{
    struct headers h;
    uint8_t sctp[32] = {0};
    if (!decode(about, &h) || h.transport.captured < 20)
        return false;
    struct pkt_ip ip = answer_ip(&h, ttl, id);
    pkt_put16(sctp, h.transport.target_port);
    pkt_put16(sctp + 2, h.transport.source_port);
    memcpy(sctp + 4, h.transport.bytes + 16, 4);
    sctp[12] = open ? 2 : 6;
    pkt_put16(sctp + 14, open ? 20 : 4);
    if (open)
        memset(sctp + 16, 0x5a, 16);
    pkt_build(out, &ip, sctp, open ? sizeof sctp : 16);
    return true;
}

/* DCCP-Response or DCCP-Reset that acknowledges the request (RFC 4340 5.1, 5.3; 48-bit sequence numbers). */
bool reply_dccp(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id, bool open)
{
    struct headers h;
    uint8_t dccp[28] = {0};
    if (!decode(about, &h) || !(h.transport.have & HAVE_SEQ))
        return false;
    struct pkt_ip ip = answer_ip(&h, ttl, id);
    pkt_put16(dccp, h.transport.target_port);
    pkt_put16(dccp + 2, h.transport.source_port);
    dccp[4] = sizeof dccp / 4;
    dccp[8] = (uint8_t)((open ? 1 : 7) << 1 | 1); /* type, and X: long sequence numbers */
    pkt_put16(dccp + 18, (uint16_t)(h.transport.seq >> 32));
    pkt_put32(dccp + 20, (uint32_t)h.transport.seq);
    if (!open)
        dccp[24] = 7; /* connection refused */
    finish(out, &ip, dccp, sizeof dccp);
    return true;
}

/* A packet of the same bare protocol, with the payload that came. */
bool reply_protocol(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id)
{
    struct headers h;
    uint8_t payload[PKT_MOST];
    if (!decode(about, &h))
        return false;
    size_t length = copy_transport(&h, payload);
    struct pkt_ip ip = answer_ip(&h, ttl, id);
    pkt_build(out, &ip, payload, length);
    return true;
}
