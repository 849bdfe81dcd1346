/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packet of the other point a packet is. */
#include "pairing/search.h"

/* Alike packets that are compared, and neighbours in a list. Unit: packets. Source: chosen. Effect: they bound the time
 * per packet; a segment that offloading has cut otherwise is found among so many neighbours. */
#define ALIKE_MOST 64
#define NEIGHBOURS_MOST 64
/* Partners that are tried because better ones have other partners. */
#define RIVALS_MOST 4
/* The network's copies of a packet come within this time. Unit: time. Source: reordering of most paths. Effect: with
 * more, alike packets that were sent in a row count as duplicates. */
#define TWIN_WITHIN (50 * NS_PER_MS)
/* The share of a new delay in the expected one. */
#define EXPECTED_SHARE 8

/* Of those with the key, whole packets, and segments that begin with the same byte, the one that costs least. More than
 * `above`, or as much and it is none of the earlier ones. */
static uint32_t find_best(const struct search *s, nstime above, uint32_t but)
{
    const struct held_store *store = &s->p->held;
    uint64_t key = held_key(store, s->flow, s->flow_way, s->self, s->seq, s->ack);
    uint32_t best = NONE;
    nstime least = 0;
    unsigned left = ALIKE_MOST;
    for (uint32_t i = held_first(store, key); i != NONE && left; i = store->held[i].chain, left--) {
        const struct held *h = &store->held[i];
        if (h->key != key || i == but || !search_fits(s, h) || search_is_out_of_time(s, h))
            continue;
        nstime cost = search_cost(s, h);
        if (cost >= above && (best == NONE || cost < least)) {
            best = i;
            least = cost;
        }
    }
    return best;
}

/* The partner must not have a better one itself: of a retransmission and the lost packet before it, the nearer in time
 * counts. */
static uint32_t find_by_key(const struct search *s, uint32_t self)
{
    const struct held_store *store = &s->p->held;
    uint32_t found = find_best(s, 0, NONE);
    for (unsigned left = RIVALS_MOST; found != NONE && !s->any && left; left--) {
        const struct search reverse = search_of(s->p, &store->held[found], false);
        uint32_t rival = find_best(&reverse, 0, NONE);
        if (rival == NONE || rival == self)
            return found;
        found = find_best(s, search_cost(s, &store->held[found]), found);
    }
    return s->any ? found : NONE;
}

/* A segment that shares bytes with ours, begins elsewhere, and has no partner that begins where it does. */
static bool fits_in_part(const struct search *s, const struct held *h)
{
    if (h->seq == s->seq || !search_fits(s, h) || search_is_out_of_time(s, h))
        return false;
    const struct search reverse = search_of(s->p, h, false);
    return find_best(&reverse, 0, NONE) == NONE;
}

/* Segments that share bytes with ours, near the place where the last partner was: the first of them. */
static uint32_t find_by_range(const struct search *s)
{
    const struct held_store *store = &s->p->held;
    const struct flow_way *way = &see_flow(s->p, s->flow)->ways[s->flow_way];
    uint32_t best = NONE, start = way->cursor != NONE ? way->cursor : way->head;
    for (unsigned direction = 0; direction < 2; direction++) {
        unsigned left = NEIGHBOURS_MOST;
        for (uint32_t i = start; i != NONE && left; left--) {
            const struct held *h = &store->held[i];
            if ((best == NONE || seq_before(h->seq, store->held[best].seq)) && fits_in_part(s, h))
                best = i;
            i = direction ? h->prev : h->next;
        }
    }
    return best;
}

static uint32_t find(const struct search *s, uint32_t self)
{
    uint32_t found = find_by_key(s, self);
    return found == NONE && s->self->kind == PASSAGE_TCP && s->self->span ? find_by_range(s) : found;
}

bool match_is_copied(const struct pairing *p, const struct held *h)
{
    if (p->config.overview.points[!h->point].doubled)
        return false;
    const struct search s = search_of(p, h, false);
    uint64_t key = held_key(&p->held, s.flow, s.flow_way, h, s.seq, s.ack);
    unsigned left = ALIKE_MOST;
    for (uint32_t i = held_first(&p->held, key); i != NONE && left; i = p->held.held[i].chain, left--) {
        const struct held *other = &p->held.held[i];
        if (other->key == key && other->has_copy && search_is_same(&s, other))
            return true;
    }
    return false;
}

bool match_was_sent(const struct pairing *p, const struct held *h)
{
    if (h->kind != PASSAGE_TCP || !h->span)
        return false;
    const struct search s = search_of(p, h, false);
    const struct held_store *store = &p->held;
    uint64_t key = held_key(store, s.flow, s.flow_way, h, s.seq, s.ack);
    unsigned left = ALIKE_MOST;
    for (uint32_t i = held_first(store, key); i != NONE && left; i = store->held[i].chain, left--) {
        const struct held *other = &store->held[i];
        if (other->key == key && other->paired && other->seq == s.seq && other->span >= h->span && h->is_first &&
            other->is_first && other->content_bytes == h->content_bytes && other->content == h->content &&
            search_same_timestamps(&s, other) && (!h->id || other->id == h->id))
            return true;
    }
    return false;
}

/* --- a pair --- */

/* The part of a packet from `from` on, `span` long. The rest stays behind it and before it; `behind` gets the rest
 * behind, NONE if there is none. NONE: out of memory. */
static uint32_t carve(struct pairing *p, uint32_t index, uint32_t from, uint32_t span, uint32_t *behind)
{
    struct held_store *store = &p->held;
    uint32_t seq = store->held[index].seq, end = seq + store->held[index].span;
    uint32_t part = index;
    *behind = NONE;
    if (seq != from) {
        part = held_split(store, &p->flows, index);
        if (part == NONE)
            return NONE;
        held_resize(store, index, seq, from - seq);
        held_resize(store, part, from, end - from);
    }
    if (end != from + span) {
        *behind = held_split(store, &p->flows, part);
        if (*behind == NONE)
            return NONE;
        held_resize(store, part, from, span);
        held_resize(store, *behind, from + span, end - from - span);
    }
    return part;
}

static void note_ttl(struct pairing *p, struct pair_way *way, const struct held *near, const struct held *far)
{
    way->ttl[TRANSIT_NEAR] = near->ttl;
    way->ttl[TRANSIT_FAR] = far->ttl;
    way->down += far->ttl < near->ttl;
    way->up += far->ttl > near->ttl;
    p->hops[hops_between(near->ttl, far->ttl)]++;
    if (far->ttl != near->ttl && !near->is_alike && !far->is_alike)
        least_add(p->least, far->ttl < near->ttl, near->time, far->time);
}

static void note_recent(struct pairing *p, const struct held *near, const struct held *far)
{
    struct recent_delay *recent = &p->recent[overview_way(near->ttl, far->ttl)];
    nstime delay = far->common - near->common;
    if (near->ttl == far->ttl)
        return;
    if (!recent->known)
        *recent = (struct recent_delay){.known = true, .delay = delay};
    /* One packet alone does not widen it much: it may be a wrong one. */
    nstime most = ALIKE_WITHIN + ALIKE_SPREADS * recent->spread, off = delay - recent->delay;
    off = off > most ? most : off < -most ? -most : off;
    recent->spread += (time_apart(off, 0) - recent->spread) / EXPECTED_SHARE;
    recent->delay += off / EXPECTED_SHARE;
}

/* Where nothing else shows the clock, packets that come just in time do. */
static void note_alike(struct pairing *p, const struct held *near, const struct held *far)
{
    if (clock_is_shown(&p->config.overview.clock, near->time))
        return;
    note_recent(p, near, far);
    p->alike_first = p->alike_first == NSTIME_NONE ? near->time : p->alike_first;
    p->alike_last = near->time;
}

static void note_delay(struct pairing *p, struct pair_way *way, const struct held *near, const struct held *far)
{
    nstime common = far->common - near->common;
    if (near->is_alike || far->is_alike) {
        note_alike(p, near, far);
        return;
    }
    if (!search_was_set_back(p, near) && !search_was_set_back(p, far)) {
        note_recent(p, near, far);
        way->expected += way->has_expected ? (common - way->expected) / EXPECTED_SHARE : common;
        way->has_expected = true;
    }
    delays_add(&way->delays, near->time, far->time - near->time, common);
}

static void tell(const struct pairing *p, const struct pair *pair, unsigned near_way, const struct held *near,
                 const struct held *far, uint32_t rewritten)
{
    const struct pair_way *way = &pair->ways[near_way];
    const struct transit_events *events = &p->config.events;
    if (!events->pair)
        return;
    const struct transit_pair told = {
        .frames = {{near->frame, near->file}, {far->frame, far->file}},
        .times = {near->time, far->time},
        .near_flow = pair->flows[TRANSIT_NEAR],
        .seq = near->seq,
        .bytes = near->kind == PASSAGE_TCP ? near->span : near->length,
        .way = way->up > way->down ? TRANSIT_TOWARD_NEAR : TRANSIT_TOWARD_FAR,
        .way_known = way->up != way->down,
        .rewritten = rewritten,
    };
    events->pair(events->context, &told);
}

/* The receiver has what it acknowledges, so that a capture without it lacks it. */
static void note_acknowledgement(struct pairing *p, const struct held *h)
{
    if (h->kind == PASSAGE_TCP && (h->flags & TCP_ACK) && !(h->flags & TCP_RST))
        stream_acknowledge(&change_flow(p, h->flow)->ways[!h->way].stream, h->ack, h->time, h->frame);
}

/* A packet found its partner late: those that equal it are duplicates. */
static void mark_twins(struct pairing *p, const struct held *h)
{
    unsigned left = ALIKE_MOST;
    for (uint32_t i = held_first(&p->held, h->key); i != NONE && left; i = p->held.held[i].chain, left--) {
        struct held *other = &p->held.held[i];
        if (other != h && !other->paired && other->key == h->key && other->settled && match_is_twin(other, h))
            other->is_twin = true;
    }
}

static void join(struct pairing *p, uint32_t near_index, uint32_t far_index)
{
    struct held *near = &p->held.held[near_index], *far = &p->held.held[far_index];
    struct pair *pair = change_pair_of(p, near->flow);
    unsigned near_way = near->way;
    struct pair_way *way = &pair->ways[near_way];
    near->paired = far->paired = true;
    near->partner_order = far->order;
    far->partner_order = near->order;
    way->arrived++;
    way->ids_differ = way->ids_differ || search_has_other_id(near, far);
    uint32_t part = near->span < far->span ? near->span : far->span;
    way->unit = part > way->unit ? part : way->unit;
    note_acknowledgement(p, near);
    note_acknowledgement(p, far);
    note_ttl(p, way, near, far);
    note_delay(p, way, near, far);
    tell(p, pair, near_way, near, far, rewrites_note(p, pair, near, far));
    held_unlist(&p->held, &p->flows, near_index);
    held_unlist(&p->held, &p->flows, far_index);
    if (near->settled) {
        match_settle(p, near_index);
        mark_twins(p, near);
    }
    if (far->settled) {
        match_settle(p, far_index);
        mark_twins(p, far);
    }
}

/* Pairs what two packets have in common. Returns what is left of `self` behind it; NONE: nothing. */
static uint32_t join_common(struct pairing *p, const struct search *s, uint32_t self, uint32_t partner)
{
    const struct held *a = &p->held.held[self], *b = &p->held.held[partner];
    uint32_t rest = NONE, ignored;
    bool is_near = a->point == TRANSIT_NEAR;
    if (a->kind == PASSAGE_TCP && a->span) {
        uint32_t shift = s->seq - a->seq; /* added to our numbers, it gives those of the partner */
        uint32_t from = seq_before(b->seq, s->seq) ? s->seq : b->seq;
        uint32_t to_a = s->seq + a->span, to_b = b->seq + b->span, to = seq_before(to_a, to_b) ? to_a : to_b;
        self = carve(p, self, from - shift, to - from, &rest);
        partner = carve(p, partner, from, to - from, &ignored);
        if (self == NONE || partner == NONE) {
            p->failed = true;
            return NONE;
        }
        uint32_t next = p->held.held[partner].next;
        change_flow(p, s->flow)->ways[s->flow_way].cursor = next != NONE ? next : p->held.held[partner].prev;
    }
    join(p, is_near ? self : partner, is_near ? partner : self);
    return rest;
}

void match_held(struct pairing *p, uint32_t index, bool any)
{
    while (index != NONE && !p->failed) {
        const struct search s = search_of(p, &p->held.held[index], any);
        uint32_t partner = find(&s, index);
        if (partner == NONE)
            return;
        index = join_common(p, &s, index, partner);
    }
}

uint64_t match_key(const struct pairing *p, const struct held *h)
{
    const struct search s = search_of(p, h, false);
    return held_key(&p->held, s.flow, s.flow_way, h, s.seq, s.ack);
}

/* Not yet settled, but both ids are the same, and no other packet fits. It is the same search, done while the partner
 * is in the processor's cache. */
void match_at_once(struct pairing *p, uint32_t index)
{
    const struct held *self = &p->held.held[index];
    const struct search s = search_of(p, self, false);
    uint64_t key = held_key(&p->held, s.flow, s.flow_way, self, s.seq, s.ack);
    uint32_t found = NONE;
    unsigned left = ALIKE_MOST;
    if (!self->id || self->is_alike)
        return;
    for (uint32_t i = held_first(&p->held, key); i != NONE && left; i = p->held.held[i].chain, left--) {
        const struct held *h = &p->held.held[i];
        if (h->key != key || !search_fits(&s, h))
            continue;
        if (found != NONE || h->id != self->id || h->is_alike || h->span != self->span || !h->is_first)
            return;
        found = i;
    }
    if (found == NONE || search_is_out_of_time(&s, &p->held.held[found]))
        return;
    bool is_near = self->point == TRANSIT_NEAR;
    join(p, is_near ? index : found, is_near ? found : index);
}

/* RFC 4737 3.3: a packet is reordered if one that was sent later came before it. */
void match_settle(struct pairing *p, uint32_t index)
{
    const struct held *h = &p->held.held[index];
    struct pair *pair = change_pair_of(p, h->flow);
    struct pair_way *way = &pair->ways[h->way ^ way_flips(pair, h->point)];
    if (h->partner_order < way->order_most[h->point])
        way->reordered[h->point]++;
    else
        way->order_most[h->point] = h->partner_order;
}

void match_again(struct pairing *p, uint32_t index)
{
    uint32_t flow = see_pair(p, index)->flows[TRANSIT_NEAR];
    for (unsigned way = 0; way < 2; way++) {
        uint32_t next;
        for (uint32_t i = see_flow(p, flow)->ways[way].head; i != NONE; i = next) {
            next = p->held.held[i].next;
            if (p->held.held[i].settled)
                match_held(p, i, false);
        }
    }
}

bool match_is_twin(const struct held *a, const struct held *b)
{
    return time_apart(a->time, b->time) <= TWIN_WITHIN && a->flow == b->flow && a->way == b->way &&
           a->kind == b->kind && a->length == b->length && a->id == b->id && a->whole_seq == b->whole_seq &&
           a->whole_span == b->whole_span && a->ack == b->ack && a->timestamp == b->timestamp &&
           a->timestamp_echo == b->timestamp_echo && a->flags == b->flags && a->window == b->window &&
           a->options == b->options && a->content == b->content && a->beginning == b->beginning;
}

bool match_is_alike(const struct pairing *p, const struct held *a, const struct held *b)
{
    const bool *kept = p->config.overview.ids_kept;
    bool other_id = kept[TRANSIT_TOWARD_FAR] && kept[TRANSIT_TOWARD_NEAR] && a->id && b->id && a->id != b->id;
    return !other_id && a->flow == b->flow && a->way == b->way && a->kind == b->kind && a->length == b->length &&
           a->whole_seq == b->whole_seq && a->ack == b->ack && a->timestamp == b->timestamp &&
           a->options == b->options && a->content == b->content && a->beginning == b->beginning;
}
