/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "pairing/state.h"

/* Room for another one. False: none, or out of memory. */
static bool make_room(struct delays *d)
{
    if (d->count < d->capacity)
        return true;
    if (d->capacity == DELAYS_KEPT)
        return false;
    uint16_t capacity = d->capacity ? d->capacity * 4 : 2;
    capacity = capacity < DELAYS_KEPT ? capacity : DELAYS_KEPT;
    struct delay_sample *kept = realloc(d->kept, capacity * sizeof *kept);
    if (!kept)
        return false;
    d->kept = kept;
    d->capacity = capacity;
    return true;
}

/* A random choice of all, by their number alone (Vitter, algorithm R). */
void delays_add(struct delays *d, nstime near, nstime ahead, nstime common)
{
    const struct delay_sample sample = {near, ahead};
    uint64_t number = d->seen++;
    if (!number || common < d->least_common) {
        d->least_common = common;
        d->least = sample;
    }
    if (!number || common > d->most_common) {
        d->most_common = common;
        d->most = sample;
    }
    if (make_room(d)) {
        d->kept[d->count++] = sample;
        return;
    }
    uint64_t place = passage_mix(0, number) % (number + 1);
    if (place < d->count)
        d->kept[place] = sample;
}
