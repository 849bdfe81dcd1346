/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet leads to a run over several pointers, none of them in the cache: digest, entry of the index or of the pairs,
 * candidate or pair, run, TTL of the run. Each step reads what the step before has brought, some packets earlier. A
 * step may find what is about to go: it only reads what stays valid while no packet is taken. */
#include "recognise/frames/prefetch.h"

#include <stddef.h>

#include "recognise/frames/copies.h"
#include "recognise/store/candidate.h"
#include "recognise/store/index.h"
#include "recognise/store/pair.h"

#define EXTENSION_BYTES 128 /* hardly any has more labels */

/* Packets ahead of the one that is taken next. */
#define AHEAD_DIGEST 24
#define AHEAD_ENTRIES 15
#define AHEAD_HOLDERS 10
#define AHEAD_RUNS 6
#define AHEAD_TTLS 3

static void prefetch_bytes(const void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += CACHE_LINE)
        __builtin_prefetch((const char *)at + i);
    __builtin_prefetch((const char *)at + bytes - 1);
}

static void prefetch_entries(const struct recogniser *r, const struct digest *digest)
{
    copies_prefetch(r, digest);
    index_prefetch(r, digest->may_answer_key ? digest->answer_key : digest->key);
    pair_prefetch(r, digest->pair_hash);
    if (digest->kind == PACKET_ICMP_ERROR && digest->extension)
        prefetch_bytes(digest->extension, EXTENSION_BYTES);
    if (digest->may_answer)
        pair_prefetch(r, digest->answer_hash);
}

static bool is_reply(const struct digest *digest)
{
    return digest->kind == PACKET_ICMP_ERROR || digest->may_answer_key;
}

static bool may_be_probe(const struct digest *digest)
{
    return digest->kind == PACKET_PLAIN && !digest->may_answer_key && digest->traits.ttl <= PROBE_TTL_MOST;
}

static const struct candidate *peek_candidate(const struct recogniser *r, const struct digest *digest)
{
    return index_peek(r, digest->may_answer_key ? digest->answer_key : digest->key);
}

/* The pair that the packet may answer, where no key finds its probe. NULL: none is known. */
static const struct pair *peek_answered(const struct recogniser *r, const struct digest *digest)
{
    return digest->kind == PACKET_PLAIN && digest->may_answer ? pair_peek(r, digest->answer_hash) : NULL;
}

static void prefetch_holder(const struct recogniser *r, const struct digest *digest)
{
    const struct candidate *candidate = is_reply(digest) ? peek_candidate(r, digest) : NULL;
    const struct pair *pair = may_be_probe(digest) ? pair_peek(r, digest->pair_hash) : NULL;
    if (candidate)
        prefetch_bytes(candidate, sizeof *candidate);
    const struct pair *answered = peek_answered(r, digest);
    if (pair)
        __builtin_prefetch(pair); /* what a search compares, and the first run */
    if (answered)
        __builtin_prefetch(answered);
}

/* The run that the packet most likely belongs to. NULL: none is known. */
static const struct run *peek_run(const struct recogniser *r, const struct digest *digest)
{
    if (is_reply(digest)) {
        const struct candidate *candidate = peek_candidate(r, digest);
        return candidate ? candidate->run : NULL;
    }
    const struct pair *pair = may_be_probe(digest) ? pair_peek(r, digest->pair_hash) : NULL;
    return pair ? pair->runs : NULL;
}

/* The addresses of its flow, and what most packets touch. */
static void prefetch_run(const struct run *run)
{
    size_t from = offsetof(struct run, trace.origin), to = offsetof(struct run, later);
    __builtin_prefetch(run);
    prefetch_bytes((const char *)run + from, to - from);
}

static void prefetch_answered_run(const struct recogniser *r, const struct digest *digest)
{
    const struct pair *pair = peek_answered(r, digest);
    if (pair && pair->runs)
        __builtin_prefetch(&pair->runs->newest); /* its shape stands near */
}

static void prefetch_answered_probe(const struct recogniser *r, const struct digest *digest)
{
    const struct pair *pair = peek_answered(r, digest);
    if (pair && pair->runs && pair->runs->newest)
        __builtin_prefetch(&pair->runs->newest->traits);
}

/* The TTL as it was sent: a quote shows what was left of it. */
static unsigned peek_ttl(const struct recogniser *r, const struct digest *digest)
{
    const struct candidate *candidate = is_reply(digest) ? peek_candidate(r, digest) : NULL;
    return candidate ? candidate->traits.ttl : digest->traits.ttl;
}

static void prefetch_ttl(const struct recogniser *r, const struct digest *digest)
{
    const struct run *run = peek_run(r, digest);
    unsigned ttl = run ? peek_ttl(r, digest) : 0;
    if (run && ttl < run->by_ttl_count)
        prefetch_bytes(&run->by_ttl[ttl], sizeof run->by_ttl[ttl]);
}

void prefetch_ahead(const struct recogniser *r, const struct digest *digests, unsigned count)
{
    if (count > AHEAD_DIGEST)
        prefetch_bytes(&digests[AHEAD_DIGEST], sizeof *digests);
    if (count > AHEAD_ENTRIES)
        prefetch_entries(r, &digests[AHEAD_ENTRIES]);
    if (count > AHEAD_HOLDERS)
        prefetch_holder(r, &digests[AHEAD_HOLDERS]);
    if (count > AHEAD_RUNS) {
        const struct run *run = peek_run(r, &digests[AHEAD_RUNS]);
        if (run)
            prefetch_run(run);
        prefetch_answered_run(r, &digests[AHEAD_RUNS]);
    }
    if (count > AHEAD_TTLS)
        prefetch_ttl(r, &digests[AHEAD_TTLS]);
    if (count > AHEAD_TTLS)
        prefetch_answered_probe(r, &digests[AHEAD_TTLS]);
}
