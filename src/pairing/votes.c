/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/votes.h"

#include <stdlib.h>

#define BUCKETS VOTES_KEPT

bool votes_init(struct votes *v, uint64_t secret)
{
    *v = (struct votes){.secret = secret, .next = 1};
    v->kept = malloc(VOTES_KEPT * sizeof *v->kept);
    v->heads = calloc(BUCKETS, sizeof *v->heads);
    return v->kept && v->heads;
}

void votes_free(struct votes *v)
{
    free(v->kept);
    free(v->heads);
    v->kept = NULL;
    v->heads = NULL;
}

static uint32_t *head_of(const struct votes *v, uint64_t name)
{
    return &v->heads[passage_mix(v->secret, name) % BUCKETS];
}

void votes_add(struct votes *v, const struct passage *p, uint64_t name, uint32_t flow, unsigned way)
{
    uint32_t *head = head_of(v, name);
    v->kept[v->next % VOTES_KEPT] = (struct vote){
        .name = name,
        .common = p->common,
        .flow = flow,
        .seq = p->seq,
        .ack = p->ack,
        .timestamp = p->timestamp,
        .chain = *head,
        .id = p->id,
        .way = (uint8_t)way,
        .point = p->point,
        .flags = p->flags,
        .ttl = p->ttl,
        .has_timestamps = p->has_timestamps,
    };
    *head = v->next++;
    v->next += v->next == 0; /* 0 is no number */
}

/* Numbers of places that were used again are older than the ring is long. */
static const struct vote *find(const struct votes *v, uint32_t number, uint64_t name)
{
    while (number && v->next - number <= VOTES_KEPT) {
        const struct vote *vote = &v->kept[number % VOTES_KEPT];
        if (vote->name == name)
            return vote;
        if (v->next - vote->chain <= v->next - number)
            return NULL; /* the number has come round */
        number = vote->chain;
    }
    return NULL;
}

const struct vote *votes_first(const struct votes *v, uint64_t name)
{
    return find(v, *head_of(v, name), name);
}

const struct vote *votes_next(const struct votes *v, const struct vote *vote)
{
    return find(v, vote->chain, vote->name);
}
