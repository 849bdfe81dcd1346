/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_set: traces from one source to one target that are judged beside each other, of a run or out of a capture.
 * Floor 3; pure.
 *
 * These functions read all traces of the set at once: where the routers end, where the target answers, and which trace
 * shows a hop. A set borrows its traces. */
#ifndef HOPSONDE_TRACE_TRACE_SET_H
#define HOPSONDE_TRACE_TRACE_SET_H

#include "trace/trace.h"

/* Traces from one source to one target that are judged beside each other: of a session, or out of a capture. Borrows
 * the traces. */
struct trace_set {
    const struct trace *const *traces;
    unsigned count;
    uint8_t max_ttl;
    nstime send_gap;  /* least span between two sends, where that is known */
    double claim;     /* the confidence that a drop must reach before it is said */
    bool is_diagnose; /* see silence.h */
    /* Made one by one, without regard to each other: then nobody asks a router again for another spec right behind a
     * silence, and what tells of its tokens is that it had answered nobody for long enough. */
    bool is_apart;
    /* Of such: the last stamp of each of the capture's files; what was silent right before may have been answered. */
    const nstime *ends;
    uint8_t timed_ttl; /* as far as this somebody answered, so that it is known how long an answer takes: */
    nstime slowest;
};

/* The last TTL at which a router let a probe of any trace expire; 0: at none. */
uint8_t trace_set_last_router_ttl(const struct trace_set *set);
/* The target's hop: the least TTL at which it answered any spec and behind which no router answered one (an answer from
 * before a router is not the target's own); 0: not known. */
uint8_t trace_set_target_ttl(const struct trace_set *set);
/* The last TTL of the merged path; 0 where no probe is known. */
uint8_t trace_set_last_ttl(const struct trace_set *set);
/* The trace whose answers stand on the merged line of this hop: the first in order that any answered; the first
 * that asked where none did; NULL where none asked. */
const struct trace *trace_set_hop_trace(const struct trace_set *set, uint8_t ttl);

#endif
