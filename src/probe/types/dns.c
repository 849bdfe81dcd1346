/* SPDX-License-Identifier: BSD-2-Clause */
/* A DNS query that any server answers (RFC 1035): the name servers of the root, with recursion desired. EDNS
 * padding (RFC 7830) makes up the size, and EDNS limits the answer to 512 bytes. With a name it asks for the name's
 * address of the flow's own family, as a client does that will connect: A over IPv4, AAAA over IPv6.
 *
 * The query id is what steers the UDP checksum: it differs for every serial, and the server echoes it. */
#include <string.h>

#include "probe/payloads/read_name.h"
#include "probe/types/udp_payload.h"

#define HEADER 12
#define ID 0
#define OPT_BYTES 15 /* an OPT record with an empty padding option */
#define LEAST (HEADER + 5 + OPT_BYTES)
/* A query for a name is a multiple of this, so that most names give queries of the same length.
 * Unit: bytes. Source: RFC 8467 4.1. Effect: with less, a control differs in its length, too. */
#define NAME_BLOCK 128

#define TYPE_A 1
#define TYPE_NS 2
#define TYPE_AAAA 28
#define TYPE_OPT 41
#define CLASS_IN 1
#define FLAG_RECURSE 0x0100
#define FLAG_RESPONSE 0x8000
#define OPTION_PADDING 12
#define ANSWER_BYTES_MOST 512

/* RFC 1035 3.1: labels with their lengths, and the root's, which is empty. Returns the bytes, which are two more than
 * the name's text; `out` NULL only counts. */
static size_t write_name(const char *name, uint8_t *out)
{
    size_t length = strlen(name);
    if (!out)
        return length + 2;
    for (const char *label = name;;) {
        size_t bytes = strcspn(label, ".");
        *out++ = (uint8_t)bytes;
        memcpy(out, label, bytes);
        out += bytes;
        if (!label[bytes])
            break;
        label += bytes + 1;
    }
    *out = 0;
    return length + 2;
}

static enum status fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    (void)err;
    const char *name = flow->spec.name;
    uint8_t *question = payload + HEADER, *type = question + (name ? write_name(name, question) : 1), *opt = type + 4;
    size_t padding = length - (size_t)(opt - payload) - OPT_BYTES;
    put16(payload + 2, FLAG_RECURSE);
    put16(payload + 4, 1);  /* questions */
    put16(payload + 10, 1); /* additional records */
    put16(type, !name ? TYPE_NS : flow->target.family == 6 ? TYPE_AAAA : TYPE_A);
    put16(type + 2, CLASS_IN);
    put16(opt + 1, TYPE_OPT);
    put16(opt + 3, ANSWER_BYTES_MOST);
    put16(opt + 9, (uint16_t)(padding + 4));
    put16(opt + 11, OPTION_PADDING);
    put16(opt + 13, (uint16_t)padding);
    return STATUS_OK;
}

static uint16_t length_with_name(const struct probe_spec *spec)
{
    size_t bytes = HEADER + write_name(spec->name, NULL) + 4 + OPT_BYTES;
    return (uint16_t)((bytes + NAME_BLOCK - 1) / NAME_BLOCK * NAME_BLOCK);
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

/* The name of the question, if it asks for an address: RFC 1035 4.1.2. */
static bool read_question(struct cursor payload, char name[NAME_BYTES])
{
    char text[NAME_BYTES];
    size_t length = 0;
    if (!is_query(payload, 0))
        return false;
    cursor_skip(&payload, HEADER);
    for (size_t bytes; (bytes = cursor_u8(&payload)) != 0;) {
        const uint8_t *label = cursor_bytes(&payload, bytes);
        if (!label || length + bytes + 1 > sizeof text || memchr(label, '.', bytes))
            return false;
        memcpy(text + length, label, bytes);
        text[length + bytes] = '.';
        length += bytes + 1;
    }
    uint16_t type = cursor_u16(&payload);
    bool asks = type == TYPE_A || type == TYPE_AAAA;
    return asks && !payload.failed && length && read_name((const uint8_t *)text, length - 1, name);
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

const struct probe_variant_row udp_dns_name = {
    .variant = VARIANT_DNS_NAME,
    .name = "name",
    .help = "udp/53:name=NAME one for the address of NAME",
    .port = 53,
    .least = UDP_HEADER,
    .has_name = true,
    .payload_length = length_with_name,
    .is_carried = is_query,
    .payload = &query,
    .read_name = read_question,
};
