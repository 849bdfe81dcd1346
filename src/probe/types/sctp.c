/* SPDX-License-Identifier: BSD-2-Clause */
/* SCTP INIT (RFC 9260 3.3.2). The initiate tag, which the target puts into all that it sends back, is a tag of the flow
 * plus the serial. It lies past the first 8 bytes: in a short quote only the IPv4 id gives the serial. */
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/types/types.h"

#define CHECKSUM 8
#define CHUNK 12
#define INITIATE_TAG 16
#define WINDOW 20
#define OUTBOUND 24
#define INBOUND 26
#define INITIAL_TSN 28
#define ADDRESS_TYPES 32
#define HEADERS 40

#define PARAMETER_ADDRESS_TYPES 12
#define PARAMETER_PAD 0x8005 /* RFC 4820 */
#define PARAMETER_IPV4 5
#define PARAMETER_IPV6 6

#define RECEIVE_WINDOW 106496
#define STREAMS_OUT 10
#define STREAMS_IN 65535

/* RFC 9260 appendix A; reflected. */
static uint32_t crc32c(const uint8_t *bytes, size_t length)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
    }
    return ~crc;
}

#define TAG_BITS 31
#define TAG_BITS_0_1_0 15 /* CODING_ONE_NUMBER: 16 bits above the serial */

static unsigned tag_bits(const struct flow *flow)
{
    return flow->coding == CODING_ONE_NUMBER ? TAG_BITS_0_1_0 : TAG_BITS;
}

/* The initiate tag of serial 0. No tag is 0 (RFC 9260 3.3.2), and none of the serials wraps. */
static uint32_t first_tag(const struct flow *flow)
{
    uint32_t tag = flow_tag(flow, TAG_SCTP);
    return flow->coding == CODING_ONE_NUMBER ? (tag | 1) << 16 : 1 + tag % (UINT32_MAX - UINT16_MAX);
}

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    if (length % 4)
        return err_set(err, STATUS_USAGE,
                       "sctp/%u: cannot build a packet of %u bytes: SCTP needs a multiple of 4 (%u or %u)",
                       flow->target_port, flow->size, flow->size / 4u * 4, flow->size / 4u * 4 + 4);
    put16(scratch, flow->source_port);
    put16(scratch + 2, flow->target_port);
    scratch[CHUNK] = SCTP_INIT;
    put16(scratch + CHUNK + 2, (uint16_t)(length - CHUNK));
    put32(scratch + WINDOW, RECEIVE_WINDOW);
    put16(scratch + OUTBOUND, STREAMS_OUT);
    put16(scratch + INBOUND, STREAMS_IN);
    put32(scratch + INITIAL_TSN, flow_tag(flow, TAG_SEQ));
    put16(scratch + ADDRESS_TYPES, PARAMETER_ADDRESS_TYPES);
    put16(scratch + ADDRESS_TYPES + 2, 8);
    put16(scratch + ADDRESS_TYPES + 4, PARAMETER_IPV4);
    put16(scratch + ADDRESS_TYPES + 6, PARAMETER_IPV6);
    if (length > HEADERS) {
        put16(scratch + HEADERS, PARAMETER_PAD);
        put16(scratch + HEADERS + 2, (uint16_t)(length - HEADERS));
    }
    return craft_add_bytes(craft, scratch, length, err);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    put32(transport + INITIATE_TAG, first_tag(flow) + serial);
    put32(transport + CHECKSUM, 0);
    uint32_t crc = crc32c(transport, length);
    for (unsigned i = 0; i < 4; i++)
        transport[CHECKSUM + i] = (uint8_t)(crc >> 8 * i); /* low byte first */
}

static struct mark read_tag(const struct flow *flow, uint32_t tag)
{
    uint32_t serial = tag - first_tag(flow);
    return (struct mark){.present = tag != 0, .serial = serial_is_valid(serial) ? (uint16_t)serial : 0};
}

static unsigned quoted_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    const struct transport *t = &quoted->transport;
    return (t->have & HAVE_INIT_TAG) && t->init_tag == sent->transport.init_tag ? tag_bits(flow) : 0;
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    if (((t->have & HAVE_TYPE) && t->type != SCTP_INIT) || ((t->have & HAVE_TAG) && t->tag != 0))
        return match_none();
    struct mark mark = {0};
    if (t->have & HAVE_INIT_TAG)
        mark = read_tag(flow, t->init_tag);
    return identity_match(flow, seen, &mark);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (!identity_answer_ports_fit(flow, t) || !(t->have & HAVE_TAG))
        return match_none();
    /* An ABORT with the T bit reflects the tag of our INIT, which is 0. */
    if (t->tag == 0 && (t->have & HAVE_TYPE) && t->type == SCTP_ABORT)
        return answer_make(flow, REPLY_SCTP, 0, 0, "ports");
    uint16_t serial = read_tag(flow, t->tag).serial;
    return serial ? answer_make(flow, REPLY_SCTP, serial, tag_bits(flow), "ports and tag") : match_none();
}

static enum probe_shape shape_of(const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    return !(t->have & HAVE_TYPE) || t->type == SCTP_INIT ? SHAPE_SCTP : SHAPE_NONE;
}

static const struct probe_variant_row plain = {.variant = VARIANT_PLAIN, .name = "plain", .least = HEADERS};
static const struct probe_variant_row *const variants[] = {&plain, NULL};

const struct probe_type probe_sctp = {
    .name = "sctp",
    .help = "SCTP INIT (port 9899)",
    .protocol = IP_SCTP,
    .has_port = true,
    .default_port = 9899,
    .variants = variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .quoted_bits = quoted_bits,
    .answer = answer,
    .filter = filter_with_ports,
    .shape_of = shape_of,
    .reply_kind = REPLY_SCTP,
};
