/* SPDX-License-Identifier: BSD-2-Clause */
/* second_point: what the capture of the other end adds to verdicts. It tells a lost probe from a lost reply, and a
 * reply of the target from one that the target never sent. Floor 4; pure.
 *
 * The near point is that of the prober. Its frames bear the numbers of the traces, those of the far point come from its
 * own files, which count on behind the near ones. */
#ifndef HOPSONDE_VERDICT_SECOND_POINT_H
#define HOPSONDE_VERDICT_SECOND_POINT_H

#include "verdict/verdict.h"

/* Frames of one kind that a report shows. Unit: frames. Source: chosen. Effect: the counts are complete all the same.
 */
#define SECOND_FRAMES_MOST 8

struct second_count {
    unsigned count;
    struct frame_number frames[SECOND_FRAMES_MOST]; /* the first ones */
    unsigned frame_count;
};

/* What the far point shows of a trace. Only probes count whose TTL takes them there, and that its capture covers. */
struct second_view {
    unsigned probes;              /* arrived + lost */
    struct second_count arrived;  /* frames of both points in turns */
    struct second_count lost;     /* near frames: probes that never came to the far point */
    struct second_count answered; /* near frames: replies in the target's name that left the far point */
    struct second_count unheard;  /* far frames: replies that left the far point and never came to the near one */
    struct second_count forged;   /* near frames: replies in the target's name that never left the far point */
    const struct reply *forgery;  /* the first of these; NULL: none */
    /* One of them is as of an open port: */
    bool answered_accepts, unheard_accepts, forged_accepts;
    bool has_doubtful_replies; /* some left the far point, and nothing shows what became of them */
};

/* Fills in the view of one of the judgement's traces; one without probes at the far point is all 0. */
typedef void second_look(void *context, const struct trace *trace, struct second_view *out);

/* Adds a frame. Number 0 counts, and is not shown. */
void second_count_add(struct second_count *count, struct frame_number frame);
/* Changes verdicts and adds findings. After verdict_judge() or verdict_judge_traces(). Verdicts of port lists stay. */
void second_point_revise(second_look *look, void *context, struct judgement *judgement);

#endif
