/* SPDX-License-Identifier: BSD-2-Clause */
/* sightings: the packets that one capture point saw, as identities with times. Beside trace; pure; includes base only.
 * It must not read packets: the caller computes identities.
 *
 * Memory is bounded. Beyond the limit, a choice by identity is kept. Two points choose alike, so that they keep the
 * same packets. An identity that is seen twice names no packet, unless the second is a copy of the same packet: a
 * moment later, or forwarded with a lower TTL. It is marked as repeated. Of alike probes and replies, the order of
 * their times still tells something, so that the first ones of each kind have sightings of their own. */
#ifndef HOPSONDE_TRANSIT_SIGHTINGS_H
#define HOPSONDE_TRANSIT_SIGHTINGS_H

#include "base/nstime.h"

enum sighting_role {
    SIGHTING_PACKET,     /* the packet itself: what the network does not change of it */
    SIGHTING_PROBE,      /* a packet that may draw a reply, by what a quote of it shows */
    SIGHTING_REPLY,      /* a reply, by the identity of its probe */
    SIGHTING_TRANSLATED, /* the packet itself, by what a translator of the prober's address leaves alone too */
    SIGHTING_ROLES,
};

struct sighting {
    uint64_t identity;    /* uniformly distributed, as of a hash */
    nstime time;          /* of the first one */
    nstime most_time;     /* of the first one with ttl_most; set by sightings.c */
    uint32_t mark;        /* names the packet itself, as its IP id does; 0: nothing does */
    uint32_t packet;      /* a hash of the packet: others may share its identity as a probe or reply */
    uint8_t role;         /* enum sighting_role */
    uint8_t ttl;          /* of the first one */
    uint8_t ttl_most;     /* of all with this identity; set by sightings.c */
    uint8_t later;        /* for sightings.c alone: others with sightings of their own */
    bool is_error : 1;    /* an ICMP error */
    bool is_second : 1;   /* the identity is the second name of a probe, which has another sighting as well */
    bool is_repeated : 1; /* set by sightings.c: others have the same identity */
    bool is_later : 1;    /* set by sightings.c: one of these others; its identity tells how many came before it */
    bool preferred : 1;   /* for sightings.c alone */
};

static inline bool sighting_names_packet(const struct sighting *sighting)
{
    return sighting->role == SIGHTING_PACKET || sighting->role == SIGHTING_TRANSLATED;
}

struct sightings;

/* Identities that other points saw, roughly: a few more seem to be in it. */
struct identity_set;

/* NULL: out of memory. */
struct identity_set *identity_set_new(void);
void identity_set_free(struct identity_set *set); /* may be NULL */
void identity_set_add(struct identity_set *set, const struct sightings *sightings);

/* NULL: out of memory. */
struct sightings *sightings_new(unsigned most);
void sightings_free(struct sightings *sightings); /* may be NULL */
/* Keep identities of the set rather than others. Before the first addition; the set is borrowed and may grow. */
void sightings_prefer(struct sightings *sightings, const struct identity_set *set);
void sightings_add(struct sightings *sightings, const struct sighting *sighting);

/* Those that are kept, in the order of identity and role. Valid until the next addition. */
const struct sighting *sightings_list(struct sightings *sightings, unsigned *count);
/* First and last time of all sightings, kept or not. False: there were none. */
bool sightings_range(const struct sightings *sightings, nstime *first, nstime *last);
/* Packets with a TTL of 1, other than ICMP errors: their sender is near. */
uint64_t sightings_first_hops(const struct sightings *sightings);

#endif
