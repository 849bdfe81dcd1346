/* SPDX-License-Identifier: BSD-2-Clause */
/* answer: a reply is added to its probe; one without a probe goes to the inferred traces or to the errors. Floor 4;
 * internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_ANSWER_H
#define HOPSONDE_RECOGNISE_ANSWER_H

#include "recognise/state.h"

/* False: the packet answers no probe. */
bool answer_take(struct recogniser *r, const struct digest *digest);
void answer_take_error(struct recogniser *r, const struct digest *digest);

#endif
