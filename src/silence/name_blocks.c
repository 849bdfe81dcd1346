/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/name_blocks.h"

#include "silence/loss.h"

/* Samples in a row, from `first` to before `end`: none passed, and loss or a device stopped some. */
struct run {
    unsigned first, end;
    unsigned stopped;     /* how many */
    unsigned begin, last; /* the first and the last of these */
    unsigned told;        /* by replies: loss explains none of these */
};

/* Samples that passed, and that were stopped, some of these by replies. */
struct sums {
    unsigned passed, stopped, told;
};

/* The control's samples, as the chance of a run depends on them. */
struct odds {
    const struct name_samples *control;
    const struct name_times *named;
    const struct name_chances *most;
    struct sums all;     /* beside long runs */
    struct sums exposed; /* the first one after each named sample that was stopped */
    struct sums others;  /* beside long runs: the control passed since, or no named sample was stopped before */
};

/* Whether a run may have this sample. */
static bool is_of_run(const struct odds *odds, unsigned i)
{
    const struct name_sample *sample = &odds->control->all[i];
    return sample->end == END_STOPPED || (sample->end == END_DOUBTFUL && sample->sent > odds->named->first);
}

/* The next run from `at` on. False: there is none. */
static bool next_run(const struct odds *odds, unsigned at, struct run *out)
{
    const struct name_samples *control = odds->control;
    for (*out = (struct run){.end = at}; !out->stopped && out->end < control->count;) {
        for (at = out->end; at < control->count && !is_of_run(odds, at); at++)
            continue;
        for (out->first = at; at < control->count && is_of_run(odds, at); at++)
            if (control->all[at].end == END_STOPPED) {
                if (out->stopped++ == 0)
                    out->begin = at;
                out->last = at;
                out->told += control->all[at].is_told;
            }
        out->end = at;
    }
    return out->stopped > 0;
}

/* Whether a block may begin with the run: the control passed before, and a name was sent. */
static bool may_be_block(const struct odds *odds, const struct run *run)
{
    return run->first > 0 && odds->control->all[run->first].sent > odds->named->first;
}

/* Samples of the kind that the run has: stopped by a reply, or however. */
static struct loss_count count_like(const struct run *run, const struct sums *sums)
{
    unsigned stopped = run->told ? sums->told : sums->stopped;
    return (struct loss_count){sums->passed + stopped, stopped};
}

static bool is_long(const struct odds *odds, const struct run *run)
{
    struct loss_count all = count_like(run, &odds->all);
    unsigned length = run->told ? run->told : run->stopped;
    return may_be_block(odds, run) && loss_chance(all.sent, all.silent, length) <= odds->most->by_length;
}

/* Whether a named sample was stopped between this sample and the one before that is not doubtful. */
static bool is_exposed(const struct odds *odds, unsigned i)
{
    const struct name_sample *all = odds->control->all;
    unsigned before = i;
    while (before > 0 && (before == i || all[before].end == END_DOUBTFUL))
        before--;
    for (unsigned k = 0; before < i && k < odds->named->count; k++)
        if (odds->named->stopped[k] > all[before].sent && odds->named->stopped[k] < all[i].sent)
            return true;
    return false;
}

/* Whether names draw such runs. */
static bool is_drawn(const struct odds *odds, const struct run *run)
{
    struct loss_count exposed = count_like(run, &odds->exposed), others = count_like(run, &odds->others);
    return may_be_block(odds, run) && is_exposed(odds, run->begin) &&
           loss_chance_at_least(&exposed, &others) <= odds->most->by_pattern;
}

static void add(const struct name_sample *sample, struct sums *sums)
{
    sums->passed += sample->end == END_PASSED;
    sums->stopped += sample->end == END_STOPPED;
    sums->told += sample->end == END_STOPPED && sample->is_told;
}

static void count_samples(struct odds *odds)
{
    const struct name_samples *control = odds->control;
    bool is_in_long[NAME_SAMPLES_KEPT] = {false}, is_behind = false;
    struct run run = {0};
    for (unsigned i = 0; i < control->count; i++)
        odds->all.passed += control->all[i].end == END_PASSED;
    while (next_run(odds, run.end, &run))
        for (unsigned i = run.first; i < run.end; i++)
            is_in_long[i] = is_long(odds, &run);
    odds->all.passed = 0;
    for (unsigned i = 0; i < control->count; i++) {
        bool exposed = is_exposed(odds, i);
        if (!is_in_long[i])
            add(&control->all[i], &odds->all);
        if (exposed)
            add(&control->all[i], &odds->exposed);
        else if (!is_behind && !is_in_long[i])
            add(&control->all[i], &odds->others);
        is_behind = (is_behind || exposed) && control->all[i].end != END_PASSED;
    }
}

void name_blocks_find(const struct name_samples *control, const struct name_times *named,
                      const struct name_chances *most, struct name_blocks *out)
{
    struct odds odds = {.control = control, .named = named, .most = most};
    struct run run = {0};
    out->count = 0;
    count_samples(&odds);
    while (out->count < NAME_BLOCKS_MOST && next_run(&odds, run.end, &run))
        if (is_long(&odds, &run) || is_drawn(&odds, &run))
            out->all[out->count++] = (struct name_block){
                .since = control->all[run.first].sent,
                .last = control->all[run.last].sent,
                .until = run.end < control->count ? control->all[run.end].sent : NSTIME_NEVER,
            };
}

const struct name_block *name_blocks_at(const struct name_blocks *blocks, nstime time)
{
    for (unsigned i = 0; i < blocks->count; i++)
        if (time >= blocks->all[i].since && time < blocks->all[i].until)
            return &blocks->all[i];
    return NULL;
}
