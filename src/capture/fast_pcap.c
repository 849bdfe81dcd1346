/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/fast_pcap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/classic_pcap.h"
#include "capture/read_buffer.h"

#define FILE_HEADER_BYTES 24   /* draft-ietf-opsawg-pcap, section 4 */
#define PACKET_HEADER_BYTES 16 /* the same, section 5 */
/* Bytes; libpcap's MAXIMUM_SNAPLEN for all link types that hopsonde reads. A longer packet is damage, as in libpcap. */
#define CAPTURED_MOST 262144

struct fast_pcap_reader {
    struct reader reader;
    struct classic_pcap_layout layout;
    struct read_buffer buffer;
    char cause[128];
};

/* Reads from a complete header without a cursor, which would take most of the time. */
static uint32_t header_u32(const struct fast_pcap_reader *r, const uint8_t *header, size_t offset)
{
    uint32_t value;
    memcpy(&value, header + offset, sizeof value);
    return r->layout.swapped ? __builtin_bswap32(value) : value;
}

/* Ends reading: `end` if the file ended between two packets, RECORD_CUT within one, RECORD_DAMAGED on a read error. */
__attribute__((noinline)) static enum record_kind stop(struct fast_pcap_reader *r, enum record_kind end,
                                                       struct record *out)
{
    if (r->buffer.error == 0)
        return read_buffer_left(&r->buffer) == 0 ? end : RECORD_CUT;
    snprintf(r->cause, sizeof r->cause, "error reading dump file: %s", strerror(r->buffer.error));
    out->cause = r->cause;
    return RECORD_DAMAGED;
}

__attribute__((noinline)) static enum record_kind damaged(struct fast_pcap_reader *r, uint32_t captured,
                                                          struct record *out)
{
    if (captured > r->layout.snaplen)
        snprintf(r->cause, sizeof r->cause,
                 "invalid packet capture length %" PRIu32 ", bigger than snaplen of %" PRIu32, captured,
                 r->layout.snaplen);
    else
        snprintf(r->cause, sizeof r->cause, "invalid packet capture length %" PRIu32 ", bigger than maximum of %d",
                 captured, CAPTURED_MOST);
    out->cause = r->cause;
    return RECORD_DAMAGED;
}

/* Fills the frame from `record`, the packet's header and bytes. Cuts it to the snaplen silently, as libpcap does. */
static void take_frame(const struct fast_pcap_reader *r, const uint8_t *record, uint32_t captured, struct frame *out)
{
    uint32_t length = header_u32(r, record, 12);
    nstime seconds = header_u32(r, record, 0), fraction = header_u32(r, record, 4);
    captured = captured < r->layout.snaplen ? captured : r->layout.snaplen;
    bool clamped = captured > length;
    *out = (struct frame){
        .bytes = record + PACKET_HEADER_BYTES,
        .captured = clamped ? length : captured,
        .length = length,
        .clamped = clamped,
        .linktype = r->layout.linktype,
        .time = seconds * NS_PER_S + fraction * r->layout.unit,
    };
}

static enum record_kind fast_pcap_next(struct reader *reader, struct frame *frame, struct record *out)
{
    struct fast_pcap_reader *r = (struct fast_pcap_reader *)reader;
    const uint8_t *record = read_buffer_peek(&r->buffer, PACKET_HEADER_BYTES);
    if (!record)
        return stop(r, RECORD_END, out);
    uint32_t captured = header_u32(r, record, 8);
    if (captured > CAPTURED_MOST)
        return damaged(r, captured, out);
    size_t whole = PACKET_HEADER_BYTES + (size_t)captured;
    record = read_buffer_peek(&r->buffer, whole);
    if (!record)
        return stop(r, RECORD_CUT, out);
    read_buffer_skip(&r->buffer, whole);
    take_frame(r, record, captured, frame);
    return RECORD_FRAME;
}

static void fast_pcap_close(struct reader *reader)
{
    struct fast_pcap_reader *r = (struct fast_pcap_reader *)reader;
    read_buffer_free(&r->buffer);
    free(r);
}

static const struct reader_ops fast_pcap_ops = {.next = fast_pcap_next, .close = fast_pcap_close};

struct reader *fast_pcap_reader_new(struct input *input, struct reader *classic)
{
    struct classic_pcap_layout layout;
    if (!classic_pcap_reader_layout(classic, &layout))
        return NULL;
    struct fast_pcap_reader *r = calloc(1, sizeof *r);
    if (!r || !input_seek(input, FILE_HEADER_BYTES)) {
        free(r);
        return NULL;
    }
    r->reader.ops = &fast_pcap_ops;
    r->layout = layout;
    r->buffer = read_buffer_init(input);
    classic->ops->close(classic);
    return &r->reader;
}
