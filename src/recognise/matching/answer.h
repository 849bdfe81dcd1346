/* SPDX-License-Identifier: BSD-2-Clause */
/* answer: a reply is added to its probe; one without a probe goes to the inferred traces or to the errors. Floor 4;
 * internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_MATCHING_ANSWER_H
#define HOPSONDE_RECOGNISE_MATCHING_ANSWER_H

#include "recognise/state.h"

/* `may_wait`: the reply comes for the first time. If it matches no probe, it is held until its probe may have come. */

/* False: the packet answers no probe. */
bool answer_take(struct recogniser *r, const struct digest *digest, bool may_wait);
void answer_take_error(struct recogniser *r, const struct digest *digest, bool may_wait);
/* A copy of a reply, from another file or with a lower TTL. It takes the place of the first if it was captured nearer
 * to the prober: its time is then the prober's. True if it is a reply of its own after all, which the network doubled:
 * only one that another file shows too is taken for that. */
bool answer_see_again(struct recogniser *r, const struct digest *digest, bool by_others);
/* Of a reply that equals one of `before`: true if probes were sent since, and one waits for it. Replies without an IP
 * id to equal probes differ in nothing. */
bool answer_is_due(const struct recogniser *r, const struct digest *digest, nstime before);

#endif
