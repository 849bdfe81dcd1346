/* SPDX-License-Identifier: BSD-2-Clause */
/* prefetch: brings into the cache what the next packets will need. Floor 4; internal to recognise/. It changes nothing:
 * no result depends on it. */
#ifndef HOPSONDE_RECOGNISE_FRAMES_PREFETCH_H
#define HOPSONDE_RECOGNISE_FRAMES_PREFETCH_H

#include "recognise/state.h"

/* See recogniser_prefetch(). */
void prefetch_ahead(const struct recogniser *r, const struct digest *digests, unsigned count);

#endif
