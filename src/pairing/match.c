/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packet of the other point a packet is. */
#include "pairing/state.h"

/* Alike packets that are compared, and neighbours in a list. Unit: packets. Source: chosen. Effect: they bound the time
 * per packet; a segment that offloading has cut otherwise is found among so many neighbours. */
#define ALIKE_MOST 64
#define NEIGHBOURS_MOST 64
/* Partners that are tried because better ones have other partners. */
#define RIVALS_MOST 4
/* Packets with equal IP ids at both points, after which packets with other ids are others, unless 1 of so many had
 * another id. */
#define IDS_SURE 4
#define IDS_OTHER_SHARE 16
/* Packets by whose TTLs the way of a conversation is sure. Unit: packets. Source: one may be forged. */
#define TTLS_SURE 2
/* What counts against a partner. Unit: time, as a difference from the expected delay does. */
#define OTHER_ID (50 * NS_PER_MS)
#define OTHER_WINDOW NS_PER_S
/* Bits of TCP options: RFC 2018 2, 3. */
#define SACK_PERMITTED (1u << 4)
#define SACK_BLOCKS (1u << 5)
/* The same, times the usual difference. */
#define ALIKE_SPREADS 4
/* The same where no others show the clock. Unit: time. Source: what a step of the clock makes of a row of alike packets
 * fits so well in 1 of 100 cases. Effect: more pair a packet with the next one. */
#define ALIKE_NEAR NS_PER_MS
/* The least payload that offloading makes of a segment. Unit: bytes. Source: RFC 9293 3.7.1. */
#define PART_LEAST 536
/* The network's copies of a packet come within this time. Unit: time. Source: reordering of most paths. Effect: with
 * more, alike packets that were sent in a row count as duplicates. */
#define TWIN_WITHIN (50 * NS_PER_MS)
/* The share of a new delay in the expected one. */
#define EXPECTED_SHARE 8

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

static struct search search_of(const struct pairing *p, const struct held *self, bool any)
{
    const struct pair *pair = see_pair_of(p, self->flow);
    unsigned near_way = self->way ^ way_flips(pair, self->point);
    const struct pair_way *way = &pair->ways[near_way], *other = &pair->ways[!near_way];
    bool is_near = self->point == TRANSIT_NEAR;
    return (struct search){
        .p = p,
        .pair = pair,
        .self = self,
        .way = way,
        .any = any,
        .flow = pair->flows[!self->point],
        .flow_way = near_way ^ way_flips(pair, !self->point),
        .seq = is_near ? self->seq + way->seq.value : self->seq - way->seq.value,
        .ack = !(self->flags & TCP_ACK) ? 0
               : is_near                ? self->ack + other->seq.value
                                        : self->ack - other->seq.value,
        .timestamp = is_near ? self->timestamp + way->timestamp.value : self->timestamp - way->timestamp.value,
    };
}

/* `any`: a firewall may have added a constant that is not known yet. */
static bool same_timestamps(const struct search *s, const struct held *h)
{
    return !s->self->has_timestamps || !h->has_timestamps || h->timestamp == s->timestamp ||
           (s->any && !s->way->timestamp.known);
}

/* Both begin with the same byte, and both captures have enough of it to compare. */
static bool differs_in_content(const struct search *s, const struct held *h)
{
    const struct held *self = s->self;
    if (!self->is_first || !h->is_first || (self->kind == PASSAGE_TCP && h->seq != s->seq))
        return false;
    if (self->content_bytes != h->content_bytes)
        return self->beginning && h->beginning && self->beginning != h->beginning;
    return self->content != h->content;
}

/* How two packets' ids relate. Offloading cuts a segment into packets whose ids mostly count up from that of the
 * segment.
 */
struct id_distance {
    bool known;     /* both have an id */
    uint16_t ids;   /* by so many the later part's id is higher */
    uint32_t bytes; /* so many bytes are between their beginnings; 0: they begin alike */
};

static struct id_distance id_distance(const struct held *a, const struct held *b, uint32_t added)
{
    uint32_t of_a = a->kind == PASSAGE_TCP ? a->whole_seq + added : 0, of_b = a->kind == PASSAGE_TCP ? b->whole_seq : 0;
    bool is_part = seq_before(of_a, of_b);
    return (struct id_distance){.known = a->id && b->id,
                                .ids = (uint16_t)(is_part ? b->id - a->id : a->id - b->id),
                                .bytes = is_part ? of_b - of_a : of_a - of_b};
}

static bool is_other_id(const struct id_distance *distance)
{
    return distance->known && distance->ids > distance->bytes / PART_LEAST + (distance->bytes > 0);
}

static bool is_mostly(uint32_t same, uint32_t differ)
{
    return same >= IDS_SURE && same > IDS_OTHER_SHARE * differ;
}

/* Whether the ids show that they are different packets. */
static bool ids_exclude(const struct search *s, const struct held *h)
{
    const struct id_distance distance = id_distance(s->self, h, s->seq - s->self->seq);
    bool is_near = s->self->point == TRANSIT_NEAR;
    unsigned way = is_near ? overview_way(s->self->ttl, h->ttl) : overview_way(h->ttl, s->self->ttl);
    if (!s->self->id != !h->id && !distance.bytes && s->self->whole_span == h->whole_span &&
        s->self->version == h->version)
        return s->p->config.overview.no_ids_kept[way];
    if (!is_other_id(&distance))
        return false;
    if (distance.bytes)
        return is_mostly(s->way->parts_same, s->way->parts_differ);
    if (s->self->kind == PASSAGE_OTHER && !s->p->config.overview.ids_drawn[way])
        return true; /* applications send the same payload again */
    return s->p->config.overview.ids_kept[way] || is_mostly(s->way->ids_same, s->way->ids_differ);
}

/* How far the ids are from those that parts of the usual size have. */
static nstime cost_of_ids(const struct search *s, const struct held *h)
{
    const struct id_distance distance = id_distance(s->self, h, s->seq - s->self->seq);
    if (!distance.bytes)
        return is_other_id(&distance) ? OTHER_ID : 0;
    if (!distance.known || !s->way->unit || !is_mostly(s->way->parts_same, s->way->parts_differ))
        return 0;
    int64_t off = (int64_t)distance.ids - distance.bytes / s->way->unit;
    off = off < 0 ? -off : off;
    return off < OTHER_ID / NS_PER_MS ? off * NS_PER_MS : OTHER_ID;
}

static void note_ids(struct pair_way *way, const struct held *near, const struct held *far)
{
    const struct id_distance distance = id_distance(near, far, far->seq - near->seq);
    if (!distance.known)
        return;
    bool differ = is_other_id(&distance);
    if (distance.bytes) {
        way->parts_same += !differ;
        way->parts_differ += differ;
    } else {
        way->ids_same += !differ;
        way->ids_differ += differ;
    }
}

/* A reset holds nothing that tells it from a forged one. It is another one if the receiver's point has it before the
 * sender's point, by more than the clocks may be wrong. */
static bool is_too_early(const struct search *s, const struct held *h)
{
    const struct overview_result *overview = &s->p->config.overview;
    const struct held *near = s->self->point == TRANSIT_NEAR ? s->self : h, *far = near == h ? s->self : h;
    if (!(near->flags & TCP_RST) || s->way->up == s->way->down || !overview->clock_is_sure)
        return false;
    bool toward_far = s->way->down > s->way->up;
    return (toward_far ? far->common - near->common : near->common - far->common) < -overview->clock_error;
}

/* Routers lower the TTL. A packet with a higher one at the receiver's point is another: a forged one. So is one whose
 * TTL changed, if no router is between the points. */
static bool ttl_excludes(const struct search *s, const struct held *h)
{
    uint8_t near = s->self->point == TRANSIT_NEAR ? s->self->ttl : h->ttl;
    uint8_t far = s->self->point == TRANSIT_NEAR ? h->ttl : s->self->ttl;
    const struct pair_way *way = s->way, *other = way == &s->pair->ways[0] ? &s->pair->ways[1] : &s->pair->ways[0];
    int64_t toward_far = (int64_t)way->down - way->up - other->down + other->up;
    if (near != far && is_mostly(way->arrived - way->down - way->up, way->down + way->up))
        return true;
    return (far > near && toward_far >= TTLS_SURE) || (far < near && toward_far <= -TTLS_SURE);
}

/* Bit set of those that only one of two packets has. */
static uint32_t options_changed(uint32_t a, uint32_t b)
{
    return a == OPTIONS_UNKNOWN || b == OPTIONS_UNKNOWN ? 0 : a ^ b;
}

/* Blocks of SACK come with some acknowledgements, and not with others, unless a device strips the option. */
static bool sacks_exclude(const struct search *s, const struct held *h)
{
    const struct flow *self = see_flow(s->p, s->self->flow), *other = see_flow(s->p, s->flow);
    bool is_stripped = false;
    for (unsigned way = 0; way < 2; way++)
        is_stripped =
            is_stripped ||
            (options_changed(self->syn[way].options, other->syn[way ^ s->pair->flipped].options) & SACK_PERMITTED);
    return (options_changed(s->self->options, h->options) & SACK_BLOCKS) && !s->self->span && !is_stripped;
}

/* Whether both are the same packet, as far as they themselves show. */
static bool is_same(const struct search *s, const struct held *h)
{
    const struct held *self = s->self;
    if (h->flow != s->flow || h->way != s->flow_way || h->kind != self->kind || is_too_early(s, h))
        return false;
    if (ids_exclude(s, h) || ttl_excludes(s, h))
        return false;
    if (self->kind != PASSAGE_TCP)
        return h->content == self->content && h->length == self->length;
    if (((h->flags ^ self->flags) & (TCP_SYN | TCP_RST)) || !same_timestamps(s, h) || differs_in_content(s, h) ||
        sacks_exclude(s, h))
        return false;
    if (!self->span || !h->span)
        return !self->span && !h->span && h->seq == s->seq && h->ack == s->ack;
    return seq_before(h->seq, s->seq + self->span) && seq_before(s->seq, h->seq + h->span);
}

static bool fits(const struct search *s, const struct held *h)
{
    return !h->paired && is_same(s, h);
}

static nstime distance(nstime a, nstime b)
{
    return a > b ? a - b : b - a;
}

nstime match_lateness(const struct pairing *p, uint8_t near_ttl, uint8_t far_ttl, nstime delay)
{
    const struct overview_result *overview = &p->config.overview;
    nstime least = NSTIME_NEVER;
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        const struct recent_delay *recent = &p->recent[way];
        bool other_way = way == TRANSIT_TOWARD_FAR ? near_ttl < far_ttl : near_ttl > far_ttl;
        if (other_way || (!recent->known && !overview->usual_known[way]))
            continue;
        nstime apart = distance(delay, recent->known ? recent->delay : overview->usual[way]);
        least = apart < least ? apart : least;
    }
    return least;
}

static nstime lateness_of_way(const struct search *s, const struct held *near, const struct held *far)
{
    return match_lateness(s->p, near->ttl, far->ttl, far->common - near->common);
}

/* How far from the expected delay. Until the conversation has shown its own, it is that of others the same way. */
static nstime lateness(const struct search *s, const struct held *near, const struct held *far)
{
    nstime of_way = near->is_alike || !s->way->has_expected ? lateness_of_way(s, near, far) : NSTIME_NEVER;
    if (of_way != NSTIME_NEVER)
        return of_way;
    return distance(far->common - near->common, s->way->has_expected ? s->way->expected : 0);
}

/* Whether a retransmission of the packet, by TCP or an application, would look the same. */
static bool may_be_retransmitted(const struct search *s, const struct held *a, const struct held *b)
{
    bool same_id = a->id && a->id == b->id;
    return !same_id && !(a->has_timestamps && b->has_timestamps && s->way->timestamp.known);
}

/* Around times that came twice, nothing tells alike packets apart. */
static bool was_set_back(const struct pairing *p, const struct held *h)
{
    const struct overview_point *point = &p->config.overview.points[h->point];
    bool was_set = false;
    for (unsigned k = 0; k < point->set_back_count; k++)
        was_set = was_set || (h->time >= point->set_back[k].from - SET_BACK_EDGE &&
                              h->time <= point->set_back[k].to + SET_BACK_EDGE);
    return was_set;
}

/* A partner must come when others the same way do, if only their time tells packets apart. Without others before and
 * after that show the clock, it must come just then: else it may be the next one, or the one before. Retransmissions
 * come after some time. */
static bool is_out_of_time(const struct search *s, const struct held *h)
{
    bool is_near = s->self->point == TRANSIT_NEAR;
    const struct held *near = is_near ? s->self : h, *far = is_near ? h : s->self;
    nstime spread = s->p->recent[overview_way(near->ttl, far->ttl)].spread;
    bool is_alike = near->is_alike || far->is_alike;
    nstime late = is_alike || may_be_retransmitted(s, near, far) ? lateness_of_way(s, near, far) : 0;
    const struct clock_estimate *clock = &s->p->config.overview.clock;
    bool is_shown = !is_alike || clock_is_shown(clock, near->time);
    if (is_alike && (s->any || was_set_back(s->p, near) || was_set_back(s->p, far) ||
                     (is_shown && !clock_is_known_at_b(clock, far->time))))
        return true;
    return (late != NSTIME_NEVER || is_alike) && late > (is_shown ? ALIKE_WITHIN : ALIKE_NEAR) + ALIKE_SPREADS * spread;
}

/* Of alike packets the first that came is the partner of the first that was sent. */
static nstime cost_of(const struct search *s, const struct held *h)
{
    if (s->self->is_alike && h->is_alike)
        return cost_of_ids(s, h) + h->order;
    bool is_near = s->self->point == TRANSIT_NEAR;
    nstime cost = lateness(s, is_near ? s->self : h, is_near ? h : s->self);
    cost += cost_of_ids(s, h);
    return cost + (h->window != s->self->window || options_changed(s->self->options, h->options) ? OTHER_WINDOW : 0);
}

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
        if (h->key != key || i == but || !fits(s, h) || is_out_of_time(s, h))
            continue;
        nstime cost = cost_of(s, h);
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
        found = find_best(s, cost_of(s, &store->held[found]), found);
    }
    return s->any ? found : NONE;
}

/* A segment that shares bytes with ours, begins elsewhere, and has no partner that begins where it does. */
static bool fits_in_part(const struct search *s, const struct held *h)
{
    if (h->seq == s->seq || !fits(s, h) || is_out_of_time(s, h))
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
        if (other->key == key && other->paired && other->has_copy && is_same(&s, other))
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
            same_timestamps(&s, other) && (!h->id || other->id == h->id))
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
    p->hops[far->ttl < near->ttl ? near->ttl - far->ttl : far->ttl - near->ttl]++;
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
    recent->spread += (distance(off, 0) - recent->spread) / EXPECTED_SHARE;
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
    note_recent(p, near, far);
    way->expected += way->has_expected ? (common - way->expected) / EXPECTED_SHARE : common;
    way->has_expected = true;
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

static void note_time(struct pairing *p, const struct held *h)
{
    nstime *first = &p->first_pair[h->point], *last = &p->last_pair[h->point];
    *first = *first == NSTIME_NONE || h->time < *first ? h->time : *first;
    *last = *last == NSTIME_NONE || h->time > *last ? h->time : *last;
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
    note_ids(way, near, far);
    uint32_t part = near->span < far->span ? near->span : far->span;
    way->unit = part > way->unit ? part : way->unit;
    note_acknowledgement(p, near);
    note_acknowledgement(p, far);
    note_time(p, near);
    note_time(p, far);
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
        if (h->key != key || !fits(&s, h))
            continue;
        if (found != NONE || h->id != self->id || h->is_alike || h->span != self->span || !h->is_first)
            return;
        found = i;
    }
    if (found == NONE || is_out_of_time(&s, &p->held.held[found]))
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
    return distance(a->time, b->time) <= TWIN_WITHIN && a->flow == b->flow && a->way == b->way && a->kind == b->kind &&
           a->length == b->length && a->id == b->id && a->whole_seq == b->whole_seq && a->whole_span == b->whole_span &&
           a->ack == b->ack && a->timestamp == b->timestamp && a->timestamp_echo == b->timestamp_echo &&
           a->flags == b->flags && a->window == b->window && a->options == b->options && a->content == b->content;
}

bool match_is_alike(const struct pairing *p, const struct held *a, const struct held *b)
{
    const bool *kept = p->config.overview.ids_kept;
    bool other_id = kept[TRANSIT_TOWARD_FAR] && kept[TRANSIT_TOWARD_NEAR] && a->id && b->id && a->id != b->id;
    return !other_id && a->flow == b->flow && a->way == b->way && a->kind == b->kind && a->length == b->length &&
           a->whole_seq == b->whole_seq && a->ack == b->ack && a->timestamp == b->timestamp &&
           a->options == b->options && a->content == b->content;
}
