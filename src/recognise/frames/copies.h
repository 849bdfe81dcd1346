/* SPDX-License-Identifier: BSD-2-Clause */
/* copies: whether a packet was seen before: on another interface, in another file, before a router forwarded it, or
 * twice by a SPAN port. Floor 4; internal to recognise/. Remembers the last packets in a table of constant size; must
 * not look at runs or candidates.
 *
 * A genuine retransmission is no copy: it follows later, or has another id or sequence number. */
#ifndef HOPSONDE_RECOGNISE_FRAMES_COPIES_H
#define HOPSONDE_RECOGNISE_FRAMES_COPIES_H

#include "recognise/state.h"

enum seen {
    SEEN_FIRST,     /* not seen before */
    SEEN_AGAIN,     /* the same frame, recorded twice */
    SEEN_ELSEWHERE, /* the same packet, which a router forwarded */
    SEEN_BY_OTHERS, /* the same packet in another file */
};

bool copies_init(struct recogniser *r);
void copies_free(struct recogniser *r);
void copies_prefetch(const struct recogniser *r, const struct digest *digest);
/* Remembers the packet if it was not seen before. Seen again on the same interface, `first` is the stamp of the first
 * sighting; else it stays. */
enum seen copies_see(struct recogniser *r, const struct digest *digest, nstime *first);
/* The packet is no copy after all, but equal to an earlier one: it is a first sighting from now on. */
void copies_renew(struct recogniser *r, const struct digest *digest);
/* For a packet that copies_see() does not know: true if it may be a probe whose source a NAT has just translated; its
 * source is not compared. Remembers it if not. */
bool copies_see_translated(struct recogniser *r, const struct digest *digest);

#endif
