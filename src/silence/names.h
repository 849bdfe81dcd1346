/* SPDX-License-Identifier: BSD-2-Clause */
/* names: whether a spec with a name is stopped where its control passes, and how surely that is the name's doing; from
 * counts alone. Floor 3; pure.
 *
 * The control is the same spec with another name. Both are sent in turns, each time from a fresh source port. From the
 * first TTL on at which the named spec is stopped, each of its samples is stopped or passes, and so is each of the
 * control's. loss_chance_at_least() is the chance that as many of the named samples are stopped with the control's
 * odds. With even odds beforehand, the confidence that the name makes the difference is 1 / (1 + chance). Samples of
 * the control that are stopped during residual blocking do not count (name_blocks.h). */
#ifndef HOPSONDE_SILENCE_NAMES_H
#define HOPSONDE_SILENCE_NAMES_H

#include "silence/name_blocks.h"
#include "trace/trace_set.h"

enum name_fate {
    NAME_PASSES,   /* it is not seen to be stopped before its control */
    NAME_SILENT,   /* no router behind replies, nor does the target */
    NAME_REFUSED,  /* a device before the target refuses it by ICMP */
    NAME_ANSWERED, /* a device before the target replies to it in the target's name */
};

struct name_comparison {
    enum name_fate fate;
    uint8_t ttl;    /* the smallest TTL at which it is stopped */
    uint8_t answer; /* the smallest TTL from there on at which the control got a reply; 0: at none */
    unsigned stopped, passed;
    unsigned told;                            /* of those stopped: by the refusal or the answer; others were silent */
    unsigned control_stopped, control_passed; /* those during a block do not count */
    bool goes_on; /* a probe that was answered went on: a router let it expire as well, or the target replied as well */
    bool is_tried; /* a probe that was answered had a larger TTL, so it could show that */
    /* Devices that have seen a name refuse the pair of hosts for a while: residual blocking. */
    bool is_refused_later; /* that began after this name was sent; `block` is the last of these times */
    struct name_block block;
    bool is_blocked;         /* it began before, and the named spec was not probed but during that time */
    bool is_blocked_now;     /* it goes on, as far as the control shows */
    unsigned control_passes; /* since the last named probe, so many samples of the control passed in a row */
    double confidence;
    const struct probe *shown; /* a named probe that was stopped, by a reply if any was; NULL: none */
    const struct reply *reply; /* that refusal or answer; NULL: it was silent */
};

/* The control of this trace in the set; NULL: it has no name, is a control itself, or has none. */
const struct trace *names_control(const struct trace_set *set, const struct trace *trace);
/* The times at which residual blocking may have stopped this trace, a control or one with a name, however likely loss
 * explains that. Only names that were sent before this one draw these. */
void names_doubts(const struct trace_set *set, const struct trace *trace, struct name_blocks *out);
void names_compare(const struct trace_set *set, const struct trace *named, const struct trace *control,
                   struct name_comparison *out);

#endif
