/* SPDX-License-Identifier: BSD-2-Clause */
/* search: whether two packets of both points may be the same, and how well they fit. Floor: pairing; internal. match.c
 * chooses between those that fit. */
#ifndef HOPSONDE_PAIRING_SEARCH_H
#define HOPSONDE_PAIRING_SEARCH_H

#include "pairing/state.h"

/* How far the delay of alike packets may be from that of others, beyond ALIKE_WITHIN. Unit: times the usual difference.
 * Source: chosen. Effect: as that of ALIKE_WITHIN. */
#define ALIKE_SPREADS 4

/* A packet, and where its partner would be. */
struct search {
    const struct pairing *p;
    const struct pair *pair;
    const struct held *self;
    const struct pair_way *way;
    bool any;          /* a partner that would have a better one will do */
    uint32_t flow;     /* of the other point */
    unsigned flow_way; /* its way */
    uint32_t seq, ack; /* in the other point's numbers */
    uint32_t timestamp;
};

/* Of a packet of a paired flow. */
struct search search_of(const struct pairing *p, const struct held *self, bool any);
/* Whether both are the same packet, as far as they themselves show. */
bool search_is_same(const struct search *s, const struct held *h);
/* The same, and it has no partner yet. */
bool search_fits(const struct search *s, const struct held *h);
bool search_same_timestamps(const struct search *s, const struct held *h);
/* Whether its time shows that it is another one. */
bool search_is_out_of_time(const struct search *s, const struct held *h);
/* Whether its time came twice: nothing tells alike packets apart around it, and its delay may be wrong. */
bool search_was_set_back(const struct pairing *p, const struct held *h);
/* What speaks against it, as a time: of several, the one that costs least is the partner. */
nstime search_cost(const struct search *s, const struct held *h);
/* Whether two packets that were paired begin alike, and have different IP ids. */
bool search_has_other_id(const struct held *near, const struct held *far);

static inline nstime time_apart(nstime a, nstime b)
{
    return a > b ? a - b : b - a;
}

#endif
