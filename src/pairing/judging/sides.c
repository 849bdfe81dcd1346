/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/array.h"
#include "pairing/judging/judging.h"

/* Stamps are wrong by so much at most. Unit: time. Source: src/transit/span.h. Effect: a proxy that answers faster is
 * not told by its answer. */
#define PROXY_EARLY (50 * NS_PER_US)

#define BUCKETS_FIRST 1024u

struct service {
    uint32_t client, server; /* hosts */
    uint32_t chain;          /* next in the table; NONE */
    uint32_t other;          /* the same service at the other point */
    uint32_t unpaired;       /* conversations without a partner */
    uint16_t port;           /* the server's */
    uint8_t protocol;
    bool is_far, client_is_near;
};

/* --- ways --- */

/* Positive: way 0 goes toward far, by TTLs. */
static int64_t ttl_votes(const struct pair *pair)
{
    const struct pair_way *a = &pair->ways[0], *b = &pair->ways[1];
    return (int64_t)a->down - a->up - b->down + b->up;
}

/* Of two ways, the far stamps of the one toward far are further ahead. */
static bool compare_delays(const struct pair *pair, struct side *out)
{
    const struct delays *a = &pair->ways[0].delays, *b = &pair->ways[1].delays;
    if (!a->seen || !b->seen || a->least_common == b->least_common)
        return false;
    out->way = a->least_common > b->least_common ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR;
    return out->known = true;
}

/* By host, as each point calls it. */
static void vote_hosts(struct judging *j, const struct pair *pair, const struct side *side)
{
    for (unsigned point = 0; point < TRANSIT_POINTS && side->known; point++) {
        const struct flow *flow = see_flow(j->p, pair->flows[point]);
        int sign = (side->way == TRANSIT_TOWARD_FAR) ^ way_flips(pair, point) ? 1 : -1;
        if (flow->is_error)
            continue;
        j->host_sides[point][flow->hosts[0]] += sign;
        j->host_sides[point][flow->hosts[1]] -= sign;
    }
}

static void ask_hosts(const struct judging *j, size_t pair, struct side *out)
{
    const struct flow *flow = see_flow(j->p, see_pair(j->p, pair)->flows[TRANSIT_NEAR]);
    const int32_t *sides = j->host_sides[TRANSIT_NEAR];
    int32_t votes = sides[flow->hosts[0]] - sides[flow->hosts[1]];
    if (!votes)
        return;
    out->known = true;
    out->way = votes > 0 ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR;
}

bool sides_of_hosts(const struct judging *j, uint32_t index, struct side *out)
{
    const struct flow *flow = see_flow(j->p, index);
    const int32_t *sides = j->host_sides[flow->point];
    int32_t from = sides[flow->hosts[0]], to = sides[flow->hosts[1]];
    if ((from > 0 && to < 0) || (from < 0 && to > 0))
        *out = (struct side){.known = true, .way = from > 0 ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR};
    return out->known;
}

bool sides_of_error(const struct judging *j, uint32_t index, struct side *out)
{
    const struct flow *flow = see_flow(j->p, index);
    int32_t target = j->host_sides[flow->point][flow->hosts[1]];
    if (target)
        *out = (struct side){.known = true, .way = target > 0 ? TRANSIT_TOWARD_NEAR : TRANSIT_TOWARD_FAR};
    return target != 0;
}

/* The receiver's point has a SYN or SYN/ACK before the sender's point, by more than the clocks may be wrong. */
static bool is_too_early(const struct pairing *p, const struct side *side, unsigned near_way,
                         const struct flow_syn *near, const struct flow_syn *far)
{
    const struct clock_estimate *clock = &p->config.overview.clock;
    const struct clock_segment *segment = &clock->segments[0];
    if (!side->known || clock->count != 1 || !segment->has_least || !segment->has_most)
        return false;
    bool toward_far = sides_way(side, near_way) == TRANSIT_TOWARD_FAR;
    nstime delay = toward_far ? far->common - near->common : near->common - far->common;
    return delay < -(segment->most - segment->least) / 2 - PROXY_EARLY;
}

static bool ids_are_kept(const struct pairing *p)
{
    const bool *kept = p->config.overview.ids_kept;
    return kept[TRANSIT_TOWARD_FAR] && kept[TRANSIT_TOWARD_NEAR];
}

/* A proxy opens a connection of its own: its SYN is another packet, and it answers that of the client by itself. */
static bool is_proxied(const struct pairing *p, const struct pair *pair, const struct side *side)
{
    const struct flow *near = see_flow(p, pair->flows[TRANSIT_NEAR]);
    const struct flow *far = see_flow(p, pair->flows[TRANSIT_FAR]);
    if (near->protocol != IP_TCP || (pair->evidence & (TRANSIT_BY_SEQ | TRANSIT_BY_TIMESTAMPS)))
        return false;
    for (unsigned way = 0; way < 2; way++) {
        const struct flow_syn *a = &near->syn[way], *b = &far->syn[way ^ pair->flipped];
        if (!a->seen || !b->seen)
            continue;
        if (a->id && a->id == b->id)
            return false;
        bool is_once = !a->again && !b->again;
        if ((is_once && is_too_early(p, side, way, a, b)) || (is_once && ids_are_kept(p) && a->id && b->id) ||
            a->window != b->window || a->window_scale != b->window_scale)
            return true;
    }
    return false;
}

/* --- services --- */

static uint64_t hash_of(const struct pairing *p, const struct service *s)
{
    uint64_t hash = passage_mix(p->config.secret, (uint64_t)s->client << 32 | s->server);
    return passage_mix(hash, (uint64_t)s->port << 16 | (uint64_t)s->protocol << 8 | s->is_far);
}

/* NONE: it is not known. */
static uint32_t look_up(const struct judging *j, const struct service *wanted)
{
    const struct services *all = &j->services;
    uint32_t at = all->heads[hash_of(j->p, wanted) & all->mask];
    for (; at != NONE; at = all->list[at].chain) {
        const struct service *s = &all->list[at];
        if (s->client == wanted->client && s->server == wanted->server && s->port == wanted->port &&
            s->protocol == wanted->protocol && s->is_far == wanted->is_far)
            break;
    }
    return at;
}

/* Makes the table so large. False: out of memory. */
static bool set_heads(struct judging *j, uint32_t buckets)
{
    struct services *all = &j->services;
    free(all->heads);
    all->heads = malloc(buckets * sizeof *all->heads);
    all->mask = buckets - 1;
    if (!all->heads)
        return false;
    memset(all->heads, 0xff, buckets * sizeof *all->heads);
    for (uint32_t i = 0; i < all->count; i++) {
        uint32_t *head = &all->heads[hash_of(j->p, &all->list[i]) & all->mask];
        all->list[i].chain = *head;
        *head = i;
    }
    return true;
}

/* The service, known or new, with the latest `client_is_near`. NONE: out of memory. */
static uint32_t note_service(struct judging *j, const struct service *service)
{
    struct services *all = &j->services;
    uint32_t at = look_up(j, service);
    if (at == NONE) {
        if (!array_reserve((void **)&all->list, &all->capacity, all->count + 1, sizeof *all->list) ||
            (all->count > all->mask && !set_heads(j, (all->mask + 1) * 2)))
            return NONE;
        uint32_t *head = &all->heads[hash_of(j->p, service) & all->mask];
        at = (uint32_t)all->count++;
        all->list[at] = *service;
        all->list[at].chain = *head;
        *head = at;
    }
    all->list[at].client_is_near = service->client_is_near;
    return at;
}

static struct service service_of(const struct flow *flow, unsigned client)
{
    return (struct service){.client = flow->hosts[client],
                            .server = flow->hosts[!client],
                            .port = flow->ports[!client],
                            .protocol = flow->protocol,
                            .is_far = flow->point == TRANSIT_FAR};
}

/* The service of a flow, if both points have conversations of it. NULL: none. `client`: which of its hosts asks. */
static struct service *find_service(const struct judging *j, const struct flow *flow, unsigned *client)
{
    for (*client = 0; *client < 2 && !flow->is_error; ++*client) {
        const struct service wanted = service_of(flow, *client);
        uint32_t found = look_up(j, &wanted);
        if (found != NONE)
            return &j->services.list[found];
    }
    return NULL;
}

static void count_unpaired(const struct judging *j)
{
    for (size_t i = 0; i < flow_count(j->p); i++) {
        if (has_partner(j->p, i))
            continue;
        next_turn(j->p);
        const struct flow *flow = see_flow(j->p, i);
        unsigned client;
        struct service *service = find_service(j, flow, &client);
        if (service)
            service->unpaired++;
    }
}

/* The client is who sent the first packet at the near point. */
static bool find_services(struct judging *j)
{
    const struct pairing *p = j->p;
    if (!set_heads(j, BUCKETS_FIRST))
        return false;
    for (size_t i = 0; i < pair_count(p); i++) {
        if (!j->sides[i].known || j->proxied[i])
            continue;
        next_turn(p);
        const struct pair *pair = see_pair(p, i);
        const struct flow *flows[] = {see_flow(p, pair->flows[0]), see_flow(p, pair->flows[1])};
        if (flows[0]->is_error)
            continue;
        uint32_t ends[TRANSIT_POINTS];
        for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
            struct service service = service_of(flows[point], point == TRANSIT_FAR && pair->flipped);
            service.client_is_near = j->sides[i].way == TRANSIT_TOWARD_FAR;
            ends[point] = note_service(j, &service);
            if (ends[point] == NONE)
                return false;
        }
        for (unsigned point = 0; point < TRANSIT_POINTS; point++)
            j->services.list[ends[point]].other = ends[!point];
    }
    count_unpaired(j);
    return true;
}

bool sides_has_unpaired(const struct judging *j, uint32_t index)
{
    unsigned client;
    const struct service *found = find_service(j, see_flow(j->p, index), &client);
    return found && found->unpaired;
}

bool sides_of_service(const struct judging *j, uint32_t index, struct side *out)
{
    const struct flow *flow = see_flow(j->p, index);
    unsigned client;
    const struct service *found = find_service(j, flow, &client);
    if (!found || j->services.list[found->other].unpaired)
        return false;
    out->known = true;
    out->way = found->client_is_near ^ client ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR;
    return true;
}

static bool make_room(struct judging *j)
{
    const struct pairing *p = j->p;
    j->sides = calloc(pair_count(p) + 1, sizeof *j->sides);
    j->proxied = calloc(pair_count(p) + 1, sizeof *j->proxied);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        j->host_sides[point] = calloc(p->flows.host_count + 1, sizeof *j->host_sides[point]);
    return j->sides && j->proxied && j->host_sides[TRANSIT_NEAR] && j->host_sides[TRANSIT_FAR];
}

bool sides_find(struct judging *j)
{
    const struct pairing *p = j->p;
    if (!make_room(j))
        return false;
    for (size_t i = 0; i < pair_count(p); i++) {
        next_turn(p);
        const struct pair *pair = see_pair(p, i);
        struct side *side = &j->sides[i];
        int64_t votes = ttl_votes(pair);
        side->known = votes != 0;
        side->way = votes >= 0 ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR;
        for (unsigned way = 0; way < 2; way++)
            side->equal |= (uint8_t)((pair->ways[way].down == pair->ways[way].up) << way);
        j->proxied[i] = is_proxied(p, pair, side);
        if (!side->known)
            (void)compare_delays(pair, side);
        vote_hosts(j, pair, side);
    }
    for (size_t i = 0; i < pair_count(p); i++) {
        next_turn(p);
        if (!j->sides[i].known)
            ask_hosts(j, i, &j->sides[i]);
    }
    return find_services(j);
}

/* --- the clock --- */

static void add_delays(struct least_delays *least, const struct delays *d, bool toward_far)
{
    if (!d->seen)
        return;
    const struct delay_sample *best = toward_far ? &d->least : &d->most;
    least_add(least, toward_far, best->near, best->near + best->ahead);
    for (unsigned i = 0; i < d->count; i++)
        least_add(least, toward_far, d->kept[i].near, d->kept[i].near + d->kept[i].ahead);
}

/* All packets of the second estimate are where the first one does not know the clock. */
static bool is_elsewhere(const struct clock_estimate *second, const struct clock_estimate *first)
{
    return first->count && second->count &&
           (second->segments[second->count - 1].last < first->known_from ||
            second->segments[0].first > first->known_to);
}

bool sides_set_clock(struct judging *j)
{
    const struct pairing *p = j->p;
    struct least_delays *least = p->least;
    /* TTLs that are equal at both points show no way at once. */
    for (size_t i = 0; i < pair_count(p); i++) {
        next_turn(p);
        for (unsigned way = 0; way < 2 && j->sides[i].known; way++)
            if (j->sides[i].equal >> way & 1)
                add_delays(least, &see_pair(p, i)->ways[way].delays,
                           sides_way(&j->sides[i], way) == TRANSIT_TOWARD_FAR);
    }
    if (!least_estimate(least, &j->out->clock))
        return false;
    struct clock_estimate *clock = &j->out->clock;
    const struct clock_estimate *first = &p->config.overview.clock;
    nstime known_from = clock->known_from, known_to = clock->known_to;
    /* Packets that the first estimate left out, or for which it was too far off, were not paired: then the second one
     * does not know of them. And some may be paired wrongly. */
    if (clock->count < first->count || is_elsewhere(clock, first) ||
        (clock->left_out && !first->left_out && first->count && !first->contradictory))
        *clock = *first;
    clock->known_from = first->known_from > known_from ? first->known_from : known_from;
    clock->known_to = first->known_to < known_to ? first->known_to : known_to;
    return true;
}
