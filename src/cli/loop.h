/* loop: the one loop of a run, for live, file and simulation alike. Floor 6. */
#ifndef HOPSONDE_CLI_LOOP_H
#define HOPSONDE_CLI_LOOP_H

#include <signal.h>

#include "io/dump.h"
#include "io/wire.h"

/* Drives `session` over `wire` until it is done, the wire ends or `*stop` becomes nonzero. Frames and claims go to
 * `dump` too (NULL: none kept; then frame numbers are 0 for a live wire). Does not call session_finish(). A failed wire
 * is STATUS_SYSTEM; what came before stands. */
enum status loop_run(struct session *session, struct wire *wire, struct dump *dump, const volatile sig_atomic_t *stop,
                     struct err *err);

#endif
