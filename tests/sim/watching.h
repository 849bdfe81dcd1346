/* SPDX-License-Identifier: BSD-2-Clause */
/* watching: a run of `watch` over a simulated network that changes, through the loop of the program. For tests only. */
#ifndef HOPSONDE_TESTS_SIM_WATCHING_H
#define HOPSONDE_TESTS_SIM_WATCHING_H

#include "cli/shared/loop.h"
#include "sim/drive.h"

#define WATCHING_NETS_MOST 10

struct watching {
    struct net *nets[WATCHING_NETS_MOST]; /* owned */
    struct sim_change changes[WATCHING_NETS_MOST];
    unsigned net_count;
    struct session_config config;
    uint32_t reset_after;              /* heard.h: behind so many rounds the monitor counts anew; 0: never */
    const struct companion *companion; /* NULL: none */
    struct sim *sim;                   /* owned */
    struct session *session;           /* owned; finished */
    struct err err;
};

/* Begins with a network, in the language of net_parse.c, and IPv4. `specs` as in drive_config(). */
void watching_init(struct watching *w, const char *text, const char *specs, uint64_t seed);
/* The same with IPv4 or IPv6: 4 or 6. */
void watching_init_family(struct watching *w, const char *text, uint8_t family, const char *specs, uint64_t seed);
/* Behind `after` rounds of a second it is this one. */
void watching_change(struct watching *w, unsigned after, const char *text);
/* Runs config.rounds rounds. */
void watching_run(struct watching *w, const struct session_events *events);
void watching_free(struct watching *w);
/* Bytes of memory in use; 0: this C library, or this build, does not say. */
size_t watching_memory(void);

#endif
