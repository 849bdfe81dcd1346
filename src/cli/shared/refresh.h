/* SPDX-License-Identifier: BSD-2-Clause */
/* refresh: looks the names of a live run's targets up again, and lets a target move to another address. Top floor.
 *
 * A process of its own asks the resolver (confined_start()), since the run is sealed. A target stays where it is as
 * long as its address is among the answers, and if there is no answer. */
#ifndef HOPSONDE_CLI_SHARED_REFRESH_H
#define HOPSONDE_CLI_SHARED_REFRESH_H

#include "capture/dump.h"
#include "cli/shared/loop.h"
#include "cli/shared/move.h"
#include "live/confined.h"

/* Time between two lookups of a name.
 * Unit: ns. Source: chosen; common times to live of addresses that may change are 60 to 300 s, and getaddrinfo() does
 * not tell them. Effect: a longer one notices a new address later; a shorter one asks name servers more often. */
#define REFRESH_EVERY (300 * NS_PER_S)

struct refresh {
    struct confined *confined; /* owned; NULL: nothing is looked up again */
    nstime every;
    nstime next[TARGETS_MOST]; /* NSTIME_NEVER: an address, or an answer is awaited; NSTIME_NONE: not asked yet */
    struct move_context move;  /* borrowed parts */
    struct wire *wire;         /* borrowed */
    struct dump *dump;         /* borrowed; NULL: no capture is kept */
};

/* Before the run is sealed: starts the process if any of the targets has a name. */
enum status refresh_start(struct refresh *refresh, nstime every, struct session *const *sessions, unsigned count,
                          struct err *err);
/* Whether that is the case. */
bool refresh_is_on(const struct refresh *refresh);
/* The caller sets move, wire and dump of `refresh` before. */
struct companion refresh_companion(struct refresh *refresh);
void refresh_end(struct refresh *refresh);

/* The address to go to; NULL: stay. Of `count` targets, `index` asked. No two targets have the same address. */
const struct addr *refresh_choose(const struct targets *targets, unsigned index, const struct addr *list,
                                  unsigned count);

#endif
