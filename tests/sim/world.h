/* SPDX-License-Identifier: BSD-2-Clause */
/* world: a network drawn from a seed, and what is true of each probe spec there; and a diagnosis of it, judged by that
 * truth. For tests only.
 *
 * A world is a chain of 4 to 11 routers, some of them silent, some worlds with the rate limits of Linux, and at most
 * one filter: it drops, refuses or resets some of the specs, on a router or at the target. A share of all packets is
 * lost, each way, on one link or on three. */
#ifndef HOPSONDE_TESTS_SIM_WORLD_H
#define HOPSONDE_TESTS_SIM_WORLD_H

#include "base/rng.h"
#include "sim/drive.h"
#include "verdict/verdict.h"

#define WORLD_SPECS 7 /* those of `hopsonde diagnose` */
#define WORLD_SPEC_LIST "icmp,udp,udp/53,udp/443,tcp/443,tcp/80,tcp/80:ack"
#define WORLD_BINS 6 /* of confidence */

enum fate { FATE_OPEN, FATE_CLOSED, FATE_DROPPED, FATE_REJECTED, FATE_RESET };

struct truth {
    enum fate fate;
    unsigned hop;    /* of the node that drops or refuses; the target's is routers + 1 */
    bool before_ttl; /* it acts before the TTL is looked at, so that its own hop is silent too */
};

struct world {
    struct strbuf text; /* owned; in the language of net_parse.c */
    struct net *net;    /* owned */
    unsigned routers;
    bool silent[16]; /* by hop */
    bool limited;
    unsigned balanced; /* the hop with two routers; 0: none */
    uint8_t family;
    struct truth truths[WORLD_SPECS];
};

/* How a number of diagnoses fared. */
struct claim_counts {
    unsigned runs, broken; /* broken: did not come to an end, or did not judge every spec */
    unsigned claims[WORLD_BINS], wrong[WORLD_BINS];
    unsigned misplaced[WORLD_BINS]; /* of those wrong: only the place is */
    double doubt[WORLD_BINS];       /* sum of 1 - confidence: as many may be wrong */
    unsigned inconclusive, false_findings;
    unsigned packets, most_packets;
    double most_seconds; /* virtual */
    uint64_t slowest;    /* seed of the run that took so long */
};

/* The config of `hopsonde diagnose` with its defaults. `specs` as in drive_config(). */
enum status world_config(const struct net *net, uint8_t family, const char *specs, uint64_t seed,
                         struct session_config *out, struct err *err);

struct world_ills {
    double loss; /* share lost each way, 0 to 1 */
    bool spent;  /* all routers and the target count their ICMP errors, and another run has just had those there were */
};

#define WORLD_ILLS_BYTES 48
/* "2 % loss each way, tokens spent"; returns `text`. */
const char *world_ills_format(const struct world_ills *ills, char text[WORLD_ILLS_BYTES]);

/* Free in any case. */
bool world_draw(const struct world_ills *ills, uint64_t seed, struct world *out, struct err *err);
/* From now on the target takes connections: by the seed its service answers, resets, closes or is quiet. Without it
 * each segment is answered on its own, so that a reset answers the end of each handshake. */
bool world_serve(struct world *world, uint64_t seed, struct err *err);
void world_free(struct world *world);

/* Whether it is as the verdict's state says; an inconclusive one says nothing, which is true. And where that is so,
 * whether its place is the right one. */
bool world_state_is_true(const struct world *world, unsigned spec, const struct verdict *verdict);
bool world_place_is_true(const struct world *world, unsigned spec, const struct verdict *verdict);
bool world_finding_is_true(const struct world *world, const struct finding *finding);

/* Draws a world, diagnoses it and adds it to the tally; each false claim is printed as a comment of TAP. */
void tally_run(const struct world_ills *ills, uint64_t seed, struct claim_counts *tally);
void tally_add(struct claim_counts *sum, const struct claim_counts *part);
unsigned tally_wrong(const struct claim_counts *tally);
/* How likely so many wrong claims or more are in a bin where the confidences are right; 1 where none is wrong. */
double tally_chance(const struct claim_counts *tally, unsigned bin);
const char *tally_bin_name(unsigned bin);

#endif
