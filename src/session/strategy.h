/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy: a way of probing: which probes a run sends, and when it has enough. Floor 4; pure.
 *
 * A strategy is a const struct in a folder of its own and a line in strategies/strategies.c. The session calls it;
 * reports and commands read its flags; no other code depends on the kind of a run. It decides from what the
 * session's traces show, so that a replay decides alike. */
#ifndef HOPSONDE_SESSION_STRATEGY_H
#define HOPSONDE_SESSION_STRATEGY_H

#include "session/session.h"

struct strategy {
    const char *name;    /* the command that runs it, and its word in a saved capture */
    const char *heading; /* what stands before the target in a report: "hopsonde diagnose to" */

    /* What its runs are made of. */
    uint16_t flows_most; /* source ports of one spec */
    bool one_spec;       /* takes exactly one spec, and a confidence of 0.5 or more */
    bool has_budget;     /* config.budget limits its sends */
    bool is_endless;     /* it runs in rounds for as long as the user wants, and forgets old probes: session_forget().
                            update() runs during a replay as well */
    bool spares_tokens;  /* it leaves the last router a token for its report on its neighbour: session_reserve() */

    /* What its reports show. */
    bool side_by_side; /* its specs are asked in turns, so that they compare hop by hop: a matrix */
    bool merges_hops;  /* one line a hop, from whichever spec was answered there; also settled during a replay */
    bool finds_graph;  /* a graph of paths */

    /* Makes session->plan, which the session frees. False: memory is short. NULL: it has none. */
    bool (*start)(struct session *session);
    /* After each change: sets wants, settles hops, and sets session->complete once it wants nothing more. A replay
     * calls it only where the strategy merges hops. */
    void (*update)(struct session *session);
    /* When update() is due though no frame has come; NSTIME_NEVER: at no time. */
    nstime (*timer)(const struct session *session);
    /* The next probe to send; false: none may go now, and `*again` is when one may (NSTIME_NEVER: not by time). */
    bool (*next)(struct session *session, nstime now, struct wish *wish, nstime *again);
    /* A wish was carried out. NULL: it need not know. */
    void (*sent)(struct session *session, const struct wish *wish, nstime at);
    /* Frees what session->plan owns. NULL: nothing. */
    void (*stop)(struct session *session);
};

#endif
