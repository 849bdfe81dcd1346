/* SPDX-License-Identifier: BSD-2-Clause */
/* wire: where frames come from and probes go. Floor 5.
 *
 * A live capture, a capture file and the simulated network of the tests are wires; the loop in cli/run knows
 * no difference. The wire owns time: now() is in the capture's clock, the one that stamps frames. */
#ifndef HOPSONDE_SESSION_WIRE_H
#define HOPSONDE_SESSION_WIRE_H

#include "base/err.h"
#include "packet/frame.h"
#include "session/session.h"

enum wire_event {
    WIRE_FRAME,  /* `frame` is filled, and valid until the next call */
    WIRE_QUIET,  /* nothing came up to `until`, or a signal arrived, or it is time to look for one: every frame stamped
                    before the wire's drained() has been handed over */
    WIRE_CLAIM,  /* a file: `claim` tells of a probe that was sent or refused without a frame of its own */
    WIRE_END,    /* a file is at its end */
    WIRE_FAILED, /* `err` says why; what came before stands */
};

struct wire {
    const struct wire_ops *ops;
};

struct wire_ops {
    /* The next event; waits at most until `until` (NSTIME_NEVER: for ever). Where that is past already, the caller's
     * deadline has come and only drained() is behind it: then waits, 2 ms at most, until drained() has passed `until`
     * as well. */
    enum wire_event (*receive)(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                               struct err *err);
    /* Sends one whole IP packet. 0, or an errno: the caller decides what it means. */
    int (*send)(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length);
    nstime (*now)(struct wire *wire);
    /* Every frame stamped before this has been handed over (valid after WIRE_QUIET). */
    nstime (*drained)(struct wire *wire);
    /* Frames that the kernel dropped for want of buffer so far. */
    uint64_t (*dropped)(struct wire *wire);
    void (*close)(struct wire *wire);
};

#endif
