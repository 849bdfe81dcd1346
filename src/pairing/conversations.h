/* SPDX-License-Identifier: BSD-2-Clause */
/* conversations: all conversations of both points: flows, and pairs of flows. Floor: pairing; internal.
 *
 * Those in use are structs, at most CONVERSATIONS_OPEN of them. The others are packed (packed.h), which takes about a
 * tenth. Nothing is lost thereby: conversations_flow() and conversations_pair() unpack what is asked for, and the one
 * that was not used for the longest time makes room.
 *
 * A pointer is valid until conversations_next_turn(). In one turn, no more than CONVERSATIONS_OPEN conversations may be
 * asked for: a turn is a packet, or one step of a loop over all conversations. */
#ifndef HOPSONDE_PAIRING_CONVERSATIONS_H
#define HOPSONDE_PAIRING_CONVERSATIONS_H

#include "pairing/conversation.h"

/* Conversations that are not packed. Unit: conversations of 1 kB. Source: those of 200 ms, at 100,000 new ones a
 * second. Effect: with fewer, conversations of busy networks are packed and unpacked for each packet; more need more
 * memory. */
#define CONVERSATIONS_OPEN 24576u

/* Where a flow is. */
enum place_kind {
    PLACE_OPEN,   /* `at`: the open conversation */
    PLACE_PACKED, /* `at`: the record; it has no partner */
    PLACE_NEAR,   /* `at`: the record; it is the near flow of a pair */
    PLACE_FAR,    /* packed with the near flow `at` of its pair */
};

#define PLACE_BITS 30
#define PLACES_MOST ((1u << PLACE_BITS) - 1)

struct flow_place {
    uint32_t chain; /* for flows.c: next in its table */
    uint32_t kind : 2, at : PLACE_BITS;
};

/* An open conversation. */
struct open {
    struct conversation conversation;
    uint32_t flows[TRANSIT_POINTS]; /* numbers; NONE */
    uint32_t record;                /* that is still right; NONE: there is none */
};

struct packed;

struct conversations {
    struct flow_place *places; /* owned; by flow */
    size_t flow_count, place_capacity;
    uint32_t *pairs; /* owned; near flow of each pair */
    size_t pair_count, pair_capacity;
    struct open *open; /* owned; CONVERSATIONS_OPEN */
    uint32_t *turns;   /* owned; when each open one was last asked for */
    uint32_t open_used, open_free, hand;
    uint32_t turn;
    struct packed *packed; /* owned */
    bool failed;           /* out of memory: what was packed since is wrong */
};

/* NULL: out of memory. */
struct conversations *conversations_new(void);
void conversations_free(struct conversations *c); /* may be NULL */

/* Ends the validity of all pointers. */
static inline void conversations_next_turn(struct conversations *c)
{
    c->turn++;
}

/* A new flow without a partner. NONE: out of memory. */
uint32_t conversations_add(struct conversations *c, const struct flow *flow);
/* Makes a pair of two flows without partners; its number, or NONE: out of memory. All else of the pair is 0. */
uint32_t conversations_join(struct conversations *c, uint32_t near, uint32_t far);

/* Opens the conversation of a flow; its place. */
uint32_t conversations_open(struct conversations *c, uint32_t flow);
/* Its record will no longer be right. */
void conversations_drop_record(struct conversations *c, struct open *open);
/* The flow's addresses, ports, protocol and point alone, without opening it. Valid until the next call. */
const struct flow *conversations_name(struct conversations *c, uint32_t flow);

static inline struct open *conversations_find(struct conversations *c, uint32_t flow)
{
    const struct flow_place *place = &c->places[flow];
    uint32_t at = place->kind == PLACE_OPEN ? place->at : conversations_open(c, flow);
    c->turns[at] = c->turn;
    return &c->open[at];
}

/* Whether it has a partner. */
static inline bool conversations_is_paired(const struct conversations *c, uint32_t flow)
{
    const struct flow_place *place = &c->places[flow];
    return place->kind == PLACE_OPEN ? c->open[place->at].conversation.is_paired : place->kind != PLACE_PACKED;
}

/* A flow to read. */
static inline const struct flow *conversations_see_flow(struct conversations *c, uint32_t flow)
{
    const struct open *open = conversations_find(c, flow);
    return &open->conversation.flows[open->flows[0] != flow];
}

/* A flow to change. */
static inline struct flow *conversations_flow(struct conversations *c, uint32_t flow)
{
    struct open *open = conversations_find(c, flow);
    if (open->record != NONE)
        conversations_drop_record(c, open);
    return &open->conversation.flows[open->flows[0] != flow];
}

/* The pair of a flow that has a partner, to read. */
static inline const struct pair *conversations_see_pair_of(struct conversations *c, uint32_t flow)
{
    return &conversations_find(c, flow)->conversation.pair;
}

/* The same, to change. */
static inline struct pair *conversations_pair_of(struct conversations *c, uint32_t flow)
{
    struct open *open = conversations_find(c, flow);
    if (open->record != NONE)
        conversations_drop_record(c, open);
    return &open->conversation.pair;
}

/* A pair to read, by its number. */
static inline const struct pair *conversations_see_pair(struct conversations *c, size_t pair)
{
    return conversations_see_pair_of(c, c->pairs[pair]);
}

/* A pair to change, by its number. */
static inline struct pair *conversations_pair(struct conversations *c, size_t pair)
{
    return conversations_pair_of(c, c->pairs[pair]);
}

#endif
