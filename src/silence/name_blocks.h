/* SPDX-License-Identifier: BSD-2-Clause */
/* name_blocks: residual blocking: the times during which a device that has seen a name refuses all packets of the pair
 * of hosts. Floor 3; pure.
 *
 * Only the control shows them: a run of its samples is stopped, without one that passes, though it had passed before.
 * Two counts show that a run is a block; each alone is enough. By its length: loss explains the run with loss_chance(),
 * with the odds of the samples beside long runs. By its pattern: a sample of the control is exposed if a named one was
 * stopped since the sample before. loss_chance_at_least() is the chance that as many of these are stopped with the odds
 * of the others. It holds for all runs that begin exposed: a block that ends soon stops one or two samples. Doubtful
 * samples around those that are stopped belong to the run, but do not count. */
#ifndef HOPSONDE_SILENCE_NAME_BLOCKS_H
#define HOPSONDE_SILENCE_NAME_BLOCKS_H

#include "trace/trace_set.h"

/* What became of a sample. */
enum name_end {
    END_UNKNOWN,
    END_DOUBTFUL, /* of a control: a reset or a reply that may be the target's or a device's */
    END_STOPPED,
    END_PASSED
};

struct name_sample {
    nstime sent;               /* its first probe, or its SYN */
    uint8_t end;               /* enum name_end; never END_UNKNOWN once it is complete */
    bool is_told;              /* a reply stopped one of its probes */
    const struct probe *shown; /* one that was stopped, by a reply if any was; NULL: none */
    const struct reply *reply; /* to that one; NULL: it was silent */
};

/* Samples of one trace that are kept.
 * Unit: samples. Source: chosen; a run sends less. Effect: bounds the stack and the time for foreign captures. */
#define NAME_SAMPLES_KEPT 256

struct name_block {
    nstime since; /* of the first sample of the control that did not pass */
    nstime last;  /* of the last one that was stopped */
    nstime until; /* of the next one that passed; NSTIME_NEVER: none did */
};

/* Blocks that are kept. Unit: blocks. Source: as many as specs with a name make in a run. Effect: as above. */
#define NAME_BLOCKS_MOST 16

struct name_blocks {
    unsigned count;
    struct name_block all[NAME_BLOCKS_MOST];
};

/* The samples of one trace, in the order of their times. */
struct name_samples {
    unsigned count;
    struct name_sample all[NAME_SAMPLES_KEPT];
};

/* When named samples left. */
struct name_times {
    nstime first;   /* of all; no block begins before. NSTIME_NEVER: none did */
    unsigned count; /* of those that were stopped, in any order */
    nstime stopped[NAME_SAMPLES_KEPT];
};

/* The largest chances that loss explains a block. */
struct name_chances {
    double by_length;  /* 0: no run is long enough */
    double by_pattern; /* 1: each run that begins exposed may be one */
};

/* Finds the blocks in the control's samples. */
void name_blocks_find(const struct name_samples *control, const struct name_times *named,
                      const struct name_chances *most, struct name_blocks *out);
/* The block at that time; NULL: there was none. Valid as long as `blocks` is. */
const struct name_block *name_blocks_at(const struct name_blocks *blocks, nstime time);

#endif
