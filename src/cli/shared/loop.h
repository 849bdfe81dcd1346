/* SPDX-License-Identifier: BSD-2-Clause */
/* loop: the only loop of a run, for live, file and simulation alike. Top floor; knows no strategy. */
#ifndef HOPSONDE_CLI_SHARED_LOOP_H
#define HOPSONDE_CLI_SHARED_LOOP_H

#include <signal.h>

#include "capture/dump.h"
#include "session/wire.h"
#include "targets/targets.h"

/* A task that is served while a run waits. */
struct companion {
    void *context;
    /* Called for each reply to one of the run's probes. NULL: never called. */
    void (*heard)(void *context, const struct addr *from, nstime now);
    /* Called while the run has nothing to do before `until`. Returns the latest time for the next call, if earlier.
     * NULL: never called. */
    nstime (*serve)(void *context, nstime now, nstime until);
    const struct companion *next; /* borrowed; another task; NULL: there is none */
};

/* Drives `session` over `wire` until the session is done, the wire ends or `*stop` becomes nonzero. Frames and
 * claims go to `dump` too. `dump` may be NULL; frame numbers are then 0 for a live wire. `companion` may be NULL.
 * Does not call session_finish(). Returns STATUS_SYSTEM if the wire fails; earlier results remain valid. */
enum status loop_run(struct session *session, struct wire *wire, struct dump *dump, const struct companion *companion,
                     const volatile sig_atomic_t *stop, struct err *err);
/* The same for the sessions of several targets, until all are done. */
enum status loop_run_targets(struct targets *targets, struct wire *wire, struct dump *dump,
                             const struct companion *companion, const volatile sig_atomic_t *stop, struct err *err);
/* Runs the sessions' deadlines up to `until`, or until `*stop` becomes nonzero: a capture may have very many. */
void loop_run_deadlines(struct targets *targets, nstime until, const volatile sig_atomic_t *stop);
/* Writes claims to the capture at the point where they were made: before the next frame or deadline. `dump` may be
 * NULL. */
void loop_keep_claims(const struct targets *targets, struct dump *dump);

#endif
