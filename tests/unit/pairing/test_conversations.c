/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversations that are packed and unpacked are what they were. */
#include <stdlib.h>
#include <string.h>

#include "pairing/conversations.h"
#include "pairing/packed.h"
#include "tap.h"

#define BEGIN (INT64_C(1700000000) * NS_PER_S)

/* --- made-up conversations --- */

static uint64_t state = 1;

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Mostly small, sometimes the largest, and 0 where `plain`. */
static uint64_t number(bool plain)
{
    unsigned kind = (unsigned)(draw() % 8);
    uint64_t any = draw();
    return plain || kind < 2 ? 0 : kind == 2 ? UINT64_MAX : any >> (draw() % 64);
}

static nstime time_near(nstime time, bool plain)
{
    nstime apart = (nstime)(number(plain) >> 20);
    return draw() % 2 ? time + apart : time - apart;
}

static bool flag(bool plain)
{
    return number(plain) & 1;
}

static void make_syn(struct flow_syn *syn, const struct flow *flow, bool plain)
{
    syn->seen = plain || flag(false);
    if (!syn->seen)
        return;
    syn->again = flag(plain);
    syn->common = time_near(flow->first, plain);
    syn->window_scale = plain ? 7 : (uint8_t)draw();
    syn->window = plain ? 64240 : (uint16_t)draw();
    syn->mss = plain ? 1460 : (uint16_t)draw();
    syn->id = (uint16_t)draw();
    syn->seq = (uint32_t)draw();
    syn->options = plain ? 0x11c : (uint32_t)draw();
}

static void make_stream(struct stream *stream, const struct flow *flow, bool plain)
{
    stream->begun = plain || flag(false);
    if (!stream->begun)
        return;
    stream->next = (uint32_t)draw();
    stream->forgotten = (uint32_t)number(plain);
    stream->last = time_near(flow->last, plain);
    stream->count = plain ? 0 : (uint8_t)(draw() % (HOLES_MOST + 1));
    stream->capacity = stream->count;
    stream->holes = stream->count ? calloc(stream->count, sizeof *stream->holes) : NULL;
    for (unsigned i = 0; i < stream->count; i++) {
        struct hole *hole = &stream->holes[i];
        bool acked = flag(false);
        hole->from = (uint32_t)draw();
        hole->to = hole->from + (uint32_t)number(false);
        hole->since = time_near(flow->first, false);
        hole->until = time_near(hole->since, false);
        hole->acked = acked ? time_near(hole->until, false) : NSTIME_NONE;
        hole->filled = acked && flag(false);
        hole->frame = acked ? number(false) : 0;
    }
}

static void make_flow(struct flow *flow, unsigned point, bool plain)
{
    for (unsigned end = 0; end < 2; end++) {
        flow->hosts[end] = plain ? end : (uint32_t)number(false);
        flow->ports[end] = plain && end ? 443 : (uint16_t)draw();
    }
    flow->protocol = plain ? 6 : (uint8_t)draw();
    flow->point = (uint8_t)point;
    flow->version = flag(plain) ? 6 : 4;
    flow->is_error = flag(plain);
    flow->closed = flag(plain);
    flow->evidence = (uint8_t)number(plain);
    flow->score = (int16_t)number(plain);
    flow->candidate = plain ? NONE : (uint32_t)number(false);
    flow->pair = NONE;
    flow->left_out = (uint32_t)number(plain);
    flow->kept_alone = (uint32_t)number(plain);
    flow->first = BEGIN + (nstime)(draw() >> 20);
    flow->last = time_near(flow->first, plain);
    for (unsigned way = 0; way < 2; way++) {
        struct flow_way *w = &flow->ways[way];
        w->head = w->tail = w->cursor = NONE;
        if (flag(plain)) {
            w->head = (uint32_t)draw();
            w->tail = (uint32_t)draw();
            w->cursor = (uint32_t)number(false);
        }
        w->frames = plain ? 2 : (uint32_t)number(false);
        w->retransmitted = (uint32_t)number(plain);
        w->twins = (uint32_t)number(plain);
        w->ttl = plain ? 64 : (uint8_t)draw();
        make_syn(&flow->syn[way], flow, plain);
        make_stream(&w->stream, flow, plain);
        w->stream.acked = w->stream.begun && (plain || flag(false));
        w->stream.is_reset = w->stream.begun && !plain && flag(false);
        w->stream.first = !w->stream.begun ? 0 : plain ? flow->syn[way].seq : (uint32_t)draw();
    }
}

static void make_added(struct added *added, bool plain)
{
    added->known = plain || flag(false);
    added->votes = plain ? 3 : (uint8_t)draw();
    added->number = (uint32_t)number(plain);
    added->value = (uint32_t)number(plain);
    added->next = (uint32_t)number(plain);
}

static void make_delays(struct delays *delays, nstime first, bool plain)
{
    delays->seen = plain ? 2 : number(false);
    if (!delays->seen)
        return;
    delays->least = (struct delay_sample){time_near(first, plain), 5 * NS_PER_MS};
    delays->most = (struct delay_sample){time_near(first, plain), time_near(5 * NS_PER_MS, plain)};
    delays->least_common = time_near(0, plain);
    delays->most_common = time_near(0, plain);
    delays->count = plain ? 2 : (uint16_t)(draw() % 129);
    delays->capacity = delays->count;
    delays->kept = delays->count ? calloc(delays->count, sizeof *delays->kept) : NULL;
    for (unsigned i = 0; i < delays->count; i++)
        delays->kept[i] = (struct delay_sample){first + (nstime)(draw() >> 36), time_near(5 * NS_PER_MS, plain)};
}

static void make_pair_way(struct pair_way *way, nstime first, bool plain)
{
    make_added(&way->seq, plain);
    make_added(&way->timestamp, plain);
    way->arrived = plain ? 2 : (uint32_t)number(false);
    way->down = plain ? 2 : (uint32_t)number(false);
    way->up = (uint32_t)number(plain);
    way->ids_differ = flag(plain);
    way->duplicated = (uint32_t)number(plain);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        way->reordered[point] = (uint32_t)number(plain);
        way->order_most[point] = (uint32_t)(draw() >> 44);
        way->ttl[point] = plain ? (uint8_t)(64 - 3 * point) : (uint8_t)draw();
    }
    way->has_expected = plain || flag(false);
    way->expected = time_near(0, plain);
    way->unit = plain ? 1448 : (uint32_t)number(false);
    make_delays(&way->delays, first, plain);
}

static void make_rewrites(struct pair *pair, bool plain)
{
    pair->rewrite_count = plain ? 0 : (uint32_t)(draw() % 25);
    pair->rewrites = pair->rewrite_count ? calloc(32, sizeof *pair->rewrites) : NULL;
    for (unsigned i = 0; i < pair->rewrite_count; i++) {
        struct transit_rewrite *row = &pair->rewrites[i];
        row->field = (uint8_t)draw();
        row->way = (uint8_t)(draw() & 1);
        row->varies = flag(false);
        row->near = number(false);
        row->far = number(false);
        row->packets = number(false);
        for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
            row->frames[point].number = number(false);
            row->frames[point].file = (uint8_t)draw();
        }
    }
}

/* What a translator and three routers make of a flow. */
static void translate(const struct flow *near, struct flow *far)
{
    memcpy(far, near, sizeof *far);
    far->point = TRANSIT_FAR;
    far->hosts[0] = 7;
    far->ports[0] = (uint16_t)draw();
    far->first += 5 * NS_PER_S;
    far->last += 5 * NS_PER_S;
    for (unsigned way = 0; way < 2; way++) {
        far->syn[way].common += 5 * NS_PER_MS;
        far->ways[way].stream.last += 5 * NS_PER_S;
        far->ways[way].ttl = 61;
    }
}

/* Makes a pair, or a flow alone. Plain ones differ in addresses, numbers and times alone. */
static void make(struct conversation *c, uint32_t owner, bool is_paired, bool plain)
{
    memset(c, 0, sizeof *c);
    c->is_paired = is_paired;
    make_flow(&c->flows[0], is_paired ? TRANSIT_NEAR : (unsigned)(draw() & 1), plain);
    if (!is_paired)
        return;
    if (plain)
        translate(&c->flows[0], &c->flows[1]);
    else
        make_flow(&c->flows[1], TRANSIT_FAR, false);
    c->flows[0].pair = c->flows[1].pair = plain ? owner / 2 : (uint32_t)number(false);
    c->pair.flows[0] = owner;
    c->pair.flows[1] = plain ? owner + 1 : (uint32_t)number(false);
    c->pair.flipped = flag(plain);
    c->pair.evidence = plain ? 15 : (uint8_t)draw();
    c->pair.score = plain ? 112 : (int16_t)draw();
    c->pair.since = time_near(c->flows[0].first, plain);
    for (unsigned way = 0; way < 2; way++)
        make_pair_way(&c->pair.ways[way], c->flows[0].first, plain);
    make_rewrites(&c->pair, plain);
}

/* --- comparison --- */

static bool same_list(const void *a, const void *b, size_t bytes)
{
    return bytes == 0 || (a && b && memcmp(a, b, bytes) == 0);
}

/* A copy without its lists: their addresses differ. */
static struct conversation *bare(const struct conversation *c)
{
    struct conversation *out = malloc(sizeof *out);
    memcpy(out, c, sizeof *out);
    for (unsigned way = 0; way < 2; way++) {
        for (unsigned point = 0; point < TRANSIT_POINTS; point++)
            out->flows[point].ways[way].stream.holes = NULL;
        out->pair.ways[way].delays.kept = NULL;
    }
    out->pair.rewrites = NULL;
    return out;
}

static bool same(const struct conversation *a, const struct conversation *b)
{
    struct conversation *x = bare(a), *y = bare(b);
    bool is_same = memcmp(x, y, sizeof *x) == 0;
    free(x);
    free(y);
    for (unsigned way = 0; way < 2 && is_same; way++) {
        const struct delays *d = &a->pair.ways[way].delays, *e = &b->pair.ways[way].delays;
        is_same = same_list(d->kept, e->kept, d->count * sizeof *d->kept);
        for (unsigned point = 0; point < TRANSIT_POINTS && is_same; point++) {
            const struct stream *s = &a->flows[point].ways[way].stream, *t = &b->flows[point].ways[way].stream;
            is_same = same_list(s->holes, t->holes, s->count * sizeof *s->holes);
        }
    }
    return is_same && same_list(a->pair.rewrites, b->pair.rewrites, a->pair.rewrite_count * sizeof *a->pair.rewrites);
}

/* --- records --- */

#define RECORDS 4000u

struct kept {
    struct conversation made[RECORDS];
    uint32_t records[RECORDS];
};

static void note_moved(void *context, uint32_t owner, uint32_t record)
{
    struct kept *kept = context;
    kept->records[owner] = record;
}

/* How many are not as they were made. */
static unsigned count_wrong(struct packed *packed, const struct kept *kept)
{
    unsigned wrong = 0;
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct conversation open;
        bool good = packed_open(packed, kept->records[i], &open);
        const struct flow *names = packed_names(packed, kept->records[i]);
        const struct conversation *made = &kept->made[i];
        for (unsigned f = 0; f <= made->is_paired; f++)
            good = good && memcmp(names[f].hosts, made->flows[f].hosts, sizeof names[f].hosts) == 0 &&
                   memcmp(names[f].ports, made->flows[f].ports, sizeof names[f].ports) == 0 &&
                   names[f].protocol == made->flows[f].protocol && names[f].point == made->flows[f].point &&
                   names[f].is_error == made->flows[f].is_error;
        wrong += !good || !same(&open, made);
        conversation_clear(&open);
    }
    return wrong;
}

static void test_records(void)
{
    static struct kept kept;
    struct packed *packed = packed_new(note_moved, &kept);
    for (uint32_t i = 0; i < RECORDS; i++) {
        make(&kept.made[i], i, draw() % 4 != 0, draw() % 2);
        kept.records[i] = packed_add(packed, i, &kept.made[i]);
    }
    ok(count_wrong(packed, &kept) == 0, "conversations of all kinds are as they were");
    for (uint32_t i = 0; i < RECORDS; i++) { /* all removed ones together fill more than the rest */
        packed_remove(packed, kept.records[i]);
        kept.records[i] = packed_add(packed, i, &kept.made[i]);
    }
    ok(count_wrong(packed, &kept) == 0, "and so they are when others were removed between them");
    for (uint32_t i = 0; i < RECORDS; i++)
        conversation_clear(&kept.made[i]);
    packed_free(packed);
}

static void ignore_moved(void *context, uint32_t owner, uint32_t record)
{
    (void)context;
    (void)owner;
    (void)record;
}

/* Unit: bytes. Source: a million of them are to take about 100 MB. */
#define PLAIN_MOST 112

static void test_size(void)
{
    struct packed *packed = packed_new(ignore_moved, NULL);
    uint32_t first = 0, last = 0;
    for (uint32_t i = 0; i <= 1000; i++) {
        struct conversation c;
        make(&c, 2 * i, true, true);
        last = packed_add(packed, 2 * i, &c);
        first = i == 0 ? last : first;
        conversation_clear(&c);
    }
    unsigned bytes = (last - first) * 4 / 1000;
    ok(bytes <= PLAIN_MOST, "an ordinary conversation takes %u bytes, at most %u", bytes, PLAIN_MOST);
    packed_free(packed);
}

/* --- all --- */

#define FLOWS (3 * CONVERSATIONS_OPEN)

static unsigned count_wrong_flows(struct conversations *all, const uint32_t *frames)
{
    unsigned wrong = 0;
    for (uint32_t i = 0; i < FLOWS; i++) {
        conversations_next_turn(all);
        bool is_paired = conversations_is_paired(all, i), has_name = conversations_name(all, i)->hosts[0] == i;
        const struct flow *flow = conversations_see_flow(all, i);
        uint32_t partner = i ^ 1, pair = flow->pair;
        bool good = has_name && flow->ways[0].frames == frames[i] && is_paired == (i % 4 < 2);
        if (is_paired)
            good = good && conversations_see_pair(all, pair)->flows[i & 1] == i &&
                   conversations_see_flow(all, partner)->pair == pair &&
                   conversations_see_pair(all, pair)->ways[0].arrived == i / 4;
        wrong += !good;
    }
    return wrong;
}

/* More than are open at a time. */
static void test_all(void)
{
    static uint32_t frames[FLOWS];
    struct conversations *all = conversations_new();
    unsigned bad = 0;
    for (uint32_t i = 0; i < FLOWS; i++) {
        struct flow flow;
        memset(&flow, 0, sizeof flow);
        make_flow(&flow, i & 1, true);
        flow.hosts[0] = i;
        conversations_next_turn(all);
        bad += conversations_add(all, &flow) != i;
        frames[i] = flow.ways[0].frames;
    }
    ok(bad == 0, "flows are numbered in their order");
    for (uint32_t i = 0; i < FLOWS; i += 4) { /* of four flows, two are a pair */
        conversations_next_turn(all);
        uint32_t pair = conversations_join(all, i, i + 1);
        conversations_pair(all, pair)->ways[0].arrived = i / 4;
    }
    ok(all->pair_count == FLOWS / 4, "and some of them become pairs");
    ok(count_wrong_flows(all, frames) == 0, "all are there, with their pairs");
    for (uint32_t n = 0; n < 4 * FLOWS; n++) {
        uint32_t i = (uint32_t)(draw() % FLOWS);
        conversations_next_turn(all);
        conversations_flow(all, i)->ways[0].frames = frames[i] = (uint32_t)draw();
    }
    ok(count_wrong_flows(all, frames) == 0, "and so they are after many changes");
    ok(!all->failed, "no memory was missing");
    conversations_free(all);
}

int main(void)
{
    test_records();
    test_size();
    test_all();
    return tap_done();
}
