/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/conversations.h"

#include <stdlib.h>

#include "base/array.h"
#include "pairing/packed.h"

/* choose() looks at so many open conversations, and packs the one that was idle for the longest time. Unit:
 * conversations. Source: chosen. Effect: fewer pack some that are in use. */
#define LOOKED_AT 16

void conversation_clear(struct conversation *c)
{
    for (unsigned way = 0; way < 2; way++) {
        for (unsigned point = 0; point < TRANSIT_POINTS; point++)
            stream_free(&c->flows[point].ways[way].stream);
        free(c->pair.ways[way].delays.kept);
    }
    free(c->pair.rewrites);
}

static void note_moved(void *context, uint32_t owner, uint32_t record)
{
    struct conversations *c = context;
    struct flow_place *place = &c->places[owner];
    if (place->kind == PLACE_OPEN)
        c->open[place->at].record = record;
    else
        place->at = record & PLACES_MOST;
}

struct conversations *conversations_new(void)
{
    struct conversations *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->open_free = NONE;
    c->open = malloc(CONVERSATIONS_OPEN * sizeof *c->open);
    c->turns = malloc(CONVERSATIONS_OPEN * sizeof *c->turns);
    c->packed = packed_new(note_moved, c);
    if (c->open && c->turns && c->packed)
        return c;
    conversations_free(c);
    return NULL;
}

void conversations_free(struct conversations *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < c->open_used; i++)
        if (c->open[i].flows[0] != NONE)
            conversation_clear(&c->open[i].conversation);
    packed_free(c->packed);
    free(c->open);
    free(c->turns);
    free(c->places);
    free(c->pairs);
    free(c);
}

/* --- open ones --- */

static void set_place(struct conversations *c, uint32_t flow, enum place_kind kind, uint32_t at)
{
    c->places[flow].kind = kind & 3;
    c->places[flow].at = at & PLACES_MOST;
}

static void note_open(struct conversations *c, uint32_t at)
{
    const struct open *open = &c->open[at];
    set_place(c, open->flows[0], PLACE_OPEN, at);
    if (open->conversation.is_paired)
        set_place(c, open->flows[1], PLACE_OPEN, at);
}

static void note_packed(struct conversations *c, const struct open *open)
{
    bool is_paired = open->conversation.is_paired;
    set_place(c, open->flows[0], is_paired ? PLACE_NEAR : PLACE_PACKED, open->record == NONE ? 0 : open->record);
    if (is_paired)
        set_place(c, open->flows[1], PLACE_FAR, open->flows[0]);
}

void conversations_drop_record(struct conversations *c, struct open *open)
{
    packed_remove(c->packed, open->record);
    open->record = NONE;
}

/* Packs it, unless its record is still right. */
static void close(struct conversations *c, struct open *open)
{
    if (open->record == NONE)
        open->record = packed_add(c->packed, open->flows[0], &open->conversation);
    c->failed = c->failed || open->record == NONE;
    note_packed(c, open);
    conversation_clear(&open->conversation);
}

/* The one that was not used for the longest time, of those that are next. */
static uint32_t choose(struct conversations *c)
{
    uint32_t chosen = c->hand, age = 0;
    for (uint32_t n = 0; n < LOOKED_AT || (age == 0 && n < CONVERSATIONS_OPEN); n++) {
        uint32_t at = c->hand;
        c->hand = (c->hand + 1) % CONVERSATIONS_OPEN;
        if (c->turn - c->turns[at] > age) {
            chosen = at;
            age = c->turn - c->turns[at];
        }
    }
    return chosen;
}

static uint32_t make_room(struct conversations *c)
{
    uint32_t at;
    if (c->open_free != NONE) {
        at = c->open_free;
        c->open_free = c->open[at].record;
    } else if (c->open_used < CONVERSATIONS_OPEN) {
        at = c->open_used++;
    } else {
        at = choose(c);
        close(c, &c->open[at]);
    }
    c->open[at] = (struct open){.flows = {NONE, NONE}, .record = NONE};
    c->turns[at] = c->turn;
    return at;
}

uint32_t conversations_open(struct conversations *c, uint32_t flow)
{
    uint32_t near = c->places[flow].kind == PLACE_FAR ? c->places[flow].at : flow;
    uint32_t at = make_room(c);
    struct open *open = &c->open[at];
    uint32_t record = c->places[near].at; /* making room may have moved it */
    c->failed = !packed_open(c->packed, record, &open->conversation) || c->failed;
    open->record = record;
    open->flows[0] = near;
    if (open->conversation.is_paired)
        open->flows[1] = open->conversation.pair.flows[1];
    note_open(c, at);
    return at;
}

/* --- all --- */

uint32_t conversations_add(struct conversations *c, const struct flow *flow)
{
    if (c->flow_count >= PLACES_MOST ||
        !array_reserve((void **)&c->places, &c->place_capacity, c->flow_count + 1, sizeof *c->places))
        return NONE;
    uint32_t added = (uint32_t)c->flow_count;
    uint32_t at = make_room(c);
    struct open *open = &c->open[at];
    c->flow_count++;
    open->conversation.flows[0] = *flow;
    open->flows[0] = added;
    c->places[added] = (struct flow_place){.chain = NONE};
    note_open(c, at);
    return added;
}

uint32_t conversations_join(struct conversations *c, uint32_t near, uint32_t far)
{
    if (!array_reserve((void **)&c->pairs, &c->pair_capacity, c->pair_count + 1, sizeof *c->pairs))
        return NONE;
    uint32_t pair = (uint32_t)c->pair_count++;
    const uint32_t flows[] = {near, far};
    for (unsigned i = 0; i < 2; i++) {
        struct flow *flow = conversations_flow(c, flows[i]);
        flow->pair = pair;
        flow->candidate = NONE; /* it has its partner */
        flow->score = 0;
        flow->evidence = 0;
    }
    struct open *open = conversations_find(c, near), *other = conversations_find(c, far);
    c->pairs[pair] = near;
    open->conversation.is_paired = true;
    open->conversation.pair = (struct pair){.flows = {near, far}};
    open->conversation.flows[1] = other->conversation.flows[0];
    open->flows[1] = far;
    other->flows[0] = NONE;
    other->record = c->open_free;
    c->open_free = c->places[far].at;
    note_open(c, c->places[near].at);
    return pair;
}

const struct flow *conversations_name(struct conversations *c, uint32_t flow)
{
    const struct flow_place *place = &c->places[flow];
    if (place->kind == PLACE_OPEN) {
        const struct open *open = &c->open[place->at];
        return &open->conversation.flows[open->flows[0] != flow];
    }
    bool is_far = place->kind == PLACE_FAR;
    return packed_names(c->packed, c->places[is_far ? place->at : flow].at) + is_far;
}
