/* SPDX-License-Identifier: BSD-2-Clause */
/* expect_rounds: `watch --expect`: tells when a verdict is no longer as expected, and when it is so again. Top floor;
 * pure. */
#ifndef HOPSONDE_CLI_SHARED_EXPECT_ROUNDS_H
#define HOPSONDE_CLI_SHARED_EXPECT_ROUNDS_H

#include "cli/shared/expect.h"

struct expect_rounds {
    const struct expect *expect; /* borrowed; NULL: nothing is expected */
    bool differed;               /* some verdict, at any time */
    bool differs[TARGETS_MOST][EXPECT_ROWS_MOST];
};

/* Compares the verdicts that hold for target `target`, and tells its monitor of each line that has changed. A line
 * whose probes have no verdict yet says nothing. */
void expect_rounds_look(struct expect_rounds *rounds, unsigned target, struct monitor *monitor);

#endif
