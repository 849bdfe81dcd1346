/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/name_blocks.h"

#include "silence/loss.h"

/* Samples in a row, from `first` to before `end`: none passed, and loss or a device stopped some. */
struct run {
    unsigned first, end;
    unsigned stopped, last; /* how many, and the last of them */
    unsigned told;          /* by replies: loss explains none of these */
};

/* The control's samples, as the chance of a run depends on them. */
struct odds {
    const struct name_sample *control;
    unsigned count;
    nstime named_from;
    double most;
    unsigned passed;
    unsigned stopped, told; /* beside long runs */
};

/* Whether a run may have this sample. */
static bool is_of_run(const struct odds *odds, unsigned i)
{
    uint8_t end = odds->control[i].end;
    return end == END_STOPPED || (end == END_DOUBTFUL && odds->control[i].sent > odds->named_from);
}

/* The next run from `at` on. False: there is none. */
static bool next_run(const struct odds *odds, unsigned at, struct run *out)
{
    for (*out = (struct run){.end = at}; !out->stopped && out->end < odds->count;) {
        for (at = out->end; at < odds->count && !is_of_run(odds, at); at++)
            continue;
        for (out->first = at; at < odds->count && is_of_run(odds, at); at++)
            if (odds->control[at].end == END_STOPPED) {
                out->stopped++;
                out->last = at;
                out->told += odds->control[at].is_told;
            }
        out->end = at;
    }
    return out->stopped > 0;
}

/* Whether the run is a block: the control passed before, a name was sent, and these odds do not explain it. */
static bool is_long(const struct odds *odds, const struct run *run)
{
    unsigned stopped = run->told ? odds->told : odds->stopped, length = run->told ? run->told : run->stopped;
    return run->first > 0 && odds->control[run->first].sent > odds->named_from &&
           loss_chance(odds->passed + stopped, stopped, length) <= odds->most;
}

void name_blocks_find(const struct name_sample *control, unsigned count, nstime named_from, double most,
                      struct name_blocks *out)
{
    struct odds odds = {.control = control, .count = count, .named_from = named_from, .most = most};
    struct run run = {0};
    unsigned stopped = 0, told = 0;
    out->count = 0;
    for (unsigned i = 0; i < count; i++)
        odds.passed += control[i].end == END_PASSED;
    while (next_run(&odds, run.end, &run)) {
        stopped += is_long(&odds, &run) ? 0 : run.stopped;
        told += is_long(&odds, &run) ? 0 : run.told;
    }
    odds.stopped = stopped;
    odds.told = told;
    run.end = 0;
    while (out->count < NAME_BLOCKS_MOST && next_run(&odds, run.end, &run))
        if (is_long(&odds, &run))
            out->all[out->count++] = (struct name_block){
                .since = control[run.first].sent,
                .last = control[run.last].sent,
                .until = run.end < count ? control[run.end].sent : NSTIME_NEVER,
            };
}

const struct name_block *name_blocks_at(const struct name_blocks *blocks, nstime time)
{
    for (unsigned i = 0; i < blocks->count; i++)
        if (time >= blocks->all[i].since && time < blocks->all[i].until)
            return &blocks->all[i];
    return NULL;
}
