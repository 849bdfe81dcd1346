/* compare: how surely a silence is not chance, from counts alone. Floor 3; pure.
 *
 * At each hop behind the last router that answered a spec, others sent m and lost l probes there, this spec sent n in
 * vain. Had it fared like the others, whose loss p is unknown (uniform prior, so Beta(l+1, m-l+1) after their data), n
 * losses more have the chance E[p^n] = prod (l+1+i)/(m+2+i), i < n. Hops multiply (three at most); with even odds
 * before, the confidence that something treats the spec otherwise is 1 / (1 + product). */
#ifndef HOPSONDE_SESSION_COMPARE_H
#define HOPSONDE_SESSION_COMPARE_H

#include "session/session.h"

#define COMPARE_HOPS 3
#define CONFIDENCE_TO_CLAIM 0.95 /* below it a silence is inconclusive */
#define CONFIDENCE_MOST 0.999    /* nothing is surer than that */

/* Probes of one spec at one hop sent closer together than this share their fate and count as one. */
#define INDEPENDENT_AFTER (50 * NS_PER_MS)

/* So soon no router gets a new token; a slow run, which takes none away, counts its next sends instead. */
#define BACKED_WITHIN (10 * NS_PER_MS)
#define BACKED_BY_SENDS 4

/* The counts behind a comparison; for the sentence as probes, not as independent units. */
struct comparison {
    uint8_t hops[COMPARE_HOPS]; /* the first hops behind the silence where a router answered another spec */
    unsigned hop_count;
    double chance;     /* the product; 1 where nothing can be compared */
    double confidence; /* 1 / (1 + chance), CONFIDENCE_MOST at most */
};

/* Compares what is silent to `trace` behind its top with the session's other traces, as far as these go the same way.
 * Only silences that an answer to another spec at that hop, and in a diagnosis one from the last router before the
 * silence too, follows closely count: a router that had spent its tokens (Linux: six, then one a second, refusals among
 * them), or a route that had changed by then, treats all alike. */
void compare_silence(const struct session *session, const struct trace *trace, struct comparison *out);
/* Whether the nearest hop before `ttl` that shows routers to both traces has none in common: a balancer leads them
 * different ways, and their hops are not to be compared. */
bool compare_parted(const struct trace *a, const struct trace *b, unsigned ttl);
/* E[p^n] as above. */
double compare_chance(unsigned others_sent, unsigned others_lost, unsigned silent);

#endif
