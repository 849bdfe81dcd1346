/* SPDX-License-Identifier: BSD-2-Clause */
/* move: a target of a run gets another address, live or as a replay reads it. Top floor. */
#ifndef HOPSONDE_CLI_SHARED_MOVE_H
#define HOPSONDE_CLI_SHARED_MOVE_H

#include "cli/shared/report.h"
#include "targets/targets.h"

struct move_context {
    struct report *report;
    struct targets *targets;
    struct session **sessions; /* owned by the run, in the order of the targets: the new one replaces the old one */
    const volatile sig_atomic_t *stop;
};

/* For targets.moved: `context` is a struct move_context. Runs the deadlines up to `at` first, so that a replay tells
 * the same. If memory is short, the target stays where it was. */
void move_target(void *context, unsigned index, const struct addr *to, nstime at);

#endif
