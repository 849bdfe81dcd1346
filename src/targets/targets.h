/* SPDX-License-Identifier: BSD-2-Clause */
/* targets: sessions side by side over one wire, one for each target. Floor 5; pure.
 *
 * The loop (cli/shared/loop.c) serves a set as it serves a session. The set hands each frame to the session of the
 * target that the packet is about, and runs the deadlines of all sessions in the order of time. So a replay has the
 * same order of events. It asks a session for its wish only if something has changed there, or its time has come. */
#ifndef HOPSONDE_TARGETS_TARGETS_H
#define HOPSONDE_TARGETS_TARGETS_H

#include "targets/shared_routers.h"

struct target_slot {
    struct session *session; /* borrowed */
    nstime begins;           /* it wishes nothing before; NSTIME_NONE: not known yet */
    struct wish wish;        /* what it wished last, if `wished` */
    nstime deadline;         /* its next one, if `timed` */
    bool wished, timed;
};

struct targets {
    struct target_slot slots[TARGETS_MOST];
    unsigned count;
    unsigned last;   /* the session that sent last: another one is first now */
    nstime send_gap; /* least time between two sends of any sessions; 0: each keeps its own alone */
    nstime next_send;
    struct shared_routers shared;
    nstime next_look; /* at these, of a live run of several */
    /* A claim that is of no probe, as a file has it. NULL: it is left out. */
    void (*happened)(void *context, const struct session_claim *claim);
    void *context;
};

/* `count` is 1 to TARGETS_MOST. No two sessions have the same target address. */
void targets_init(struct targets *targets, struct session *const *sessions, unsigned count);
static inline struct session *targets_session(const struct targets *targets, unsigned index)
{
    return targets->slots[index].session;
}

/* The next wish of any session, as session_wish(), and whose it is. The first rounds of the sessions begin one after
 * another, spread over config.interval. DONE: all sessions are done. */
struct wish targets_wish(struct targets *targets, nstime now, unsigned *index);
/* A wish was carried out, or a claim handed in: to be called behind the session's own function. */
void targets_changed(struct targets *targets, unsigned index);
/* The loop sent a probe of session `index` at `at`. */
void targets_sent(struct targets *targets, unsigned index, nstime at);
/* As session_frame(). The deadlines up to the frame's stamp have been run: targets_step(). */
struct frame_note targets_frame(struct targets *targets, const struct frame *frame, const struct packet *packet,
                                unsigned *index);
/* Runs the earliest deadline of all sessions up to `now`. False: there is none. */
bool targets_step(struct targets *targets, nstime now);
/* Gives the target another address: a session with the same settings, source ports and nonces takes the place of its
 * own, and begins anew. `*old` is the former one, which the caller frees. On failure nothing changes. */
enum status targets_move(struct targets *targets, unsigned index, const struct addr *to, struct session **old,
                         struct err *err);
/* The latest session_now(); NSTIME_NONE before the first frame. */
nstime targets_now(const struct targets *targets);

#endif
