/* crowds: what routers each TTL shows to a cohort, found once. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_CROWDS_H
#define HOPSONDE_VERDICT_CROWDS_H

#include "session/compare.h"

enum crowd { CROWD_NOBODY, CROWD_ONE, CROWD_SEVERAL };

struct crowds {
    struct addr one[256]; /* by TTL: the first of them */
    uint8_t crowd[256];   /* enum crowd */
    unsigned most_ttl;    /* behind it there is nobody */
};

void crowds_gather(const struct cohort *cohort, struct crowds *out);
/* Whether probes, of any spec, go different ways before this TTL, which may be of different length. A router that
 * everybody meets, all of them at one TTL, sets all ways to one length again. */
bool crowds_are_spread(const struct crowds *crowds, uint8_t ttl);

#endif
