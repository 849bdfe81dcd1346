/* SPDX-License-Identifier: BSD-2-Clause */
/* advice: what to do with verdicts: the spec to use, and tickets to write. Floor 4; pure.
 *
 * It says only what the verdicts say. The target's name as the user gave it is foreign text, and is escaped. */
#ifndef HOPSONDE_VERDICT_ADVICE_ADVICE_H
#define HOPSONDE_VERDICT_ADVICE_ADVICE_H

#include "base/strbuf.h"
#include "verdict/verdict.h"

/* Which spec to use. */
struct advice {
    const struct trace *trace; /* of that spec; NULL: all reach the target, or none got a reply */
    struct strbuf text;        /* "tcp/443 gets furthest, to the target"; empty: there is nothing to say */
    struct strbuf command;     /* "hopsonde -P tcp/443 HOST"; empty: none */
    struct strbuf compare;     /* "hopsonde diagnose HOST udp/53", if `text` recommends to compare; empty: none */
};

/* Whether the advice is to compare with another protocol: the only spec ends in silence, which alone proves nothing. */
bool advice_is_to_compare(const struct judgement *judgement);

/* One sentence to paste into a ticket for the operator of a place that stops specs. It has ports and UTC times to
 * search a log for. */
struct ticket {
    const struct trace *traces[SPECS_MOST]; /* specs that are stopped alike at this place */
    unsigned count;
    struct place at, after; /* as in their verdicts or findings */
    struct strbuf text;
};

/* Borrows the ticket. */
typedef void ticket_sink(void *context, const struct ticket *ticket);

/* `target_name`: as the user gave it; NULL: the target's address stands for it. */
void advice_init(struct advice *advice, const char *target_name, const struct judgement *judgement);
void advice_free(struct advice *advice);

/* A ticket for each place that stops a spec; those for specs that are stopped on some of their paths only come last.
 * A target that is silent to a spec gets one if no spec reaches it, or if `is_named` says that the user named the spec.
 * None if nothing is stopped, or nothing shows where. */
void advice_tickets(const struct judgement *judgement, bool (*is_named)(const struct trace *trace, const void *of),
                    const void *of, ticket_sink *sink, void *context);

#endif
