/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/least.h"

#include <stdlib.h>

struct least_delays *least_new(nstime from, nstime to)
{
    struct least_delays *least = malloc(sizeof *least);
    if (!least)
        return NULL;
    least->from = from;
    least->step = to > from ? (to - from) / LEAST_PARTS + 1 : 1;
    least->count = 0;
    for (unsigned i = 0; i < LEAST_PARTS; i++)
        least->toward_far[i].near = least->toward_near[i].near = NSTIME_NONE;
    return least;
}

void least_free(struct least_delays *least)
{
    free(least);
}

void least_add(struct least_delays *least, bool toward_far, nstime near, nstime far)
{
    nstime part = (near - least->from) / least->step;
    part = part < 0 ? 0 : part >= LEAST_PARTS ? LEAST_PARTS - 1 : part;
    struct least_pair *pair = toward_far ? &least->toward_far[part] : &least->toward_near[part];
    nstime ahead = far - near, before = pair->near == NSTIME_NONE ? 0 : pair->far - pair->near;
    least->count++;
    if (pair->near == NSTIME_NONE || (toward_far ? ahead < before : ahead > before))
        *pair = (struct least_pair){near, far};
}

bool least_estimate(const struct least_delays *least, struct clock_estimate *out)
{
    struct clock_samples *samples = clock_samples_new();
    *out = (struct clock_estimate){.known_from = NSTIME_NONE, .known_to = NSTIME_NEVER};
    if (!samples)
        return false;
    for (unsigned i = 0; i < LEAST_PARTS; i++) {
        if (least->toward_far[i].near != NSTIME_NONE)
            clock_add_toward_b(samples, least->toward_far[i].near, least->toward_far[i].far);
        if (least->toward_near[i].near != NSTIME_NONE)
            clock_add_toward_a(samples, least->toward_near[i].near, least->toward_near[i].far);
    }
    bool good = least->count == 0 || clock_estimate(samples, out);
    clock_samples_free(samples);
    return good;
}
