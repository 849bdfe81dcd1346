/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "pairing/judging/judging.h"

/* A partner may come so late. Unit: time. Source: RFC 9293 3.4.1: a segment lives for two minutes. */
#define LATE_MOST (120 * NS_PER_S)
/* A packet with another payload, or one that a retransmission equals, is the same if it comes with the others. */
#define REWRITTEN_WITHIN (150 * NS_PER_MS)
/* Segments of the other point that are compared. Unit: packets. Source: chosen. Effect: a segment with more of them
 * near it is in doubt; fewer leave retransmitted segments in doubt, and more take time. */
#define COMPARED_MOST 64
/* Packets that are passed over for one that fits better. Unit: packets. Source: chosen; an attacker who sends more
 * hides the true one. Effect: fewer leave it alone; more take time. */
#define PASSED_OVER_MOST 16

/* A packet that is alone, with what it may have in common with its partner. */
struct candidate {
    uint64_t key;
    nstime common; /* near clock, by the final clock */
    struct alone *alone;
    unsigned near_way;
};

static int by_key(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->near_way != y->near_way)
        return x->near_way < y->near_way ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->alone->shown.point != y->alone->shown.point)
        return x->alone->shown.point < y->alone->shown.point ? -1 : 1;
    return x->common < y->common ? -1 : x->common > y->common;
}

static uint32_t near_number(const struct alone *a, uint32_t number, uint32_t added)
{
    return a->shown.point == TRANSIT_NEAR ? number : number - added;
}

/* `rewritten`: the payload does not count. 0: no key. */
static uint64_t key_of(const struct pair *pair, const struct alone *a, unsigned near_way, bool rewritten)
{
    const struct pair_way *way = &pair->ways[near_way], *other = &pair->ways[!near_way];
    if (a->kind != PASSAGE_TCP)
        return rewritten ? (a->is_error || a->is_fragment ? 0 : a->id) : passage_mix(a->content, a->shown.bytes) | 1;
    uint64_t hash = passage_mix(near_number(a, a->shown.seq, way->seq.value), a->shown.bytes);
    hash = passage_mix(hash, a->shown.tcp_flags & (TCP_SYN | TCP_RST));
    uint32_t ack = a->shown.tcp_flags & TCP_ACK ? near_number(a, a->ack, other->seq.value) : 0;
    return (a->shown.bytes ? hash : passage_mix(hash, ack)) | 1;
}

static const struct side *side_of(const struct judging *j, const struct pair *pair)
{
    return &j->sides[see_flow(j->p, pair->flows[TRANSIT_NEAR])->pair];
}

static bool same_timestamps(const struct pair_way *way, const struct alone *near, const struct alone *far)
{
    return !near->has_timestamps || !far->has_timestamps || near->timestamp + way->timestamp.value == far->timestamp;
}

/* When others the same way come. False: unknown. */
static bool find_range(const struct judging *j, enum transit_way way, struct delay_range *out)
{
    const struct delay_range *all = &j->delays[way], *usual = &j->usual[way];
    if (!all->known)
        return false;
    *out = (struct delay_range){.known = true, .least = all->least - ALIKE_WITHIN, .most = all->most + ALIKE_WITHIN};
    if (usual->known && usual->least > out->least)
        out->least = usual->least;
    if (usual->known && usual->most < out->most)
        out->most = usual->most;
    return true;
}

/* It comes when others the same way do. */
static bool is_in_time(const struct judging *j, const struct side *side, unsigned near_way, nstime delay, nstime usual)
{
    enum transit_way way = sides_way(side, near_way);
    struct delay_range range;
    if (!side->known || !find_range(j, way, &range))
        return delay - usual <= REWRITTEN_WITHIN && usual - delay <= REWRITTEN_WITHIN;
    return delay >= range.least && delay <= range.most;
}

static nstime on_near_clock(const struct clock_estimate *clock, const struct alone *a)
{
    return a->shown.point == TRANSIT_FAR && clock->count ? clock_correct(clock, a->shown.time) : a->shown.time;
}

/* By how much the final clock differs from that of the overview, at a packet of the far point. */
static nstime overview_off(const struct judging *j, const struct candidate *far)
{
    return far->common - on_near_clock(&j->p->config.overview.clock, far->alone);
}

/* Timestamps or ids show that they are different packets. */
static bool are_different(const struct judging *j, const struct pair *pair, const struct candidate *near,
                          const struct candidate *far)
{
    const struct alone *a = near->alone, *b = far->alone;
    const struct pair_way *way = &pair->ways[near->near_way];
    bool is_drawn =
        a->kind == PASSAGE_OTHER && j->p->config.overview.ids_drawn[sides_way(side_of(j, pair), near->near_way)];
    bool other_id = a->whole_span == b->whole_span && a->id && b->id && a->id != b->id;
    return !same_timestamps(way, a, b) || (other_id && !way->ids_differ && !is_drawn);
}

static bool accepts(const struct judging *j, const struct pair *pair, const struct candidate *near,
                    const struct candidate *far, bool rewritten)
{
    const struct alone *a = near->alone, *b = far->alone;
    const struct pair_way *way = &pair->ways[near->near_way];
    const struct side *side = side_of(j, pair);
    bool toward_far = !side->known || sides_way(side, near->near_way) == TRANSIT_TOWARD_FAR;
    nstime delay = toward_far ? far->common - near->common : near->common - far->common;
    nstime expected = way->has_expected ? way->expected + overview_off(j, far) : 0;
    nstime usual = toward_far ? expected : -expected;
    bool same_id = a->id && a->id == b->id;
    if (are_different(j, pair, near, far))
        return false;
    if (!same_id && !(a->has_timestamps && b->has_timestamps) && !is_in_time(j, side, near->near_way, delay, usual))
        return false; /* a retransmission looks the same */
    bool has_payload = a->kind != PASSAGE_TCP || a->shown.bytes;
    if (!rewritten)
        return delay > -ALONE_AFTER && delay < LATE_MOST && (a->content == b->content || !has_payload);
    bool is_same = a->kind != PASSAGE_TCP || same_id || (a->has_timestamps && b->has_timestamps);
    return is_same && has_payload && delay - usual < REWRITTEN_WITHIN && usual - delay < REWRITTEN_WITHIN;
}

void late_note_acknowledgement(struct pairing *p, const struct alone *a)
{
    if (a->kind == PASSAGE_TCP && (a->shown.tcp_flags & TCP_ACK) && !(a->shown.tcp_flags & TCP_RST))
        stream_acknowledge(&change_flow(p, a->flow)->ways[!a->way].stream, a->ack, a->shown.time,
                           a->shown.frame.number);
}

static void join(struct judging *j, struct pair *pair, const struct candidate *near, const struct candidate *far,
                 bool rewritten)
{
    struct alone *a = near->alone, *b = far->alone;
    struct pair_way *way = &pair->ways[near->near_way];
    const struct transit_events *events = &j->p->config.events;
    const struct side *side = side_of(j, pair);
    a->gone = b->gone = true;
    late_note_acknowledgement(j->p, a);
    late_note_acknowledgement(j->p, b);
    way->arrived += a->shown.packets;
    delays_add(&way->delays, a->shown.time, b->shown.time - a->shown.time,
               far->common - overview_off(j, far) - near->common);
    if (rewritten) {
        const struct transit_rewrite row = {.field = REWRITE_PAYLOAD,
                                            .way = (uint8_t)near->near_way,
                                            .near = (uint32_t)a->content,
                                            .far = (uint32_t)b->content,
                                            .packets = a->shown.packets,
                                            .frames = {a->shown.frame, b->shown.frame}};
        rewrites_count(j->p, pair, &row);
    }
    if (events->pair) {
        const struct transit_pair told = {.frames = {a->shown.frame, b->shown.frame},
                                          .times = {a->shown.time, b->shown.time},
                                          .near_flow = pair->flows[TRANSIT_NEAR],
                                          .seq = a->shown.seq,
                                          .bytes = a->shown.bytes,
                                          .way = (uint8_t)sides_way(side, near->near_way),
                                          .way_known = side->known,
                                          .rewritten = rewritten ? 1u << REWRITE_PAYLOAD : 0};
        events->pair(events->context, &told);
    }
}

/* Whether the time of a packet by the other clock is known. */
static bool is_timed(const struct judging *j, const struct alone *a)
{
    return a->shown.point == TRANSIT_NEAR ? clock_is_known(&j->out->clock, a->shown.time)
                                          : clock_is_known_at_b(&j->out->clock, a->shown.time);
}

/* Packets of one point with one key, in the order of time, that are not paired. */
struct rest {
    const struct candidate *from;
    size_t count;
};

/* How many come before a time. */
static size_t count_before(const struct rest *rest, nstime time)
{
    size_t low = 0, high = rest->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rest->from[middle].common < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct rest rest_within(const struct rest *rest, nstime time, nstime within)
{
    size_t from = count_before(rest, time - within + 1), to = count_before(rest, time + within);
    return (struct rest){rest->from + from, to - from};
}

/* Whether the clock is known for a packet and for all of the other point that are near. */
static bool are_timed(const struct judging *j, const struct candidate *self, const struct rest *near)
{
    return j->out->clock.count <= 1 && is_timed(j, self->alone) &&
           (!near->count || (is_timed(j, near->from[0].alone) && is_timed(j, near->from[near->count - 1].alone)));
}

/* Packets of the other point among which one may be that nothing but its time tells from others. Where a clock may have
 * been set that no pairs show, all are. */
static struct rest find_neighbours(const struct judging *j, const struct rest *others, const struct candidate *self)
{
    struct rest near = rest_within(others, self->common, ALONE_AFTER);
    if (!fates_is_shown(j, self->common))
        return *others;
    return self->alone->is_alike && are_timed(j, self, &near) ? rest_within(others, self->common, REWRITTEN_WITHIN)
                                                              : near;
}

/* A packet of the other point may be it. Ids and timestamps tell segments apart; devices draw the ids of datagrams
 * anew. */
static bool has_neighbour(const struct judging *j, const struct pair *pair, const struct rest *others,
                          const struct candidate *self)
{
    struct rest near = find_neighbours(j, others, self);
    if (self->alone->kind != PASSAGE_TCP || near.count > COMPARED_MOST)
        return near.count > 0;
    bool is_near = self->alone->shown.point == TRANSIT_NEAR;
    for (size_t i = 0; i < near.count; i++)
        if (!are_different(j, pair, is_near ? self : &near.from[i], is_near ? &near.from[i] : self))
            return true;
    return false;
}

/* Takes out those that were paired; the others stay in their order. */
static size_t drop_paired(struct candidate *all, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!all[i].alone->gone)
            all[kept++] = all[i];
    return kept;
}

static void set_group(struct judging *j, const struct pair *pair, struct candidate *all, size_t count)
{
    struct rest rests[TRANSIT_POINTS] = {{.from = all}};
    count = drop_paired(all, count);
    while (rests[TRANSIT_NEAR].count < count && all[rests[TRANSIT_NEAR].count].alone->shown.point == TRANSIT_NEAR)
        rests[TRANSIT_NEAR].count++;
    rests[TRANSIT_FAR] = (struct rest){all + rests[TRANSIT_NEAR].count, count - rests[TRANSIT_NEAR].count};
    j->groups++;
    for (size_t i = 0; i < count; i++)
        if (has_neighbour(j, pair, &rests[!all[i].alone->shown.point], &all[i]))
            all[i].alone->group = j->groups;
}

/* A device that forges a packet rarely stands where its sender does: the packet passes another number of routers. */
static bool has_usual_hops(const struct judging *j, const struct candidate *near, const struct candidate *far)
{
    return j->p->hops[hops_between(near->alone->shown.ttl, far->alone->shown.ttl)] > 0;
}

/* Joins those that come when others the same way do, in their order; with `usual`, those with the usual hops alone. */
static void join_in_order(struct judging *j, struct pair *pair, const struct candidate *all, size_t count, size_t nears,
                          bool usual)
{
    enum transit_way way = sides_way(side_of(j, pair), all[0].near_way);
    size_t far = nears;
    struct delay_range range;
    if (!find_range(j, way, &range))
        return;
    for (size_t near = 0; near < nears && far < count; near++) {
        nstime from = all[near].common + (way == TRANSIT_TOWARD_FAR ? range.least : -range.most);
        nstime until = from + (range.most - range.least);
        if (all[near].alone->gone)
            continue;
        while (far < count && (all[far].common < from || all[far].alone->gone))
            far++;
        size_t at = far;
        while (at < count && at - far < PASSED_OVER_MOST &&
               (all[at].alone->gone || (usual && !has_usual_hops(j, &all[near], &all[at]))))
            at++;
        bool fits = at < count && at - far < PASSED_OVER_MOST && all[at].common <= until &&
                    fates_is_shown(j, all[near].common) &&
                    same_timestamps(&pair->ways[all[near].near_way], all[near].alone, all[at].alone);
        if (!fits)
            continue;
        join(j, pair, &all[near], &all[at], false);
        far = at + 1;
    }
}

/* Where the clock is shown. */
static void join_alike(struct judging *j, struct pair *pair, const struct candidate *all, size_t count, size_t nears)
{
    if (!side_of(j, pair)->known)
        return;
    join_in_order(j, pair, all, count, nears, true);
    join_in_order(j, pair, all, count, nears, false);
}

/* Packets that only their time tells apart, of both points: their times do not fit, and nothing else shows which are
 * the same. True: they are such. */
static bool make_group(struct judging *j, struct pair *pair, struct candidate *all, size_t count, size_t nears)
{
    bool alike = false;
    size_t left[TRANSIT_POINTS] = {0};
    for (size_t i = 0; i < count; i++)
        alike = alike || all[i].alone->is_alike;
    if (alike)
        join_alike(j, pair, all, count, nears);
    for (size_t i = 0; i < count && alike; i++)
        left[all[i].alone->shown.point] += !all[i].alone->gone;
    if (left[TRANSIT_NEAR] && left[TRANSIT_FAR])
        set_group(j, pair, all, count);
    return alike;
}

/* All with one key: near ones first, each in the order of time. */
static void join_group(struct judging *j, struct pair *pair, struct candidate *all, size_t count, bool rewritten)
{
    size_t nears = 0;
    while (nears < count && all[nears].alone->shown.point == TRANSIT_NEAR)
        nears++;
    if (make_group(j, pair, all, count, nears))
        return;
    bool is_joined = false;
    for (size_t near = 0, far = nears; near < nears && far < count; near++) {
        size_t at = far;
        while (at < count && !accepts(j, pair, &all[near], &all[at], rewritten) && at - far < PASSED_OVER_MOST)
            at++;
        if (at == count || !accepts(j, pair, &all[near], &all[at], rewritten))
            continue;
        join(j, pair, &all[near], &all[at], rewritten);
        far = at + 1;
        is_joined = true;
    }
    if (!is_joined && nears && nears < count && !rewritten)
        set_group(j, pair, all, count);
}

static void join_range(struct judging *j, struct alone *from, size_t count, struct candidate *room, bool rewritten)
{
    struct pair *pair = change_pair(j->p, from->ref);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct alone *a = &from[i];
        unsigned near_way = a->way ^ way_flips(pair, a->shown.point);
        bool is_sure_twin = a->is_twin && (a->id || rewritten);
        uint64_t key =
            a->gone || is_sure_twin || (rewritten && holds_several(a)) ? 0 : key_of(pair, a, near_way, rewritten);
        if (key)
            room[kept++] = (struct candidate){key, on_near_clock(&j->out->clock, a), a, near_way};
    }
    qsort(room, kept, sizeof *room, by_key);
    for (size_t start = 0, end; start < kept; start = end) {
        for (end = start + 1;
             end < kept && room[end].key == room[start].key && room[end].near_way == room[start].near_way; end++)
            continue;
        join_group(j, pair, room + start, end - start, rewritten);
    }
}

bool late_pair(struct judging *j)
{
    struct pairing *p = j->p;
    struct candidate *room = malloc((p->alone_count + 1) * sizeof *room);
    if (!room)
        return false;
    for (size_t start = 0, end; start < p->alone_count && p->alone[start].ref < pair_count(p); start = end) {
        for (end = start + 1; end < p->alone_count && p->alone[end].ref == p->alone[start].ref; end++)
            continue;
        if (j->proxied[p->alone[start].ref])
            continue;
        next_turn(p);
        join_range(j, &p->alone[start], end - start, room, false);
        join_range(j, &p->alone[start], end - start, room, true);
    }
    free(room);
    return !p->failed;
}
