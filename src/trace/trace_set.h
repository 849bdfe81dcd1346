/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_set: traces from one source to one target that are judged together, of a run or out of a capture. Floor 3;
 * pure.
 *
 * These functions read all traces of the set: where the routers end, where the target answers, and which trace shows
 * a hop. */
#ifndef HOPSONDE_TRACE_TRACE_SET_H
#define HOPSONDE_TRACE_TRACE_SET_H

#include "trace/counters.h"
#include "trace/trace.h"

/* The device that a run tests from this side (--through): probes pass it and expire at the first router behind. */
struct gateway {
    uint8_t ttl;         /* its hop; 0: not known, or the run tests none */
    struct addr address; /* none: its hop is silent */
    uint8_t behind_ttl;  /* the first hop behind it with a router that lets probes expire; 0: not known */
    struct addr behind;  /* that router */
};

/* Borrows the traces. */
struct trace_set {
    const struct trace *const *traces;
    unsigned count;
    uint8_t max_ttl;
    nstime send_gap;  /* least time between two sends, if known */
    double claim;     /* confidence that a drop needs before a verdict says it, 0 to 1 */
    bool is_diagnose; /* all specs were asked in turns (strategy.side_by_side) */
    /* Independent runs: no other spec was asked right behind a silence. A router is then known to have had a token
     * only if it had answered no probe for long enough. */
    bool is_apart;
    /* Independent runs: the last stamp of each capture file. A probe sent right before it may have been answered
     * later. */
    const nstime *ends;
    uint8_t timed_ttl; /* largest TTL with a timed reply, and the slowest such reply: */
    nstime slowest;
    struct gateway gateway;                /* ttl 0: the run tests none, or has not found it */
    const struct frame_counters *counters; /* of the run; NULL: not of a run of ours */
};

/* Whether silence proves nothing, because so many forged replies arrived (counters.h). */
static inline bool trace_set_is_flooded(const struct trace_set *set)
{
    return set->counters && counters_flood(set->counters) >= FLOOD_RATE;
}

/* The largest TTL at which a router let a probe of any trace expire; 0: none. */
uint8_t trace_set_last_router_ttl(const struct trace_set *set);
/* Whether any trace shows a router at this TTL. */
bool trace_set_shows_router(const struct trace_set *set, uint8_t ttl);
/* The target TTL: the smallest TTL at which the target answered any spec with no router answering at or behind it. A
 * router behind an answer shows that another device gave it. 0: not known. */
uint8_t trace_set_target_ttl(const struct trace_set *set);
/* The refusal that shows that no packet of any protocol passes its sender to the target; NULL: none.
 * 1. Our own host has no route, or gets no answer from its neighbour.
 * 2. A router got none for UNRESOLVED_AFTER or longer, and no trace shows a node behind it. */
#define UNRESOLVED_AFTER NS_PER_S /* one request for an address takes so long (RFC 1122 2.3.2.1, RFC 4861 10) */
/* Whether the refusal came so late that its sender waited for its neighbour's address: it had forwarded the probe. */
bool reply_is_unresolved(const struct probe *probe, const struct reply *refusal);
const struct reply *trace_set_dead_end(const struct trace_set *set, const struct probe **probe);
/* The gateway with this address, or else at this TTL, as the traces show it. */
struct gateway trace_set_gateway(const struct trace_set *set, const struct addr *address, uint8_t ttl);
/* Whether the set's gateway can be tested: the traces show a router behind it, or none of them gets past it. False: it
 * is not on the path, or only the target replies behind it. */
bool trace_set_tests_gateway(const struct trace_set *set);
/* The last TTL of the merged path; 0: no probe is known. */
uint8_t trace_set_last_ttl(const struct trace_set *set);
/* The trace that the merged line of this hop shows: the first one that the hop answered, else the first one that
 * probed it. NULL: none did. */
const struct trace *trace_set_hop_trace(const struct trace_set *set, uint8_t ttl);

#endif
