/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/search.h"

/* Packets by whose TTLs the way of a conversation is sure. Unit: packets. Source: one may be forged. Effect: with
 * fewer, that one turns the way, so that true packets find no partner; with more, forged packets find one. */
#define TTLS_SURE 2
/* What counts against a partner. Unit: time, as a difference from the expected delay does. Source: chosen.
 * Effect: with less, another packet that comes in better time is the partner. */
#define OTHER_ID (50 * NS_PER_MS)
#define OTHER_WINDOW NS_PER_S
#define OTHER_TTL NS_PER_S
/* Bits of TCP options: RFC 2018 2, 3. */
#define SACK_PERMITTED (1u << 4)
#define SACK_BLOCKS (1u << 5)
/* How far the delay of alike packets may be from that of others where no others show the clock. Unit: time. Source:
 * what a step of the clock makes of a row of alike packets fits so well in 1 of 100 cases. Effect: more pair a packet
 * with the next one. */
#define ALIKE_NEAR NS_PER_MS

struct search search_of(const struct pairing *p, const struct held *self, bool any)
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
bool search_same_timestamps(const struct search *s, const struct held *h)
{
    return !s->self->has_timestamps || !h->has_timestamps || h->timestamp == s->timestamp ||
           (s->any && !s->way->timestamp.known);
}

static bool differs_in_beginning(const struct held *a, const struct held *b)
{
    return a->beginning && b->beginning && a->beginning != b->beginning;
}

/* Both begin with the same byte, and both captures have enough of it to compare; or both have SACK blocks. */
static bool differs_in_content(const struct search *s, const struct held *h)
{
    const struct held *self = s->self;
    if (self->kind == PASSAGE_TCP && !self->length && !h->length)
        return self->options != OPTIONS_UNKNOWN && h->options != OPTIONS_UNKNOWN &&
               (self->options & h->options & SACK_BLOCKS) && self->content != h->content;
    if (!self->is_first || !h->is_first || (self->kind == PASSAGE_TCP && h->seq != s->seq))
        return false;
    if (self->content_bytes != h->content_bytes)
        return differs_in_beginning(self, h);
    return self->content != h->content;
}

/* Offloading cuts a segment into parts with ids of their own. */
static bool begin_alike(const struct held *a, const struct held *b, uint32_t added)
{
    return a->kind != PASSAGE_TCP || b->whole_seq == a->whole_seq + added;
}

static bool is_other_id(const struct held *a, const struct held *b, uint32_t added)
{
    return a->id && b->id && a->id != b->id && begin_alike(a, b, added);
}

/* By the TTLs of both packets. */
static unsigned way_of(const struct search *s, const struct held *h)
{
    return s->self->point == TRANSIT_NEAR ? overview_way(s->self->ttl, h->ttl) : overview_way(h->ttl, s->self->ttl);
}

/* Whether the ids show that they are different packets. */
static bool ids_exclude(const struct search *s, const struct held *h)
{
    const struct held *self = s->self;
    uint32_t added = s->seq - self->seq;
    unsigned way = way_of(s, h);
    if (!self->id != !h->id && begin_alike(self, h, added) && self->whole_span == h->whole_span &&
        self->version == h->version)
        return s->p->config.overview.no_ids_kept[way];
    if (!is_other_id(self, h, added))
        return false;
    if (self->kind == PASSAGE_OTHER && !s->p->config.overview.ids_drawn[way])
        return true; /* applications send the same payload again */
    return s->p->config.overview.ids_kept[way];
}

static nstime cost_of_ids(const struct search *s, const struct held *h)
{
    bool is_other = is_other_id(s->self, h, s->seq - s->self->seq);
    return is_other && !s->p->config.overview.ids_drawn[way_of(s, h)] ? OTHER_ID : 0;
}

bool search_has_other_id(const struct held *near, const struct held *far)
{
    return is_other_id(near, far, far->seq - near->seq);
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

/* Routers lower the TTL. A packet with a higher one at the receiver's point is another: a forged one. */
static bool ttl_excludes(const struct search *s, const struct held *h)
{
    uint8_t near = s->self->point == TRANSIT_NEAR ? s->self->ttl : h->ttl;
    uint8_t far = s->self->point == TRANSIT_NEAR ? h->ttl : s->self->ttl;
    const struct pair_way *way = s->way, *other = way == &s->pair->ways[0] ? &s->pair->ways[1] : &s->pair->ways[0];
    int64_t toward_far = (int64_t)way->down - way->up - other->down + other->up;
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
bool search_is_same(const struct search *s, const struct held *h)
{
    const struct held *self = s->self;
    if (h->flow != s->flow || h->way != s->flow_way || h->kind != self->kind || is_too_early(s, h))
        return false;
    if (ids_exclude(s, h) || ttl_excludes(s, h))
        return false;
    if (self->kind != PASSAGE_TCP)
        return h->content == self->content && h->length == self->length && !differs_in_beginning(self, h);
    if (((h->flags ^ self->flags) & (TCP_SYN | TCP_RST)) || !search_same_timestamps(s, h) || differs_in_content(s, h) ||
        sacks_exclude(s, h))
        return false;
    if (!self->span || !h->span)
        return !self->span && !h->span && h->seq == s->seq && h->ack == s->ack;
    return seq_before(h->seq, s->seq + self->span) && seq_before(s->seq, h->seq + h->span);
}

bool search_fits(const struct search *s, const struct held *h)
{
    return !h->paired && search_is_same(s, h);
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
        nstime apart = time_apart(delay, recent->known ? recent->delay : overview->usual[way]);
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
    return time_apart(far->common - near->common, s->way->has_expected ? s->way->expected : 0);
}

/* Whether a retransmission of the packet, by TCP or an application, would look the same. */
static bool may_be_retransmitted(const struct search *s, const struct held *a, const struct held *b)
{
    bool same_id = a->id && a->id == b->id;
    return !same_id && !(a->has_timestamps && b->has_timestamps && s->way->timestamp.known);
}

bool search_was_set_back(const struct pairing *p, const struct held *h)
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
bool search_is_out_of_time(const struct search *s, const struct held *h)
{
    bool is_near = s->self->point == TRANSIT_NEAR;
    const struct held *near = is_near ? s->self : h, *far = is_near ? h : s->self;
    nstime spread = s->p->recent[overview_way(near->ttl, far->ttl)].spread;
    bool is_alike = near->is_alike || far->is_alike;
    nstime late = is_alike || may_be_retransmitted(s, near, far) ? lateness_of_way(s, near, far) : 0;
    const struct clock_estimate *clock = &s->p->config.overview.clock;
    bool is_shown = !is_alike || clock_is_shown(clock, near->time);
    if (is_alike && (s->any || search_was_set_back(s->p, near) || search_was_set_back(s->p, far) ||
                     (is_shown && !clock_is_known_at_b(clock, far->time))))
        return true;
    return (late != NSTIME_NEVER || is_alike) && late > (is_shown ? ALIKE_WITHIN : ALIKE_NEAR) + ALIKE_SPREADS * spread;
}

/* One of several alike packets; or the network made several of it, and its capture took those for one. */
static bool is_one_of_several(const struct pairing *p, const struct held *h)
{
    return h->is_alike || (h->has_copy && !p->config.overview.points[h->point].doubled);
}

/* A packet whose TTL is not that of its way at its point is rather a forged one. */
static nstime cost_of_ttl(const struct search *s, const struct held *h)
{
    uint8_t usual = s->way->ttl[h->point];
    return usual && h->ttl != usual ? OTHER_TTL : 0;
}

/* Of alike packets the first that came is the partner of the first that was sent. */
nstime search_cost(const struct search *s, const struct held *h)
{
    nstime cost = cost_of_ids(s, h) + cost_of_ttl(s, h);
    if (is_one_of_several(s->p, s->self) && is_one_of_several(s->p, h))
        return cost + h->order;
    bool is_near = s->self->point == TRANSIT_NEAR;
    cost += lateness(s, is_near ? s->self : h, is_near ? h : s->self);
    return cost + (h->window != s->self->window || options_changed(s->self->options, h->options) ? OTHER_WINDOW : 0);
}
