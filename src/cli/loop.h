/* SPDX-License-Identifier: BSD-2-Clause */
/* loop: the one loop of a run, for live, file and simulation alike. Top floor. */
#ifndef HOPSONDE_CLI_LOOP_H
#define HOPSONDE_CLI_LOOP_H

#include <signal.h>

#include "capture/dump.h"
#include "session/wire.h"

/* What goes along with a run, in its waits. */
struct companion {
    void *context;
    /* Somebody's reply to one of the run's probes came. */
    void (*heard)(void *context, const struct addr *from, nstime now);
    /* The run has nothing to do before `until`: returns when this is to be called again at the latest, if earlier.
     * NULL: never. */
    nstime (*serve)(void *context, nstime now, nstime until);
};

/* Drives `session` over `wire` until it is done, the wire ends or `*stop` becomes nonzero. Frames and claims go to
 * `dump` too (NULL: none kept; then frame numbers are 0 for a live wire). `companion` may be NULL. Does not call
 * session_finish(). A failed wire is STATUS_SYSTEM; what came before stands. */
enum status loop_run(struct session *session, struct wire *wire, struct dump *dump, const struct companion *companion,
                     const volatile sig_atomic_t *stop, struct err *err);

#endif
