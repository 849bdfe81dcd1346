/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/passage.h"

#include <string.h>

#include "base/cursor.h"

/* Bytes that hold the ports and checksums; the payload follows. Unit: bytes. Source: RFC 9260 3, RFC 4340 5.1. */
#define SCTP_HEADER 12
#define DCCP_CHECKSUM_END 8
/* Bytes that tell packets apart. Fewer are keepalives, single keystrokes and the like. */
#define TELLING_BYTES 8
/* Bits that a name tells at most. Unit: bits. Source: chosen above PAIRED_BITS. Effect: one packet pairs a
 * conversation. */
#define NAME_BITS_MOST 48
/* Bits of an echo request without and with its id. Payload and first numbers are mostly those of other requests, too.
 */
#define ECHO_BITS 12
#define ECHO_ID_BITS 28
/* Bits of a single number, which other packets of the connection have, too. It shows what a firewall adds to the other
 * number, and too little to compare clocks. Unit: bits. Source: chosen; four packets exceed PAIRED_BITS. Effect:
 * with more, two packets that are alike by chance pair conversations; with fewer, short ones are not paired. */
#define ONE_NUMBER_BITS 12

/* splitmix64. */
uint64_t passage_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) + UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

uint64_t passage_hash(uint64_t hash, const uint8_t *bytes, size_t count)
{
    hash ^= count * UINT64_C(0x9e3779b97f4a7c15);
    count = count < CONTENT_BYTES ? count : CONTENT_BYTES;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    uint64_t rest = 0;
    if (count)
        memcpy(&rest, bytes, count);
    return passage_mix(hash, rest);
}

/* The bytes that are compared: what stands behind headers that a network may change. */
struct body {
    const uint8_t *bytes;
    uint32_t captured, length;
};

static struct body body_of(const struct headers *headers, uint32_t skip)
{
    const struct ip_header *ip = &headers->ip;
    uint32_t from = ip->header_length + skip;
    struct body body = {.bytes = headers->bytes + from};
    body.length = ip->total_length > from ? ip->total_length - from : 0;
    body.captured = headers->captured > from ? headers->captured - from : 0;
    if (body.captured > body.length)
        body.captured = body.length;
    return body;
}

static void read_content(const struct body *body, unsigned most, struct passage *out)
{
    uint32_t wanted = body->length < most ? body->length : most;
    out->length = body->length;
    out->captured = body->captured;
    out->cut = body->captured < wanted;
    out->content_bytes = (uint8_t)(out->cut ? body->captured : wanted);
    out->content = passage_hash(0, body->bytes, out->content_bytes);
    if (out->content_bytes >= BEGINNING_BYTES)
        out->beginning = (uint32_t)passage_hash(0, body->bytes, BEGINNING_BYTES) | 1;
}

static uint8_t bits_of_content(const struct passage *p)
{
    unsigned bits = 8u * p->content_bytes;
    if (p->content_bytes < TELLING_BYTES)
        bits /= 2;
    return (uint8_t)(bits < NAME_BITS_MOST ? bits : NAME_BITS_MOST);
}

/* 0 stands for no name. The lowest bits choose names if there are too many (sightings.h), so that they stay. */
static void set_name(struct passage *p, enum passage_name name, uint64_t hash, unsigned bits)
{
    p->names[name] = passage_mix(hash, (uint64_t)name + 1) | UINT64_C(1) << 63;
    p->name_bits[name] = (uint8_t)bits;
}

/* --- TCP --- */

static uint32_t options_of(const struct tcp_options *options)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < options->kind_count; i++)
        set |= 1u << (options->kinds[i] < 31 ? options->kinds[i] : 31);
    return set;
}

static void read_options(const struct transport *t, struct passage *out)
{
    const struct tcp_options *options = &t->tcp_options;
    out->options = t->have & HAVE_OPTIONS ? options_of(options) : OPTIONS_UNKNOWN;
    if (!(t->have & (HAVE_OPTIONS | HAVE_SOME_OPTIONS)))
        return;
    out->mss = options->has_mss ? options->mss : 0;
    out->window_scale = options->has_window_scale ? options->window_scale : 0;
    out->has_timestamps = options->has_timestamps;
    out->timestamp = options->has_timestamps ? options->timestamp : 0;
    out->timestamp_echo = options->has_timestamps ? options->timestamp_echo : 0;
}

/* The lengths of the blocks, and how far they are apart: firewalls that shift sequence numbers shift the blocks, or
 * leave them as they are. */
static uint64_t hash_of_sack(const struct tcp_options *options)
{
    struct cursor c = cursor_init(options->sack_blocks, 8u * options->sack_count);
    uint64_t hash = 0;
    for (uint32_t before = cursor_u32(&c), number; cursor_left(&c); before = number) {
        number = cursor_u32(&c);
        hash = passage_mix(hash, number - before);
    }
    return hash;
}

/* Flags that offloading does not move to other segments. */
static uint8_t lasting_flags(uint8_t flags)
{
    return flags & (TCP_SYN | TCP_RST);
}

static void name_tcp(struct passage *p)
{
    uint64_t kind = passage_mix((uint64_t)lasting_flags(p->flags) << 8 | (p->length > 0), p->content);
    uint32_t ack = p->flags & TCP_ACK ? p->ack : 0;
    set_name(p, NAME_SEQ, passage_mix(kind, (uint64_t)p->seq << 32 | ack), p->flags & TCP_ACK ? NAME_BITS_MOST : 32);
    if (p->has_timestamps)
        set_name(p, NAME_TIMESTAMPS, passage_mix(kind, (uint64_t)p->timestamp << 32 | p->timestamp_echo), 32);
    if (!p->has_timestamps && (p->flags & TCP_ACK)) {
        set_name(p, NAME_ONE_SEQ, passage_mix(kind, p->seq), ONE_NUMBER_BITS);
        set_name(p, NAME_ONE_ACK, passage_mix(kind, p->ack), ONE_NUMBER_BITS);
    }
    if (p->content_bytes >= TELLING_BYTES)
        set_name(p, NAME_CONTENT, kind, bits_of_content(p) / 2);
}

static bool read_tcp(const struct headers *headers, unsigned most, struct passage *out)
{
    const struct transport *t = &headers->transport;
    if (!(t->have & HAVE_FLAGS))
        return false;
    out->kind = PASSAGE_TCP;
    out->seq = (uint32_t)t->seq;
    out->ack = (uint32_t)t->ack;
    out->flags = t->flags;
    out->window = t->window;
    read_options(t, out);
    const struct body body = body_of(headers, t->data_offset);
    read_content(&body, most, out);
    if (!out->length && (t->have & HAVE_OPTIONS) && t->tcp_options.sack_count)
        out->content = hash_of_sack(&t->tcp_options);
    name_tcp(out);
    return true;
}

/* --- other protocols --- */

static uint32_t skip_of(const struct headers *headers)
{
    if (headers->ip.fragment_offset)
        return 0;
    switch (headers->ip.protocol) {
    case IP_SCTP:
        return SCTP_HEADER;
    case IP_DCCP:
        return DCCP_CHECKSUM_END;
    default:
        return headers->transport.header_length;
    }
}

static bool is_icmp(const struct headers *headers)
{
    return headers->ip.protocol == IP_ICMP || headers->ip.protocol == IP_ICMP6;
}

/* The same for both versions of ICMP, so that a translator does not part them (RFC 7915 4.2). */
static bool is_echo_request(const struct headers *headers)
{
    return headers->transport.type == (headers->ip.protocol == IP_ICMP ? 8 : 128);
}

/* Later fragments have none: all those between two hosts are a conversation. One whose first fragment is lost would
 * else be in a conversation of its own. */
static void read_ports(const struct headers *headers, struct passage *out)
{
    const struct transport *t = &headers->transport;
    if (t->have & HAVE_PORTS) {
        out->source_port = t->source_port;
        out->target_port = t->target_port;
    } else if (t->have & HAVE_ECHO) {
        out->source_port = is_echo_request(headers) ? t->echo_id : 0;
        out->target_port = is_echo_request(headers) ? 0 : t->echo_id;
    }
}

/* Of datagrams that begin alike, as answers to one question do, later bytes tell true from forged ones. */
static void read_rest(const struct body *body, unsigned most, struct passage *out)
{
    uint32_t wanted = body->length < CONTENT_BYTES ? body->length : CONTENT_BYTES;
    out->beginning = wanted > most && body->captured >= wanted ? (uint32_t)passage_hash(0, body->bytes, wanted) | 1 : 0;
}

static void read_other(const struct headers *headers, unsigned most, struct passage *out)
{
    const struct transport *t = &headers->transport;
    const struct body body = body_of(headers, skip_of(headers));
    out->kind = PASSAGE_OTHER;
    read_content(&body, most, out);
    read_rest(&body, most, out);
    unsigned bits = bits_of_content(out);
    if (headers->ip.fragment_offset)
        out->content = passage_mix(out->content, headers->ip.fragment_offset);
    if (t->have & HAVE_ECHO) {
        out->content = passage_mix(out->content, (uint64_t)is_echo_request(headers) << 16 | t->echo_seq);
        bits = ECHO_BITS;
        uint64_t hash = passage_mix(out->content, (uint64_t)t->echo_id << 32 | out->length);
        set_name(out, NAME_SEQ, hash, ECHO_ID_BITS);
    } else if (is_icmp(headers) && (t->have & HAVE_TYPE)) {
        out->content = passage_mix(out->content, (uint64_t)t->type << 8 | t->code);
    }
    if (t->have & HAVE_TAG) {
        out->content = passage_mix(out->content, t->tag);
        bits += 32;
    }
    set_name(out, NAME_CONTENT, passage_mix(out->content, (uint64_t)out->protocol << 32 | out->length),
             bits < NAME_BITS_MOST ? bits : NAME_BITS_MOST);
}

/* An error is known by the packet that it quotes: a translator changes addresses and ports in the quote, too. */
static void read_error(const struct packet *packet, struct passage *out)
{
    const struct headers *outer = &packet->outer, *quote = &packet->quote;
    const struct transport *t = &quote->transport;
    uint64_t hash = passage_mix((uint64_t)outer->transport.type << 8 | outer->transport.code, packet->mtu);
    hash = passage_mix(hash, (uint64_t)quote->ip.protocol << 32 | quote->ip.id);
    hash = passage_mix(hash, t->have & HAVE_SEQ ? t->seq : t->have & HAVE_ECHO ? t->echo_seq : t->length);
    out->kind = PASSAGE_ERROR;
    out->content = hash;
    out->length = outer->ip.total_length - outer->ip.header_length;
    set_name(out, NAME_CONTENT, hash, quote->ip.version ? 24 : 0);
}

bool passage_read(const struct frame *frame, const struct packet *packet, unsigned content_most, struct passage *out)
{
    const struct headers *headers = &packet->outer;
    const struct ip_header *ip = &headers->ip;
    if ((packet->kind != PACKET_PLAIN && packet->kind != PACKET_ICMP_ERROR) ||
        (ip->fragment_offset && ip->protocol == IP_TCP))
        return false;
    *out = (struct passage){
        .time = frame->time,
        .common = frame->time,
        .frame = frame->number,
        .interface = packet->interface,
        .version = ip->version,
        .protocol = ip->protocol == IP_ICMP6 ? IP_ICMP : ip->protocol,
        .source = ip->source,
        .target = ip->target,
        .id = ip->version == 4 ? ip->id : 0,
        .ttl = ip->ttl,
        .tos = ip->tos,
        .dont_fragment = ip->dont_fragment,
        .is_fragment = ip->more_fragments || ip->fragment_offset,
        .flow_label = ip->flow_label,
    };
    if (content_most > CONTENT_BYTES)
        content_most = CONTENT_BYTES;
    read_ports(headers, out);
    if (packet->kind == PACKET_ICMP_ERROR)
        read_error(packet, out);
    else if (ip->protocol != IP_TCP || !read_tcp(headers, content_most, out))
        read_other(headers, content_most, out);
    return true;
}
