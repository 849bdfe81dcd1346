/* SPDX-License-Identifier: BSD-2-Clause */
/* live: the network as a wire: libpcap captures, a raw socket sends what libnet crafted. Floor 5.
 *
 * Times are in the capture's clock (clock.h). Opening sets the process's timer slack to 1 ns, so that a wait of half a
 * millisecond takes no longer. Closing takes some 30 ms (the kernel waits for readers of the ring): print first. */
#ifndef HOPSONDE_LIVE_LIVE_H
#define HOPSONDE_LIVE_LIVE_H

#include "session/wire.h"

struct live_options {
    uint8_t family;            /* 4 or 6 */
    const char *interface;     /* NULL: every interface ("any", SLL2) */
    const char *egress;        /* interface to bind sends to; NULL: as routed. A link-local target needs it */
    const struct addr *source; /* sends are routed as from it (policy rules by source); NULL, none: by target alone */
    uint32_t fwmark;           /* 0: none */
    uint32_t largest_packet;   /* bytes of the largest IP packet that matters; 0: 1500 */
    const char *filter;        /* BPF text; what passes reaches the session. NULL: everything */
    const char *short_filter;  /* used where the kernel finds `filter` too long */
};

/* Opens capture first, then injector, with whatever privilege the process has. Needs CAP_NET_RAW for both
 * (CAP_NET_ADMIN too for a fwmark before Linux 5.17). `options->interface` is borrowed until close, the rest for the
 * call. */
enum status live_wire_open(const struct live_options *options, struct wire **out, struct err *err);
uint16_t live_wire_linktype(const struct wire *wire);

/* Keeps a source port ours until close: a plain socket bound to it, on every local address. For UDP and UDP-Lite that
 * also keeps our kernel from answering the target's reply with a port unreachable; a bound TCP socket does not stop its
 * RST, which is welcome: it clears the half-open connection at the target. Other protocols have nothing to hold. 0, or
 * an errno: EADDRINUSE where somebody has the port already. A failure harms nothing but those two comforts. */
int live_wire_hold_port(struct wire *wire, uint8_t protocol, uint16_t port);

#endif
