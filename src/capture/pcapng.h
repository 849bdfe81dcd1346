/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapng: blocks of the pcapng format, read and written (draft-ietf-opsawg-pcapng). Floor 5; internal to capture/.
 *
 * The writer assembles one block at a time in a strbuf, in host byte order. The reader accepts either byte order,
 * several sections and interfaces, every time resolution, and the simple and obsolete packet blocks. It skips
 * unknown blocks. It holds one block at a time, of at most PCAPNG_BLOCK_MOST bytes. It must not interpret comments. */
#ifndef HOPSONDE_CAPTURE_PCAPNG_H
#define HOPSONDE_CAPTURE_PCAPNG_H

#include "base/strbuf.h"
#include "capture/input.h"
#include "capture/record.h"

#define PCAPNG_BLOCK_MOST (16u << 20) /* bytes; a longer block counts as damage, which bounds memory */
#define PCAPNG_OPTION_MOST 65535      /* bytes; the most that an option's 16-bit length allows */
#define PCAPNG_BYTE_ORDER 0x1A2B3C4Du /* byte-order magic of a section header */

enum pcapng_block {
    BLOCK_SECTION = 0x0A0D0D0A, /* the same in both byte orders */
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
    OPTION_FILLER = 0x8000, /* a code for local use, which readers skip */
    OPTION_STATISTICS_RECEIVED = 4,
    OPTION_STATISTICS_DROPPED = 5,
};

/* Writing: begin a block, add its fields in order, then its options, and end it. pcapng_end() adds the end of
 * options. The block is then `out->text`, `out->length` bytes. */
void pcapng_begin(struct strbuf *out, enum pcapng_block type);
void pcapng_add_u16(struct strbuf *out, uint16_t value);
void pcapng_add_u32(struct strbuf *out, uint32_t value);
void pcapng_add_u64(struct strbuf *out, uint64_t value);
void pcapng_add_time(struct strbuf *out, nstime time); /* as nanoseconds, the high half first; negative: 0 */
void pcapng_add_padded(struct strbuf *out, const void *bytes, size_t count);
void pcapng_add_option(struct strbuf *out, uint16_t code, const void *value, size_t count);
void pcapng_add_comment(struct strbuf *out, const char *text); /* cut to PCAPNG_OPTION_MOST bytes */
void pcapng_end(struct strbuf *out);

/* Opens a reader. The next bytes of `input` are a section header, and `input` must outlive the reader. NULL: no
 * memory. */
struct reader *pcapng_reader_new(struct input *input);

/* Reads the next option's code and value. False after the last option or if the options are cut. */
bool record_option_next(struct record_options *options, uint16_t *code, struct cursor *value);
/* Reads the next comment: any bytes, not NUL-terminated. False if there are no more. */
bool record_comment_next(struct record_options *options, const char **text, size_t *length);

/* Converts a stamp to a time. `resolution` is the interface's if_tsresol, `offset_s` its if_tsoffset. A time outside
 * the range of nstime becomes the nearest one in range, less a year at the top so that deadlines can be added. */
nstime pcapng_time(uint64_t stamp, uint8_t resolution, int64_t offset_s);

#endif
