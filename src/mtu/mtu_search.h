/* SPDX-License-Identifier: BSD-2-Clause */
/* mtu_search: sends probes of other sizes until path_mtu.h knows what the path takes. Floor 4; pure.
 *
 * While a strategy still has probes of its own, mtu_search_ahead() sends sizes ahead of it. Once they are done it calls
 * mtu_search_update(). Each round goes to one TTL, or to several hops, and ends when the
 * fate of all its probes is known. Within a round the larger sizes go first: a router with one token left then replies
 * to the largest that passes, and that reply shows that the larger ones are lost. */
#ifndef HOPSONDE_MTU_MTU_SEARCH_H
#define HOPSONDE_MTU_MTU_SEARCH_H

#include "session/state.h"

/* Wants the next size that goes ahead: rule 7 of path_mtu.h. */
void mtu_search_ahead(struct session *session);
/* Wants the next round, if the last one is over. True if nothing is to be measured, or all is known. */
bool mtu_search_update(struct session *session);
/* strategy.timer of a strategy that measures sizes: when the next round is due, or a silence at the end of the path. */
nstime mtu_search_timer(const struct session *session);

#endif
