/* SPDX-License-Identifier: BSD-2-Clause */
/* An NTP client's request (RFC 5905 7.3). Its transmit timestamp is our mark and no time, as of clients
 * that hide their clock. The server echoes it as the origin timestamp. */
#include "probe/types/udp_payload.h"

#define LEAST 48
#define TRANSMIT 40
#define ORIGIN 24

/* The mark: tag, serial, and the word that steers the checksum. */
#define SERIAL (TRANSMIT + 4)
#define STEER (TRANSMIT + 6)

#define VERSION_4_CLIENT 0x23
#define MODE 0x07
#define MODE_CLIENT 3
#define MODE_SERVER 4
#define TIMESTAMP_BYTES 8

static enum status fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    if (length != LEAST)
        return err_set(err, STATUS_USAGE,
                       "udp/%u: cannot build a packet of %u bytes: an NTP request has %u (leave the size out, or "
                       "probe udp/%u:empty)",
                       flow->target_port, flow->size, flow_ip_header_size(flow->target.family) + UDP_HEADER + LEAST,
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
static struct mark read_timestamp(const struct flow *flow, struct cursor *c)
{
    uint32_t tag = cursor_u32(c);
    uint16_t serial = cursor_u16(c);
    return c->failed ? (struct mark){0} : identity_read(serial, tag, flow_tag(flow, TAG_MARK));
}

static struct mark read(const struct flow *flow, struct cursor payload)
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

/* The timestamp at an offset of a packet of this mode; failed where it is 0, which clients may send. */
static struct cursor timestamp_of(struct cursor payload, uint8_t mode, size_t offset)
{
    bool has_mode = (cursor_u8(&payload) & MODE) == mode;
    cursor_skip(&payload, offset - 1);
    struct cursor timestamp = payload_bytes(&payload, TIMESTAMP_BYTES), value = timestamp;
    uint32_t seconds = cursor_u32(&value), fraction = cursor_u32(&value);
    if (!has_mode || payload.failed || (seconds | fraction) == 0)
        cursor_fail(&timestamp);
    return timestamp;
}

static struct cursor query_id(struct cursor payload)
{
    return timestamp_of(payload, MODE_CLIENT, TRANSMIT);
}

static struct cursor answered_id(struct cursor payload)
{
    return timestamp_of(payload, MODE_SERVER, ORIGIN);
}

static bool is_request(struct cursor payload, size_t size)
{
    bool is_seen = cursor_left(&payload) >= SEEN_LEAST;
    return is_seen && size >= LEAST && (cursor_u8(&payload) & MODE) == MODE_CLIENT;
}

static const struct udp_payload request = {
    .steered = true,
    .steer_offset = STEER,
    .fill = fill,
    .stamp = stamp,
    .read = read,
    .answer = answer,
    .answer_bits = MARK_BITS + NUMBER_BITS,
    .query_id = query_id,
    .answered_id = answered_id,
};

const struct probe_variant_row udp_ntp = {
    .variant = 4,
    .name = "ntp",
    .help = "udp/123 an NTP request",
    .port = 123,
    .least = UDP_HEADER + LEAST,
    .is_carried = is_request,
    .payload = &request,
};
