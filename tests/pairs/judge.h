/* SPDX-License-Identifier: BSD-2-Clause */
/* judge: what was found in a pair of captures, against the truth. For tests only; pure.
 *
 * A statement about packets is wrong if any of them had another fate. A packet that was lost should be found if both
 * points cover it: each records at that time, its filter passes the protocol, and no frame of theirs is left out. No
 * file shows whether its capture paused in a long time without frames, so that this is no time that it covers. */
#ifndef HOPSONDE_TESTS_PAIRS_JUDGE_H
#define HOPSONDE_TESTS_PAIRS_JUDGE_H

#include <stdio.h>

#include "pairing/result.h"
#include "pairs/pair.h"

struct judged {
    uint64_t runs;
    uint64_t packets;                            /* that passed both points, and have a frame at each */
    uint64_t paired_right, paired_wrong;         /* pairs that were told of */
    uint64_t lost, lost_found, lost_wrong;       /* lost: those that should be found */
    uint64_t forged, forged_found, forged_wrong; /* likewise */
    uint64_t excused;                            /* wrong, but no capture shows the truth */
    uint64_t midway, midway_found, midway_wrong; /* errors of routers between */
    uint64_t clocks, clocks_found, clocks_wrong; /* pairs of captures; wrong: the true offset is out of the bounds */
    uint64_t rewrites_missed, rewrites_wrong;    /* fields of the pairs of captures */
};

struct judge;

/* Judges one pair. The events of judge_events() are to be called for each pair that is found. `talk`: each wrong
 * statement and each miss is a line there; may be NULL. */
struct judge *judge_new(const struct pair *pair, FILE *talk);
struct transit_events judge_events(struct judge *judge);
/* Adds to `sum`, and frees the judge. */
void judge_end(struct judge *judge, const struct transit_result *result, struct judged *sum);

#endif
