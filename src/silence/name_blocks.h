/* SPDX-License-Identifier: BSD-2-Clause */
/* name_blocks: residual blocking: the times during which a device that has seen a name refuses all packets of the pair
 * of hosts. Floor 3; pure.
 *
 * Only the control shows them: a run of its samples is stopped, without one that passes, though it had passed before.
 * Loss explains that with loss_chance(), with the odds of its samples beside such runs. Doubtful samples around those
 * that are stopped belong to the run, but do not count. */
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

/* Finds the blocks in the control's samples, which are in order of time. `named_from`: the first probe with a name left
 * then; no block begins before. `most`: the largest chance that loss explains a block. */
void name_blocks_find(const struct name_sample *control, unsigned count, nstime named_from, double most,
                      struct name_blocks *out);
/* The block at that time; NULL: there was none. Valid as long as `blocks` is. */
const struct name_block *name_blocks_at(const struct name_blocks *blocks, nstime time);

#endif
