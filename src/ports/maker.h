/* SPDX-License-Identifier: BSD-2-Clause */
/* maker: makes the asks of a round. Floor 5; internal to ports/; pure. */
#ifndef HOPSONDE_PORTS_MAKER_H
#define HOPSONDE_PORTS_MAKER_H

#include "base/rng.h"
#include "ports/rounds.h"

/* What a round is made of. */
struct maker {
    struct rounds *rounds;
    const struct session *session;
    const struct portmap *map;
    uint8_t placed[256];                       /* by TTL: asks that look for places */
    bool needs_control[256], has_control[256]; /* by TTL */
    bool waits;                                /* hops whose tokens are spent are asked, too, after a wait */
    bool repeats;                              /* ports are to be asked again, in this round or in another */
    bool repeating;                            /* in this round */
    bool failed;
    struct rng rng;
};

/* The ask of a port of this part. */
struct ask maker_ask(const struct maker *maker, unsigned part, uint16_t port, unsigned ttl);
/* Adds an ask. If memory is short, the round has failed. */
void maker_add(struct maker *maker, struct ask ask);
void maker_add_port(struct maker *maker, unsigned part, uint16_t port, unsigned ttl, bool controls);
void maker_add_entry(struct maker *maker, const struct port_entry *entry, unsigned ttl);
/* A probe of a spec of the path that this hop answers, if there is one. */
void maker_add_spec(struct maker *maker, unsigned ttl);
/* The control of a hop: a port of the list that gets past it, else such a spec. */
void maker_add_control(struct maker *maker, unsigned ttl);
/* Silent ports between two controls, if controls are mixed in. */
unsigned maker_control_every(const struct maker *maker);
/* The round starts at this time at the earliest. */
void maker_wait(struct maker *maker, nstime time);
/* The TTL that asks this port at the end of the path. */
unsigned maker_end_of(const struct portmap *map, const struct port_entry *entry);
/* Whether no probe that was sent to the hop at this time or later expired there; false at time 0. */
bool maker_is_silent_since(const struct maker *maker, unsigned ttl, nstime time);
/* When the hop may be asked. */
nstime maker_ready_at(const struct maker *maker, unsigned ttl);
/* Whether it may be asked in this round, which may have to wait for it. */
bool maker_may_ask(struct maker *maker, unsigned ttl);
/* Puts the asks into random order. */
void maker_shuffle(struct ask *asks, size_t count, struct rng *rng);

#endif
