/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/pairing.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/captured.h"
#include "pairing/pairing_packet.h"
#include "pairing/state.h"

struct pairing_and_result {
    struct pairing pairing;
    struct transit_result result;
};

static nstime settled_after(const struct overview_result *overview)
{
    nstime most = 0;
    const struct clock_segment *segment = &overview->clock.segments[0];
    if (!overview->clock.count || !segment->has_least || !segment->has_most)
        return SETTLED_MOST;
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        nstime delay = overview->usual[way] < 0 ? -overview->usual[way] : overview->usual[way];
        most = overview->usual_known[way] && delay > most ? delay : most;
    }
    most = 2 * most + (segment->most - segment->least);
    return most < SETTLED_LEAST ? SETTLED_LEAST : most > SETTLED_MOST ? SETTLED_MOST : most;
}

struct pairing *pairing_new(const struct pairing_config *config)
{
    struct pairing_and_result *both = calloc(1, sizeof *both);
    struct pairing *p = &both->pairing;
    if (!both)
        return NULL;
    p->config = *config;
    p->settled_after = settled_after(&config->overview);
    p->alike_first = p->alike_last = NSTIME_NONE;
    const struct overview_point *near = &config->overview.points[TRANSIT_NEAR];
    p->least = least_new(near->first, near->last);
    bool good = p->least != NULL;
    good = flows_init(&p->flows, config->secret) && good;
    good = held_init(&p->held, config->secret) && good;
    good = votes_init(&p->votes, config->secret) && good;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        p->points[point].first = p->points[point].last = NSTIME_NONE;
    if (good)
        return p;
    pairing_free(p);
    return NULL;
}

static void free_result(struct transit_result *result)
{
    for (uint64_t i = 0; i < result->conversation_count; i++)
        free((void *)(uintptr_t)result->conversations[i].rewrites);
    free(result->conversations);
    free(result->alone);
}

void pairing_free(struct pairing *p)
{
    struct pairing_and_result *both = (struct pairing_and_result *)p;
    if (!p)
        return;
    free(p->far_hosts);
    free(p->alone);
    least_free(p->least);
    flows_free(&p->flows);
    held_free(&p->held);
    votes_free(&p->votes);
    free_result(&both->result);
    free(both);
}

/* RFC 9293 3.7.1: without the option. */
#define MSS_DEFAULT 536

/* --- packets that leave --- */

/* The way of the same flow at the other point; NULL: the flow has no partner. */
static struct flow_way *partner_way(struct pairing *p, const struct held *h, uint32_t *seq)
{
    if (!has_partner(p, h->flow))
        return NULL;
    const struct pair *pair = see_pair_of(p, h->flow);
    unsigned near_way = h->way ^ way_flips(pair, h->point);
    uint32_t delta = pair->ways[near_way].seq.value;
    *seq = h->point == TRANSIT_NEAR ? h->seq + delta : h->seq - delta;
    return &change_flow(p, pair->flows[!h->point])->ways[near_way ^ way_flips(pair, !h->point)];
}

/* Another host sent it than the packets of its way that have partners. Its bytes were acknowledged, but the host in
 * whose name it came never sent them. */
static bool has_other_ttl(const struct pairing *p, const struct held *h)
{
    const struct pair *pair = see_pair_of(p, h->flow);
    uint8_t usual = pair->ways[h->way ^ way_flips(pair, h->point)].ttl[h->point];
    return usual && h->ttl != usual;
}

/* How many packets a frame of segmentation offload was, by the largest that was seen, or else by what the receiver's
 * SYN allows. */
static uint32_t packets_of(const struct pairing *p, const struct held *h)
{
    const struct flow *flow = see_flow(p, h->flow);
    uint32_t unit = flow->syn[!h->way].mss ? flow->syn[!h->way].mss : MSS_DEFAULT, largest = 0;
    if (flow->pair != NONE)
        largest = see_pair_of(p, h->flow)->ways[h->way ^ way_flips(see_pair_of(p, h->flow), h->point)].unit;
    unit = largest > MSS_DEFAULT ? largest : unit;
    return h->span > unit ? (h->span + unit - 1) / unit : 1;
}

/* A firewall may add a constant to the numbers of the connection, and too few packets show which, so far. If they do in
 * the end, late.c pairs packets without data. Those with data may be cut otherwise at the other point. */
static bool has_unplaced_data(const struct pairing *p, const struct held *h)
{
    if (h->kind != PASSAGE_TCP || !h->length || !has_partner(p, h->flow))
        return false;
    const struct pair *pair = see_pair_of(p, h->flow);
    return !pair->ways[h->way ^ way_flips(pair, h->point)].seq.known;
}

static void leave_alone(struct pairing *p, const struct held *h, bool early)
{
    struct flow *flow = change_flow(p, h->flow);
    uint32_t seq = 0;
    struct flow_way *other = partner_way(p, h, &seq);
    uint32_t most = flow->is_error ? ERRORS_ALONE_MOST : UNPAIRED_ALONE_MOST;
    bool is_full = p->alone_count >= ALONE_MOST || (!other && flow->kept_alone >= most);
    if (is_full || !array_reserve((void **)&p->alone, &p->alone_capacity, p->alone_count + 1, sizeof *p->alone)) {
        p->alone_left_out++;
        flow->left_out++;
        return;
    }
    flow->kept_alone++;
    struct alone *alone = &p->alone[p->alone_count++];
    *alone = (struct alone){
        .shown = {.frame = {h->frame, h->file},
                  .time = h->time,
                  .seq = h->seq,
                  .bytes = h->kind == PASSAGE_TCP ? h->span : h->length,
                  .packets = packets_of(p, h),
                  .point = h->point,
                  .tcp_flags = h->kind == PASSAGE_TCP ? h->flags : 0,
                  .ttl = h->ttl},
        .content = h->content,
        .flow = h->flow,
        .ack = h->ack,
        .timestamp = h->timestamp,
        .has_timestamps = h->has_timestamps,
        .whole_span = h->whole_span,
        .id = h->id,
        .window = h->window,
        .kind = h->kind,
        .way = h->way,
        .is_twin = h->is_twin,
        .was_sent = h->was_sent,
        .is_alike = h->is_alike,
        .is_copied = h->is_copied,
        .is_error = h->kind == PASSAGE_ERROR,
        .is_fragment = h->is_fragment,
        .early = early || has_unplaced_data(p, h),
    };
    if (other && h->kind == PASSAGE_TCP && h->span) {
        if (has_other_ttl(p, h))
            stream_disprove(&other->stream, seq, h->span);
        alone->missed = stream_missed(&other->stream, seq, h->span);
        alone->shown.repeated = !alone->missed && stream_has(&other->stream, seq, h->span);
    }
}

static void expire(struct pairing *p, uint32_t index, bool early)
{
    bool paired = p->held.held[index].paired;
    if (!paired && has_partner(p, p->held.held[index].flow) && !p->held.held[index].is_twin)
        match_held(p, index, true);
    const struct held *h = &p->held.held[index];
    if (!h->paired) {
        leave_alone(p, h, early);
        held_unlist(&p->held, &p->flows, index);
    }
    held_remove(&p->held, index);
}

/* An unpaired packet that another, paired one of its point equals. */
static bool has_paired_twin(const struct pairing *p, const struct held *h)
{
    unsigned left = 64;
    for (uint32_t i = held_first(&p->held, h->key); i != NONE && left; i = p->held.held[i].chain, left--) {
        const struct held *other = &p->held.held[i];
        if (other != h && other->paired && other->key == h->key && match_is_twin(other, h))
            return true;
    }
    return false;
}

static void settle(struct pairing *p, uint32_t index)
{
    struct held *h = &p->held.held[index];
    h->settled = true;
    p->held.first_unsettled = h->later;
    held_prefetch_record(&p->held, h->later);
    if (h->paired) {
        match_settle(p, index);
        return;
    }
    if (!has_partner(p, h->flow))
        return;
    match_held(p, index, false);
    h = &p->held.held[index];
    h->is_twin = !h->paired && has_paired_twin(p, h);
    h->is_copied = !h->paired && match_is_copied(p, h);
    h->was_sent = !h->paired && match_was_sent(p, h);
}

static void advance(struct pairing *p, nstime common)
{
    const struct held_store *store = &p->held;
    while (store->first_unsettled != NONE && store->held[store->first_unsettled].common <= common - p->settled_after &&
           !p->failed) {
        next_turn(p);
        settle(p, store->first_unsettled);
    }
    while (store->first_young != NONE && store->first_young != store->first_unsettled &&
           store->held[store->first_young].common <= common - p->settled_after - PAIRED_FOR) {
        uint32_t index = store->first_young;
        p->held.first_young = store->held[index].later;
        if (store->held[index].paired)
            held_remove(&p->held, index);
    }
    while (store->first != NONE && !p->failed) {
        bool is_old = store->held[store->first].common <= common - ALONE_AFTER;
        if (!is_old && store->count < HELD_MOST)
            break;
        next_turn(p);
        if (store->first == store->first_unsettled)
            settle(p, store->first);
        else
            expire(p, store->first, !is_old);
    }
}

/* --- packets that come --- */

static void note_time(struct transit_point_result *point, nstime time)
{
    point->first = point->first == NSTIME_NONE || time < point->first ? time : point->first;
    point->last = time > point->last ? time : point->last;
}

static struct held held_of(const struct passage *passage, uint32_t flow, unsigned way)
{
    return (struct held){
        .time = passage->time,
        .common = passage->common,
        .frame = passage->frame,
        .content = passage->content,
        .flow = flow,
        .seq = passage->seq,
        .span = passage_span(passage),
        .length = passage->length,
        .whole_seq = passage->seq,
        .whole_span = passage_span(passage),
        .ack = passage->flags & TCP_ACK ? passage->ack : 0,
        .timestamp = passage->timestamp,
        .timestamp_echo = passage->timestamp_echo,
        .options = passage->options,
        .flow_label = passage->flow_label,
        .interface = passage->interface,
        .id = passage->id,
        .window = passage->window,
        .mss = passage->mss,
        .file = passage->file,
        .kind = passage->kind,
        .ttl = passage->ttl,
        .tos = passage->tos,
        .flags = passage->flags,
        .content_bytes = passage->content_bytes,
        .way = (uint8_t)way,
        .point = passage->point,
        .version = passage->version,
        .window_scale = passage->window_scale,
        .dont_fragment = passage->dont_fragment,
        .is_fragment = passage->is_fragment,
        .beginning = passage->beginning,
        .has_timestamps = passage->has_timestamps,
        .is_first = true,
    };
}

/* Without an IP id, acknowledgements are sent several times alike. So are datagrams, and segments without timestamps:
 * the second one answers the same request, or is a retransmission. */
static bool has_name(const struct held *h)
{
    return h->id || (h->length && h->has_timestamps);
}

/* The same packet again: on another interface, behind a router, or doubled by a mirror port or by the network. */
static bool is_copy(struct pairing *p, const struct held *h)
{
    unsigned left = 64;
    for (uint32_t i = held_first(&p->held, h->key); i != NONE && left; i = p->held.held[i].chain, left--) {
        struct held *other = &p->held.held[i];
        if (other->key != h->key || h->time - other->time > SAME_FRAME_WITHIN || !match_is_twin(other, h))
            continue;
        bool may_be_twin = other->ttl == h->ttl && other->interface == h->interface && other->file == h->file;
        if (may_be_twin && !has_name(h) && (other->has_copy || !p->config.overview.points[h->point].doubled))
            continue;
        other->has_copy = true;
        p->points[h->point].copies++;
        p->twins[h->point] += may_be_twin;
        change_flow(p, h->flow)->ways[h->way].twins += may_be_twin;
        return true;
    }
    return false;
}

/* Datagrams that the network doubled are one, or answers to one. */
static bool is_doubled(const struct held *a, const struct held *b)
{
    return a->kind == PASSAGE_OTHER && match_is_twin(a, b);
}

static void mark_alike(struct pairing *p, struct held *h)
{
    unsigned left = 64;
    for (uint32_t i = held_first(&p->held, h->key); i != NONE && left; i = p->held.held[i].chain, left--) {
        struct held *other = &p->held.held[i];
        if (other->key != h->key || is_doubled(other, h) || !match_is_alike(p, other, h))
            continue;
        other->is_alike = h->is_alike = true;
        return; /* those before it are marked */
    }
}

static void note_syn(struct flow *flow, const struct passage *passage, unsigned way)
{
    struct flow_syn *syn = &flow->syn[way];
    if (!(passage->flags & TCP_SYN))
        return;
    syn->again = syn->seen;
    if (syn->seen)
        return;
    *syn = (struct flow_syn){.seen = true,
                             .common = passage->common,
                             .window_scale = passage->window_scale,
                             .window = passage->window,
                             .mss = passage->mss,
                             .id = passage->id,
                             .seq = passage->seq,
                             .options = passage->options};
}

/* What the capture has of the connection. A reset may be forged, so it shows no bytes. What it lacks is known from
 * acknowledgements that have a partner (match.c): others may be forged, too. */
static void note_stream(struct flow *flow, const struct passage *passage, unsigned way)
{
    struct flow_way *this = &flow->ways[way];
    flow->closed = flow->closed || (passage->flags & (TCP_FIN | TCP_RST));
    note_syn(flow, passage, way);
    if (passage->flags & TCP_RST) {
        struct stream *other = &flow->ways[!way].stream;
        other->is_reset = other->is_reset || (other->begun && !(passage->flags & TCP_ACK));
        return;
    }
    uint32_t span = passage_span(passage);
    if (span || !this->stream.begun)
        this->retransmitted += stream_take(&this->stream, passage->seq, span, passage->time);
}

static void take_packet(struct pairing *p, struct coming *coming)
{
    const struct passage *passage = &coming->passage;
    uint32_t index = coming->flow;
    unsigned way = coming->way;
    struct held *h = &coming->held;
    struct flow *flow = change_flow(p, index);
    flow->last = passage->time;
    if (is_copy(p, h))
        return;
    p->points[passage->point].packets++;
    p->points[passage->point].cut += passage->cut;
    flow->ways[way].frames++;
    flow->ways[way].ttl = flow->ways[way].ttl ? flow->ways[way].ttl : passage->ttl;
    if (passage->kind == PASSAGE_TCP)
        note_stream(flow, passage, way);
    mark_alike(p, h);
    h->order = ++p->orders[passage->point];
    uint32_t held = held_add(&p->held, &p->flows, h);
    if (held == NONE) {
        p->failed = true;
        return;
    }
    pairs_vote(p, passage, index, way);
    if (has_partner(p, index) && !p->held.held[held].paired)
        match_at_once(p, held);
}

static void take_first(struct pairing *p)
{
    struct coming *coming = &p->coming[p->coming_taken++ % COMING_MOST];
    advance(p, coming->passage.common);
    next_turn(p);
    if (!p->failed)
        take_packet(p, coming);
    p->failed = p->failed || p->flows.all->failed;
}

static void take_rest(struct pairing *p)
{
    while (p->coming_taken != p->coming_read)
        take_first(p);
}

/* Finds the flow of the packet, and what of the memory it will need. */
static void prepare(struct pairing *p, struct coming *coming)
{
    const struct passage *passage = &coming->passage;
    coming->flow = flows_take(&p->flows, passage, &coming->way);
    if (coming->flow == NONE) {
        p->failed = true;
        return;
    }
    struct held *h = &coming->held;
    *h = held_of(passage, coming->flow, coming->way);
    h->key = held_key(&p->held, coming->flow, coming->way, h, h->seq, h->ack);
    held_prefetch(&p->held, h->key);
    coming->partner_key = h->key;
    if (has_partner(p, coming->flow)) {
        coming->partner_key = match_key(p, h);
        held_prefetch(&p->held, coming->partner_key);
    }
}

void pairing_read(const struct overview_result *overview, enum transit_point point, unsigned file,
                  const struct frame *frame, const struct packet *packet, struct pairing_packet *out)
{
    const struct clock_estimate *clock = &overview->clock;
    out->point = point;
    out->time = frame->time;
    out->common = point == TRANSIT_FAR && clock->count ? clock_correct(clock, frame->time) : frame->time;
    out->malformed = packet->malformed != NULL;
    out->is_passage = passage_read(frame, packet, overview->content_bytes, &out->passage);
    out->passage.common = out->common;
    out->passage.point = (uint8_t)point;
    out->passage.file = (uint8_t)file;
}

bool pairing_take_read(struct pairing *p, const struct pairing_packet *packet)
{
    struct coming *coming = &p->coming[p->coming_read % COMING_MOST];
    p->points[packet->point].frames++;
    p->points[packet->point].malformed += packet->malformed;
    note_time(&p->points[packet->point], packet->time);
    if (!packet->is_passage)
        return !p->failed;
    coming->passage = packet->passage;
    if (packet->passage.flags & TCP_SYN) /* whether it begins another flow depends on all before it */
        take_rest(p);
    next_turn(p);
    prepare(p, coming);
    p->coming_read++;
    if (p->coming_read - p->coming_taken > COMING_FETCHED) {
        coming = &p->coming[(p->coming_read - 1 - COMING_FETCHED) % COMING_MOST];
        held_prefetch_first(&p->held, coming->held.key);
        held_prefetch_first(&p->held, coming->partner_key);
    }
    if (p->coming_read - p->coming_taken == COMING_MOST)
        take_first(p);
    return !p->failed;
}

bool pairing_take(struct pairing *p, enum transit_point point, unsigned file, const struct frame *frame,
                  const struct packet *packet)
{
    struct pairing_packet read;
    pairing_read(&p->config.overview, point, file, frame, packet, &read);
    return pairing_take_read(p, &read);
}

bool pairing_finish(struct pairing *p, const struct transit_result **out)
{
    struct pairing_and_result *both = (struct pairing_and_result *)p;
    if (!p->failed)
        take_rest(p);
    while (p->held.first_unsettled != NONE && !p->failed) {
        next_turn(p);
        settle(p, p->held.first_unsettled);
    }
    while (p->held.first != NONE && !p->failed) {
        next_turn(p);
        expire(p, p->held.first, false);
    }
    held_free(&p->held); /* none is left */
    votes_free(&p->votes);
    *out = &both->result;
    return !p->failed && outcome_make(p, &both->result) && !p->flows.all->failed;
}
