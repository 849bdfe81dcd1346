/* SPDX-License-Identifier: BSD-2-Clause */
/* handshakes: the TCP connections whose handshake the capture shows. Floor 4; internal to recognise/. A newer one takes
 * the place of an older one, so it may forget one: a run of segments then has fewer that show a connection. */
#ifndef HOPSONDE_RECOGNISE_STORE_HANDSHAKES_H
#define HOPSONDE_RECOGNISE_STORE_HANDSHAKES_H

#include "recognise/state.h"

void handshakes_free(struct recogniser *r);
/* Notes a SYN/ACK: it shows where the sequence numbers of both ends begin (RFC 9293 3.5). False: it is none, it was
 * noted already, or there is no memory. */
bool handshakes_note(struct recogniser *r, const struct digest *digest);
/* Notes the time of any packet of the connection, from either end. Call it once all else is done with the packet. */
void handshakes_pass(struct recogniser *r, const struct digest *digest);
/* The handshake of the connection to which this segment belongs, by its addresses, ports and both numbers; NULL: the
 * capture shows none. Valid until the next handshakes_note(). */
struct handshake *handshakes_find(const struct recogniser *r, const struct addr *client, const struct addr *server,
                                  const struct traits *segment);

#endif
