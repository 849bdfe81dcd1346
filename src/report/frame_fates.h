/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_fates: what became of the packets of each frame of two captures, for the comments of a merged capture. Floor:
 * report.
 *
 * It keeps 16 bytes for each frame, from the first to the last that it is told of. */
#ifndef HOPSONDE_REPORT_FRAME_FATES_H
#define HOPSONDE_REPORT_FRAME_FATES_H

#include "base/strbuf.h"
#include "pairing/result.h"

struct frame_fates;

/* NULL: out of memory. */
struct frame_fates *frame_fates_new(void);
void frame_fates_free(struct frame_fates *fates); /* may be NULL */
/* A packet of both frames is the same. False: out of memory, now or before. */
bool frame_fates_note_pair(struct frame_fates *fates, const struct transit_pair *pair);
/* The packets that one point alone saw. False: out of memory, now or before. */
bool frame_fates_note_alone(struct frame_fates *fates, const struct transit_result *result);
/* What is known of a frame, which may hold several packets. */
struct frame_found {
    bool paired, lost, forged, midway; /* a packet of it is */
    enum transit_reason reason;        /* of what is not judged; else TRANSIT_JUDGED */
    struct transit_frame partner;      /* paired: the first frame of the other point that has a packet of it */
};
/* False: nothing is known. */
bool frame_fates_find(const struct frame_fates *fates, enum transit_point point, const struct transit_frame *frame,
                      struct frame_found *out);
/* Adds "toward far, far frame 12", "toward far, lost: it never came to the far point" ... for people. With several
 * files of a point, the number of the frame's file follows it, from 1. */
void frame_fates_add_comment(const struct frame_fates *fates, enum transit_point point, unsigned file, uint64_t number,
                             struct strbuf *text);

#endif
