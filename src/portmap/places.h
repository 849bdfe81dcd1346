/* SPDX-License-Identifier: BSD-2-Clause */
/* places: between which hops each port is stopped. Floor 3; internal to portmap/; pure. */
#ifndef HOPSONDE_PORTMAP_PLACES_H
#define HOPSONDE_PORTMAP_PLACES_H

#include "portmap/portmap.h"

/* Sets `placing`, `after_ttl` and `before_ttl` of all entries, whose other members are filled. */
void places_find(struct portmap *map);

#endif
