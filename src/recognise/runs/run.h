/* SPDX-License-Identifier: BSD-2-Clause */
/* run: packets that one run of one tool may have sent: when they are a trace, and when it is over. Floor 4; internal
 * to recognise/. */
#ifndef HOPSONDE_RECOGNISE_RUNS_RUN_H
#define HOPSONDE_RECOGNISE_RUNS_RUN_H

#include "recognise/state.h"

bool runs_init(struct recogniser *r); /* false: no memory */
void runs_free(struct recogniser *r); /* there is no run any more */
/* NULL: no memory. */
struct run *run_new(struct recogniser *r, struct pair *pair, const struct digest *digest);
/* The run was active: it becomes the last of all by activity. */
void run_touch(struct recogniser *r, const struct run *run);
/* The first and the last of all by activity, and the one before in that order. NULL: none. */
static inline struct run *run_oldest(const struct recogniser *r)
{
    return r->runs[r->run_links[0].newer];
}
static inline struct run *run_newest(const struct recogniser *r)
{
    return r->runs[r->run_links[0].older];
}
static inline struct run *run_older(const struct recogniser *r, const struct run *run)
{
    return r->runs[r->run_links[run->id].older];
}
/* Makes it the newest candidate of its run. */
void run_append(struct run *run, struct candidate *candidate);
/* Takes it off the list of its run. */
void run_remove(struct run *run, struct candidate *candidate);
/* What by_ttl owns. */
void run_free_ttls(struct run *run);
/* A run without candidates. */
void run_free(struct recogniser *r, struct run *run);
/* The candidate waits in that queue for `span`. */
void run_wait(struct recogniser *r, struct queue *queue, struct candidate *candidate, nstime span);
/* The candidate has its first reply: further ones are expected soon. */
void run_answered(struct recogniser *r, struct candidate *candidate);
void run_consider_undecided(struct recogniser *r, struct run *run);
/* Decides whether the run is a trace; to be called after each new candidate and reply. */
static inline void run_consider(struct recogniser *r, struct run *run)
{
    if (run->state == RUN_UNDECIDED)
        run_consider_undecided(r, run);
}

/* Early, to make room: ends a run, or settles one candidate (false: there is none). */
void run_evict(struct recogniser *r, struct run *run);
bool run_make_room(struct recogniser *r);
/* The replies of a candidate own so many bytes more. Settles the oldest, maybe this one, if that is too much. */
void run_note_bytes(struct recogniser *r, size_t bytes);

/* Passes all deadlines up to r->now. */
void run_tick(struct recogniser *r);
void run_finish(struct recogniser *r);

bool run_has_two_ttls(const struct run *run);
uint8_t run_shift_ttl(uint8_t ttl, unsigned by);
/* Numbers a trace; false: it is not wanted. */
bool run_number(struct recogniser *r, struct trace *trace);
struct run_ttl *run_at_new(struct run *run, uint8_t ttl);
static inline struct run_ttl *run_at(struct run *run, uint8_t ttl) /* NULL: no memory */
{
    return ttl < run->by_ttl_count ? &run->by_ttl[ttl] : run_at_new(run, ttl);
}

#endif
