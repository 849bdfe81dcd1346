/* SPDX-License-Identifier: BSD-2-Clause */
/* frames: the numbered frames that show a verdict or a finding. Floor 4; pure; for verdict/ and monitor/. */
#ifndef HOPSONDE_VERDICT_FRAMES_H
#define HOPSONDE_VERDICT_FRAMES_H

#include "verdict/verdict.h"

/* Adds a frame to a list of at most VERDICT_FRAMES_MOST. Skips number 0 (no file was written) and repetitions. */
void frames_add(struct frame_number *frames, unsigned *count, struct frame_number frame);
struct frame_number frame_of_probe(const struct probe *probe);
struct frame_number frame_of_reply(const struct reply *reply);

#endif
