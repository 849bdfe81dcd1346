/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/store/candidate.h"

#include <stdlib.h>

#include "recognise/store/extensions.h"

_Static_assert(sizeof(struct candidate) % CACHE_LINE == 0, "candidates begin with a cache line");

bool candidates_init(struct recogniser *r)
{
    r->chunks = calloc(CANDIDATES_MOST / CANDIDATE_CHUNK, sizeof(struct candidate *));
    return r->chunks;
}

void candidates_free(struct recogniser *r)
{
    for (unsigned i = 0; i < r->chunk_count; i++)
        free(r->chunks[i]);
    free(r->chunks);
}

/* The candidates of a chunk are touched when they are needed first: most captures need few. */
static struct candidate *next_fresh(struct recogniser *r)
{
    if (r->candidate_count == r->chunk_count * CANDIDATE_CHUNK) {
        if (r->candidate_count == CANDIDATES_MOST)
            return NULL;
        struct candidate *chunk = aligned_alloc(CACHE_LINE, CANDIDATE_CHUNK * sizeof *chunk);
        if (!chunk)
            return NULL;
        r->chunks[r->chunk_count++] = chunk;
    }
    struct candidate *candidate = candidate_at(r, ++r->candidate_count);
    candidate->id = r->candidate_count;
    return candidate;
}

struct candidate *candidate_new(struct recogniser *r)
{
    struct candidate *candidate = r->free_candidates;
    if (!candidate)
        return next_fresh(r);
    r->free_candidates = candidate->after;
    return candidate;
}

void candidate_free(struct recogniser *r, struct candidate *candidate)
{
    candidate->after = r->free_candidates;
    r->free_candidates = candidate;
}

struct reply *candidate_next_reply(struct candidate *candidate)
{
    struct probe *probe = &candidate->probe;
    if (!probe->reply_count)
        return probe->replies = &candidate->first;
    if (probe->reply_count == REPLIES_MOST)
        return NULL;
    if (probe->reply_count >= probe->reply_capacity) {
        unsigned capacity = probe->reply_count * 2U;
        bool is_own = probe->reply_capacity > 0;
        struct reply *grown = realloc(is_own ? probe->replies : NULL, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        if (!is_own)
            grown[0] = candidate->first;
        probe->replies = grown;
        probe->reply_capacity = (uint8_t)capacity;
    }
    return &probe->replies[probe->reply_count];
}

size_t candidate_owned_bytes(const struct candidate *candidate)
{
    size_t bytes = candidate->probe.reply_capacity * sizeof(struct reply);
    for (unsigned i = 0; i < candidate->probe.reply_count; i++) {
        const struct reply *reply = &candidate->probe.replies[i];
        bytes += (reply->extension ? sizeof *reply->extension : 0) + reply->rewrite_count * sizeof *reply->rewrites;
    }
    return bytes;
}

void candidate_free_owned(struct recogniser *r, struct candidate *candidate)
{
    for (unsigned i = 0; i < candidate->probe.reply_count; i++) {
        struct reply *reply = &candidate->probe.replies[i];
        if (reply->extension)
            extension_release(r, reply->extension);
        if (reply->rewrites)
            free(reply->rewrites);
    }
    if (candidate->probe.reply_capacity)
        free(candidate->probe.replies);
}
