/* SPDX-License-Identifier: BSD-2-Clause */
/* clock: the capture's clock, read without being thrown by a step of the system's. Floor 5.
 *
 * The kernel stamps frames with CLOCK_REALTIME, which somebody may set while a run goes on; we wait by CLOCK_MONOTONIC.
 * The two are tied once, at the start. Stamps made after a step (or a suspend) are put back by what the system's clock
 * was moved, so that neither a deadline rushes by nor a wait hangs. */
#ifndef HOPSONDE_LIVE_CLOCK_H
#define HOPSONDE_LIVE_CLOCK_H

#include "base/nstime.h"

struct capture_clock {
    nstime offset; /* CLOCK_REALTIME minus CLOCK_MONOTONIC at the start */
};

struct capture_clock capture_clock_start(void);
nstime capture_clock_now(const struct capture_clock *clock);
/* How far the system's clock was moved since the start; a few microseconds either way where it was not. */
nstime capture_clock_step(const struct capture_clock *clock);
/* The stamp in the clock of the start. `now` is capture_clock_now() as the frame was taken. A step under 100 ms is left
 * alone; a frame stamped before the step is told from one after it by which reading is nearer to `now`. Pure. */
nstime capture_clock_unstep(nstime stamp, nstime now, nstime step);

#endif
