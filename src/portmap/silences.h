/* SPDX-License-Identifier: BSD-2-Clause */
/* silences: which silent ports are proven to be silent. Floor 3; internal to portmap/; pure. */
#ifndef HOPSONDE_PORTMAP_SILENCES_H
#define HOPSONDE_PORTMAP_SILENCES_H

#include "portmap/limited_senders.h"
#include "portmap/portmap.h"

/* Sets how many samples prove a silence, and the fate of each port without an answer. All replies must be taken.
 * False: memory is short. */
bool silences_take(struct portmap *map, const struct limited_senders *senders);

#endif
