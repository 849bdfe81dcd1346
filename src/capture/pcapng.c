/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/pcapng.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/read_buffer.h"

/* Bytes: the block's type and length before its body, the length after it (draft-ietf-opsawg-pcapng, section 3.1). */
#define BLOCK_HEAD_BYTES 8
#define BLOCK_TAIL_BYTES 4
#define PACKET_FIELDS_BYTES 20

#define INTERFACES_MOST 65536 /* per section; more count as damage, which bounds memory */
/* ns; a year before the end of nstime, so that deadlines can be added. Later stamps become this. */
#define LATEST_TIME (INT64_MAX - INT64_C(366) * 86400 * NS_PER_S)
#define LATEST_SECOND (LATEST_TIME / NS_PER_S)
#define RESOLUTION_BINARY 0x80 /* flag of if_tsresol: the exponent is of two, not ten */
#define RESOLUTION_DEFAULT 6   /* exponent of ten without if_tsresol: microseconds */

/* ---- writing ---- */

static void pad(struct strbuf *out, size_t count)
{
    static const char zeros[4];
    strbuf_add_bytes(out, zeros, -count & 3);
}

void pcapng_add_u16(struct strbuf *out, uint16_t value)
{
    strbuf_add_bytes(out, (const char *)&value, sizeof value);
}

void pcapng_add_u32(struct strbuf *out, uint32_t value)
{
    strbuf_add_bytes(out, (const char *)&value, sizeof value);
}

void pcapng_add_u64(struct strbuf *out, uint64_t value)
{
    strbuf_add_bytes(out, (const char *)&value, sizeof value);
}

void pcapng_add_time(struct strbuf *out, nstime time)
{
    uint64_t stamp = time < 0 ? 0 : (uint64_t)time;
    pcapng_add_u32(out, (uint32_t)(stamp >> 32));
    pcapng_add_u32(out, (uint32_t)stamp);
}

void pcapng_add_padded(struct strbuf *out, const void *bytes, size_t count)
{
    strbuf_add_bytes(out, bytes, count);
    pad(out, count);
}

void pcapng_begin(struct strbuf *out, enum pcapng_block type)
{
    strbuf_clear(out);
    pcapng_add_u32(out, type);
    pcapng_add_u32(out, 0);
}

void pcapng_add_option(struct strbuf *out, uint16_t code, const void *value, size_t count)
{
    pcapng_add_u16(out, code);
    pcapng_add_u16(out, (uint16_t)count);
    pcapng_add_padded(out, value, count);
}

void pcapng_add_comment(struct strbuf *out, const char *text)
{
    size_t length = strlen(text);
    pcapng_add_option(out, OPTION_COMMENT, text, length < PCAPNG_OPTION_MOST ? length : PCAPNG_OPTION_MOST);
}

void pcapng_end(struct strbuf *out)
{
    pcapng_add_u32(out, OPTION_END);
    uint32_t total = (uint32_t)(out->length + BLOCK_TAIL_BYTES);
    pcapng_add_u32(out, total);
    if (!out->failed)
        memcpy(out->text + 4, &total, sizeof total);
}

/* ---- reading ---- */

struct interface {
    uint16_t linktype;
    uint8_t resolution;
    uint32_t snaplen; /* bytes; 0: no limit */
    int64_t offset_s;
};

struct pcapng_reader {
    struct reader reader;
    struct read_buffer buffer;    /* holds the current block */
    bool little;                  /* the current section is little-endian */
    struct interface *interfaces; /* owned; of the current section */
    uint32_t interface_count, interface_capacity;
    nstime last; /* stamp of the last frame that had one */
};

/* The body of a block, with its section's byte order. */
struct body {
    struct cursor cursor;
    bool little;
};

static uint16_t swap_u16(uint16_t value, bool little)
{
    return little ? __builtin_bswap16(value) : value;
}

static uint32_t swap_u32(uint32_t value, bool little)
{
    return little ? __builtin_bswap32(value) : value;
}

static uint16_t body_u16(struct body *body)
{
    return swap_u16(cursor_u16(&body->cursor), body->little);
}

static uint32_t body_u32(struct body *body)
{
    return swap_u32(cursor_u32(&body->cursor), body->little);
}

bool record_option_next(struct record_options *options, uint16_t *code, struct cursor *value)
{
    struct body body = {.cursor = options->left, .little = options->little};
    *code = body_u16(&body);
    size_t length = body_u16(&body);
    if (body.cursor.failed || *code == OPTION_END || length > cursor_left(&body.cursor))
        return false;
    *value = cursor_sub(&body.cursor, length);
    (void)cursor_sub(&body.cursor, -length & 3);
    options->left = body.cursor;
    return true;
}

bool record_comment_next(struct record_options *options, const char **text, size_t *length)
{
    uint16_t code;
    struct cursor value;
    while (record_option_next(options, &code, &value)) {
        if (code != OPTION_COMMENT)
            continue;
        *text = (const char *)cursor_here(&value);
        *length = cursor_left(&value);
        return true;
    }
    return false;
}

/* Splits a stamp into whole seconds and nanoseconds. `resolution` is if_tsresol: units per second, a power of ten or
 * two. */
static void split_stamp(uint64_t stamp, uint8_t resolution, uint64_t *seconds, uint64_t *nanoseconds)
{
    unsigned power = resolution & 0x7f;
    *seconds = *nanoseconds = 0;
    if (resolution & RESOLUTION_BINARY) {
        if (power > 63)
            return;
        uint64_t fraction = stamp & ((UINT64_C(1) << power) - 1);
        unsigned surplus = power > 32 ? power - 32 : 0;
        *seconds = stamp >> power;
        *nanoseconds = ((fraction >> surplus) * (uint64_t)NS_PER_S) >> (power - surplus);
        return;
    }
    uint64_t units = 1;
    for (; power > 9; power--)
        stamp /= 10; /* nstime has no finer unit than 1 ns */
    for (unsigned i = 0; i < power; i++)
        units *= 10;
    *seconds = stamp / units;
    *nanoseconds = stamp % units * ((uint64_t)NS_PER_S / units);
}

nstime pcapng_time(uint64_t stamp, uint8_t resolution, int64_t offset_s)
{
    uint64_t seconds, nanoseconds;
    split_stamp(stamp, resolution, &seconds, &nanoseconds);
    if (seconds > (uint64_t)LATEST_SECOND || offset_s > LATEST_SECOND)
        return LATEST_TIME;
    if (offset_s < -LATEST_SECOND)
        return 0;
    int64_t shifted = (int64_t)seconds + offset_s;
    if (shifted < 0)
        return 0;
    return shifted >= LATEST_SECOND ? LATEST_TIME : shifted * NS_PER_S + (nstime)nanoseconds;
}

/* Avoids the divisions above for nearly all captures, which count micro- or nanoseconds from 1970. */
static nstime interface_time(const struct interface *interface, uint64_t stamp)
{
    static const uint64_t latest_us = (uint64_t)LATEST_SECOND * (NS_PER_S / NS_PER_US);
    static const uint64_t latest_ns = (uint64_t)LATEST_SECOND * NS_PER_S;
    if (interface->resolution == 6 && interface->offset_s == 0 && stamp < latest_us)
        return (nstime)stamp * NS_PER_US;
    if (interface->resolution == 9 && interface->offset_s == 0 && stamp < latest_ns)
        return (nstime)stamp;
    return pcapng_time(stamp, interface->resolution, interface->offset_s);
}

static enum record_kind damaged(struct record *out, const char *cause)
{
    out->cause = cause;
    return RECORD_DAMAGED;
}

/* The input has fewer bytes than required. Returns `none` if it has no bytes at all, RECORD_CUT if it ends too
 * early, RECORD_DAMAGED on a read error. */
static enum record_kind stop(const struct pcapng_reader *r, enum record_kind none, struct record *out)
{
    if (r->buffer.error)
        return damaged(out, strerror(r->buffer.error));
    return read_buffer_left(&r->buffer) == 0 ? none : RECORD_CUT;
}

/* Reads from a complete block without a cursor, which would take most of the time of a packet block. */
static uint32_t load_u32(const uint8_t *bytes, bool little)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return swap_u32(be32toh(value), little);
}

/* Reads the byte-order magic of a section header. The length before it can be decoded only afterwards. */
static enum record_kind read_byte_order(struct pcapng_reader *r, struct record *out)
{
    const uint8_t *head = read_buffer_peek(&r->buffer, BLOCK_HEAD_BYTES + 4);
    if (!head)
        return stop(r, RECORD_CUT, out);
    uint32_t value = load_u32(head + BLOCK_HEAD_BYTES, false);
    if (value != PCAPNG_BYTE_ORDER && __builtin_bswap32(value) != PCAPNG_BYTE_ORDER)
        return damaged(out, "a section header without a byte-order magic");
    r->little = value != PCAPNG_BYTE_ORDER;
    return RECORD_FRAME;
}

/* Reads the length of the next block, whose head is in the buffer. RECORD_FRAME: the length is valid. */
static enum record_kind read_length(struct pcapng_reader *r, size_t taken, uint32_t *total, struct record *out)
{
    *total = load_u32(read_buffer_peek(&r->buffer, BLOCK_HEAD_BYTES) + 4, r->little);
    if (*total < taken + BLOCK_TAIL_BYTES || *total % 4 != 0)
        return damaged(out, "a block of an impossible length");
    if (*total > PCAPNG_BLOCK_MOST)
        return damaged(out, "a block longer than 16 MiB");
    return RECORD_FRAME;
}

/* Reads one whole block. RECORD_FRAME: `type` and `body` are set. */
static enum record_kind read_block(struct pcapng_reader *r, uint32_t *type, struct body *body, struct record *out)
{
    size_t taken = BLOCK_HEAD_BYTES;
    const uint8_t *block = read_buffer_peek(&r->buffer, taken);
    if (!block)
        return stop(r, RECORD_END, out);
    enum record_kind kind = RECORD_FRAME;
    *type = load_u32(block, r->little);
    if (*type == BLOCK_SECTION) {
        kind = read_byte_order(r, out);
        taken += 4;
    }
    uint32_t total;
    if (kind == RECORD_FRAME)
        kind = read_length(r, taken, &total, out);
    if (kind != RECORD_FRAME)
        return kind;
    block = read_buffer_peek(&r->buffer, total);
    if (!block)
        return stop(r, RECORD_CUT, out);
    read_buffer_skip(&r->buffer, total);
    if (load_u32(block + total - BLOCK_TAIL_BYTES, r->little) != total)
        return damaged(out, "a block whose two lengths differ");
    *body = (struct body){.cursor = cursor_init(block + taken, total - taken - BLOCK_TAIL_BYTES), .little = r->little};
    return RECORD_FRAME;
}

static struct record_options body_options(const struct body *body)
{
    return (struct record_options){.left = body->cursor, .little = body->little};
}

static enum record_kind read_section(struct pcapng_reader *r, struct body *body, struct record *out)
{
    uint16_t major = body_u16(body);
    body_u16(body);                /* minor version: the blocks are the same */
    cursor_skip(&body->cursor, 8); /* section length */
    if (body->cursor.failed)
        return damaged(out, "a section header that is too short");
    if (major != 1)
        return damaged(out, "a pcapng version other than 1");
    r->interface_count = 0;
    out->options = body_options(body);
    return RECORD_SECTION;
}

static int64_t option_seconds(struct cursor value, bool little)
{
    uint64_t seconds = cursor_u64(&value);
    return (int64_t)(little ? __builtin_bswap64(seconds) : seconds);
}

static bool interface_reserve(struct pcapng_reader *r)
{
    if (r->interface_count < r->interface_capacity)
        return true;
    uint32_t capacity = r->interface_capacity ? 2 * r->interface_capacity : 4;
    struct interface *grown = realloc(r->interfaces, capacity * sizeof *grown);
    if (!grown)
        return false;
    r->interfaces = grown;
    r->interface_capacity = capacity;
    return true;
}

/* RECORD_FRAME: done, continue with the next block. */
static enum record_kind read_interface(struct pcapng_reader *r, struct body *body, struct record *out)
{
    struct interface interface = {.linktype = body_u16(body), .resolution = RESOLUTION_DEFAULT};
    body_u16(body);
    interface.snaplen = body_u32(body);
    if (body->cursor.failed)
        return damaged(out, "an interface description that is too short");
    if (r->interface_count >= INTERFACES_MOST)
        return damaged(out, "more interfaces than 65536");
    if (!interface_reserve(r))
        return damaged(out, strerror(ENOMEM));
    struct record_options options = body_options(body);
    uint16_t code;
    struct cursor value;
    while (record_option_next(&options, &code, &value)) {
        if (code == OPTION_INTERFACE_RESOLUTION && cursor_left(&value) == 1)
            interface.resolution = cursor_u8(&value);
        else if (code == OPTION_INTERFACE_OFFSET && cursor_left(&value) == 8)
            interface.offset_s = option_seconds(value, options.little);
    }
    r->interfaces[r->interface_count++] = interface;
    return RECORD_FRAME;
}

static uint8_t options_direction(struct record_options options)
{
    uint16_t code;
    struct cursor value;
    while (record_option_next(&options, &code, &value)) {
        if (code != OPTION_PACKET_FLAGS || cursor_left(&value) != 4)
            continue;
        uint32_t flags = swap_u32(cursor_u32(&value), options.little);
        return (flags & 3) == 1 ? FRAME_IN : (flags & 3) == 2 ? FRAME_OUT : FRAME_DIRECTION_UNKNOWN;
    }
    return FRAME_DIRECTION_UNKNOWN;
}

/* Sets the packet's bytes, which start at `offset` in the body. The rest of the frame is filled already. */
static enum record_kind take_data(struct pcapng_reader *r, struct body *body, size_t offset, struct frame *frame,
                                  struct record *out)
{
    size_t left = cursor_left(&body->cursor) - offset;
    size_t padded = (size_t)frame->captured + (-(size_t)frame->captured & 3);
    if (frame->captured > left)
        return damaged(out, "a packet block that is too short for its packet");
    frame->bytes = cursor_here(&body->cursor) + offset;
    frame->linktype = r->interfaces[frame->interface].linktype;
    cursor_skip(&body->cursor, offset + (padded < left ? padded : left));
    if (frame->captured > frame->length) {
        frame->captured = frame->length;
        frame->clamped = true;
    }
    return RECORD_FRAME;
}

/* Reads an enhanced packet block or the obsolete packet block, whose interface number is 16 bits wide. The drop
 * counter after it is ignored, because the statistics block has the drops too. */
static enum record_kind read_packet(struct pcapng_reader *r, struct body *body, bool old, struct frame *frame,
                                    struct record *out)
{
    const uint8_t *fields = cursor_here(&body->cursor);
    bool little = body->little;
    if (cursor_left(&body->cursor) < PACKET_FIELDS_BYTES)
        return damaged(out, "a packet block that is too short for its packet");
    uint16_t narrow = (uint16_t)(fields[little] << 8 | fields[!little]);
    *frame = (struct frame){
        .interface = old ? narrow : load_u32(fields, little),
        .captured = load_u32(fields + 12, little),
        .length = load_u32(fields + 16, little),
    };
    if (frame->interface >= r->interface_count)
        return damaged(out, "a packet of an interface that no block describes");
    const struct interface *interface = &r->interfaces[frame->interface];
    uint64_t stamp = (uint64_t)load_u32(fields + 4, little) << 32 | load_u32(fields + 8, little);
    frame->time = r->last = interface_time(interface, stamp);
    enum record_kind kind = take_data(r, body, PACKET_FIELDS_BYTES, frame, out);
    if (kind != RECORD_FRAME)
        return kind;
    out->options = body_options(body);
    if (cursor_left(&body->cursor) > 0)
        frame->direction = options_direction(out->options);
    return RECORD_FRAME;
}

/* Reads a simple packet block. It has no stamp, so the frame gets the stamp of the frame before it. */
static enum record_kind read_simple_packet(struct pcapng_reader *r, struct body *body, struct frame *frame,
                                           struct record *out)
{
    uint32_t length = body_u32(body);
    if (r->interface_count == 0)
        return damaged(out, "a packet of an interface that no block describes");
    if (body->cursor.failed)
        return damaged(out, "a packet block that is too short for its packet");
    uint32_t snaplen = r->interfaces[0].snaplen;
    *frame = (struct frame){
        .captured = snaplen && snaplen < length ? snaplen : length,
        .length = length,
        .time = r->last,
    };
    out->options = (struct record_options){0};
    return take_data(r, body, 0, frame, out);
}

static enum record_kind pcapng_next(struct reader *reader, struct frame *frame, struct record *out)
{
    struct pcapng_reader *r = (struct pcapng_reader *)reader;
    for (;;) {
        uint32_t type;
        struct body body;
        enum record_kind kind = read_block(r, &type, &body, out);
        if (kind != RECORD_FRAME)
            return kind;
        switch (type) {
        case BLOCK_SECTION:
            return read_section(r, &body, out);
        case BLOCK_PACKET:
        case BLOCK_OLD_PACKET:
            return read_packet(r, &body, type == BLOCK_OLD_PACKET, frame, out);
        case BLOCK_SIMPLE_PACKET:
            return read_simple_packet(r, &body, frame, out);
        case BLOCK_STATISTICS:
            cursor_skip(&body.cursor, 12); /* interface and time */
            out->options = body_options(&body);
            return RECORD_STATISTICS;
        case BLOCK_NAMES:
            out->options = body_options(&body);
            return RECORD_NAMES;
        case BLOCK_INTERFACE:
            kind = read_interface(r, &body, out);
            if (kind != RECORD_FRAME)
                return kind;
            break;
        default:
            break;
        }
    }
}

static void pcapng_close(struct reader *reader)
{
    struct pcapng_reader *r = (struct pcapng_reader *)reader;
    read_buffer_free(&r->buffer);
    free(r->interfaces);
    free(r);
}

static const struct reader_ops pcapng_ops = {.next = pcapng_next, .close = pcapng_close};

struct reader *pcapng_reader_new(struct input *input)
{
    struct pcapng_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->reader.ops = &pcapng_ops;
    r->buffer = read_buffer_init(input);
    return &r->reader;
}
