/* SPDX-License-Identifier: BSD-2-Clause */
/* happenings: what happens to a run beside its packets: a target gets another address, the clock steps, a report cannot
 * be written. Live or as a replay reads it, the same functions take the claim. Top floor. */
#ifndef HOPSONDE_CLI_SHARED_HAPPENINGS_H
#define HOPSONDE_CLI_SHARED_HAPPENINGS_H

#include "cli/shared/report.h"
#include "session/wire.h"
#include "targets/targets.h"

/* All borrowed. */
struct happenings {
    struct report *report;
    struct targets *targets;
    struct session **sessions; /* owned by the run, in the order of the targets: a new one replaces an old one */
    const volatile sig_atomic_t *stop;
    struct wire *wire; /* of a live run */
    struct dump *dump; /* of a live run; NULL: no capture is kept */
};

/* For targets.happened: `context` is a struct happenings. Runs the deadlines up to the claim's time first, so that a
 * replay tells the same. If memory is short, a target stays where it was. */
void happenings_take(void *context, const struct session_claim *claim);
/* Live: takes a claim as of now, and keeps it in the capture. Every frame before the wire's drained() has been taken,
 * so a replay, which finds the claim here, has had the same. */
void happenings_tell(struct happenings *happenings, struct session_claim claim);

#endif
