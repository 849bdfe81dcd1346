/* SPDX-License-Identifier: BSD-2-Clause */
/* An NTP client's request (RFC 5905 7.3). Its transmit timestamp is our mark instead of a time, as clients that keep
 * their clocks to themselves do; the server echoes it as the origin timestamp. */
#include "probe/types/udp_payload.h"

#define TRANSMIT 40
#define ORIGIN 24

/* The mark: tag, serial, and the word that steers the checksum. */
#define SERIAL (TRANSMIT + 4)
#define STEER (TRANSMIT + 6)

#define VERSION_4_CLIENT 0x23

static enum status fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    if (length != NTP_LEAST)
        return err_set(err, STATUS_USAGE,
                       "udp/%u: cannot make a packet of %u bytes: an NTP request is %u long (leave the size out, or "
                       "probe udp/%u:empty)",
                       flow->target_port, flow->size, flow_ip_header_size(flow->target.family) + UDP_HEADER + NTP_LEAST,
                       flow->target_port);
    payload[0] = VERSION_4_CLIENT;
    put32(payload + TRANSMIT, flow_tag(flow, TAG_MARK));
    return STATUS_OK;
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length)
{
    (void)flow, (void)length;
    identity_patch16(datagram, UDP_CHECKSUM, UDP_HEADER + SERIAL, serial);
}

/* Reads the timestamp that starts at the cursor. */
static struct told read_timestamp(const struct flow *flow, struct cursor *c)
{
    uint32_t tag = cursor_u32(c);
    uint16_t serial = cursor_u16(c);
    return c->failed ? (struct told){0} : identity_read(serial, tag, flow_tag(flow, TAG_MARK));
}

static struct told read(const struct flow *flow, struct cursor payload)
{
    cursor_skip(&payload, TRANSMIT);
    return read_timestamp(flow, &payload);
}

static uint16_t answer(const struct flow *flow, struct cursor payload)
{
    cursor_skip(&payload, ORIGIN);
    uint16_t serial = read_timestamp(flow, &payload).serial;
    uint16_t word = cursor_u16(&payload);
    return serial && identity_steer_fits(flow, UDP_CHECKSUM, UDP_HEADER + STEER, serial, word) ? serial : 0;
}

const struct udp_payload udp_payload_ntp = {
    .variant = VARIANT_NTP,
    .steered = true,
    .steer_offset = STEER,
    .fill = fill,
    .stamp = stamp,
    .read = read,
    .answer = answer,
};
