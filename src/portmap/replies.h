/* SPDX-License-Identifier: BSD-2-Clause */
/* replies: what the replies to the probes of a list show of its ports. Floor 3; internal to portmap/; pure. */
#ifndef HOPSONDE_PORTMAP_REPLIES_H
#define HOPSONDE_PORTMAP_REPLIES_H

#include "portmap/portmap.h"

/* The entry of a port of this part; NULL: it is not in the list. */
struct port_entry *portmap_find(const struct portmap *map, unsigned part, unsigned port);
/* Adds 1 to a counter that ends at UINT8_MAX. */
static inline void portmap_count(uint8_t *counter)
{
    *counter = (uint8_t)(*counter + (*counter < UINT8_MAX));
}

/* Sets answer, fate and passed_ttl of each port of this part that has a reply, and counts the probes at the end of the
 * path. The path must be known. */
void replies_take(struct portmap *map, unsigned part);
/* Then, for all parts: portmap.reset_gap. */
nstime replies_reset_gap(const struct portmap *map);

#endif
