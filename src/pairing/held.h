/* SPDX-License-Identifier: BSD-2-Clause */
/* held: the packets in flight between the points: those that wait for their partner, and those that found it a short
 * time ago. Floor: pairing; internal. It finds packets by what they are, and decides nothing.
 *
 * A held packet is a whole one, or a part of a TCP segment whose other parts have partners already. */
#ifndef HOPSONDE_PAIRING_HELD_H
#define HOPSONDE_PAIRING_HELD_H

#include "pairing/flows.h"

struct held {
    /* What a search compares comes first: together it fills a line of the processor's cache. */
    uint64_t key, content;
    nstime common;  /* near clock */
    uint32_t chain; /* next with the same key bucket */
    uint32_t flow;
    uint32_t seq, span; /* TCP: what is left of its range */
    uint32_t ack, timestamp, options;
    uint32_t length; /* of payload, of the whole packet */
    uint16_t id, window;
    uint8_t kind, way, point, ttl, flags, content_bytes;
    bool paired, has_timestamps;
    bool is_alike; /* nothing but its time tells it from another packet of its point */
    bool is_first; /* it is the part that holds the first byte of its packet, or all of it */
    bool settled;  /* its partner was looked for when those near in time were there */
    bool has_copy; /* its capture shows it twice, and the second frame was seen */

    uint32_t order;                 /* of arrival, at its point */
    uint32_t whole_seq, whole_span; /* TCP: of the whole packet */
    uint32_t timestamp_echo, flow_label, interface;
    nstime time; /* of its point's clock */
    uint64_t frame;
    uint32_t partner_order;  /* with `paired` */
    uint32_t chain_before;   /* the one before it with the same key bucket */
    uint32_t prev, next;     /* in its way's list of packets that are not paired */
    uint32_t earlier, later; /* in the order of time */
    uint32_t beginning;      /* as in struct passage */
    uint16_t mss;
    uint8_t file, tos, version, window_scale;
    bool dont_fragment, is_fragment;
    bool is_twin;   /* a paired packet of its point equals it */
    bool is_copied; /* the other point shows its partner twice */
    bool was_sent;  /* a paired packet of the other point has the same bytes */
};

struct held_store {
    struct held *held; /* owned */
    size_t capacity, used;
    uint32_t free;   /* list of free ones, by `chain` */
    uint32_t count;  /* in use */
    uint32_t *heads; /* owned */
    uint32_t mask;
    uint32_t first, last;     /* in the order of time */
    uint32_t first_unsettled; /* the first that is not settled; NONE */
    uint32_t first_young;     /* the first whose partner is still remembered; NONE */
    uint64_t secret;
};

/* Unit: bytes of a line of the processor's cache. Effect: a wrong one costs time. */
#define HELD_LINE 64

bool held_init(struct held_store *store, uint64_t secret);
void held_free(struct held_store *store);

/* The key under which a packet is found. TCP ranges: by their first byte; pure acknowledgements by both numbers. */
uint64_t held_key(const struct held_store *store, uint32_t flow, unsigned way, const struct held *h, uint32_t seq,
                  uint32_t ack);
/* A new record at the end of time, found by its key, at the end of its way's list. NONE: out of memory. */
uint32_t held_add(struct held_store *store, struct flows *flows, const struct held *h);
/* A copy that stands behind `original` in all lists, to become another part. NONE: out of memory. */
uint32_t held_split(struct held_store *store, struct flows *flows, uint32_t original);
/* Changes the range, and the key with it. */
void held_resize(struct held_store *store, uint32_t index, uint32_t seq, uint32_t span);
/* Takes it off its way's list; it stays to be found by its key. */
void held_unlist(struct held_store *store, struct flows *flows, uint32_t index);
/* Removes an unlisted record. */
void held_remove(struct held_store *store, uint32_t index);

/* Brings a key's bucket into the cache. */
static inline void held_prefetch(const struct held_store *store, uint64_t key)
{
    __builtin_prefetch(&store->heads[key & store->mask], 1);
}

/* All of a record. */
static inline void held_prefetch_record(const struct held_store *store, uint32_t index)
{
    if (index == NONE)
        return;
    const char *bytes = (const char *)&store->held[index];
    for (size_t at = 0; at < sizeof(struct held); at += HELD_LINE)
        __builtin_prefetch(bytes + at, 1);
}

/* Brings the latest record of a key's bucket into the cache, when the bucket is there. */
static inline void held_prefetch_first(const struct held_store *store, uint64_t key)
{
    held_prefetch_record(store, store->heads[key & store->mask]);
}

/* Those with a key's bucket: the latest first. */
static inline uint32_t held_first(const struct held_store *store, uint64_t key)
{
    return store->heads[key & store->mask];
}

#endif
