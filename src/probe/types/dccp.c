/* SPDX-License-Identifier: BSD-2-Clause */
/* DCCP Request (RFC 4340 5.1, 5.3). The 48 bits of the sequence number are a tag, the serial, and a word that steers
 * the checksum, which tells the serial too: 8 quoted bytes hold it. */
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/types/types.h"

#define DATA_OFFSET 4
#define CHECKSUM 6
#define TYPE 8
#define SEQ_TAG 10
#define SEQ_SERIAL 12
#define SEQ_STEER 14
#define SERVICE_CODE 16
#define HEADER 20

#define SEQ_TAG_BITS 16

#define REQUEST_LONG_SEQ 0x01        /* type 0, X = 1 */
#define SERVICE UINT32_C(0x686f7073) /* "hops" */

static uint16_t seq_tag(const struct flow *flow)
{
    return (uint16_t)flow_tag(flow, TAG_SEQ);
}

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    put16(scratch, flow->source_port);
    put16(scratch + 2, flow->target_port);
    scratch[DATA_OFFSET] = HEADER / 4;
    scratch[TYPE] = REQUEST_LONG_SEQ;
    put16(scratch + SEQ_TAG, seq_tag(flow));
    put32(scratch + SERVICE_CODE, SERVICE);
    identity_fill(flow, scratch + HEADER, length - HEADER);
    put16(scratch + CHECKSUM, identity_checksum(flow, scratch, length, length));
    return craft_add_bytes(craft, scratch, length, err);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    (void)length;
    identity_patch16(transport, CHECKSUM, SEQ_SERIAL, serial);
    identity_steer(transport, CHECKSUM, SEQ_STEER, identity_code(flow, TAG_CHECKSUM, serial));
}

static struct mark read_seq(const struct flow *flow, uint64_t seq)
{
    return identity_read((uint16_t)(seq >> 16), (uint32_t)(seq >> 32), seq_tag(flow));
}

static unsigned quoted_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    bool has_seq = (quoted->transport.have & HAVE_SEQ) && quoted->transport.seq == sent->transport.seq;
    return identity_checksum_bits(flow, sent, quoted) + (has_seq ? SEQ_TAG_BITS : 0);
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    if ((t->have & HAVE_TYPE) && t->type != DCCP_REQUEST)
        return match_none();
    struct mark mark = {0};
    if (t->have & HAVE_SEQ)
        mark = read_seq(flow, t->seq);
    mark.by_sum = identity_by_sum(flow, seen);
    return identity_match(flow, seen, &mark);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (!identity_answer_ports_fit(flow, t) || !(t->have & HAVE_ACK))
        return match_none();
    uint16_t serial = read_seq(flow, t->ack).serial;
    if (!serial || !identity_steer_fits(flow, CHECKSUM, SEQ_STEER, serial, (uint16_t)t->ack))
        return match_none();
    return answer_make(flow, REPLY_DCCP, serial, SEQ_TAG_BITS + NUMBER_BITS, "ports and ack");
}

static enum probe_shape shape_of(const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    return !(t->have & HAVE_TYPE) || t->type == DCCP_REQUEST ? SHAPE_DCCP : SHAPE_NONE;
}

static const struct probe_variant_row plain = {.variant = VARIANT_PLAIN, .name = "plain", .least = HEADER};
static const struct probe_variant_row *const variants[] = {&plain, NULL};

const struct probe_type probe_dccp = {
    .name = "dccp",
    .help = "DCCP Request (port 33434)",
    .protocol = IP_DCCP,
    .has_port = true,
    .default_port = 33434,
    .variants = variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .quoted_bits = quoted_bits,
    .answer = answer,
    .filter = filter_bare,
    .shape_of = shape_of,
    .reply_kind = REPLY_DCCP,
};
