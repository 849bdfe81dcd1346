/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/held.h"

#include <stdlib.h>

#include "base/array.h"

#define BUCKETS_FIRST 4096u
/* Most packets that are looked up are not there: a bucket that is empty saves a look at a packet. */
#define BUCKETS_PER_PACKET 4

bool held_init(struct held_store *s, uint64_t secret)
{
    *s = (struct held_store){.secret = secret,
                             .mask = BUCKETS_FIRST - 1,
                             .free = NONE,
                             .first = NONE,
                             .last = NONE,
                             .first_unsettled = NONE,
                             .first_young = NONE};
    s->heads = malloc(BUCKETS_FIRST * sizeof *s->heads);
    if (!s->heads)
        return false;
    memset(s->heads, 0xff, BUCKETS_FIRST * sizeof *s->heads);
    return true;
}

void held_free(struct held_store *s)
{
    free(s->held);
    free(s->heads);
    s->held = NULL;
    s->heads = NULL;
}

uint64_t held_key(const struct held_store *s, uint32_t flow, unsigned way, const struct held *h, uint32_t seq,
                  uint32_t ack)
{
    uint64_t hash = passage_mix(s->secret, (uint64_t)flow << 1 | way);
    if (h->kind != PASSAGE_TCP)
        return passage_mix(hash, h->content ^ h->length);
    if (h->span)
        return passage_mix(hash, seq);
    return passage_mix(passage_mix(hash, UINT64_C(1) << 40 | (uint64_t)(h->flags & TCP_RST) << 32 | seq), ack);
}

/* --- by key --- */

static void chain(struct held_store *s, uint32_t index)
{
    uint32_t *head = &s->heads[s->held[index].key & s->mask];
    s->held[index].chain = *head;
    s->held[index].chain_before = NONE;
    if (*head != NONE)
        s->held[*head].chain_before = index;
    *head = index;
}

static void unchain(struct held_store *s, uint32_t index)
{
    const struct held *h = &s->held[index];
    *(h->chain_before == NONE ? &s->heads[h->key & s->mask] : &s->held[h->chain_before].chain) = h->chain;
    if (h->chain != NONE)
        s->held[h->chain].chain_before = h->chain_before;
}

/* In the order of time, so that the latest comes first. */
static bool grow(struct held_store *s)
{
    uint32_t buckets = (s->mask + 1) * 2;
    uint32_t *heads = malloc(buckets * sizeof *heads);
    if (!heads)
        return false;
    memset(heads, 0xff, buckets * sizeof *heads);
    free(s->heads);
    s->heads = heads;
    s->mask = buckets - 1;
    for (uint32_t i = s->first; i != NONE; i = s->held[i].later)
        chain(s, i);
    return true;
}

/* --- records --- */

static uint32_t allocate(struct held_store *s)
{
    uint32_t index = s->free;
    if (index != NONE) {
        s->free = s->held[index].chain;
    } else if (s->used < NONE && array_reserve((void **)&s->held, &s->capacity, s->used + 1, sizeof *s->held)) {
        index = (uint32_t)s->used++;
    }
    if (index == NONE || (s->count > s->mask / BUCKETS_PER_PACKET && !grow(s)))
        return NONE;
    s->count++;
    return index;
}

static void put_in_time(struct held_store *s, uint32_t index, uint32_t behind)
{
    struct held *h = &s->held[index];
    h->earlier = behind;
    h->later = behind == NONE ? s->first : s->held[behind].later;
    *(h->earlier == NONE ? &s->first : &s->held[h->earlier].later) = index;
    *(h->later == NONE ? &s->last : &s->held[h->later].earlier) = index;
}

static struct flow_way *way_of(const struct held_store *s, struct flows *flows, uint32_t index)
{
    return &conversations_flow(flows->all, s->held[index].flow)->ways[s->held[index].way];
}

static void put_in_list(struct held_store *s, struct flows *flows, uint32_t index, uint32_t behind)
{
    struct held *h = &s->held[index];
    struct flow_way *way = way_of(s, flows, index);
    h->prev = behind;
    h->next = behind == NONE ? way->head : s->held[behind].next;
    *(h->prev == NONE ? &way->head : &s->held[h->prev].next) = index;
    *(h->next == NONE ? &way->tail : &s->held[h->next].prev) = index;
}

uint32_t held_add(struct held_store *s, struct flows *flows, const struct held *h)
{
    uint32_t index = allocate(s);
    if (index == NONE)
        return NONE;
    s->held[index] = *h;
    chain(s, index);
    put_in_time(s, index, s->last);
    put_in_list(s, flows, index, way_of(s, flows, index)->tail);
    if (s->first_unsettled == NONE)
        s->first_unsettled = index;
    if (s->first_young == NONE)
        s->first_young = index;
    return index;
}

uint32_t held_split(struct held_store *s, struct flows *flows, uint32_t original)
{
    uint32_t index = allocate(s);
    if (index == NONE)
        return NONE;
    s->held[index] = s->held[original];
    s->held[index].is_first = false;
    chain(s, index);
    put_in_time(s, index, original);
    put_in_list(s, flows, index, original);
    return index;
}

void held_resize(struct held_store *s, uint32_t index, uint32_t seq, uint32_t span)
{
    struct held *h = &s->held[index];
    h->is_first = h->is_first && seq == h->seq;
    h->span = span;
    if (h->seq == seq)
        return;
    unchain(s, index);
    h->seq = seq;
    h->key = held_key(s, h->flow, h->way, h, seq, h->ack);
    chain(s, index);
}

void held_unlist(struct held_store *s, struct flows *flows, uint32_t index)
{
    struct held *h = &s->held[index];
    struct flow_way *way = way_of(s, flows, index);
    *(h->prev == NONE ? &way->head : &s->held[h->prev].next) = h->next;
    *(h->next == NONE ? &way->tail : &s->held[h->next].prev) = h->prev;
    if (way->cursor == index)
        way->cursor = h->next != NONE ? h->next : h->prev;
}

void held_remove(struct held_store *s, uint32_t index)
{
    struct held *h = &s->held[index];
    unchain(s, index);
    if (s->first_unsettled == index)
        s->first_unsettled = h->later;
    if (s->first_young == index)
        s->first_young = h->later;
    *(h->earlier == NONE ? &s->first : &s->held[h->earlier].later) = h->later;
    *(h->later == NONE ? &s->last : &s->held[h->later].earlier) = h->earlier;
    h->chain = s->free;
    s->free = index;
    s->count--;
}
