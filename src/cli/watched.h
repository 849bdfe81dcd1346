/* SPDX-License-Identifier: BSD-2-Clause */
/* watched: a live wire in whose waits a line on the terminal tells how far the run has come. Top floor. */
#ifndef HOPSONDE_CLI_WATCHED_H
#define HOPSONDE_CLI_WATCHED_H

#include "cli/progress.h"
#include "session/wire.h"

struct watched {
    struct wire wire; /* to be used in place of `inner` */
    struct wire *inner;
    const struct session *session;
    struct progress progress;
    unsigned sent;
};

/* Borrows the wire, which must return from a wait now and then, and the session. */
void watched_start(struct watched *watched, struct wire *inner, const struct session *session);
/* Takes the line away; before anything else is written. */
void watched_end(struct watched *watched);

#endif
