/* SPDX-License-Identifier: BSD-2-Clause */
/* pairing: the packets of two capture points, in the order of the near clock, become pairs; at the end, the others get
 * their fates. Floor: pairing. It reads no file and writes no sentence.
 *
 * Packets wait for their partner for a short time, so that memory is that of the packets in flight, and that of the
 * conversations. An overview (overview.h) must have read the same packets before: it tells how far the clocks are
 * apart. */
#ifndef HOPSONDE_PAIRING_PAIRING_H
#define HOPSONDE_PAIRING_PAIRING_H

#include "pairing/overview.h"
#include "pairing/result.h"

struct pairing_config {
    struct overview_result overview; /* copied; its lists are borrowed until pairing_free() */
    struct transit_events events;
    uint64_t secret; /* any number; results do not depend on it */
    /* A third point shows each packet that one of these captures lacks (missed.h). Without one, a packet is not called
     * lost if the capture that should show it lacks others. */
    bool has_third;
};

struct pairing;

/* NULL: out of memory. */
struct pairing *pairing_new(const struct pairing_config *config);
void pairing_free(struct pairing *pairing); /* may be NULL */
/* The next frame of both points, in the order of the near clock. `packet` is what packet_decode() made of it, maybe
 * with its tunnels opened. False: out of memory. */
bool pairing_take(struct pairing *pairing, enum transit_point point, unsigned file, const struct frame *frame,
                  const struct packet *packet);
/* The same in two steps. pairing_read() needs no pairing, so that other threads may call it, each for packets of its
 * own (pairing_packet.h). */
struct pairing_packet;
void pairing_read(const struct overview_result *overview, enum transit_point point, unsigned file,
                  const struct frame *frame, const struct packet *packet, struct pairing_packet *out);
/* False: out of memory. */
bool pairing_take_read(struct pairing *pairing, const struct pairing_packet *packet);
/* After the last frame, once. False: out of memory. The result is valid until pairing_free(). */
bool pairing_finish(struct pairing *pairing, const struct transit_result **out);

#endif
