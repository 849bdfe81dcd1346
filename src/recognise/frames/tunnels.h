/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnels: the tunnels that packets came in. An ICMP error about a tunnel's own packet is about other traffic. Floor 4;
 * internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_FRAMES_TUNNELS_H
#define HOPSONDE_RECOGNISE_FRAMES_TUNNELS_H

#include "recognise/state.h"

void tunnels_note(struct recogniser *r, const struct tunnels *inside);
/* True if an ICMP error quotes a packet of a known tunnel. */
bool tunnels_has_quoted(const struct recogniser *r, const struct digest *quote);

#endif
