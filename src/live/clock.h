/* SPDX-License-Identifier: BSD-2-Clause */
/* clock: the capture's clock, which a step of the system clock does not disturb. Floor 5.
 *
 * The kernel stamps frames with CLOCK_REALTIME, which may be set during a run. We wait by CLOCK_MONOTONIC. The
 * offset between the two is fixed at the start. Stamps made after a step (or a suspend) are corrected by the size of
 * the step. So no deadline expires early and no wait hangs. */
#ifndef HOPSONDE_LIVE_CLOCK_H
#define HOPSONDE_LIVE_CLOCK_H

#include <stdbool.h>

#include "base/nstime.h"

struct capture_clock {
    nstime offset; /* CLOCK_REALTIME minus CLOCK_MONOTONIC at the start */
};

struct capture_clock capture_clock_start(void);
nstime capture_clock_now(const struct capture_clock *clock);
/* The step of the system clock since the start. Without a step it is within a few microseconds of 0. */
nstime capture_clock_step(const struct capture_clock *clock);
/* Converts a stamp to the clock of the start. `now` is capture_clock_now() when the frame was read. A step under 100
 * ms is ignored. The stamp counts as made before or after the step, whichever reading is nearer to `now`. Pure. */
nstime capture_clock_unstep(nstime stamp, nstime now, nstime step);

/* How far the clocks were apart when they were looked at last; all 0 at the start. */
struct clock_look {
    nstime step;  /* capture_clock_step() */
    nstime slept; /* capture_clock_slept() */
};

/* Time that the machine has slept since it was booted. */
nstime capture_clock_slept(void);
/* What changed since the last look. Smaller changes than a second wait until they add up. Pure. */
struct clock_change {
    nstime slept, set; /* the machine slept for so long; the clock was set by so much. 0: not */
};
bool capture_clock_changed(struct clock_look *last, const struct clock_look *now, struct clock_change *out);

#endif
