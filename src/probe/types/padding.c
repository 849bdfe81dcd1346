/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP probes that query no service: our mark and padding, or nothing. */
#include "probe/types/udp_payload.h"

static enum status fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    (void)err;
    identity_fill(flow, payload, length);
    return STATUS_OK;
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length)
{
    (void)flow;
    if (length >= UDP_HEADER + MARK_BYTES)
        identity_patch16(datagram, UDP_CHECKSUM, UDP_HEADER + MARK_SERIAL, serial);
}

/* An echo service sends our mark back. */
static uint16_t answer(const struct flow *flow, struct cursor payload)
{
    return identity_read_echo(flow, payload, UDP_CHECKSUM, UDP_HEADER);
}

static const struct udp_payload padding = {
    .steered = true,
    .fill = fill,
    .stamp = stamp,
    .read = identity_read_mark,
    .answer = answer,
    .answer_bits = MARK_BITS + NUMBER_BITS,
};

static bool is_padding(struct cursor payload, size_t size)
{
    (void)payload;
    return size > 0;
}

const struct probe_variant_row udp_plain = {
    .variant = VARIANT_PLAIN,
    .name = "plain",
    .least = UDP_HEADER + MARK_BYTES,
    .is_carried = is_padding,
    .payload = &padding,
};

const struct probe_variant_row udp_empty = {
    .variant = VARIANT_EMPTY,
    .name = "empty",
    .help = "udp/53:empty has no payload (IPv6: 8 bytes)",
    .least = UDP_HEADER,
    .least_ipv6 = UDP_HEADER + MARK_BYTES,
    .unpadded = true,
    .payload = &padding,
};
