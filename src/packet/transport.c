/* SPDX-License-Identifier: BSD-2-Clause */
/* Transport headers. Each decoder reads to the end of its header, and marks in `have` the fields that were there. */
#include <string.h>

#include "packet/decode.h"

struct transport_state {
    struct cursor cursor; /* over the bytes at hand, from the header's first */
    const struct ip_header *ip;
    enum extent extent;
    struct transport *out;
    const char **malformed;
};

/* Marks fields as known where the cursor could read all of them. */
static inline void gained(const struct transport_state *s, uint32_t fields)
{
    if (!s->cursor.failed)
        s->out->have |= fields;
}

/* Whether the packet ends where the IP header says, rather than where a capture, a router or a fragment does. */
static bool is_whole(const struct transport_state *s)
{
    return s->extent == EXTENT_WHOLE && !s->ip->more_fragments;
}

/* `cut`: what a packet is that ends before its header does. */
static inline void set_header_length(struct transport_state *s, unsigned length, const char *cut)
{
    struct transport *t = s->out;
    if (is_whole(s) && length > t->size)
        malformed_because(s->malformed, cut);
    if (length > t->captured)
        length = t->captured;
    t->header_length = (uint8_t)(length < UINT8_MAX ? length : UINT8_MAX);
}

static inline void decode_ports(struct transport_state *s)
{
    s->out->source_port = cursor_u16(&s->cursor);
    s->out->target_port = cursor_u16(&s->cursor);
    gained(s, HAVE_PORTS);
}

/* RFC 768; RFC 3828, where the length field is the checksum's coverage. */
static void decode_udp(struct transport_state *s)
{
    struct transport *t = s->out;
    decode_ports(s);
    t->length = cursor_u16(&s->cursor);
    gained(s, HAVE_LENGTH);
    t->checksum = cursor_u16(&s->cursor);
    gained(s, HAVE_CHECKSUM);
    set_header_length(s, 8, s->ip->protocol == IP_UDP ? "UDP header cut short" : "UDP-Lite header cut short");
    /* 0: all of it, in UDP-Lite and in UDP jumbograms (RFC 2675 4). */
    if ((t->have & HAVE_LENGTH) && t->length > 0 && t->length < 8)
        malformed_because(s->malformed, "UDP length below 8");
    if (is_whole(s) && t->length > t->size)
        malformed_because(s->malformed, "UDP length beyond the packet");
}

static void decode_tcp_option(struct cursor value, uint8_t kind, struct tcp_options *o)
{
    switch (kind) {
    case 2:
        o->mss = cursor_u16(&value);
        o->has_mss = true;
        break;
    case 3:
        o->window_scale = cursor_u8(&value);
        o->has_window_scale = true;
        break;
    case 4:
        o->has_sack_permitted = true;
        break;
    case 5:
        o->sack_count = (uint8_t)(cursor_left(&value) / 8);
        o->sack_blocks = cursor_bytes(&value, 8u * o->sack_count);
        break;
    case 8:
        o->timestamp = cursor_u32(&value);
        o->timestamp_echo = cursor_u32(&value);
        o->has_timestamps = true;
        break;
    default:
        return;
    }
    if (value.failed || cursor_left(&value) > 0)
        o->malformed = true;
}

/* RFC 9293 3.1, RFC 7323. Returns how many bytes follow an end-of-options byte. */
static size_t decode_tcp_options(struct cursor c, struct tcp_options *o)
{
    enum { END = 0, NO_OPERATION = 1 };
    while (cursor_left(&c) > 0) {
        uint8_t kind = cursor_u8(&c);
        if (kind == END)
            return cursor_left(&c);
        if (kind == NO_OPERATION)
            continue;
        uint8_t length = cursor_u8(&c);
        if (c.failed || length < 2 || cursor_left(&c) < length - 2U) {
            o->malformed = true;
            return 0;
        }
        decode_tcp_option(cursor_sub(&c, length - 2U), kind, o);
        if (o->kind_count < sizeof o->kinds)
            o->kinds[o->kind_count++] = kind;
    }
    return 0;
}

/* The options behind the fixed header. Where a router quoted less than the header and padded with zeros (RFC 4884
 * 4.1), the options seem to end early: more than the bytes that fill up a word can only be that padding. */
static void decode_tcp_option_area(struct transport_state *s, size_t length)
{
    struct tcp_options *options = &s->out->tcp_options;
    bool is_cut = cursor_left(&s->cursor) < length;
    if (s->cursor.failed || (is_cut && s->extent == EXTENT_QUOTED))
        return;
    memset(options, 0, offsetof(struct tcp_options, kinds));
    if (is_cut) {
        (void)decode_tcp_options(s->cursor, options);
        options->kind_count = 0;
        options->malformed = false;
        gained(s, HAVE_SOME_OPTIONS);
        return;
    }
    size_t behind_end = decode_tcp_options(cursor_sub(&s->cursor, length), options);
    if (s->extent == EXTENT_QUOTED && behind_end > 2) {
        options->kind_count = 0;
        return;
    }
    if (options->malformed)
        malformed_because(s->malformed, "TCP option length wrong");
    gained(s, HAVE_OPTIONS);
}

/* RFC 9293 3.1. */
static void decode_tcp(struct transport_state *s)
{
    struct transport *t = s->out;
    decode_ports(s);
    t->seq = cursor_u32(&s->cursor);
    gained(s, HAVE_SEQ);
    uint32_t ack = cursor_u32(&s->cursor);
    uint16_t offset_and_flags = cursor_u16(&s->cursor);
    unsigned header_length = (offset_and_flags >> 12) * 4U;
    /* No sender leaves the data offset 0, but a router that quotes 8 bytes pads with zeros. */
    if (s->extent == EXTENT_QUOTED && !s->cursor.failed && header_length == 0) {
        t->captured = t->header_length = 8;
        return;
    }
    t->ack = ack;
    t->flags = (uint8_t)offset_and_flags;
    gained(s, HAVE_ACK | HAVE_FLAGS);
    t->window = cursor_u16(&s->cursor);
    gained(s, HAVE_WINDOW);
    t->checksum = cursor_u16(&s->cursor);
    gained(s, HAVE_CHECKSUM);
    t->urgent = cursor_u16(&s->cursor);
    if ((t->have & HAVE_FLAGS) && header_length < 20) {
        malformed_because(s->malformed, "TCP data offset below 20");
        header_length = 20;
    } else if (header_length >= 20) {
        decode_tcp_option_area(s, header_length - 20);
    }
    t->data_offset = (uint8_t)(header_length > 20 ? header_length : 20);
    set_header_length(s, t->data_offset, "TCP header cut short");
}

/* RFC 792, RFC 4443. */
static void decode_icmp(struct transport_state *s)
{
    struct transport *t = s->out;
    t->type = cursor_u8(&s->cursor);
    t->code = cursor_u8(&s->cursor);
    gained(s, HAVE_TYPE);
    t->checksum = cursor_u16(&s->cursor);
    gained(s, HAVE_CHECKSUM);
    bool echo = s->ip->version == 4 ? t->type == 0 || t->type == 8 : t->type == 128 || t->type == 129;
    if (echo) {
        t->echo_id = cursor_u16(&s->cursor);
        t->echo_seq = cursor_u16(&s->cursor);
        gained(s, HAVE_ECHO);
    }
    set_header_length(s, 8, s->ip->version == 4 ? "ICMP header cut short" : "ICMPv6 header cut short");
}

/* RFC 4340 5.1: short sequence numbers are for data and acknowledgements only, which also tells a header from the
 * zeros of a padded quote. Request and Data have no acknowledgement number. */
static void decode_dccp_numbers(struct transport_state *s, uint8_t type, bool extended)
{
    enum { REQUEST = 0, DATA = 2, DATA_ACK = 4 };
    struct transport *t = s->out;
    if (!extended && (type < DATA || type > DATA_ACK))
        return;
    t->type = type;
    gained(s, HAVE_TYPE);
    if (extended)
        cursor_skip(&s->cursor, 1);
    t->seq = extended ? (uint64_t)cursor_u16(&s->cursor) << 32 : cursor_u24(&s->cursor);
    if (extended)
        t->seq |= cursor_u32(&s->cursor);
    gained(s, HAVE_SEQ);
    if (type == REQUEST || type == DATA)
        return;
    cursor_skip(&s->cursor, extended ? 2 : 1);
    t->ack = extended ? (uint64_t)cursor_u16(&s->cursor) << 32 : cursor_u24(&s->cursor);
    if (extended)
        t->ack |= cursor_u32(&s->cursor);
    gained(s, HAVE_ACK);
}

/* RFC 4340 5.1. */
static void decode_dccp(struct transport_state *s)
{
    decode_ports(s);
    unsigned header_length = cursor_u8(&s->cursor) * 4U;
    bool has_length = !s->cursor.failed;
    cursor_skip(&s->cursor, 1);
    s->out->checksum = cursor_u16(&s->cursor);
    gained(s, HAVE_CHECKSUM);
    uint8_t flags = cursor_u8(&s->cursor);
    bool extended = flags & 1;
    if (!s->cursor.failed)
        decode_dccp_numbers(s, flags >> 1 & 0x0f, extended);
    const unsigned least = 12;
    if (has_length && header_length < least)
        malformed_because(s->malformed, "DCCP data offset below 12");
    set_header_length(s, header_length > least ? header_length : least, "DCCP header cut short");
}

/* RFC 9260 3. No chunk is shorter than its own header: a length below 4 is the padding of a quote. */
static void decode_sctp(struct transport_state *s)
{
    struct transport *t = s->out;
    decode_ports(s);
    t->tag = cursor_u32(&s->cursor);
    gained(s, HAVE_TAG);
    t->crc = cursor_u32(&s->cursor);
    gained(s, HAVE_CHECKSUM);
    set_header_length(s, 12, "SCTP header cut short");
    uint8_t type = cursor_u8(&s->cursor);
    cursor_skip(&s->cursor, 1);
    if (cursor_u16(&s->cursor) < 4)
        return;
    t->type = type;
    gained(s, HAVE_TYPE);
    if (type != SCTP_INIT && type != SCTP_INIT_ACK)
        return;
    t->init_tag = cursor_u32(&s->cursor);
    gained(s, HAVE_INIT_TAG);
}

void transport_decode(struct span segment, uint32_t size, const struct ip_header *ip, enum extent extent,
                      struct transport *out, const char **malformed)
{
    struct transport_state s = {
        .cursor = cursor_init(segment.bytes, segment.count),
        .ip = ip,
        .extent = extent,
        .out = out,
        .malformed = malformed,
    };
    out->bytes = segment.bytes;
    out->captured = (uint32_t)segment.count;
    out->size = size;
    switch (ip->protocol) {
    case IP_TCP:
        decode_tcp(&s);
        break;
    case IP_UDP:
    case IP_UDPLITE:
        decode_udp(&s);
        break;
    case IP_ICMP:
    case IP_ICMP6:
        if (ip->protocol == icmp_of(ip->version))
            decode_icmp(&s);
        break;
    case IP_DCCP:
        decode_dccp(&s);
        break;
    case IP_SCTP:
        decode_sctp(&s);
        break;
    default:
        break;
    }
}
