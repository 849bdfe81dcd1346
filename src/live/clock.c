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
