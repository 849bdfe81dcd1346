/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/packed.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Bytes of a record that fields may fill: lists of 96 holes, 256 delays and 24 rewrites, with 9 bytes for each field,
 * and the rest. */
#define RECORD_MOST 16384u
/* Records begin at multiples of so many bytes. */
#define UNIT 4u
/* Removed records are taken out when they fill more than 1 of so many bytes. Unit: 1. Source: chosen. Effect: more cost
 * time; fewer cost memory. */
#define REMOVED_SHARE 4
#define REMOVED_LEAST (UINT32_C(1) << 18) /* units */
/* Kinds of conversations, each with one that others are compared with. */
#define KINDS 256

struct record {
    uint32_t owner; /* NONE: removed */
    uint16_t units; /* with this header */
};
#define HEADER 6u

struct packed {
    uint8_t *bytes; /* owned */
    size_t capacity;
    uint32_t used, removed; /* units */
    packed_moved *moved;
    void *context;
    struct conversation *like[KINDS]; /* owned; without lists */
    struct conversation names;        /* packed_names() */
    uint8_t scratch[RECORD_MOST];
};

struct packed *packed_new(packed_moved *moved, void *context)
{
    struct packed *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->moved = moved;
    p->context = context;
    return p;
}

void packed_free(struct packed *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < KINDS; i++)
        free(p->like[i]);
    free(p->bytes);
    free(p);
}

/* --- bits --- */

/* Reads or writes, so that one function says for both what is where. */
struct coder {
    uint8_t *bytes;
    size_t at; /* bits */
    bool reads;
};

/* At most 57 bits. */
static inline uint64_t code_bits(struct coder *c, uint64_t value, unsigned count)
{
    uint64_t word;
    uint8_t *bytes = c->bytes + c->at / 8;
    unsigned shift = c->at % 8;
    c->at += count;
    if (c->reads) {
        memcpy(&word, bytes, sizeof word);
        return le64toh(word) >> shift & ((UINT64_C(1) << count) - 1);
    }
    word = htole64((*bytes & ((1U << shift) - 1)) | value << shift);
    memcpy(bytes, &word, sizeof word);
    return value;
}

/* How far it is from what is expected: one bit if not at all; else a class of 3 bits, and as many as it has. */
static uint64_t code_difference(struct coder *c, uint64_t difference)
{
    static const uint8_t widths[] = {4, 8, 14, 20, 26, 32, 40, 64};
    unsigned class = 0;
    if (!code_bits(c, difference != 0, 1))
        return 0;
    while (!c->reads && widths[class] < 64 && difference >> widths[class])
        class ++;
    unsigned width = widths[code_bits(c, class, 3)];
    if (width < 64)
        return code_bits(c, difference, width);
    uint64_t low = code_bits(c, difference & UINT32_MAX, 32);
    return low | code_bits(c, difference >> 32, 32) << 32;
}

/* Small differences of both signs are small numbers. */
static uint64_t code_near(struct coder *c, uint64_t value, uint64_t expected)
{
    uint64_t difference = value - expected;
    uint64_t coded = code_difference(c, difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0));
    return expected + (coded >> 1 ^ (coded & 1 ? UINT64_MAX : 0));
}

static void code_u64(struct coder *c, uint64_t *field, uint64_t expected)
{
    *field = code_near(c, *field, expected);
}

static void code_time(struct coder *c, nstime *field, nstime expected)
{
    *field = (nstime)code_near(c, (uint64_t)*field, (uint64_t)expected);
}

/* `expected` may have wrapped around. */
static void code_u32(struct coder *c, uint32_t *field, uint32_t expected)
{
    int32_t difference = (int32_t)(*field - expected);
    *field = expected + (uint32_t)code_near(c, (uint64_t)(int64_t)difference, 0);
}

static void code_u16(struct coder *c, uint16_t *field, uint16_t expected)
{
    *field = (uint16_t)code_near(c, *field, expected);
}

static void code_u8(struct coder *c, uint8_t *field, uint8_t expected)
{
    *field = (uint8_t)code_near(c, *field, expected);
}

static void code_flag(struct coder *c, bool *field)
{
    *field = code_bits(c, *field, 1) != 0;
}

/* Whether any of some fields, which are mostly 0, is not. */
static bool code_any(struct coder *c, bool any)
{
    code_flag(c, &any);
    return any;
}

/* --- flows --- */

/* A flow and what it is expected to be: `of` is the same flow of `like`. The far flow of a pair differs from the near
 * one, `base`, as that of `like`, `of_base`, does. Others are compared with empty ones. */
struct flow_coder {
    struct coder *c;
    struct flow *flow;
    const struct flow *of, *base, *of_base;
    unsigned flip, of_flip; /* of the ways of `base` and `of_base` */
};

/* A field of `base` if `like` has the same one at both points, else that of `like`. */
static uint32_t same_or(uint32_t base, uint32_t of_base, uint32_t of)
{
    return of == of_base ? base : of;
}

static void code_name(const struct flow_coder *f)
{
    struct flow *flow = f->flow;
    for (unsigned end = 0; end < 2; end++) {
        unsigned at = end ^ f->flip, of_at = end ^ f->of_flip;
        code_u32(f->c, &flow->hosts[end], same_or(f->base->hosts[at], f->of_base->hosts[of_at], f->of->hosts[end]));
        code_u16(f->c, &flow->ports[end],
                 (uint16_t)same_or(f->base->ports[at], f->of_base->ports[of_at], f->of->ports[end]));
    }
    code_u8(f->c, &flow->protocol, f->of->protocol);
    code_u8(f->c, &flow->point, f->of->point);
    code_u8(f->c, &flow->version, f->of->version);
    code_flag(f->c, &flow->is_error);
}

static void code_syn(const struct flow_coder *f, unsigned way)
{
    struct flow_syn *syn = &f->flow->syn[way];
    const struct flow_syn *of = &f->of->syn[way], *base = &f->base->syn[way ^ f->flip],
                          *of_base = &f->of_base->syn[way ^ f->of_flip];
    code_flag(f->c, &syn->seen);
    if (!syn->seen)
        return;
    code_flag(f->c, &syn->again);
    code_time(f->c, &syn->common, f->flow->first + (of->common - f->of->first));
    code_u8(f->c, &syn->window_scale, (uint8_t)same_or(base->window_scale, of_base->window_scale, of->window_scale));
    code_u16(f->c, &syn->window, (uint16_t)same_or(base->window, of_base->window, of->window));
    code_u16(f->c, &syn->mss, (uint16_t)same_or(base->mss, of_base->mss, of->mss));
    code_u16(f->c, &syn->id, (uint16_t)same_or(base->id, of_base->id, of->id));
    code_u32(f->c, &syn->seq, base->seq + of->seq - of_base->seq);
    code_u32(f->c, &syn->options, same_or(base->options, of_base->options, of->options));
}

static void code_hole(struct coder *c, struct hole *hole, const struct stream *stream)
{
    code_u32(c, &hole->from, stream->next);
    code_u32(c, &hole->to, hole->from);
    code_time(c, &hole->since, stream->last);
    code_time(c, &hole->until, hole->since);
    bool acked = hole->acked != NSTIME_NONE;
    code_flag(c, &acked);
    hole->filled = acked && hole->filled;
    if (!acked) {
        hole->acked = NSTIME_NONE;
        return;
    }
    code_time(c, &hole->acked, hole->until);
    code_flag(c, &hole->filled);
    code_u64(c, &hole->frame, 0);
}

/* False: out of memory. */
static bool code_stream(const struct flow_coder *f, unsigned way)
{
    struct stream *stream = &f->flow->ways[way].stream;
    const struct stream *of = &f->of->ways[way].stream, *base = &f->base->ways[way ^ f->flip].stream,
                        *of_base = &f->of_base->ways[way ^ f->of_flip].stream;
    uint32_t by_syn = f->flow->syn[way].seq + of->next - f->of->syn[way].seq;
    code_flag(f->c, &stream->begun);
    if (!stream->begun)
        return true;
    code_u32(f->c, &stream->next, base->begun ? base->next + of->next - of_base->next : by_syn);
    uint32_t first = f->flow->syn[way].seen ? f->flow->syn[way].seq : stream->next;
    if (code_any(f->c, !stream->acked || stream->is_reset || stream->first != first)) {
        code_flag(f->c, &stream->acked);
        code_flag(f->c, &stream->is_reset);
        code_u32(f->c, &stream->first, first);
    } else {
        stream->acked = true;
        stream->first = first;
    }
    code_u32(f->c, &stream->forgotten, of->forgotten);
    code_time(f->c, &stream->last, f->flow->last + (of->last - f->of->last));
    code_u8(f->c, &stream->count, 0);
    if (f->c->reads && stream->count) {
        stream->holes = calloc(stream->count, sizeof *stream->holes);
        stream->capacity = stream->count;
        if (!stream->holes)
            return false;
    }
    for (unsigned i = 0; i < stream->count; i++)
        code_hole(f->c, &stream->holes[i], stream);
    return true;
}

/* False: out of memory. */
static bool code_flow(const struct flow_coder *f)
{
    struct coder *c = f->c;
    struct flow *flow = f->flow;
    bool good = true;
    code_flag(c, &flow->closed);
    if (code_any(c, flow->evidence || flow->score || flow->left_out || flow->kept_alone)) {
        code_u8(c, &flow->evidence, f->of->evidence);
        code_u16(c, (uint16_t *)&flow->score, (uint16_t)f->of->score);
        code_u32(c, &flow->left_out, 0);
        code_u32(c, &flow->kept_alone, 0);
    }
    code_u32(c, &flow->candidate, f->of->candidate);
    code_time(c, &flow->first, f->base->first + (f->of->first - f->of_base->first));
    code_time(c, &flow->last, flow->first + (f->of->last - f->of->first));
    for (unsigned way = 0; way < 2; way++) {
        struct flow_way *w = &flow->ways[way];
        const struct flow_way *of = &f->of->ways[way], *base = &f->base->ways[way ^ f->flip],
                              *of_base = &f->of_base->ways[way ^ f->of_flip];
        if (code_any(c, w->head != NONE || w->tail != NONE || w->cursor != NONE)) {
            code_u32(c, &w->head, NONE);
            code_u32(c, &w->tail, w->head);
            code_u32(c, &w->cursor, w->head);
        } else {
            w->head = w->tail = w->cursor = NONE;
        }
        if (code_any(c, w->retransmitted || w->twins)) {
            code_u32(c, &w->retransmitted, 0);
            code_u32(c, &w->twins, 0);
        }
        code_u32(c, &w->frames, base->frames + of->frames - of_base->frames);
        code_u8(c, &w->ttl, (uint8_t)(base->ttl + of->ttl - of_base->ttl));
        code_syn(f, way);
        good = code_stream(f, way) && good;
    }
    return good;
}

/* --- pairs --- */

static void code_added(struct coder *c, struct added *added, const struct added *of)
{
    code_flag(c, &added->known);
    code_u8(c, &added->votes, of->votes);
    if (!code_any(c, added->value || added->next || added->number))
        return;
    code_u32(c, &added->number, 0);
    code_u32(c, &added->value, of->value);
    code_u32(c, &added->next, added->value);
}

/* False: out of memory. */
static bool code_delays(struct coder *c, const struct conversation *whole, const struct pair_way *way,
                        struct delays *delays, const struct conversation *like, const struct pair_way *of)
{
    const struct delays *other = &of->delays;
    nstime first = whole->flows[0].first, of_first = like->flows[0].first;
    code_u64(c, &delays->seen, way->arrived + other->seen - of->arrived);
    if (!delays->seen)
        return true;
    code_time(c, &delays->least.near, first + (other->least.near - of_first));
    code_time(c, &delays->least.ahead, other->least.ahead);
    code_time(c, &delays->least_common, delays->least.ahead + (other->least_common - other->least.ahead));
    bool differ = delays->most.near != delays->least.near || delays->most.ahead != delays->least.ahead ||
                  delays->most_common != delays->least_common;
    if (code_any(c, differ)) {
        code_time(c, &delays->most.near, delays->least.near);
        code_time(c, &delays->most.ahead, delays->least.ahead);
        code_time(c, &delays->most_common, delays->most.ahead + (delays->least_common - delays->least.ahead));
    } else {
        delays->most = delays->least;
        delays->most_common = delays->least_common;
    }
    code_u16(c, &delays->count, (uint16_t)(delays->seen < UINT16_MAX ? delays->seen : 0));
    if (c->reads && delays->count) {
        delays->kept = calloc(delays->count, sizeof *delays->kept);
        delays->capacity = delays->count;
        if (!delays->kept)
            return false;
    }
    for (unsigned i = 0; i < delays->count; i++) {
        const struct delay_sample *before = i ? &delays->kept[i - 1] : &delays->least;
        code_time(c, &delays->kept[i].near, before->near);
        code_time(c, &delays->kept[i].ahead, before->ahead);
    }
    return true;
}

/* False: out of memory. */
static bool code_pair_way(struct coder *c, struct conversation *whole, unsigned number, const struct conversation *like)
{
    struct pair_way *way = &whole->pair.ways[number];
    const struct pair_way *of = &like->pair.ways[number];
    const struct flow_way *near = &whole->flows[0].ways[number], *of_near = &like->flows[0].ways[number];
    code_added(c, &way->seq, &of->seq);
    code_added(c, &way->timestamp, &of->timestamp);
    code_u32(c, &way->arrived, near->frames + of->arrived - of_near->frames);
    code_u32(c, &way->down, way->arrived + of->down - of->arrived);
    code_u32(c, &way->up, way->arrived + of->up - of->arrived);
    code_flag(c, &way->ids_differ);
    if (code_any(c, way->duplicated || way->reordered[0] || way->reordered[1])) {
        code_u32(c, &way->duplicated, 0);
        code_u32(c, &way->reordered[0], 0);
        code_u32(c, &way->reordered[1], 0);
    }
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        const uint32_t *before = point ? &way->order_most[0] : &whole->pair.ways[0].order_most[0];
        const uint32_t *of_before = point ? &of->order_most[0] : &like->pair.ways[0].order_most[0];
        bool is_first = !point && !number;
        code_u32(c, &way->order_most[point], is_first ? 0 : *before + of->order_most[point] - *of_before);
        code_u8(c, &way->ttl[point], of->ttl[point]);
    }
    code_flag(c, &way->has_expected);
    code_time(c, &way->expected, of->expected);
    code_u32(c, &way->unit, of->unit);
    return code_delays(c, whole, way, &way->delays, like, of);
}

static void code_rewrite(struct coder *c, struct transit_rewrite *row)
{
    code_u8(c, &row->field, 0);
    code_u8(c, &row->way, 0);
    code_flag(c, &row->varies);
    code_u64(c, &row->near, 0);
    code_u64(c, &row->far, row->near);
    code_u64(c, &row->packets, 1);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        code_u64(c, &row->frames[point].number, point ? row->frames[0].number : 0);
        code_u8(c, &row->frames[point].file, 0);
    }
}

/* False: out of memory. */
static bool code_rewrites(struct coder *c, struct pair *pair)
{
    size_t room = 1;
    code_u32(c, &pair->rewrite_count, 0);
    while (room < pair->rewrite_count)
        room *= 2;
    if (c->reads && pair->rewrite_count) {
        pair->rewrites = calloc(room, sizeof *pair->rewrites);
        if (!pair->rewrites)
            return false;
    }
    for (uint32_t i = 0; i < pair->rewrite_count; i++)
        code_rewrite(c, &pair->rewrites[i]);
    return true;
}

/* --- conversations --- */

/* What the names need, first, so that the rest need not be read for them. */
static struct flow_coder code_names(struct coder *c, struct conversation *whole, const struct conversation *like)
{
    static const struct flow none;
    struct flow_coder near = {.c = c, .flow = &whole->flows[0], .of = &like->flows[0], .base = &none, .of_base = &none};
    code_name(&near);
    if (!whole->is_paired)
        return near;
    code_flag(c, &whole->pair.flipped);
    struct flow_coder far = {.c = c,
                             .flow = &whole->flows[1],
                             .of = &like->flows[1],
                             .base = &whole->flows[0],
                             .of_base = &like->flows[0],
                             .flip = whole->pair.flipped,
                             .of_flip = like->pair.flipped};
    code_name(&far);
    return far;
}

/* False: out of memory. */
static bool code_conversation(struct coder *c, struct conversation *whole, const struct conversation *like)
{
    static const struct flow none;
    struct flow_coder last = code_names(c, whole, like), near = last;
    near.flow = &whole->flows[0];
    near.of = &like->flows[0];
    near.base = near.of_base = &none;
    near.flip = near.of_flip = 0;
    bool good = code_flow(&near);
    if (!whole->is_paired) {
        whole->flows[0].pair = NONE;
        return good;
    }
    struct pair *pair = &whole->pair;
    const struct pair *of = &like->pair;
    good = code_flow(&last) && good;
    /* Flows of both points are numbered together. */
    code_u32(c, &whole->flows[0].pair, like->flows[0].pair + pair->flows[0] / 2 - of->flows[0] / 2);
    whole->flows[1].pair = whole->flows[0].pair;
    code_u32(c, &pair->flows[1], pair->flows[0] + of->flows[1] - of->flows[0]);
    code_u8(c, &pair->evidence, of->evidence);
    code_u16(c, (uint16_t *)&pair->score, (uint16_t)of->score);
    code_time(c, &pair->since, whole->flows[0].first + (of->since - like->flows[0].first));
    for (unsigned way = 0; way < 2; way++)
        good = code_pair_way(c, whole, way, like) && good;
    return code_rewrites(c, pair) && good;
}

/* Conversations of one kind mostly differ in numbers alone. */
static unsigned kind_of(const struct conversation *c)
{
    const struct flow *flow = &c->flows[0];
    unsigned kind = c->is_paired ? 2 : flow->point;
    kind = kind << 1 | (flow->protocol == IP_TCP);
    kind = kind << 1 | flow->syn[0].seen;
    kind = kind << 1 | flow->syn[1].seen;
    kind = kind << 1 | (flow->ways[0].frames > 2);
    kind = kind << 1 | (flow->ways[1].frames > 0);
    return kind << 1 | (flow->version == 6);
}

/* The first one of its kind, without its lists. NULL: out of memory. */
static const struct conversation *like_of(struct packed *p, unsigned kind, const struct conversation *c)
{
    struct conversation *like = p->like[kind];
    if (like)
        return like;
    like = malloc(sizeof *like);
    if (!like)
        return NULL;
    *like = *c;
    for (unsigned way = 0; way < 2; way++) {
        for (unsigned point = 0; point < TRANSIT_POINTS; point++)
            like->flows[point].ways[way].stream.holes = NULL;
        like->pair.ways[way].delays.kept = NULL;
    }
    like->pair.rewrites = NULL;
    return p->like[kind] = like;
}

/* --- records --- */

static struct record header_of(const struct packed *p, uint32_t record)
{
    struct record header;
    memcpy(&header.owner, p->bytes + (size_t)record * UNIT, sizeof header.owner);
    memcpy(&header.units, p->bytes + (size_t)record * UNIT + sizeof header.owner, sizeof header.units);
    return header;
}

static void set_header(struct packed *p, uint32_t record, struct record header)
{
    memcpy(p->bytes + (size_t)record * UNIT, &header.owner, sizeof header.owner);
    memcpy(p->bytes + (size_t)record * UNIT + sizeof header.owner, &header.units, sizeof header.units);
}

/* Moves records to the places of removed ones before them. */
static void take_out_removed(struct packed *p)
{
    uint32_t to = 0;
    for (uint32_t from = 0; from < p->used;) {
        const struct record header = header_of(p, from);
        if (header.owner != NONE) {
            memmove(p->bytes + (size_t)to * UNIT, p->bytes + (size_t)from * UNIT, (size_t)header.units * UNIT);
            if (to != from)
                p->moved(p->context, header.owner, to);
            to += header.units;
        }
        from += header.units;
    }
    p->used = to;
    p->removed = 0;
}

uint32_t packed_add(struct packed *p, uint32_t owner, const struct conversation *conversation)
{
    struct conversation copy = *conversation;
    struct coder c = {.bytes = p->scratch};
    unsigned kind = kind_of(conversation);
    const struct conversation *like = like_of(p, kind, conversation);
    if (!like)
        return NONE;
    code_bits(&c, kind, 8);
    code_flag(&c, &copy.is_paired);
    (void)code_conversation(&c, &copy, like); /* it writes, and needs no memory */
    size_t bytes = (c.at + 7) / 8;
    struct record header = {owner, (uint16_t)((HEADER + bytes + UNIT - 1) / UNIT)};
    if (p->removed >= REMOVED_LEAST && p->removed > p->used / REMOVED_SHARE)
        take_out_removed(p);
    uint32_t record = p->used;
    size_t need = ((size_t)record + header.units) * UNIT + sizeof(uint64_t); /* readers look so far ahead */
    if (record + header.units >= 1u << 30 || !array_reserve((void **)&p->bytes, &p->capacity, need, 1))
        return NONE;
    p->used += header.units;
    set_header(p, record, header);
    memcpy(p->bytes + (size_t)record * UNIT + HEADER, p->scratch, bytes);
    return record;
}

/* The kind's example. The coder stands behind it. NULL: there is no such record, since memory was short. */
static const struct conversation *begin(struct packed *p, uint32_t record, struct coder *c, struct conversation *out)
{
    if (record >= p->used)
        return NULL;
    *c = (struct coder){.bytes = p->bytes + (size_t)record * UNIT + HEADER, .reads = true};
    const struct conversation *like = p->like[code_bits(c, 0, 8)];
    code_flag(c, &out->is_paired);
    if (out->is_paired)
        out->pair.flows[0] = header_of(p, record).owner;
    return like;
}

bool packed_open(struct packed *p, uint32_t record, struct conversation *out)
{
    struct coder c;
    memset(out, 0, sizeof *out);
    const struct conversation *like = begin(p, record, &c, out);
    return like && code_conversation(&c, out, like);
}

const struct flow *packed_names(struct packed *p, uint32_t record)
{
    struct coder c;
    const struct conversation *like = begin(p, record, &c, &p->names);
    if (like)
        (void)code_names(&c, &p->names, like);
    return p->names.flows;
}

void packed_remove(struct packed *p, uint32_t record)
{
    struct record header = header_of(p, record);
    p->removed += header.units;
    header.owner = NONE;
    set_header(p, record, header);
}
