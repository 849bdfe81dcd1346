/* SPDX-License-Identifier: BSD-2-Clause */
/* A bare protocol number: the IP header and plain bytes. The first 8 are 0, half of a tag, the other half, and the
 * serial: ESP reads a constant SPI and a sequence number there, GRE no flags and a constant type. */
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/types/types.h"

#define TAG_HIGH 2
#define TAG_LOW 4
#define SERIAL 6
#define HEAD 8
#define HEAD_TAG_BITS 31

/* SPIs below 256 are reserved (RFC 4303 2.1). */
static uint32_t head_tag(const struct flow *flow)
{
    return flow_tag(flow, TAG_MARK) | UINT32_C(0x01000000);
}

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    identity_fill(flow, scratch, length);
    put32(scratch, head_tag(flow) >> 16);
    put32(scratch + TAG_LOW, head_tag(flow) << 16);
    return craft_add_bytes(craft, scratch, length, err);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    (void)flow, (void)length;
    put16(transport + SERIAL, serial);
}

static struct mark read_head(const struct flow *flow, const struct transport *transport)
{
    struct cursor c = transport_after(transport, 0);
    cursor_skip(&c, TAG_HIGH);
    uint32_t tag = cursor_u32(&c);
    uint16_t serial = cursor_u16(&c);
    return c.failed ? (struct mark){0} : identity_read(serial, tag, head_tag(flow));
}

static unsigned quoted_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    (void)sent;
    return read_head(flow, &quoted->transport).serial ? HEAD_TAG_BITS : 0;
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    struct mark mark = read_head(flow, &seen->transport);
    return identity_match(flow, seen, &mark);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    uint16_t serial = read_head(flow, &packet->outer.transport).serial;
    return answer_make(flow, REPLY_OTHER, serial, serial ? HEAD_TAG_BITS : 0,
                       serial ? "addresses and echoed mark" : "addresses and protocol");
}

static const struct probe_variant_row plain = {.variant = VARIANT_PLAIN, .name = "plain", .least = HEAD};
static const struct probe_variant_row *const variants[] = {&plain, NULL};

const struct probe_type probe_ip = {
    .name = "ip",
    .help = "any bare IP protocol by number or name: ip/50, ip/gre",
    .refused_by_icmp = true,
    .variants = variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .quoted_bits = quoted_bits,
    .answer = answer,
    .filter = filter_bare,
    .shape = SHAPE_RAW,
    .reply_kind = REPLY_OTHER,
};
