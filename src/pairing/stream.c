/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/stream.h"

#include <stdlib.h>
#include <string.h>

/* A number so far ahead is no part of this stream: a forged or malformed packet. Unit: bytes. Source: the largest
 * window, RFC 7323 2.3. Effect: a capture that lacks more of a stream starts it anew. */
#define WINDOW_MOST (1u << 30)

/* A capture may show an acknowledgement so much before the data. Unit: time. Source: queues of one network card that
 * are read in turns. Effect: with more, data that were dropped by the capture and sent again do not count as missed. */
#define ACKED_EARLY (10 * NS_PER_MS)

static void remove_hole(struct stream *s, unsigned index)
{
    s->count--;
    memmove(&s->holes[index], &s->holes[index + 1], (s->count - index) * sizeof *s->holes);
}

/* False: out of memory, and the hole is forgotten. */
static bool make_room(struct stream *s)
{
    if (s->count < s->capacity)
        return true;
    unsigned capacity = s->capacity ? s->capacity * 2u : 1;
    if (capacity > HOLES_MOST)
        capacity = HOLES_MOST;
    if (s->count == capacity) {
        s->forgotten += s->holes[0].acked != NSTIME_NONE;
        remove_hole(s, 0);
        return true;
    }
    struct hole *holes = realloc(s->holes, capacity * sizeof *holes);
    if (!holes)
        return false;
    s->holes = holes;
    s->capacity = (uint8_t)capacity;
    return true;
}

static void add_hole(struct stream *s, struct hole hole)
{
    if (make_room(s))
        s->holes[s->count++] = hole;
}

void stream_free(struct stream *s)
{
    free(s->holes);
}

static bool covers(const struct hole *hole, uint32_t from, uint32_t to)
{
    return seq_before(hole->from, to) && seq_before(from, hole->to);
}

/* Takes the range out of a hole; true if it covered a byte. */
static bool fill_hole(struct stream *s, unsigned index, uint32_t from, uint32_t to)
{
    struct hole *hole = &s->holes[index], behind = *hole;
    if (!covers(hole, from, to))
        return false;
    bool left = seq_before(hole->from, from), right = seq_before(to, hole->to);
    behind.from = to;
    if (left)
        hole->to = from;
    else if (right)
        hole->from = to;
    else
        remove_hole(s, index);
    if (left && right)
        add_hole(s, behind);
    return true;
}

bool stream_take(struct stream *s, uint32_t seq, uint32_t span, nstime time)
{
    uint32_t end = seq + span;
    bool again = true;
    if (!s->begun || end - s->next + WINDOW_MOST > 2 * WINDOW_MOST) {
        s->begun = true;
        s->acked = false;
        s->count = 0;
        s->first = seq;
        s->next = end;
        s->last = time;
        return false;
    }
    s->first = seq_before(seq, s->first) ? seq : s->first;
    for (unsigned i = s->count; i-- > 0;) {
        struct hole *hole = &s->holes[i];
        if (hole->acked != NSTIME_NONE && time - hole->acked > ACKED_EARLY)
            hole->filled = hole->filled || covers(hole, seq, end);
        else if (fill_hole(s, i, seq, end))
            again = false;
    }
    if (seq_before(s->next, seq))
        add_hole(s, (struct hole){.from = s->next, .to = seq, .since = s->last, .until = time, .acked = NSTIME_NONE});
    /* A segment that was sent again does not show how much was sent before it. */
    if (seq_before(s->next, end) || (span == 0 && end == s->next))
        s->last = time;
    if (seq_before(s->next, end)) {
        s->next = end;
        again = false;
    }
    return again && span > 0;
}

void stream_acknowledge(struct stream *s, uint32_t ack, nstime time, uint64_t frame)
{
    if (!s->begun || ack - s->next + WINDOW_MOST > 2 * WINDOW_MOST)
        return;
    s->acked = s->acked || !seq_before(ack, s->first);
    for (unsigned i = 0; i < s->count; i++) {
        struct hole *hole = &s->holes[i];
        if (hole->acked == NSTIME_NONE && !seq_before(ack, hole->to)) {
            hole->acked = time;
            hole->frame = frame;
        }
    }
    if (!seq_before(s->next, ack))
        return;
    /* More may have been sent before this acknowledgement came, but hardly before the one that came before it. */
    if (s->count && s->holes[s->count - 1].to == s->next &&
        s->holes[s->count - 1].acked == s->holes[s->count - 1].until)
        s->last = s->holes[s->count - 1].acked;
    add_hole(s,
             (struct hole){.from = s->next, .to = ack, .since = s->last, .until = time, .acked = time, .frame = frame});
    s->next = ack;
}

bool stream_has(const struct stream *s, uint32_t seq, uint32_t span)
{
    if (!s->begun || seq_before(s->next, seq + span))
        return false;
    for (unsigned i = 0; i < s->count; i++)
        if (!s->holes[i].filled && covers(&s->holes[i], seq, seq + span))
            return false;
    return true;
}

bool stream_missed(const struct stream *stream, uint32_t seq, uint32_t span)
{
    bool missed = stream->acked && seq != stream->first && stream->first - seq < WINDOW_MOST;
    for (unsigned i = 0; i < stream->count; i++)
        missed = missed || (stream->holes[i].acked != NSTIME_NONE && covers(&stream->holes[i], seq, seq + span));
    return missed;
}

bool stream_may_be_reset(const struct stream *stream, uint32_t seq, uint32_t span)
{
    return stream->is_reset && seq_before(stream->next, seq + span);
}

void stream_disprove(struct stream *s, uint32_t seq, uint32_t span)
{
    for (unsigned i = s->count; i-- > 0;)
        if (s->holes[i].acked != NSTIME_NONE)
            (void)fill_hole(s, i, seq, seq + span);
}
