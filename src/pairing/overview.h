/* SPDX-License-Identifier: BSD-2-Clause */
/* overview: the first reading of two capture points: how far their clocks are apart, what time each covers, and how
 * many bytes of payload each kept. Floor: pairing.
 *
 * It compares a choice of packets by names that networks leave alone (passage.h), so it needs no clock. */
#ifndef HOPSONDE_PAIRING_OVERVIEW_H
#define HOPSONDE_PAIRING_OVERVIEW_H

#include "pairing/result.h"

/* Silences that are kept of each point. Unit: silences, the longest. Source: chosen. Effect: in shorter ones, packets
 * of the other point count as lost. */
#define SILENCES_MOST 64

/* Unit: times that a clock was set back. Source: chosen. Effect: packets around more of them are judged wrongly. */
#define SET_BACKS_MOST 8

/* A time without any frame of a point. */
struct silence {
    nstime from, to; /* the frames around it, clock of the point */
};

struct overview_point {
    uint64_t frames;
    nstime first, last; /* NSTIME_NONE: no frames */
    nstime before;      /* of the last frame in the file */
    struct silence silences[SILENCES_MOST];
    unsigned silence_count;
    /* The clock was set back: times of `to` down to `from` came twice. */
    struct silence set_back[SET_BACKS_MOST];
    unsigned set_back_count;
    bool doubled; /* it shows most packets twice, as a mirror port does */
};

struct overview_result {
    struct overview_point points[TRANSIT_POINTS];
    struct clock_estimate clock; /* the far clock against the near one; `count` 0: unknown */
    bool clock_is_sure;          /* it has both bounds, and was not set */
    nstime clock_error;          /* then: how far it may be off, a drift that no packet shows included */
    unsigned shared;             /* packets that both points showed, of those chosen */
    bool usual_known[TRANSIT_WAYS];
    nstime
        usual[TRANSIT_WAYS]; /* how much later they usually are at the far point, by that clock; toward near: negative
                              */
    bool ids_kept[TRANSIT_WAYS];    /* packets with an IPv4 id have the same one at both points */
    bool ids_drawn[TRANSIT_WAYS];   /* so many have another one that a device draws them anew */
    bool no_ids_kept[TRANSIT_WAYS]; /* those without one have none at the other point, either */
    unsigned content_bytes;         /* of payload that both captures have of nearly every packet */
};

/* The way of a packet by its TTLs; those that are equal count as toward far. */
static inline enum transit_way overview_way(uint8_t near_ttl, uint8_t far_ttl)
{
    return near_ttl < far_ttl ? TRANSIT_TOWARD_NEAR : TRANSIT_TOWARD_FAR;
}

struct overview;

/* NULL: out of memory. */
struct overview *overview_new(void);
void overview_free(struct overview *overview); /* may be NULL */
/* The frames of a point in the order of its file; the points in any order. */
void overview_take(struct overview *overview, enum transit_point point, const struct frame *frame,
                   const struct packet *packet);
/* False: out of memory. */
bool overview_finish(struct overview *overview, struct overview_result *out);

#endif
