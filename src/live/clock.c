/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/clock.h"

#include <stdlib.h>
#include <time.h>

#define STEP_LEAST (100 * NS_PER_MS) /* smaller differences are slew or noise and are ignored */

static nstime clock_read(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (nstime)t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct capture_clock capture_clock_start(void)
{
    return (struct capture_clock){clock_read(CLOCK_REALTIME) - clock_read(CLOCK_MONOTONIC)};
}

nstime capture_clock_now(const struct capture_clock *clock)
{
    return clock_read(CLOCK_MONOTONIC) + clock->offset;
}

nstime capture_clock_step(const struct capture_clock *clock)
{
    return clock_read(CLOCK_REALTIME) - capture_clock_now(clock);
}

nstime capture_clock_unstep(nstime stamp, nstime now, nstime step)
{
    if (llabs(step) < STEP_LEAST)
        return stamp;
    return llabs(stamp - step - now) < llabs(stamp - now) ? stamp - step : stamp;
}

#define CHANGE_LEAST NS_PER_S /* smaller changes are slew */

nstime capture_clock_slept(void)
{
    return clock_read(CLOCK_BOOTTIME) - clock_read(CLOCK_MONOTONIC);
}

bool capture_clock_changed(struct clock_look *last, const struct clock_look *now, struct clock_change *out)
{
    nstime slept = now->slept - last->slept, set = now->step - last->step - slept;
    *out =
        (struct clock_change){.slept = slept >= CHANGE_LEAST ? slept : 0, .set = llabs(set) >= CHANGE_LEAST ? set : 0};
    if (!out->slept && !out->set)
        return false;
    *last = *now;
    return true;
}
