/* SPDX-License-Identifier: BSD-2-Clause */
/* watch: the strategy of `watch`. In rounds, one each config.interval, every spec probes every hop of its path once.
 * Floor 5; pure.
 *
 * Rounds count from the stamp of the run's first probe, so a replay has the same ones. Probes of older rounds are
 * forgotten. src/monitor/ keeps what is to be known of them; it judges, and this folder must not. */
#ifndef HOPSONDE_WATCH_WATCH_H
#define HOPSONDE_WATCH_WATCH_H

#include "session/strategy.h"

/* Rounds whose probes the session keeps.
 * Unit: rounds. Source: chosen; the loss of 64 probes shows a change of some percent. Effect: with fewer, a small
 * change of the loss stays unseen; more cost memory and time each round. */
#define WATCH_ROUNDS_KEPT 64

/* Rounds in which a run with `config.automatic` sends all its specs, before it keeps to two of them.
 * Unit: rounds. Source: chosen. Effect: with one, a lost reply selects a later spec; more send more packets. */
#define WATCH_SCOUTS 3

extern const struct strategy strategy_watch;

/* Rounds that have ended. */
uint32_t watch_rounds(const struct session *session);
/* Whether the run goes on with this spec. With `config.automatic` it does, after WATCH_SCOUTS rounds, with the first
 * spec that reached the target, and with icmp. */
bool watch_follows(const struct session *session, unsigned trace);
/* Live: paths of other targets go up to this TTL. So far does the run look for the end of the path, too. */
void watch_look_to(struct session *session, uint8_t ttl);
/* Live: of `of` rounds one alone probes this hop, that with remainder `turn`. Rounds in which the hop ends the path, or
 * a silence is measured there, do so as well. `of` is 1 at first. */
void watch_take_turns(struct session *session, uint8_t ttl, unsigned turn, unsigned of);
/* Whether the probes that are kept show a hop of turns: no spec probed it in three of four rounds. */
bool watch_seldom_probes(const struct session *session, uint8_t ttl);

#endif
