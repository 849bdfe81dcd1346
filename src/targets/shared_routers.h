/* SPDX-License-Identifier: BSD-2-Clause */
/* shared_routers: routers that the paths of several targets have in common. Floor 5; pure; internal to targets/.
 *
 * Each target probes each of its hops once a round. So a router of many paths gets as many probes a second, and one
 * that limits its ICMP errors answers few of them. Such a router is probed for one target after another, a target a
 * round. It is known by its silence, while the hops behind it answer. */
#ifndef HOPSONDE_TARGETS_SHARED_ROUTERS_H
#define HOPSONDE_TARGETS_SHARED_ROUTERS_H

#include "session/session.h"

/* Routers that are known to limit their errors. Unit: routers. Source: chosen; four for each target. Effect: those
 * beyond are probed for all targets each round, and show as `limited`. */
#define LIMITED_ROUTERS_MOST (4 * TARGETS_MOST)

struct shared_routers {
    struct addr limited[LIMITED_ROUTERS_MOST]; /* for the whole run: less pressure hides a limit, and ends none */
    unsigned limited_count;
};

/* Looks at the last rounds of all sessions, of watch. Tells each at which hops to take turns, and how far the paths of
 * all go: watch_take_turns(), watch_look_to(). To be called once a round. */
void shared_routers_look(struct shared_routers *routers, struct session *const *sessions, unsigned count, nstime now);

#endif
