/* SPDX-License-Identifier: BSD-2-Clause */
/* event: what changed between two rounds, where and when, and the frames that show it. Floor 6; pure. */
#ifndef HOPSONDE_MONITOR_EVENT_H
#define HOPSONDE_MONITOR_EVENT_H

#include "verdict/verdict.h"

enum event_kind {
    EVENT_ROUTE_CHANGE,
    EVENT_LOSS_BEGIN,
    EVENT_LOSS_END,
    EVENT_LATENCY_SHIFT,
    EVENT_VERDICT_CHANGE,
    EVENT_LOCAL_DROP,
    EVENT_TARGET_CHANGE,
    EVENT_WRITE_FAILED, /* of this program, not of the path: an output or the capture takes no more */
    EVENT_CLOCK_STEP,   /* the same: the system clock was set, or the machine slept */
    EVENT_EXPECTATION,  /* a verdict differs from what the user expects, or does so no more */
    EVENT_KINDS,
};

#define EVENT_VALUE_BYTES (ADDR_TEXT_BYTES + 16)

struct event {
    enum event_kind kind;
    uint32_t round;            /* after which it was noticed */
    nstime time;               /* the first sign of it: a capture time; a send that failed has that of the call */
    const struct trace *trace; /* whose spec met it; NULL: several specs did */
    struct place at, after, before;
    char from[EVENT_VALUE_BYTES], to[EVENT_VALUE_BYTES]; /* states, addresses, or figures with their unit */
    double confidence;                                   /* 0 to 0.999 */
    char text[SENTENCE_BYTES];                           /* one sentence */
    struct frame_number frames[VERDICT_FRAMES_MOST];
    unsigned frame_count;
};

const char *event_kind_name(enum event_kind kind); /* "route-change" ... as in JSON */

#endif
