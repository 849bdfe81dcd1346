/* SPDX-License-Identifier: BSD-2-Clause */
/* compare: how surely a silence is not chance, from counts alone. Floor 3; pure.
 *
 * At each hop behind the last router that answered a spec, others sent m and lost l probes there, this spec sent n in
 * vain. Had it fared like the others, whose loss p is unknown (uniform prior, so Beta(l+1, m-l+1) after their data), n
 * losses more have the chance E[p^n] = prod (l+1+i)/(m+2+i), i < n. Hops multiply (three at most); with even odds
 * before, the confidence that something treats the spec otherwise is 1 / (1 + product). A diagnosis says that the drop
 * is before the first of them, so one silence at least has to count there; and where packets are lost to no limit, it
 * has to be as sure of that hop alone: n silences there, against what is lost from there on of all that get further. */
#ifndef HOPSONDE_SILENCE_SILENCE_H
#define HOPSONDE_SILENCE_SILENCE_H

#include "trace/trace_set.h"

#define COMPARE_HOPS 3
#define PROBES_COMPARED                                                                                                \
    256 /* of one trace at one hop: more make nothing surer, and others' traces may have any number */
#define CONFIDENCE_TO_CLAIM 0.95 /* below it a silence is inconclusive */
#define CONFIDENCE_MOST 0.999    /* nothing is surer than that */

/* Probes of one spec at one hop sent closer together than this share their fate and count as one. */
#define INDEPENDENT_AFTER (50 * NS_PER_MS)

/* An answer to a later probe shows that the router had a token for an earlier one only if that came first; a balancer
 * may have led it another way, which no router need have shown. So much of the round trip is allowed for such ways. */
#define SLACK_OF_ROUND_TRIP 8

/* So soon no router gets a new token; a slow run, which takes none away, counts its next sends instead. */
#define BACKED_WITHIN (10 * NS_PER_MS)
#define BACKED_BY_SENDS 4

/* Whether the probe was waited for in vain. */
bool trace_set_is_silent(const struct trace_set *set, const struct probe *probe);

/* Whether the answer tells that who gave it had a token left for the silent probe: `answered` was sent behind it, in a
 * diagnosis by the slack for other ways at least, and so soon behind that no token was new. */
bool trace_set_shows_token(const struct trace_set *set, const struct probe *answered, const struct probe *silent,
                           nstime within);
/* How soon behind that slack an answer tells of a token that was left. */
nstime trace_set_backing_span(const struct trace_set *set);
/* Whether the router that lets probes of this TTL expire had a token left for this silent one of `trace`: it answered
 * another spec right behind it, or, where all was made apart, had answered nobody for long. */
bool trace_set_is_backed(const struct trace_set *set, const struct trace *trace, const struct probe *silent);
/* The same without the slack: the silence may be loss, which others may suffer as well. */
bool trace_set_may_be_lost(const struct trace_set *set, const struct trace *trace, const struct probe *silent);

/* Of what was made apart: a silence so long before the end is one. Where answers came from as far away, ten times the
 * slowest of them is enough, but no less than the second line. */
#define WAITED_ENOUGH NS_PER_S
#define WAITED_LEAST (100 * NS_PER_MS)
/* A router that has answered nobody for so long has a token (Linux: one a second). */
#define RESTED_AFTER (1100 * NS_PER_MS)

/* Probes, or sendings that do not share their fate, and how many of them were in vain. */
struct loss_count {
    unsigned asked, silent;
};

/* The counts behind a comparison; for the sentence as probes, not as independent units. */
struct comparison {
    uint8_t hops[COMPARE_HOPS]; /* the first hops behind the silence where a router answered another spec */
    unsigned hop_count;
    double chance;     /* as above; 1 where nothing can be compared */
    double confidence; /* 1 / (1 + chance), CONFIDENCE_MOST at most */
};

/* Compares what is silent to `trace` behind its last router with the set's other traces, as far as these go the same
 * way. Only silences that an answer to another spec at that hop, and in a diagnosis one from the last router before the
 * silence too, follows closely count: a router that had spent its tokens (Linux: six, then one a second, refusals among
 * them), or a route that had changed by then, treats all alike. Probes of several flows at one hop are independent of
 * each other, however close. */
void silence_compare(const struct trace_set *set, const struct trace *trace, struct comparison *out);
/* Whether the nearest hop before `ttl` that shows routers to both traces has none in common: a balancer leads them
 * different ways, and their hops are not to be compared. */
bool traces_diverge(const struct trace *a, const struct trace *b, unsigned ttl);
/* Whether the last router that answered the trace is one of `circling`'s circle, and a whole round or more behind where
 * that stands first: then this one goes round, too, though not all of its own circle was answered. */
bool trace_follows_loop(const struct trace *trace, const struct trace *circling);
/* How surely a silence behind the last router is none by loss: beside what is lost on the way of probes that are known
 * to get further, and of those that the target answers. Where either loses any, the odds before are not even. */
struct end_comparison {
    unsigned silent; /* sendings in vain that do not share their fate, for which the last router and, where it is known
                        to answer by ICMP errors, the target had a token: else they may have been refused unheard */
    struct loss_count way, target;
    bool loses; /* on the way, by no limit */
    double confidence;
};

/* Of what was not made as a diagnosis, `silent` is all that was waited for in vain behind the trace's top: others'
 * traces, and ours that only look for the path, ask too little to say more. */
void silence_compare_end(const struct trace_set *set, const struct trace *trace, struct end_comparison *out);
/* The TTL from which on a silence is one at the end of the path: the farthest at which the target answered first, where
 * any spec shows it, else the one behind the last router. */
uint8_t trace_set_end_ttl(const struct trace_set *set);
/* E[p^n] as above. */
double silence_chance(unsigned others_asked, unsigned others_silent, unsigned silent);

#endif
