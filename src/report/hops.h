/* SPDX-License-Identifier: BSD-2-Clause */
/* hops: the hops of one path, from a trace, a run or a graph of paths, with facts about their addresses. Floor: report;
 * pure.
 *
 * All functions add to `out`. The caller zeroes it first and frees it in any case. If memory runs out, `failed` is set
 * and stays set. Book, traces and graph must outlive `out`. `book` may be NULL. */
#ifndef HOPSONDE_REPORT_HOPS_H
#define HOPSONDE_REPORT_HOPS_H

#include "address/address_book.h"
#include "multipath/graph.h"
#include "trace/trace_set.h"

#define HOPS_AT_A_TTL_MOST 16 /* addresses per TTL that hops_add_all_*() adds; JSON has the others */

/* All borrowed. Names and places are foreign text. */
struct path_hop {
    uint8_t ttl;
    struct addr address;               /* none: no reply from this hop */
    const struct address_facts *facts; /* NULL: nothing is known */
    nstime best_rtt;                   /* NSTIME_NEVER: not known */
    bool is_guess;                     /* its place is guessed from its name */
};

struct hops {
    struct path_hop *list; /* owned; by TTL. Places come from the book and are no guesses */
    size_t count, capacity;
    bool failed;
};

void hops_free(struct hops *hops);

/* One hop for each probed TTL, up to the last TTL of the table: the address that answered first, and its best RTT. A
 * refusal adds no hop if its sender is at a nearer one. */
void hops_add_trace(struct hops *out, const struct trace *trace, const struct address_book *book);
/* One hop for each line of a run's merged table, whichever spec answered there. */
void hops_add_run(struct hops *out, const struct trace_set *specs, const struct address_book *book);
/* The path that most flows took. */
void hops_add_graph(struct hops *out, const struct graph *graph, const struct address_book *book);

/* All addresses that answered, each once per TTL: of a trace, or of all nodes of a graph. May be called several times.
 */
void hops_add_all_of_trace(struct hops *out, const struct trace *trace, const struct address_book *book);
void hops_add_all_of_graph(struct hops *out, const struct graph *graph, const struct address_book *book);

/* Returns the trace that got further: to the target, or else to a higher TTL. Returns `best` if `trace` got no further
 * or sent nothing. `best` may be NULL. */
const struct trace *hops_further(const struct trace *best, const struct trace *trace);
/* The same among all specs of a run; NULL: nothing was sent. */
const struct trace *hops_furthest(const struct trace_set *specs);

#endif
