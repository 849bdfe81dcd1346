/* SPDX-License-Identifier: BSD-2-Clause */
/* grouping: a packet that may be a probe becomes a candidate of the run that it continues, or of a new one. Floor 4;
 * internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_GROUPING_H
#define HOPSONDE_RECOGNISE_GROUPING_H

#include "recognise/state.h"

/* False: the packet cannot be a probe. */
bool grouping_take(struct recogniser *r, const struct digest *digest);

#endif
