/* SPDX-License-Identifier: BSD-2-Clause */
/* live: the network as a wire: libpcap captures, a raw socket sends the packets that libnet built. Floor 5. It must
 * not interpret packets.
 *
 * Times are in the capture's clock (clock.h). Opening sets the process's timer slack to 1 ns, so that waits of half
 * a millisecond end on time. Closing takes about 30 ms, because the kernel waits for readers of the ring: print
 * first. */
#ifndef HOPSONDE_LIVE_LIVE_H
#define HOPSONDE_LIVE_LIVE_H

#include "live/clock.h"
#include "session/wire.h"

struct live_options {
    uint8_t family;            /* 4 or 6 */
    const char *interface;     /* NULL: every interface ("any", SLL2) */
    const char *egress;        /* interface to bind sends to; NULL: as routed. A link-local target needs it */
    const struct addr *source; /* source address for routing (policy rules by source); NULL or none: by target only */
    uint32_t fwmark;           /* 0: none */
    uint32_t largest_packet;   /* bytes of the largest IP packet to capture whole; 0: 1500 */
    const char *filter;        /* BPF text; frames that pass reach the session. NULL: all frames */
    const char *short_filter;  /* replaces `filter` if that does not compile or the kernel rejects it */
    /* While few frames come, none of them ends a wait, so that a long run wakes less often. They have their stamps, so
     * no time changes; but the session sees a frame up to 100 ms later. */
    bool gathers_frames;
    bool waits_for_interface; /* an interface that goes down does not end the capture: it may come up again */
};

/* Opens the capture, then the injector, with the process's present privileges. Both need CAP_NET_RAW; a fwmark
 * before Linux 5.17 also needs CAP_NET_ADMIN. `options->interface` is borrowed until close, the rest for the call. */
enum status live_wire_open(const struct live_options *options, struct wire **out, struct err *err);
uint16_t live_wire_linktype(const struct wire *wire);

/* How far the clocks of the wire and of the system are apart now. */
struct clock_look live_wire_clock(const struct wire *wire);

/* Reserves the source address and port of a flow that needs a connection, with a socket that the wire's connect() opens
 * it by. All that takes a right is done here: interface and mark. However the process ends, the kernel then ends the
 * connection with a RST. Returns 0 or an errno; connect() of that flow fails with the same. */
int live_wire_hold_connection(struct wire *wire, const struct live_options *options, const struct flow *flow);

/* Reserves a source port until close, with a plain socket bound to it on every local address. For UDP and UDP-Lite
 * this also stops our kernel from answering the target's reply with port unreachable. For TCP the kernel still sends
 * its RST, which is welcome: it clears the half-open connection at the target. Does nothing for other protocols.
 * Returns 0 or an errno, such as EADDRINUSE if the port is in use. After a failure the run can continue without
 * these benefits. */
int live_wire_hold_port(struct wire *wire, uint8_t protocol, uint16_t port);

#endif
