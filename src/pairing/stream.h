/* SPDX-License-Identifier: BSD-2-Clause */
/* stream: the bytes of one way of a TCP connection that one capture has, and what it lacks of them. Floor: pairing;
 * internal.
 *
 * A hole is a range between captured ones. If its receiver acknowledges a hole, the packet came through and the capture
 * lacks it: it dropped the frame, or began later, or the packet took another way. */
#ifndef HOPSONDE_PAIRING_STREAM_H
#define HOPSONDE_PAIRING_STREAM_H

#include <stdint.h>

#include "base/nstime.h"

/* Unit: holes of one way at a time. Source: chosen. Effect: of more, the oldest are forgotten. */
#define HOLES_MOST 24

struct hole {
    uint32_t from, to;   /* sequence numbers */
    nstime since, until; /* clock of the point: the bytes were first sent between; the capture has frames of both */
    nstime acked;        /* NSTIME_NONE: not acknowledged */
    bool filled;         /* with `acked`: the same bytes were sent again, although they had arrived */
    uint64_t frame;      /* with `acked`: the frame that acknowledged it */
};

struct stream {
    bool begun, acked; /* acked: bytes from `first` on were */
    bool is_reset;     /* the receiver answered with a reset that acknowledges nothing (RFC 9293 3.10.7.1) */
    uint8_t count, capacity;
    uint32_t first;     /* byte that was captured */
    uint32_t next;      /* behind the last byte that was captured or acknowledged */
    uint32_t forgotten; /* holes that were acknowledged, and that there was no room for */
    nstime last;        /* when no more than that was sent yet */
    struct hole *holes; /* owned */
};

void stream_free(struct stream *stream);
/* Takes a segment; true if the capture had all its bytes already: it was sent again. */
bool stream_take(struct stream *stream, uint32_t seq, uint32_t span, nstime time);
/* Takes an acknowledgement of the other way. */
void stream_acknowledge(struct stream *stream, uint32_t ack, nstime time, uint64_t frame);
/* True if the capture has all of the range, in any segments. */
bool stream_has(const struct stream *stream, uint32_t seq, uint32_t span);
/* True if a byte of the range was acknowledged, and the capture has it in no segment. */
bool stream_missed(const struct stream *stream, uint32_t seq, uint32_t span);
/* True if the receiver's reset may be the answer to these bytes: they are behind all that the capture has. */
bool stream_may_be_reset(const struct stream *stream, uint32_t seq, uint32_t span);

/* The bytes of the range that were acknowledged were forged, and not missed: forgets those holes. */
void stream_disprove(struct stream *stream, uint32_t seq, uint32_t span);

/* Whether a comes before b in sequence space (RFC 9293 3.4). */
static inline bool seq_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

#endif
