/* SPDX-License-Identifier: BSD-2-Clause */
/* What one capture has of a stream, and what it lacks. */
#include <stdint.h>

#include "pairing/stream.h"
#include "tap.h"

/* A segment, an acknowledgement, or a question about a range. */
enum step_kind { SEGMENT, AGAIN, ACK, HAS, LACKS, MISSED, NOT_MISSED, FORGED };

struct step {
    enum step_kind kind;
    uint32_t seq, span;
};

static const struct {
    const char *title;
    struct step steps[10];
} rows[] = {
    {"in order", {{SEGMENT, 100, 10}, {SEGMENT, 110, 10}, {HAS, 100, 20}, {LACKS, 100, 21}, {NOT_MISSED, 100, 20}}},
    {"sent again", {{SEGMENT, 100, 10}, {AGAIN, 100, 10}, {AGAIN, 104, 2}, {SEGMENT, 105, 10}, {HAS, 100, 15}}},
    {"a hole that is filled",
     {{SEGMENT, 0, 10}, {SEGMENT, 20, 10}, {LACKS, 5, 10}, {SEGMENT, 10, 10}, {ACK, 30, 0}, {NOT_MISSED, 0, 30}}},
    {"a hole that is acknowledged",
     {{SEGMENT, 0, 10},
      {SEGMENT, 20, 10},
      {ACK, 10, 0},
      {NOT_MISSED, 10, 10},
      {ACK, 30, 0},
      {MISSED, 15, 1},
      {LACKS, 0, 30}}},
    {"a part of a hole is filled",
     {{SEGMENT, 0, 10},
      {SEGMENT, 40, 10},
      {SEGMENT, 20, 10},
      {ACK, 50, 0},
      {MISSED, 10, 10},
      {NOT_MISSED, 20, 10},
      {MISSED, 35, 5}}},
    {"an acknowledgement beyond all",
     {{SEGMENT, 0, 10}, {ACK, 25, 0}, {MISSED, 10, 15}, {NOT_MISSED, 0, 10}, {SEGMENT, 25, 5}, {HAS, 25, 5}}},
    {"the numbers come round", {{SEGMENT, 0xfffffff0, 32}, {HAS, 0xfffffff8, 16}, {ACK, 16, 0}, {NOT_MISSED, 0, 16}}},
    {"forged bytes", {{SEGMENT, 0, 10}, {ACK, 30, 0}, {MISSED, 10, 20}, {FORGED, 10, 20}, {NOT_MISSED, 10, 20}}},
    {"a number out of reach begins anew",
     {{SEGMENT, 0, 10}, {SEGMENT, 0x70000000, 10}, {ACK, 0x70000010, 0}, {NOT_MISSED, 0, 10}, {MISSED, 0x7000000a, 6}}},
    {"an acknowledgement of bytes before the first ones",
     {{SEGMENT, 100, 10},
      {ACK, 90, 0},
      {NOT_MISSED, 90, 10},
      {ACK, 110, 0},
      {MISSED, 90, 10},
      {NOT_MISSED, 100, 10},
      {AGAIN, 90, 10},
      {NOT_MISSED, 90, 10}}},
    {"an acknowledgement before all", {{ACK, 500, 0}, {SEGMENT, 0, 10}, {NOT_MISSED, 0, 10}}},
};

static bool take(struct stream *stream, const struct step *step, nstime time)
{
    switch (step->kind) {
    case SEGMENT:
        return !stream_take(stream, step->seq, step->span, time);
    case AGAIN:
        return stream_take(stream, step->seq, step->span, time);
    case ACK:
        stream_acknowledge(stream, step->seq, time, 1);
        return true;
    case HAS:
        return stream_has(stream, step->seq, step->span);
    case LACKS:
        return !stream_has(stream, step->seq, step->span);
    case MISSED:
        return stream_missed(stream, step->seq, step->span);
    case NOT_MISSED:
        return !stream_missed(stream, step->seq, step->span);
    case FORGED:
        stream_disprove(stream, step->seq, step->span);
        return true;
    }
    return false;
}

static void many_holes(void)
{
    struct stream stream = {.begun = false};
    (void)stream_take(&stream, 0, 1, 0);
    for (uint32_t i = 1; i <= 100; i++)
        (void)stream_take(&stream, i * 10, 1, i);
    ok(stream_has(&stream, 1000, 1) && !stream_has(&stream, 990, 2), "100 holes: the last ones are known");
    stream_acknowledge(&stream, 1001, 1000, 1);
    is_num(stream.count, HOLES_MOST, "100 holes: so many are kept");
    for (uint32_t i = 101; i <= 150; i++)
        (void)stream_take(&stream, i * 10, 1, i);
    is_num(stream.forgotten, HOLES_MOST, "acknowledged ones are counted when others take their place");
    stream_free(&stream);
}

/* Bytes that were acknowledged and are sent again had arrived: the capture missed them. But one that shows an
 * acknowledgement a moment before the data did not. */
static void acknowledged_and_sent_again(nstime later, bool missed)
{
    struct stream stream = {.begun = false};
    (void)stream_take(&stream, 0, 10, 0);
    (void)stream_take(&stream, 20, 10, 1);
    stream_acknowledge(&stream, 30, 2, 1);
    (void)stream_take(&stream, 10, 10, 2 + later);
    ok(stream_has(&stream, 0, 30) && stream_missed(&stream, 10, 10) == missed, "acknowledged, and there %lld ns later",
       (long long)later);
    stream_free(&stream);
}

/* A segment so far ahead belongs to the stream, or begins it anew. */
static void far_ahead(uint32_t ahead, bool belongs)
{
    struct stream stream = {.begun = false};
    (void)stream_take(&stream, 0, 10, 0);
    (void)stream_take(&stream, ahead, 10, 1);
    is_num(stream.count, belongs, "a segment %u bytes ahead leaves a hole", ahead);
    stream_free(&stream);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stream stream = {.begun = false};
        bool good = true;
        for (unsigned k = 0; k < 10 && (k == 0 || rows[i].steps[k].span || rows[i].steps[k].seq); k++)
            if (!take(&stream, &rows[i].steps[k], (nstime)k)) {
                printf("# step %u\n", k);
                good = false;
            }
        ok(good, "%s", rows[i].title);
        stream_free(&stream);
    }
    many_holes();
    acknowledged_and_sent_again(9 * NS_PER_MS, false);
    acknowledged_and_sent_again(11 * NS_PER_MS, true);
    far_ahead((1u << 30) - 100, true);
    far_ahead((1u << 30) + 100, false);
    return tap_done();
}
