/* SPDX-License-Identifier: BSD-2-Clause */
/* senders: candidates by source port and identity alone, for packets and quotes with translated addresses. Floor 4;
 * internal to recognise/. A newer candidate takes the place of an older one, so it may forget one. */
#ifndef HOPSONDE_RECOGNISE_STORE_SENDERS_H
#define HOPSONDE_RECOGNISE_STORE_SENDERS_H

#include "recognise/state.h"

bool senders_init(struct recogniser *r); /* false: no memory */
void senders_free(struct recogniser *r);
void senders_add(struct recogniser *r, const struct candidate *candidate);
/* The candidate that this packet, or the quoted one, may be behind a translator; NULL: none is known. */
const struct candidate *senders_find(const struct recogniser *r, const struct digest *packet);

#endif
