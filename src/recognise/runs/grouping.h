/* SPDX-License-Identifier: BSD-2-Clause */
/* grouping: a packet that may be a probe becomes a candidate of the run that it continues, or of a new one. Floor 4;
 * internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_RUNS_GROUPING_H
#define HOPSONDE_RECOGNISE_RUNS_GROUPING_H

#include "recognise/state.h"

/* False: the packet cannot be a probe. */
bool grouping_take(struct recogniser *r, const struct digest *digest);
/* A copy of an earlier packet, from another file or with a lower TTL. If it may be a probe, its file is a capture from
 * farther on, so all other packets of this pair in it are copies as well. */
void grouping_see_again(struct recogniser *r, const struct digest *digest);
/* A SYN/ACK that handshakes_note() has noted. Segments of its connection may stand before it, if another clock stamped
 * it. */
void grouping_see_handshake(struct recogniser *r, const struct digest *syn_ack);
/* Of a packet that equals an earlier one: true if it is a probe that was sent again. A tool may send equal packets to
 * one TTL if they have neither ports nor an IP id; it sends the next one after the reply. */
bool grouping_is_due(const struct recogniser *r, const struct digest *digest);

#endif
