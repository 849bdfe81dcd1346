/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/transit/delay_series.h"

/* Of a slot at first. Unit: ns. Source: chosen, below delays that matter. Effect: a short capture has that resolution.
 */
#define WIDTH_FIRST (100 * NS_PER_US)
#define WIDTH_MOST (INT64_MAX / 3 / DELAY_SLOTS) /* before it is doubled */

void delay_series_init(struct delay_series *series)
{
    *series = (struct delay_series){.from = NSTIME_NONE, .width = WIDTH_FIRST};
}

static void slot_join(struct delay_slot *into, const struct delay_slot *other)
{
    if (other->count > 0 && (into->count == 0 || other->least < into->least))
        into->least = other->least;
    if (other->count > 0 && (into->count == 0 || other->most > into->most))
        into->most = other->most;
    into->count += other->count;
    into->lost += other->lost;
}

/* Each slot takes twice as much time, from the same beginning, or so that the end stays. */
static void widen(struct delay_series *series, bool keeps_end)
{
    struct delay_slot old[DELAY_SLOTS];
    for (unsigned i = 0; i < DELAY_SLOTS; i++) {
        old[i] = series->slots[i];
        series->slots[i] = (struct delay_slot){0};
    }
    for (unsigned i = 0; i < DELAY_SLOTS; i++)
        slot_join(&series->slots[i / 2 + (keeps_end ? DELAY_SLOTS / 2 : 0)], &old[i]);
    if (keeps_end)
        series->from -= DELAY_SLOTS * series->width;
    series->width *= 2;
}

static bool is_reachable(const struct delay_series *series, nstime at)
{
    return series->width < WIDTH_MOST && at > NSTIME_NONE / 2 && at < NSTIME_NEVER / 2;
}

/* How far into the slots a time lies that is not before them; more than an nstime holds, perhaps. */
static uint64_t distance(const struct delay_series *series, nstime at)
{
    return (uint64_t)at - (uint64_t)series->from;
}

/* NULL: the time is beyond all sense. */
static struct delay_slot *slot_at(struct delay_series *series, nstime at)
{
    if (!is_reachable(series, at))
        return NULL;
    if (series->from == NSTIME_NONE)
        series->from = at - WIDTH_FIRST * DELAY_SLOTS / 2;
    while (is_reachable(series, at) && at < series->from)
        widen(series, true);
    while (is_reachable(series, at) && distance(series, at) >= (uint64_t)(DELAY_SLOTS * series->width))
        widen(series, false);
    if (at < series->from || distance(series, at) >= (uint64_t)(DELAY_SLOTS * series->width))
        return NULL;
    return &series->slots[distance(series, at) / (uint64_t)series->width];
}

void delay_series_add(struct delay_series *series, nstime at, nstime delay)
{
    struct delay_slot *slot = slot_at(series, at);
    if (slot)
        slot_join(slot, &(struct delay_slot){.least = delay, .most = delay, .count = 1});
}

void delay_series_add_lost(struct delay_series *series, nstime at)
{
    struct delay_slot *slot = slot_at(series, at);
    if (slot)
        slot->lost++;
}

bool delay_series_range(const struct delay_series *series, nstime *least, nstime *most)
{
    struct delay_slot all = {0};
    for (unsigned i = 0; i < DELAY_SLOTS; i++)
        slot_join(&all, &series->slots[i]);
    *least = all.least;
    *most = all.most;
    return all.count > 0;
}

bool delay_series_span(const struct delay_series *series, unsigned *first, unsigned *last)
{
    bool found = false;
    for (unsigned i = 0; i < DELAY_SLOTS; i++)
        if (series->slots[i].count || series->slots[i].lost) {
            *first = found ? *first : i;
            *last = i;
            found = true;
        }
    return found;
}
