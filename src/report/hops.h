/* SPDX-License-Identifier: BSD-2-Clause */
/* hops: the hops of one path, out of a trace, a session or a graph of paths, with what is known of them. Floor 5; pure.
 *
 * All functions add to `out`, which is zeroed at first and freed in any case. Out of memory sets `failed`, which
 * sticks. Book, trace, session and graph must outlive it. `book` may be NULL. */
#ifndef HOPSONDE_REPORT_HOPS_H
#define HOPSONDE_REPORT_HOPS_H

#include "address/address_book.h"
#include "multipath/graph.h"
#include "trace/trace_set.h"

#define HOPS_AT_A_TTL_MOST 16 /* of hops_add_all_*(); further ones are in JSON */

/* All borrowed. Names and places are foreign text. */
struct path_hop {
    uint8_t ttl;
    struct addr address;               /* none: nobody answered there */
    const struct address_facts *facts; /* NULL: nothing is known */
    nstime best_rtt;                   /* NSTIME_NEVER: not known */
    bool is_guess;                     /* its place is only a hint in its name */
};

struct hops {
    struct path_hop *list; /* owned; by TTL. Places are those of the book: no guesses */
    size_t count, capacity;
    bool failed;
};

void hops_free(struct hops *hops);

/* One hop for each TTL asked, up to the last that a table shows: who answered there first, and in what time at best. */
void hops_add_trace(struct hops *out, const struct trace *trace, const struct address_book *book);
/* The lines of a run's merged table, whichever spec each is of. */
void hops_add_run(struct hops *out, const struct trace_set *specs, const struct address_book *book);
/* The way that most flows took. */
void hops_add_graph(struct hops *out, const struct graph *graph, const struct address_book *book);

/* All who answered, each once for a TTL: of any number of traces, or of all nodes. */
void hops_add_all_of_trace(struct hops *out, const struct trace *trace, const struct address_book *book);
void hops_add_all_of_graph(struct hops *out, const struct graph *graph, const struct address_book *book);

/* Of two traces the one that got further: to the target, else to a higher TTL; `best` where neither did. One that sent
 * nothing got nowhere. `best` may be NULL. */
const struct trace *hops_further(const struct trace *best, const struct trace *trace);
/* Of all specs of a run; NULL: nothing was sent. */
const struct trace *hops_furthest(const struct trace_set *specs);

#endif
