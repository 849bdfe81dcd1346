/* SPDX-License-Identifier: BSD-2-Clause */
/* QUIC version 1 Initial (RFC 9000 17.2.2): a datagram of at least 1200 bytes with a whole TLS 1.3 ClientHello, a new
 * connection for every probe. The source connection id is our mark; every answer of a server (Initial, Retry, Version
 * Negotiation) has it as its destination. The packet is encrypted, so nothing in it can steer the UDP checksum: in a
 * short quote only the IPv4 id gives the serial, over IPv6 nothing does. */
#include <string.h>

#include "probe/payloads/client_hello.h"
#include "probe/payloads/read_name.h"
#include "probe/types/quic_keys.h"
#include "probe/types/udp_payload.h"

#define ID_BYTES 8 /* of our connection ids; others have up to 20 */
#define LEAST 1200 /* room for a hello with the longest name */
#define MOST 16000 /* bytes of a payload; its length fits two bytes */

#define VERSION 1
#define TARGET_ID 6
#define SOURCE_ID (TARGET_ID + ID_BYTES + 1)
#define TOKEN_LENGTH (SOURCE_ID + ID_BYTES)
#define LENGTH (TOKEN_LENGTH + 1)
#define HEADER (LENGTH + 3) /* with a packet number of one byte */

#define LONG_INITIAL 0xc0 /* fixed bit, type 0, packet number of one byte */
#define LONG_HEADER 0x80
#define LONG_AND_FIXED 0xc0
#define FRAME_CRYPTO 0x06
#define TWO_BYTES 0x4000 /* a variable-length integer of two bytes, RFC 9000 16 */

/* RFC 9000 18.2: identifier, length, value. */
/* clang-format off */
static const uint8_t transport_parameters[] = {
    0x01, 4, 0x80, 0x00, 0x75, 0x30, /* max_idle_timeout 30000 ms */
    0x03, 2, 0x45, 0xc0,             /* max_udp_payload_size 1472 */
    0x04, 4, 0x80, 0x10, 0x00, 0x00, /* initial_max_data 1 MiB */
    0x05, 4, 0x80, 0x04, 0x00, 0x00, /* initial_max_stream_data_bidi_local 256 KiB */
    0x06, 4, 0x80, 0x04, 0x00, 0x00, /* initial_max_stream_data_bidi_remote */
    0x07, 4, 0x80, 0x04, 0x00, 0x00, /* initial_max_stream_data_uni */
    0x08, 2, 0x40, 0x64,             /* initial_max_streams_bidi 100 */
    0x09, 2, 0x40, 0x64,             /* initial_max_streams_uni 100 */
    0x0f, ID_BYTES,                  /* initial_source_connection_id: its value follows */
};
/* clang-format on */

#define PARAMETERS_BYTES (sizeof transport_parameters + ID_BYTES)

static size_t write_client_hello(const struct flow *flow, uint16_t serial, const uint8_t *source_id, uint8_t *out)
{
    uint8_t parameters[PARAMETERS_BYTES];
    memcpy(parameters, transport_parameters, sizeof transport_parameters);
    memcpy(parameters + sizeof transport_parameters, source_id, ID_BYTES);
    struct client_hello hello = {
        .name = flow->spec.name, .parameters = parameters, .parameters_length = sizeof parameters};
    flow_draw(flow, TAG_QUIC_HELLO, (uint32_t)serial << 1, hello.random, sizeof hello.random);
    flow_draw(flow, TAG_QUIC_HELLO, (uint32_t)serial << 1 | 1, hello.share, sizeof hello.share);
    return client_hello_write(&hello, out);
}

/* The mark: tag, serial, and more of a tag. */
static void write_source_id(const struct flow *flow, uint16_t serial, uint8_t *id)
{
    put32(id, flow_tag(flow, TAG_QUIC_SOURCE));
    put16(id + 4, serial);
    put16(id + 6, (uint16_t)flow_tag_of(flow, TAG_QUIC_SOURCE, serial));
}

static void write_header(const struct flow *flow, uint16_t serial, uint8_t *payload, size_t length)
{
    payload[0] = LONG_INITIAL;
    put32(payload + 1, VERSION);
    payload[TARGET_ID - 1] = ID_BYTES;
    put32(payload + TARGET_ID, flow_tag_of(flow, TAG_QUIC_TARGET, serial));
    put32(payload + TARGET_ID + 4, flow_tag_of(flow, TAG_QUIC_TARGET, (uint32_t)serial | 1U << 16));
    payload[SOURCE_ID - 1] = ID_BYTES;
    write_source_id(flow, serial, payload + SOURCE_ID);
    payload[TOKEN_LENGTH] = 0;
    put16(payload + LENGTH, (uint16_t)(TWO_BYTES | (length - HEADER + 1)));
    payload[HEADER - 1] = 0; /* the packet number */
}

/* The whole Initial of a serial: header, CRYPTO frame, PADDING, tag. */
static bool write_initial(const struct flow *flow, uint16_t serial, uint8_t *payload, size_t length)
{
    struct quic_keys keys;
    uint8_t *frame = payload + HEADER;
    memset(payload, 0, length);
    write_header(flow, serial, payload, length);
    frame[0] = FRAME_CRYPTO; /* its offset is 0 */
    put16(frame + 2, (uint16_t)(TWO_BYTES | write_client_hello(flow, serial, payload + SOURCE_ID, frame + 4)));
    struct quic_packet packet = {payload, HEADER, length - HEADER - QUIC_TAG_BYTES};
    return quic_keys_client(payload + TARGET_ID, ID_BYTES, &keys) && quic_protect(&keys, &packet);
}

static enum status fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    if (length > MOST)
        return err_set(err, STATUS_USAGE, "udp/%u: cannot build a packet of %u bytes: a QUIC Initial has at most %u",
                       flow->target_port, flow->size, MOST);
    quic_keys_start();
    if (!write_initial(flow, 0, payload, length))
        return err_set(err, STATUS_SYSTEM,
                       "udp/%u: cannot encrypt a QUIC Initial: libcrypto has no AES-128-GCM or no "
                       "memory (leave this probe out, or use udp/%u:empty)",
                       flow->target_port, flow->target_port);
    return STATUS_OK;
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length)
{
    write_initial(flow, serial, datagram + UDP_HEADER, length - UDP_HEADER); /* it succeeded in flow_build() */
    put16(datagram + UDP_CHECKSUM, 0);
    put16(datagram + UDP_CHECKSUM, identity_checksum(flow, datagram, length, length));
}

static struct mark read_id(const struct flow *flow, struct cursor payload, size_t offset)
{
    cursor_skip(&payload, offset);
    uint32_t tag = cursor_u32(&payload);
    uint16_t serial = cursor_u16(&payload), rest = cursor_u16(&payload);
    if (payload.failed)
        return (struct mark){0};
    struct mark mark = identity_read(serial, tag, flow_tag(flow, TAG_QUIC_SOURCE));
    if (rest != (uint16_t)flow_tag_of(flow, TAG_QUIC_SOURCE, serial))
        mark.serial = 0;
    return mark;
}

static struct mark read(const struct flow *flow, struct cursor payload)
{
    return read_id(flow, payload, SOURCE_ID);
}

/* Long headers hold the length of the id. In short ones the id follows the first byte. */
static uint16_t answer(const struct flow *flow, struct cursor payload)
{
    struct cursor start = payload;
    if (!(cursor_u8(&payload) & LONG_HEADER))
        return read_id(flow, start, 1).serial;
    cursor_skip(&payload, TARGET_ID - 2);
    return cursor_u8(&payload) == ID_BYTES ? read_id(flow, start, TARGET_ID).serial : 0;
}

/* A server's long header (Initial, Retry, Version Negotiation) has the client's source id as its destination. A short
 * header does not say how long that is. */
static struct cursor id_at(struct cursor payload, bool is_source)
{
    bool is_long = cursor_u8(&payload) & LONG_HEADER;
    cursor_skip(&payload, TARGET_ID - 2); /* the version */
    struct cursor id = payload_bytes(&payload, cursor_u8(&payload));
    if (is_source)
        id = payload_bytes(&payload, cursor_u8(&payload));
    if (!is_long || payload.failed)
        cursor_fail(&id);
    return id;
}

static struct cursor query_id(struct cursor payload)
{
    return id_at(payload, true);
}

static struct cursor answered_id(struct cursor payload)
{
    return id_at(payload, false);
}

static bool is_initial(struct cursor payload, size_t size)
{
    bool is_seen = cursor_left(&payload) >= SEEN_LEAST;
    return is_seen && size >= LEAST && (cursor_u8(&payload) & LONG_AND_FIXED) == LONG_AND_FIXED;
}

/* --- the name in an Initial of any client --- */

#define READ_MOST 1500 /* bytes of an Initial that are read: the largest packets of Ethernet */
#define TYPE_BITS 0x30 /* of a long header; 0: an Initial */
#define ID_MOST 20     /* RFC 9000 17.2 */

/* RFC 9000 16: an integer whose first two bits tell its length. */
static uint64_t read_integer(struct cursor *c)
{
    uint8_t first = cursor_u8(c);
    uint64_t value = first & 0x3f;
    for (unsigned more = (1U << (first >> 6)) - 1; more; more--)
        value = value << 8 | cursor_u8(c);
    return value;
}

/* Steps over so many bytes, which may be more than a cursor can count. */
static void skip_integer(struct cursor *c, uint64_t bytes)
{
    if (bytes > cursor_left(c))
        cursor_fail(c);
    else
        cursor_skip(c, (size_t)bytes);
}

/* The handshake message, out of CRYPTO frames in any order (RFC 9000 19.6). */
struct hello {
    uint8_t bytes[READ_MOST];
    bool is_known[READ_MOST];
};

static void add_crypto(struct cursor *frames, struct hello *hello)
{
    uint64_t offset = read_integer(frames), length = read_integer(frames);
    if (length > cursor_left(frames))
        cursor_fail(frames);
    for (uint64_t i = 0; i < length && !frames->failed; i++) {
        uint8_t byte = cursor_u8(frames);
        if (offset + i < READ_MOST) {
            hello->bytes[offset + i] = byte;
            hello->is_known[offset + i] = true;
        }
    }
}

/* An Initial has no other frames that matter (RFC 9000 12.4). Returns the bytes of the message from its start on. */
static size_t gather_hello(struct cursor frames, struct hello *hello)
{
    size_t known = 0;
    memset(hello, 0, sizeof *hello);
    while (cursor_left(&frames)) {
        uint64_t type = read_integer(&frames);
        if (type == FRAME_CRYPTO)
            add_crypto(&frames, hello);
        else if (type > 1) /* neither PADDING nor PING */
            break;
    }
    while (known < READ_MOST && hello->is_known[known])
        known++;
    return known;
}

/* Whether the bytes are an Initial of version 1; its target id, and the offset of its packet number. */
static bool read_long_header(struct cursor payload, struct cursor *target_id, size_t *number, size_t *end)
{
    size_t all = cursor_left(&payload);
    uint8_t first = cursor_u8(&payload);
    bool is_initial = (first & LONG_AND_FIXED) == LONG_AND_FIXED && !(first & TYPE_BITS);
    bool is_known = cursor_u32(&payload) == VERSION;
    size_t id_bytes = cursor_u8(&payload);
    *target_id = payload_bytes(&payload, id_bytes);
    cursor_skip(&payload, cursor_u8(&payload));     /* the source id */
    skip_integer(&payload, read_integer(&payload)); /* the token */
    uint64_t length = read_integer(&payload);
    *number = all - cursor_left(&payload);
    *end = *number + (size_t)length;
    return is_initial && is_known && !payload.failed && id_bytes <= ID_MOST && length <= cursor_left(&payload);
}

static bool read_sni(struct cursor payload, char name[NAME_BYTES])
{
    const uint8_t *bytes = cursor_here(&payload);
    struct cursor target_id;
    struct quic_keys keys;
    struct hello hello;
    uint8_t plain[READ_MOST];
    size_t number, end;
    if (cursor_left(&payload) > READ_MOST || !read_long_header(payload, &target_id, &number, &end))
        return false;
    quic_keys_start();
    if (!quic_keys_client(cursor_here(&target_id), cursor_left(&target_id), &keys))
        return false;
    size_t length = quic_unprotect(&keys, bytes, end, number, plain);
    size_t known = gather_hello(cursor_init(plain, length), &hello);
    return read_name_of_hello(cursor_init(hello.bytes, known), name);
}

static const struct udp_payload initial = {
    .fill = fill,
    .stamp = stamp,
    .read = read,
    .answer = answer,
    .answer_bits = MARK_BITS + NUMBER_BITS,
    .query_id = query_id,
    .answered_id = answered_id,
};

const struct probe_variant_row udp_quic = {
    .variant = 3,
    .name = "quic",
    .help = "udp/443 a QUIC Initial",
    .port = 443,
    .least = UDP_HEADER + LEAST,
    .is_carried = is_initial,
    .payload = &initial,
};

const struct probe_variant_row udp_quic_name = {
    .variant = VARIANT_QUIC_NAME,
    .name = "sni",
    .help = "udp/443:sni=NAME names this server in it",
    .port = 443,
    .least = UDP_HEADER + LEAST,
    .has_name = true,
    .is_carried = is_initial,
    .payload = &initial,
    .read_name = read_sni,
};
