/* SPDX-License-Identifier: BSD-2-Clause */
/* forge: the packets of a host that sees none of ours, but knows source, target and spec, and how this program builds
 * probes. It guesses all else: sweeps over ids, ports and echo ids, and random numbers. For tests only. */
#ifndef HOPSONDE_TESTS_HOSTILE_FORGE_H
#define HOPSONDE_TESTS_HOSTILE_FORGE_H

#include "base/addr.h"
#include "base/rng.h"
#include "probe/spec.h"

enum forge_kind {
    FORGE_IDS,     /* ICMP errors that quote the IP header alone: a sweep over the ids */
    FORGE_PORTS,   /* ICMP errors with a quote of 8 bytes behind it: a sweep over the dynamic ports or echo ids */
    FORGE_ANSWERS, /* packets in the target's name: a sweep over the same */
    FORGE_ALL,     /* these three in turn */
    FORGE_KINDS,
};

#define FORGE_BYTES 128

struct forger {
    enum forge_kind kind;
    struct probe_spec spec;
    struct addr source, target; /* of the probes */
    struct addr sender;         /* of time exceeded and prohibitions */
    struct rng rng;
    uint64_t count;
};

/* The next forged IP packet; returns its length, at most FORGE_BYTES. */
size_t forge_next(struct forger *forger, uint8_t bytes[FORGE_BYTES]);
/* "ids", "ports", "answers", "all"; FORGE_KINDS: no such word. */
enum forge_kind forge_kind_of(const char *word);

#endif
