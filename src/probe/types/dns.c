/* SPDX-License-Identifier: BSD-2-Clause */
/* A DNS query that any server answers (RFC 1035): the name servers of the root, with recursion desired. EDNS
 * padding (RFC 7830) makes up the size, and EDNS limits the answer to 512 bytes.
 *
 * The query id is what steers the UDP checksum: it differs for every serial, and the server echoes it. */
#include "probe/types/udp_payload.h"

#define LEAST 32
#define HEADER 12
#define ID 0
#define QUESTION 12
#define OPT 17
#define PADDING 28

#define TYPE_NS 2
#define TYPE_OPT 41
#define CLASS_IN 1
#define FLAG_RECURSE 0x0100
#define FLAG_RESPONSE 0x8000
#define OPTION_PADDING 12
#define ANSWER_BYTES_MOST 512

static enum status fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    (void)flow, (void)err;
    put16(payload + 2, FLAG_RECURSE);
    put16(payload + 4, 1);  /* questions */
    put16(payload + 10, 1); /* additional records */
    put16(payload + QUESTION + 1, TYPE_NS);
    put16(payload + QUESTION + 3, CLASS_IN);
    put16(payload + OPT + 1, TYPE_OPT);
    put16(payload + OPT + 3, ANSWER_BYTES_MOST);
    put16(payload + OPT + 9, (uint16_t)(length - PADDING));
    put16(payload + PADDING, OPTION_PADDING);
    put16(payload + PADDING + 2, (uint16_t)(length - LEAST));
    return STATUS_OK;
}

static uint16_t serial_of_query_id(const struct flow *flow, uint16_t id)
{
    return identity_decode(flow, TAG_CHECKSUM,
                           identity_checksum_of_word(udp_template_word(flow, ID), udp_template_checksum(flow), id));
}

/* Nearly every query id is that of a serial: it says which probe, but not that the query is ours. */
static struct mark read_query(const struct flow *flow, struct cursor payload)
{
    uint16_t serial = serial_of_query_id(flow, cursor_u16(&payload));
    bool mark = !payload.failed && serial;
    return (struct mark){.present = mark, .untagged = true, .serial = mark ? serial : 0};
}

static uint16_t answer(const struct flow *flow, struct cursor payload)
{
    uint16_t id = cursor_u16(&payload), flags = cursor_u16(&payload);
    return !payload.failed && (flags & FLAG_RESPONSE) ? serial_of_query_id(flow, id) : 0;
}

/* A DNS message with this flag set or not, as an answer or a query has it. */
static struct cursor id_of(struct cursor payload, uint16_t flag)
{
    struct cursor id = payload_bytes(&payload, sizeof(uint16_t));
    bool has_flag = (cursor_u16(&payload) & FLAG_RESPONSE) == flag;
    if (payload.failed || !has_flag)
        cursor_fail(&id);
    return id;
}

static struct cursor query_id(struct cursor payload)
{
    return id_of(payload, 0);
}

static struct cursor answered_id(struct cursor payload)
{
    return id_of(payload, FLAG_RESPONSE);
}

/* One question. */
static bool is_query(struct cursor payload, size_t size)
{
    (void)size;
    bool is_whole = cursor_left(&payload) >= HEADER;
    cursor_skip(&payload, sizeof(uint16_t));
    uint16_t flags = cursor_u16(&payload), questions = cursor_u16(&payload);
    return is_whole && !(flags & FLAG_RESPONSE) && questions == 1;
}

static const struct udp_payload query = {
    .steered = true,
    .steer_offset = ID,
    .fill = fill,
    .read = read_query,
    .answer = answer,
    .answer_bits = NUMBER_BITS,
    .query_id = query_id,
    .answered_id = answered_id,
};

const struct probe_variant_row udp_dns = {
    .variant = 2,
    .name = "dns",
    .help = "udp/53 sends a DNS query",
    .port = 53,
    .least = UDP_HEADER + LEAST,
    .is_carried = is_query,
    .payload = &query,
};
