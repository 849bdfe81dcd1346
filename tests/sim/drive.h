/* SPDX-License-Identifier: BSD-2-Clause */
/* drive: a run of the session over a simulated network, recorded and watched. For tests only. */
#ifndef HOPSONDE_TESTS_SIM_DRIVE_H
#define HOPSONDE_TESTS_SIM_DRIVE_H

#include "base/strbuf.h"
#include "hostile/forge.h"
#include "sim/sim.h"

struct record; /* a frame or a claim, in the order of the capture */

#define CONNECTS_NOTED 32

struct drive {
    const struct net *net;
    struct session_config config;
    struct sim *sim;         /* owned */
    struct session *session; /* owned; finished */
    struct strbuf settled;   /* owned; what was settled, in order */
    struct record *tape;     /* owned */
    size_t tape_count;
    uint64_t sends;                  /* digest of every packet handed to the wire and its time */
    unsigned sent_count;             /* packets */
    nstime connects[CONNECTS_NOTED]; /* when connections were opened */
    unsigned connect_count;
    unsigned most_of_spec, most_of_all; /* unanswered probes at one hop at a time; the target's is exempt */
    nstime first_send, last_send, done, ended_at;
    enum session_end end;
    nstime stall; /* with which a busy machine delays each of the first `stalled_sends` */
    unsigned stalled_sends;
    nstime oversleep;      /* a busy machine wakes us so much later than we asked for */
    struct forger *forger; /* borrowed; sends a packet every `forge_gap`; NULL: there is none */
    nstime forge_gap, next_forged;
    struct err err; /* status not OK: it did not run */
};

/* A config as the command line's defaults make it. `specs` are spellings joined by commas; "auto" is the default chain.
 */
enum status drive_config(const struct net *net, uint8_t family, const char *specs, uint64_t seed,
                         struct session_config *out, struct err *err);

/* Runs to the end, or for `most` of virtual time and is then interrupted; false (and `err`) where it could not. Free in
 * any case. */
bool drive_live(struct drive *d, const struct net *net, const struct session_config *config, nstime most);
/* The same on a machine that wakes us `oversleep` late whenever we wait. */
bool drive_live_sleepy(struct drive *d, const struct net *net, const struct session_config *config, nstime oversleep);
/* The same on a busy machine: the first `sends` leave `stall` after each other at least, though nothing says so. */
bool drive_live_busy(struct drive *d, const struct net *net, const struct session_config *config, nstime stall,
                     unsigned sends);
/* The same while a forger floods us. */
bool drive_live_forged(struct drive *d, const struct net *net, const struct session_config *config,
                       struct forger *forger, nstime gap);
/* Lets all arrive that is under way. Returns the connections that the target's kernel then still has, and sets `client`
 * to those of the client's. */
unsigned drive_connections_left(struct drive *d, unsigned *client);
void drive_free(struct drive *d);

/* Everything that can be read of a session, as text. */
void drive_describe(const struct session *session, struct strbuf *out);

/* The tape fed to a session that only sees, with the moment of an interruption; its state and what it settled are
 * added to `out`. */
bool drive_replay(const struct drive *d, struct strbuf *out, struct err *err);
/* Whether that replay has the state of the run, and settled the same. */
bool drive_replays_alike(const struct drive *d);

/* The same run through cli/loop and io/dump into `path`, and that file read back through io/file and cli/loop: the
 * states of both, as drive_replay() writes them. */
bool drive_saved(const struct drive *d, const char *path, struct strbuf *live, struct strbuf *replayed,
                 struct err *err);

#endif
