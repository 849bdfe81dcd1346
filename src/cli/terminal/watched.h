/* SPDX-License-Identifier: BSD-2-Clause */
/* watched: a live wire that shows a progress line while it waits. Top floor. */
#ifndef HOPSONDE_CLI_TERMINAL_WATCHED_H
#define HOPSONDE_CLI_TERMINAL_WATCHED_H

#include "cli/terminal/progress.h"
#include "session/wire.h"

struct watched {
    struct wire wire; /* use it in place of `inner` */
    struct wire *inner;
    const struct session *session;
    struct progress progress;
    unsigned sent;
};

/* Borrows the wire and the session. The wire must return from waits now and then. */
void watched_start(struct watched *watched, struct wire *inner, const struct session *session);
/* Erases the line. Call it before any other output. */
void watched_end(struct watched *watched);

#endif
