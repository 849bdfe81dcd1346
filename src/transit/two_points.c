/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/two_points.h"

#include <stdlib.h>

#include "base/captured.h"

/* Packets that are remembered. A larger file is not split. */
#define PACKETS_MOST (1u << 14)
#define PLACES (2 * PACKETS_MOST)
#define STEPS_MOST 128 /* places that are searched for a packet: bounds the time */
#define PROBERS_MOST 16
/* Pairs of sightings that show the far machine. Fewer may be a coincidence. */
#define PAIRS_LEAST 3

/* The sightings of one packet: the first, and one with another TTL. */
struct twice_seen {
    struct two_points_packet packet[2];
    unsigned count; /* 0: the place is free */
    bool ambiguous; /* it was seen more often than two machines explain */
};

struct two_points {
    struct twice_seen places[PLACES];
    unsigned count;
    uint64_t probers[PROBERS_MOST];
    unsigned prober_count;
    bool too_many;
};

struct two_points *two_points_new(void)
{
    return calloc(1, sizeof(struct two_points));
}

void two_points_free(struct two_points *p)
{
    free(p);
}

/* The index of the place of this identity, or of the free one where it belongs. PLACES: too many identities belong
 * there, as only a hostile capture has. */
static unsigned place_of(const struct two_points *p, uint64_t identity)
{
    unsigned first = (unsigned)(identity >> 40);
    for (unsigned step = 0; step < STEPS_MOST; step++) {
        unsigned at = (first + step) % PLACES;
        if (!p->places[at].count || p->places[at].packet[0].identity == identity)
            return at;
    }
    return PLACES;
}

static bool is_recorded_twice(const struct two_points_packet *a, const struct two_points_packet *b)
{
    nstime apart = a->time - b->time;
    return a->ttl == b->ttl && apart <= SAME_FRAME_WITHIN && apart >= -SAME_FRAME_WITHIN;
}

static void add_again(struct twice_seen *place, const struct two_points_packet *packet)
{
    for (unsigned i = 0; i < place->count; i++)
        if (is_recorded_twice(&place->packet[i], packet))
            return;
    if (place->count == 2 || place->packet[0].ttl == packet->ttl)
        place->ambiguous = true;
    else
        place->packet[place->count++] = *packet;
}

bool two_points_add(struct two_points *p, const struct two_points_packet *packet)
{
    unsigned at = place_of(p, packet->identity);
    if (at < PLACES && p->places[at].count) {
        add_again(&p->places[at], packet);
    } else if (at == PLACES || p->count == PACKETS_MOST) {
        p->too_many = true;
    } else {
        p->places[at].packet[0] = *packet;
        p->places[at].count = 1;
        p->count++;
    }
    return !p->too_many;
}

static bool is_pair(const struct twice_seen *seen)
{
    return seen->count == 2 && !seen->ambiguous;
}

/* A pair with low TTLs is a probe. */
static bool is_probe(const struct twice_seen *seen)
{
    return !seen->packet[0].is_error && seen->packet[0].ttl <= PROBE_TTL_MOST && seen->packet[1].ttl <= PROBE_TTL_MOST;
}

static bool is_prober(const struct two_points *p, uint64_t address)
{
    for (unsigned i = 0; i < p->prober_count; i++)
        if (p->probers[i] == address)
            return true;
    return false;
}

static void find_probers(struct two_points *p)
{
    for (unsigned i = 0; i < PLACES && p->prober_count < PROBERS_MOST; i++) {
        const struct twice_seen *seen = &p->places[i];
        if (is_pair(seen) && is_probe(seen) && !is_prober(p, seen->packet[0].source))
            p->probers[p->prober_count++] = seen->packet[0].source;
    }
}

/* Index of the sighting at the far machine: the lower TTL on the way from a prober, the higher one on the way to it.
 * -1: neither. */
static int far_of(const struct two_points *p, const struct twice_seen *seen)
{
    bool first_is_lower = seen->packet[0].ttl < seen->packet[1].ttl;
    if (is_prober(p, seen->packet[0].target))
        return first_is_lower ? 1 : 0;
    if (is_prober(p, seen->packet[0].source))
        return first_is_lower ? 0 : 1;
    return -1;
}

/* Pairs of sightings, by the direction of the packet. */
struct pairs {
    unsigned toward_far, toward_near;
};

static struct pairs add_samples(const struct two_points *p, struct clock_samples *samples)
{
    struct pairs pairs = {0, 0};
    for (unsigned i = 0; i < PLACES; i++) {
        const struct twice_seen *seen = &p->places[i];
        int far = is_pair(seen) ? far_of(p, seen) : -1;
        if (far < 0)
            continue;
        nstime far_time = seen->packet[far].time, near_time = seen->packet[!far].time;
        if (is_prober(p, seen->packet[0].target)) {
            clock_add_toward_a(samples, near_time, far_time);
            pairs.toward_near++;
        } else {
            clock_add_toward_b(samples, near_time, far_time);
            pairs.toward_far++;
        }
    }
    return pairs;
}

/* Packets that were forwarded much later, or sent again, look the same in one direction. So both must show it. */
bool two_points_find(struct two_points *p, struct clock_estimate *out)
{
    struct clock_samples *samples = p->too_many ? NULL : clock_samples_new();
    if (!samples)
        return false;
    find_probers(p);
    struct pairs pairs = add_samples(p, samples);
    bool known = clock_estimate(samples, out) && out->count > 0 && out->left_out == 0;
    clock_samples_free(samples);
    return known && pairs.toward_far && pairs.toward_near && pairs.toward_far + pairs.toward_near >= PAIRS_LEAST &&
           !clock_may_agree(out);
}

bool two_points_is_far(const struct two_points *p, const struct two_points_packet *packet)
{
    unsigned at = place_of(p, packet->identity);
    const struct twice_seen *seen = at < PLACES ? &p->places[at] : NULL;
    int far = seen && is_pair(seen) ? far_of(p, seen) : -1;
    return far >= 0 && seen->packet[far].ttl == packet->ttl;
}
