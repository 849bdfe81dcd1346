/* SPDX-License-Identifier: BSD-2-Clause */
/* judging: the end of a pairing: the ways, the clock, and the fates of the packets that are alone. Floor: pairing;
 * internal to the room.
 *
 * The steps are those of outcome_make(): sides, clock, late partners, silences, fates, conversations. */
#ifndef HOPSONDE_PAIRING_JUDGING_JUDGING_H
#define HOPSONDE_PAIRING_JUDGING_JUDGING_H

#include "pairing/missed.h"
#include "pairing/state.h"

/* What is known of a way of a conversation. */
struct side {
    bool known;
    uint8_t way;   /* enum transit_way, of the near flow's way 0; way 1 is the other one */
    uint8_t equal; /* bit set of 1 << near way: its TTLs show no way */
};

/* A service between two hosts, at one point. Both points show conversations of it. */
struct service;

struct services {
    struct service *list; /* owned */
    size_t count, capacity;
    uint32_t *heads; /* owned; a hash table */
    uint32_t mask;
};

/* Delays of one way; final clock. */
struct delay_range {
    bool known;
    nstime least, most;
};

struct witness;

struct judging {
    struct pairing *p;
    struct transit_result *out;
    struct side *sides; /* owned; of each pair */
    bool *proxied;      /* owned; of each pair */
    struct services services;
    int32_t *host_sides[TRANSIT_POINTS];        /* owned; by host: positive, if it is on the near side */
    bool is_gap[TRANSIT_POINTS][SILENCES_MOST]; /* of the overview's silences: the capture was not running */
    struct delay_range delays[TRANSIT_WAYS];    /* of all pairs */
    struct delay_range usual[TRANSIT_WAYS];     /* of witnesses with a usual delay: witnesses.c */
    struct witness *witnesses;                  /* owned; in the order of time */
    size_t witness_count;
    bool mirrored[TRANSIT_POINTS]; /* the capture shows most packets twice */
    uint32_t groups;               /* of packets of both points that only their time tells apart */
};

/* sides.c: which way is which, by TTLs, by hosts, by delays. */
bool sides_find(struct judging *j);
/* The final clock, with all pairs. Needs the sides. */
bool sides_set_clock(struct judging *j);
static inline enum transit_way sides_way(const struct side *side, unsigned near_way)
{
    return (enum transit_way)(near_way == 0 ? side->way : !side->way);
}
/* The side of a flow without a partner: that of the conversations of the same service. False: there are none, or the
 * other point has conversations without a partner, too, and it may be one of those. */
bool sides_of_service(const struct judging *j, uint32_t flow, struct side *out);

/* Its point has conversations of its service without a partner. */
bool sides_has_unpaired(const struct judging *j, uint32_t flow);
/* The side of any flow between hosts that are on different sides. It may pass one of the points only, all the same.
 * False: unknown. */
bool sides_of_hosts(const struct judging *j, uint32_t flow, struct side *out);
/* The side of an ICMP error without a partner: that of the host that it goes to. False: unknown. */
bool sides_of_error(const struct judging *j, uint32_t flow, struct side *out);

/* witnesses.c: pairs that show the final clock. */
bool witnesses_find(struct judging *j);
/* False: the clocks may have been set between a packet at these times, by the clocks of both points, and the pairs of
 * packets before and after it. `is_alike`: a datagram that only its time tells from others, so that a clock that was
 * set leaves it in doubt, unless others show the clock around it. */
bool witnesses_show(const struct judging *j, nstime near, nstime far, bool is_alike);

/* Bounds the time in which the final clock is known, after late.c: before the first witness, and after the last one,
 * packets that both points may show are alone if a clock was set there. False: out of memory. */
bool witnesses_bound_clock(const struct judging *j);

/* The largest datagram of an Ethernet. Unit: bytes of payload. Source: RFC 894, less the headers of IPv4 and UDP.
 * Effect: on links with larger frames, nothing is said of a conversation that lost a larger datagram. */
#define DATAGRAM_MOST 1472

/* A frame of several datagrams, which offloading joined. It has the id of the first one, and another payload. */
static inline bool holds_several(const struct alone *a)
{
    return a->kind == PASSAGE_OTHER && !a->is_fragment && a->shown.bytes > DATAGRAM_MOST;
}

/* late.c: partners that came after their packets were given up, and those whose payload was rewritten. */
bool late_pair(struct judging *j);
/* The packet's sender has what it acknowledges, so that a capture at its side without these bytes lacks them. */
void late_note_acknowledgement(struct pairing *p, const struct alone *a);

/* gaps.c: silences of the overview in which a capture was not running. */
/* When a packet of one point would pass the other: some time between. */
struct expected {
    nstime from, to; /* clock of the other point */
};
struct expected expected_at_other(const struct judging *j, const struct alone *a, enum transit_way way);
nstime expected_middle(struct expected when);
/* The time of an event at one point on the clock of the other. */
nstime on_clock_of_other(const struct judging *j, unsigned point, nstime time);
static inline bool silence_overlaps(const struct silence *silence, nstime from, nstime to)
{
    return silence->from < to && from < silence->to;
}
/* Fills is_gap. False: out of memory. */
bool gaps_find(struct judging *j);
/* Whether the capture of a point may not have been running at that time. */
bool gaps_meet(const struct judging *j, unsigned point, struct expected when);
/* Whether the other capture was certainly not running when the packet passed there. */
bool gaps_cover(const struct judging *j, const struct alone *a);
/* False: packets of one way alone show the offset. */
bool gaps_has_both_bounds(const struct clock_estimate *clock);
/* False: the clock is not well known, and so short gaps may be none. */
bool gaps_are_sure(const struct judging *j);

/* fates.c */
/* Packets that only their time tells apart need a clock that is shown before and after them: by others, or by such
 * packets that came just in time. `near`: near clock. */
bool fates_is_shown(const struct judging *j, nstime near);
/* By such packets alone. */
bool fates_is_shown_by_alike(const struct judging *j, nstime near);
/* Other packets show the clock, with both bounds, before and after that time, and it was not set between. */
bool fates_is_shown_by_others(const struct judging *j, nstime near);
/* False: out of memory. */
bool fates_judge(struct judging *j);

#endif
