/* SPDX-License-Identifier: BSD-2-Clause */
/* refresh: looks the names of a live run's targets up again, and lets a target move to another address. Top floor.
 *
 * A process of its own asks the resolver (confined_start()), since the run is sealed. A name of many addresses shows a
 * few of them at a time. So a target stays where it is as long as it replies, unless the answers keep to another
 * address: refresh_choose(). */
#ifndef HOPSONDE_CLI_SHARED_REFRESH_H
#define HOPSONDE_CLI_SHARED_REFRESH_H

#include "cli/shared/happenings.h"
#include "cli/shared/loop.h"
#include "live/confined.h"

/* Time between two lookups of a name.
 * Unit: ns. Source: chosen; common times to live of addresses that may change are 60 to 300 s, and getaddrinfo() does
 * not tell them. Effect: a longer one notices a new address later; a shorter one asks name servers more often. */
#define REFRESH_EVERY (300 * NS_PER_S)

/* A target that replies moves after so many lookups in a row with the same other address, and without its own.
 * Unit: lookups. Source: chosen. Effect: with fewer, a target follows names whose addresses rotate; with more, it
 * follows a server that has moved later. */
#define REFRESH_LOOKUPS 3

/* What the lookups of a target have shown since it has its address. All zero at first. */
struct refresh_memory {
    bool has_replied;
    struct addr other; /* an address that the last `lookups` lookups gave, without the target's own */
    unsigned lookups;
};

struct refresh {
    struct confined *confined; /* owned; NULL: nothing is looked up again */
    nstime every;
    nstime next[TARGETS_MOST]; /* NSTIME_NEVER: an address, or an answer is awaited; NSTIME_NONE: not asked yet */
    struct refresh_memory memory[TARGETS_MOST];
    struct happenings *happenings; /* borrowed */
};

/* Before the run is sealed: starts the process if any of the targets has a name. */
enum status refresh_start(struct refresh *refresh, nstime every, struct session *const *sessions, unsigned count,
                          struct err *err);
/* Whether that is the case. */
bool refresh_is_on(const struct refresh *refresh);
/* The caller sets refresh->happenings before. */
struct companion refresh_companion(struct refresh *refresh);
void refresh_end(struct refresh *refresh);

/* Takes the `count` addresses of a lookup for target `index`. Returns the one to go to; NULL: stay. It stays
 * 1. if its address is among them;
 * 2. if all of them are addresses of other targets, since no two targets have the same one;
 * 3. if it still replies, or never did, and fewer than REFRESH_LOOKUPS lookups in a row agree on another address. */
const struct addr *refresh_choose(struct refresh_memory *memory, const struct targets *targets, unsigned index,
                                  const struct addr *list, unsigned count);

#endif
