/* SPDX-License-Identifier: BSD-2-Clause */
/* early: replies that match nothing wait a few milliseconds for their probe. A capture on several queues or with
 * several clocks may stamp a reply before its probe. Floor 4; internal to recognise/. Must not match. */
#ifndef HOPSONDE_RECOGNISE_FRAMES_EARLY_H
#define HOPSONDE_RECOGNISE_FRAMES_EARLY_H

#include "recognise/state.h"

void early_free(struct recogniser *r);
/* Holds a copy of the reply. False: there is no room. */
bool early_hold(struct recogniser *r, const struct digest *digest);
/* The oldest held reply if its wait is over at `now`, else NULL. Valid until early_drop(), which releases it. */
const struct digest *early_due(const struct recogniser *r, nstime now);
void early_drop(struct recogniser *r);
/* The stamp at which the next wait is over. */
nstime early_next(const struct recogniser *r);
/* True if a copy of this reply is held. The one with the lower TTL stays: it was captured nearer to the prober. */
bool early_replace(struct recogniser *r, const struct digest *digest);

#endif
