/* SPDX-License-Identifier: BSD-2-Clause */
/* wire: where frames come from and probes go. Floor 4.
 *
 * A live capture, a capture file and the simulated network of the tests are wires; cli/loop.c treats all alike. The
 * wire owns time: now() reads the clock that stamps frames. */
#ifndef HOPSONDE_SESSION_WIRE_H
#define HOPSONDE_SESSION_WIRE_H

#include "base/err.h"
#include "packet/frame.h"
#include "session/session.h"

enum wire_event {
    WIRE_FRAME,  /* `frame` is filled, and valid until the next call */
    WIRE_QUIET,  /* no event until `until`, or a signal came, or it is time to look for one. Every frame stamped before
                    the wire's drained() has been handed over */
    WIRE_CLAIM,  /* a file: `claim` describes a probe without a frame of its own */
    WIRE_END,    /* the file has ended */
    WIRE_FAILED, /* `err` says why; earlier events stand */
};

struct wire {
    const struct wire_ops *ops;
};

struct wire_ops {
    /* The next event; waits until `until` at most (NSTIME_NEVER: without limit). If that is past already, only
     * drained() is behind the caller's deadline: the call then waits, 2 ms at most, until drained() has passed
     * `until` too. */
    enum wire_event (*receive)(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                               struct err *err);
    /* Sends one whole IP packet. Returns 0 or an errno; the caller decides what that means. */
    int (*send)(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length);
    /* Has our kernel open the flow's connection, from its source address and port, and does not wait for it. Returns 0
     * or an errno. disconnect() ends it with a RST, if it was established. NULL: the wire sends nothing. */
    int (*connect)(struct wire *wire, const struct flow *flow);
    void (*disconnect)(struct wire *wire, const struct flow *flow);
    nstime (*now)(struct wire *wire);
    /* Every frame with an earlier stamp has been handed over (valid after WIRE_QUIET). */
    nstime (*drained)(struct wire *wire);
    /* Frames that the kernel dropped so far because its buffer was full. */
    uint64_t (*dropped)(struct wire *wire);
    void (*close)(struct wire *wire);
};

#endif
