/* SPDX-License-Identifier: BSD-2-Clause */
/* Where pairs of packets show that the final clock is right. A clock that was set makes delays of one way longer and
 * those of the other shorter, by the same time; queues make those of one way longer. Few pairs around a step may not
 * suffice to find it, but packets beside them are not judged. */
#include <stdlib.h>

#include "pairing/judging/judging.h"

/* A delay that is so far from the usual one of its way may be that of a clock which was set. Unit: times the usual
 * difference. Source: chosen. Effect: fewer leave packets of paths with long queues unjudged; more take a small step
 * for a queue. */
#define USUAL_SPREADS 4

/* The pair with the least delay of a short time. */
struct witness {
    nstime near, far; /* own clocks */
    nstime delay;     /* near clock */
    bool toward_far;
    bool is_usual; /* its delay is that of most of its way */
    bool is_short; /* or it is shorter */
    bool agrees;   /* or a queue explains it */
};

static int by_near(const void *a, const void *b)
{
    const struct witness *x = a, *y = b;
    return x->near < y->near ? -1 : x->near > y->near;
}

static int by_value(const void *a, const void *b)
{
    const nstime *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void add(struct judging *j, const struct least_pair *pair, bool toward_far)
{
    if (pair->near == NSTIME_NONE)
        return;
    nstime common = clock_correct(&j->out->clock, pair->far);
    j->witnesses[j->witness_count++] = (struct witness){.near = pair->near,
                                                        .far = pair->far,
                                                        .delay = toward_far ? common - pair->near : pair->near - common,
                                                        .toward_far = toward_far};
}

static void set_kind(struct witness *w, nstime median, nstime most)
{
    w->is_usual = w->delay - median <= most && median - w->delay <= most;
    w->is_short = median - w->delay > most;
}

/* Of one way: which have the usual delay. `room`: for all. */
static void find_usual(struct judging *j, bool toward_far, nstime *room)
{
    size_t count = 0;
    for (size_t i = 0; i < j->witness_count; i++)
        if (j->witnesses[i].toward_far == toward_far)
            room[count++] = j->witnesses[i].delay;
    if (!count)
        return;
    qsort(room, count, sizeof *room, by_value);
    nstime median = room[count / 2];
    for (size_t i = 0; i < count; i++)
        room[i] = room[i] > median ? room[i] - median : median - room[i];
    qsort(room, count, sizeof *room, by_value);
    nstime most = ALIKE_WITHIN + USUAL_SPREADS * room[count / 2];
    struct delay_range *usual = &j->usual[toward_far ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR];
    *usual = (struct delay_range){.known = true, .least = median - most, .most = median + most};
    for (size_t i = 0; i < j->witness_count; i++) {
        struct witness *w = &j->witnesses[i];
        if (w->toward_far == toward_far)
            set_kind(w, median, most);
    }
}

/* The next one the other way, before or after. */
static const struct witness *other_way(const struct judging *j, size_t from, int step)
{
    for (size_t i = from + (size_t)step; i < j->witness_count; i += (size_t)step)
        if (j->witnesses[i].toward_far != j->witnesses[from].toward_far)
            return &j->witnesses[i];
    return NULL;
}

/* A clock that was set makes one way shorter. A queue does not, and a host that stood still makes both ways longer. */
static bool agrees(const struct judging *j, size_t i)
{
    const struct witness *w = &j->witnesses[i], *before = other_way(j, i, -1), *after = other_way(j, i, 1);
    if (w->is_usual || !before || !after)
        return w->is_usual;
    return w->is_short ? before->is_usual && after->is_usual : !before->is_short && !after->is_short;
}

bool witnesses_find(struct judging *j)
{
    const struct least_delays *least = j->p->least;
    nstime *room = malloc((size_t)2 * LEAST_PARTS * sizeof *room);
    j->witnesses = malloc((size_t)2 * LEAST_PARTS * sizeof *j->witnesses);
    bool good = room && j->witnesses;
    for (unsigned i = 0; good && j->out->clock.count && i < LEAST_PARTS; i++) {
        add(j, &least->toward_far[i], true);
        add(j, &least->toward_near[i], false);
    }
    if (good && j->witness_count) {
        qsort(j->witnesses, j->witness_count, sizeof *j->witnesses, by_near);
        find_usual(j, true, room);
        find_usual(j, false, room);
    }
    for (size_t i = 0; i < j->witness_count; i++)
        j->witnesses[i].agrees = agrees(j, i);
    free(room);
    return good;
}

/* A clock that is set forward shows a silence, and one that is set back shows times twice. */
static bool may_be_set(const struct overview_point *point, nstime a, nstime b)
{
    nstime from = a < b ? a : b, to = a < b ? b : a;
    for (unsigned k = 0; k < point->silence_count; k++)
        if (point->silences[k].from < to && from < point->silences[k].to)
            return true;
    for (unsigned k = 0; k < point->set_back_count; k++)
        if (point->set_back[k].from < to && from < point->set_back[k].to)
            return true;
    return false;
}

bool witnesses_show(const struct judging *j, nstime near, nstime far, bool is_alike)
{
    const struct overview_point *points = j->p->config.overview.points;
    size_t low = 0, high = j->witness_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (j->witnesses[middle].near < near)
            low = middle + 1;
        else
            high = middle;
    }
    const struct witness *before = low ? &j->witnesses[low - 1] : NULL;
    const struct witness *after = low < j->witness_count ? &j->witnesses[low] : NULL;
    if (j->p->config.overview.clock.contradictory ||
        (is_alike && j->out->clock.count > 1 && !fates_is_shown_by_others(j, near)))
        return false;
    if (before && after)
        return before->agrees && after->agrees;
    const struct witness *only = before ? before : after;
    return only && only->agrees &&
           (fates_is_shown_by_alike(j, near) || (!may_be_set(&points[TRANSIT_NEAR], only->near, near) &&
                                                 !may_be_set(&points[TRANSIT_FAR], only->far, far)));
}

static nstime on_near_clock(const struct judging *j, const struct alone *a)
{
    return a->shown.point == TRANSIT_NEAR ? a->shown.time : on_clock_of_other(j, TRANSIT_FAR, a->shown.time);
}

bool witnesses_bound_clock(const struct judging *j)
{
    const struct pairing *p = j->p;
    struct clock_estimate *clock = &j->out->clock;
    bool in_doubt[2] = {false, false};
    if (!j->witness_count || !j->groups)
        return true;
    bool(*is_open)[TRANSIT_POINTS] = calloc((size_t)j->groups + 1, sizeof *is_open);
    if (!is_open)
        return false;
    nstime first = j->witnesses[0].near, last = j->witnesses[j->witness_count - 1].near;
    for (size_t i = 0; i < p->alone_count; i++)
        is_open[p->alone[i].group][p->alone[i].shown.point] |= !p->alone[i].gone;
    for (size_t i = 0; i < p->alone_count; i++) {
        const struct alone *a = &p->alone[i];
        bool is_row = a->is_alike && a->kind == PASSAGE_OTHER; /* it is alone by less */
        bool is_both = a->group && !is_row && is_open[a->group][TRANSIT_NEAR] && is_open[a->group][TRANSIT_FAR];
        in_doubt[0] = in_doubt[0] || (is_both && on_near_clock(j, a) < first);
        in_doubt[1] = in_doubt[1] || (is_both && on_near_clock(j, a) > last);
    }
    if (in_doubt[0] && first > clock->known_from)
        clock->known_from = first;
    if (in_doubt[1] && last < clock->known_to)
        clock->known_to = last;
    free(is_open);
    return true;
}
