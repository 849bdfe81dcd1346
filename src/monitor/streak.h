/* SPDX-License-Identifier: BSD-2-Clause */
/* streak: the last probes of a spec, as far as they contradict the verdict that was told of it.
 * Floor 6; pure; internal to monitor/. */
#ifndef HOPSONDE_MONITOR_STREAK_H
#define HOPSONDE_MONITOR_STREAK_H

#include "monitor/state.h"

/* Counts of samples: silent probes that are sent together are one, as in silence/sample.h. */
struct streak {
    unsigned before, odd; /* samples before the streak, and those among them that contradict the verdict */
    unsigned length;      /* of the streak: all of its samples contradict it */
    bool has_reply;       /* one that is proof */
    nstime since, last;   /* the sends of its first and its last sample */
};

/* Which probes make a streak. Refusals may be limited: then replies alone contradict one. */
enum streak_kind { STREAK_OF_ALL, STREAK_OF_REPLIES };

/* Of probes that were sent at `from` or later; 0: all that the session knows. */
void streak_find(const struct told_verdict *told, const struct session *session, unsigned trace, enum streak_kind kind,
                 nstime from, struct streak *out);
/* Whether the outcomes before hardly explain it. */
bool streak_is_change(const struct streak *streak);
/* The same for a streak of silences, by the outcomes just before it: loss may have begun lately. */
bool streak_is_change_lately(const struct told_verdict *told, const struct session *session, unsigned trace,
                             const struct streak *streak);

#endif
