/* SPDX-License-Identifier: BSD-2-Clause */
/* candidate: the memory of candidates and of their replies. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_STORE_CANDIDATE_H
#define HOPSONDE_RECOGNISE_STORE_CANDIDATE_H

#include "recognise/state.h"

#define CANDIDATE_CHUNK 256 /* candidates allocated at once */

/* Before any other; false: no memory. */
bool candidates_init(struct recogniser *r);
void candidates_free(struct recogniser *r);
/* NULL: none is free. */
struct candidate *candidate_new(struct recogniser *r);
/* Its replies are released already. */
void candidate_free(struct recogniser *r, struct candidate *candidate);
/* By its id. */
static inline struct candidate *candidate_at(const struct recogniser *r, uint32_t id)
{
    return &r->chunks[(id - 1) / CANDIDATE_CHUNK][(id - 1) % CANDIDATE_CHUNK];
}

/* Room for one more reply; the caller counts it. NULL: the probe has REPLIES_MOST, or no memory. */
struct reply *candidate_next_reply(struct candidate *candidate);
/* Of a candidate with `has_bytes`. */
size_t candidate_owned_bytes(const struct candidate *candidate);
void candidate_free_owned(struct recogniser *r, struct candidate *candidate);
/* Bytes of all that its replies own. */
static inline size_t candidate_reply_bytes(const struct candidate *candidate)
{
    return candidate->has_bytes ? candidate_owned_bytes(candidate) : 0;
}
static inline void candidate_free_replies(struct recogniser *r, struct candidate *candidate)
{
    if (candidate->has_bytes)
        candidate_free_owned(r, candidate);
}

#endif
