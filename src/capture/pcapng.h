/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapng: blocks of the pcapng format, read and written (draft-ietf-opsawg-pcapng). Floor 5; internal to capture/.
 *
 * The writer assembles one block at a time in a strbuf, in host byte order. The reader takes either byte order, several
 * sections and interfaces, every time resolution, the simple and the obsolete packet block; it skips blocks it does not
 * know and holds one block at a time, of at most PCAPNG_BLOCK_MOST bytes. */
#ifndef HOPSONDE_CAPTURE_PCAPNG_H
#define HOPSONDE_CAPTURE_PCAPNG_H

#include "base/strbuf.h"
#include "capture/input.h"
#include "capture/record.h"

#define PCAPNG_BLOCK_MOST (16u << 20)
#define PCAPNG_OPTION_MOST 65535 /* bytes of one option's value */
#define PCAPNG_BYTE_ORDER 0x1A2B3C4Du

enum pcapng_block {
    BLOCK_SECTION = 0x0A0D0D0A, /* reads alike in both byte orders */
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_NAMES = 4, /* name resolution block */
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
};

enum pcapng_option {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_PACKET_FLAGS = 2, /* of BLOCK_PACKET and BLOCK_OLD_PACKET; lowest two bits: 1 in, 2 out */
    OPTION_SECTION_APPLICATION = 4,
    OPTION_INTERFACE_NAME = 2,
    OPTION_INTERFACE_RESOLUTION = 9,
    OPTION_INTERFACE_OFFSET = 14,
    OPTION_STATISTICS_RECEIVED = 4,
    OPTION_STATISTICS_DROPPED = 5,
};

/* Writing. A block is begun, filled field by field and ended; it is then `out->text`, `out->length` bytes. Options come
 * last, and pcapng_end() closes them. */
void pcapng_begin(struct strbuf *out, enum pcapng_block type);
void pcapng_add_u16(struct strbuf *out, uint16_t value);
void pcapng_add_u32(struct strbuf *out, uint32_t value);
void pcapng_add_u64(struct strbuf *out, uint64_t value);
void pcapng_add_time(struct strbuf *out, nstime time); /* as nanoseconds, the high half first; no time is 0 */
void pcapng_add_padded(struct strbuf *out, const void *bytes, size_t count);
void pcapng_add_option(struct strbuf *out, uint16_t code, const void *value, size_t count);
void pcapng_add_comment(struct strbuf *out, const char *text); /* cut to PCAPNG_OPTION_MOST bytes */
void pcapng_end(struct strbuf *out);

/* A reader over `input`, which must outlive it and whose next bytes are a section header. NULL: no memory. */
struct reader *pcapng_reader_new(struct input *input);

/* Walks through options: the next one's code and value; false after the last, and where they are cut. */
bool record_option_next(struct record_options *options, uint16_t *code, struct cursor *value);
/* The next comment, not NUL-terminated, any bytes; false: no more. */
bool record_comment_next(struct record_options *options, const char **text, size_t *length);

/* A stamp in units of an interface's if_tsresol, shifted by its if_tsoffset, as a point in time; what 64 bits of
 * nanoseconds cannot hold becomes the nearest that they can (less a year, so that deadlines can be added). */
nstime pcapng_time(uint64_t stamp, uint8_t resolution, int64_t offset_s);

#endif
