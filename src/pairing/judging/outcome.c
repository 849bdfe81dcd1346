/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "pairing/judging/judging.h"

/* --- packets that are alone --- */

static int by_ref(const void *a, const void *b)
{
    const struct alone *x = a, *y = b;
    if (x->ref != y->ref)
        return x->ref < y->ref ? -1 : 1;
    if (x->shown.point != y->shown.point)
        return x->shown.point < y->shown.point ? -1 : 1;
    if (x->shown.time != y->shown.time)
        return x->shown.time < y->shown.time ? -1 : 1;
    if (x->shown.frame.number != y->shown.frame.number)
        return x->shown.frame.number < y->shown.frame.number ? -1 : 1;
    return x->shown.seq < y->shown.seq ? -1 : x->shown.seq > y->shown.seq;
}

static void sort_alone(struct pairing *p)
{
    for (size_t i = 0; i < p->alone_count; i++) {
        next_turn(p);
        uint32_t pair = see_flow(p, p->alone[i].flow)->pair;
        p->alone[i].ref = pair != NONE ? pair : (uint32_t)pair_count(p) + p->alone[i].flow;
    }
    if (p->alone_count)
        qsort(p->alone, p->alone_count, sizeof *p->alone, by_ref);
}

/* --- delays --- */

static nstime delay_of(const struct judging *j, const struct delay_sample *sample, enum transit_way way)
{
    nstime far = sample->near + sample->ahead;
    nstime common = j->out->clock.count ? clock_correct(&j->out->clock, far) : far;
    return way == TRANSIT_TOWARD_FAR ? common - sample->near : sample->near - common;
}

static int by_value(const void *a, const void *b)
{
    const nstime *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static struct transit_delay delay_of_way(const struct judging *j, const struct delays *d, enum transit_way way)
{
    nstime values[DELAYS_KEPT];
    if (!d->seen || !d->count)
        return (struct transit_delay){.samples = 0};
    for (unsigned i = 0; i < d->count; i++)
        values[i] = delay_of(j, &d->kept[i], way);
    qsort(values, d->count, sizeof *values, by_value);
    nstime a = delay_of(j, &d->least, way), b = delay_of(j, &d->most, way);
    struct transit_delay delay = {.samples = d->seen,
                                  .least = a < b ? a : b,
                                  .median = values[d->count / 2],
                                  .p95 = values[d->count * 19 / 20],
                                  .most = a < b ? b : a};
    delay.least = values[0] < delay.least ? values[0] : delay.least;
    delay.most = values[d->count - 1] > delay.most ? values[d->count - 1] : delay.most;
    return delay;
}

/* Of one way of all conversations. Unit: delays, and 1 of so many at both ends. Source: a wrong pair, or a stepped
 * clock, shows delays that there are not. Effect: packets at the edges of a capture count as covered. */
#define ALL_DELAYS_MOST 65536
#define EXTREME_SHARE 100

struct all_delays {
    size_t count;
    nstime values[ALL_DELAYS_MOST];
};

/* Whether the clock is known at both ends of a delay. */
static bool is_measured(const struct judging *j, const struct delay_sample *sample)
{
    const struct clock_estimate *clock = &j->out->clock;
    return !clock->count ||
           (clock_is_known(clock, sample->near) && clock_is_known_at_b(clock, sample->near + sample->ahead));
}

static void add_delays(const struct judging *j, const struct delays *d, enum transit_way way, struct all_delays *all)
{
    for (unsigned i = 0; i < d->count && all->count < ALL_DELAYS_MOST; i++)
        if (is_measured(j, &d->kept[i]))
            all->values[all->count++] = delay_of(j, &d->kept[i], way);
}

static void collect_delays(const struct judging *j, unsigned way, struct all_delays *all)
{
    all->count = 0;
    for (size_t i = 0; i < pair_count(j->p) && all->count < ALL_DELAYS_MOST; i++) {
        next_turn(j->p);
        for (unsigned near_way = 0; near_way < 2 && j->sides[i].known && !j->proxied[i]; near_way++)
            if (sides_way(&j->sides[i], near_way) == (enum transit_way)way)
                add_delays(j, &see_pair(j->p, i)->ways[near_way].delays, (enum transit_way)way, all);
    }
    if (all->count)
        qsort(all->values, all->count, sizeof *all->values, by_value);
}

static void set_delays(struct judging *j, unsigned way, const struct all_delays *all)
{
    if (!all->count)
        return;
    size_t extreme = all->count / EXTREME_SHARE;
    j->delays[way].known = true;
    j->delays[way].least = all->values[extreme];
    j->delays[way].most = all->values[all->count - 1 - extreme];
    j->out->delays[way] =
        (struct transit_delay){.samples = 1, .least = j->delays[way].least, .most = j->delays[way].most};
}

/* False: out of memory. */
static bool find_delays(struct judging *j)
{
    struct all_delays *all = malloc(sizeof *all);
    for (unsigned way = 0; all && way < TRANSIT_WAYS; way++) {
        collect_delays(j, way, all);
        set_delays(j, way, all);
    }
    bool good = all != NULL;
    free(all);
    return good;
}

/* --- conversations --- */

static void set_ends(const struct pairing *p, const struct flow *flow, unsigned client, struct transit_ends *out)
{
    out->client = p->flows.hosts[flow->hosts[client]];
    out->server = p->flows.hosts[flow->hosts[!client]];
    out->client_port = flow->ports[client];
    out->server_port = flow->ports[!client];
}

/* TCP: who sent the SYN; else who sent the first packet, unless the ports say otherwise. */
static unsigned client_of(const struct flow *flow)
{
    if (flow->protocol != IP_TCP)
        return 0;
    if (flow->syn[0].seen && flow->syn[1].seen)
        return 0;
    return flow->syn[0].seen || flow->ports[1] < flow->ports[0] ? 0 : flow->ports[0] < flow->ports[1];
}

static void add_frames(struct transit_conversation *c, const struct flow *flow, unsigned way0)
{
    for (unsigned way = 0; way < 2; way++)
        c->ways[way0 ^ way].frames[flow->point] = flow->ways[way].frames;
    c->first[flow->point] = flow->first;
    c->last[flow->point] = flow->last;
}

/* What the tallies of its packets are. */
static void add_alone(const struct judging *j, struct transit_conversation *c, size_t from, size_t count)
{
    uint32_t because[TRANSIT_WAYS][TRANSIT_REASONS] = {{0}};
    for (size_t i = from; i < from + count; i++) {
        const struct transit_alone *a = &j->p->alone[i].shown;
        struct transit_way_result *way = &c->ways[a->way];
        if (j->p->alone[i].gone)
            continue;
        way->lost += a->fate == TRANSIT_LOST ? a->packets : 0;
        way->forged += a->fate == TRANSIT_FORGED ? a->packets : 0;
        way->midway += a->fate == TRANSIT_MIDWAY ? a->packets : 0;
        way->unjudged += a->fate == TRANSIT_UNJUDGED ? a->packets : 0;
        if (a->fate == TRANSIT_UNJUDGED && ++because[a->way][a->reason] > because[a->way][way->reason])
            way->reason = a->reason;
    }
}

static void add_pair_way(const struct judging *j, struct transit_conversation *c, const struct pair *pair,
                         unsigned near_way, enum transit_way way)
{
    struct transit_way_result *out = &c->ways[way];
    const struct pair_way *of = &pair->ways[near_way];
    enum transit_point receiver = transit_receiver(way);
    const struct flow_way *ways[TRANSIT_POINTS] = {
        &see_flow(j->p, pair->flows[TRANSIT_NEAR])->ways[near_way],
        &see_flow(j->p, pair->flows[TRANSIT_FAR])->ways[near_way ^ pair->flipped]};
    uint32_t at_receiver = j->mirrored[receiver] ? 0 : ways[receiver]->twins;
    uint32_t at_sender = j->mirrored[!receiver] ? 0 : ways[!receiver]->twins;
    out->arrived = of->arrived;
    out->duplicated = of->duplicated + (at_receiver > at_sender ? at_receiver - at_sender : 0);
    out->reordered = of->reordered[receiver];
    out->retransmitted = ways[transit_sender(way)]->retransmitted;
    out->delay = delay_of_way(j, &of->delays, way);
}

static void set_rewrites(struct transit_conversation *c, const struct pair *pair, const struct side *side)
{
    struct transit_rewrite *rows = calloc(pair->rewrite_count + 1, sizeof *rows);
    if (!rows)
        return;
    for (unsigned i = 0; i < pair->rewrite_count; i++) {
        rows[i] = pair->rewrites[i];
        rows[i].way = (uint8_t)sides_way(side, pair->rewrites[i].way);
    }
    c->rewrites = rows;
    c->rewrite_count = pair->rewrite_count;
}

static bool is_translated(const struct transit_conversation *c)
{
    const struct transit_ends *near = &c->ends[TRANSIT_NEAR], *far = &c->ends[TRANSIT_FAR];
    return !addr_equal(&near->client, &far->client) || !addr_equal(&near->server, &far->server) ||
           near->client_port != far->client_port || near->server_port != far->server_port;
}

static void fill_pair(const struct judging *j, size_t index, struct transit_conversation *c)
{
    const struct pairing *p = j->p;
    const struct pair *pair = see_pair(p, index);
    const struct flow *near = see_flow(p, pair->flows[TRANSIT_NEAR]);
    const struct flow *far = see_flow(p, pair->flows[TRANSIT_FAR]);
    const struct side *side = &j->sides[index];
    unsigned client = near->syn[0].seen || !far->syn[0].seen ? client_of(near) : client_of(far) ^ pair->flipped;
    c->protocol = near->protocol;
    c->proxied = j->proxied[index];
    c->paired = !c->proxied;
    c->way_known = side->known;
    c->client_is_far = (side->way == TRANSIT_TOWARD_NEAR) ^ client;
    c->near_flow = pair->flows[TRANSIT_NEAR];
    c->confidence = 1 - ldexp(1, PAIRED_BITS / 2 - (pair->score < 64 ? pair->score : 64));
    c->evidence = pair->evidence;
    set_ends(p, near, client, &c->ends[TRANSIT_NEAR]);
    set_ends(p, far, client ^ pair->flipped, &c->ends[TRANSIT_FAR]);
    c->translated = is_translated(c);
    add_frames(c, near, sides_way(side, 0));
    add_frames(c, far, sides_way(side, 0) ^ pair->flipped);
    for (unsigned near_way = 0; near_way < 2; near_way++)
        if (!c->proxied)
            add_pair_way(j, c, pair, near_way, sides_way(side, near_way));
}

static void fill_flow(const struct judging *j, uint32_t index, struct transit_conversation *c)
{
    const struct flow *flow = see_flow(j->p, index);
    struct side side = {.known = false};
    unsigned client = client_of(flow);
    bool is_known = !flow->is_error && sides_of_service(j, index, &side);
    c->protocol = flow->protocol;
    c->near_flow = flow->point == TRANSIT_NEAR ? index : NONE;
    c->way_known = is_known;
    unsigned way0 = is_known ? side.way : client ? TRANSIT_TOWARD_NEAR : TRANSIT_TOWARD_FAR;
    c->client_is_far = (way0 == TRANSIT_TOWARD_NEAR) ^ client;
    set_ends(j->p, flow, client, &c->ends[flow->point]);
    add_frames(c, flow, way0);
}

/* Packets that were not kept share the fate of the others. */
static void add_left_out(struct transit_conversation *c, const struct flow *flow)
{
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        struct transit_way_result *of = &c->ways[way];
        uint32_t kept = of->lost + of->forged + of->midway + of->unjudged + of->duplicated;
        uint32_t frames = of->frames[flow->point];
        if (frames <= kept)
            continue;
        if (of->lost && !of->unjudged)
            of->lost += frames - kept;
        else if (of->forged && !of->unjudged)
            of->forged += frames - kept;
        else if (of->midway && !of->unjudged)
            of->midway += frames - kept;
        else
            of->unjudged += frames - kept;
        if (of->unjudged && of->reason == TRANSIT_JUDGED)
            of->reason = TRANSIT_UNPAIRED;
    }
}

/* --- the list --- */

struct entry {
    uint32_t ref;
    uint32_t forged, lost, doubtful, frames; /* forged and lost packets; what else is worth telling */
};

static int by_badness(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->forged != y->forged)
        return x->forged > y->forged ? -1 : 1;
    if (x->lost != y->lost)
        return x->lost > y->lost ? -1 : 1;
    if (x->doubtful != y->doubtful)
        return x->doubtful > y->doubtful ? -1 : 1;
    if (x->frames != y->frames)
        return x->frames > y->frames ? -1 : 1;
    return x->ref < y->ref ? -1 : x->ref > y->ref;
}

/* Where the packets of each conversation begin in the sorted list of those that are alone. */
static size_t first_of(const struct pairing *p, uint32_t ref)
{
    size_t low = 0, high = p->alone_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->alone[middle].ref < ref)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void fill(const struct judging *j, uint32_t ref, struct transit_conversation *c)
{
    const struct pairing *p = j->p;
    size_t from = first_of(p, ref), to = first_of(p, ref + 1);
    *c = (struct transit_conversation){.alone_from = from, .alone_count = to - from};
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        c->first[point] = c->last[point] = NSTIME_NONE;
    if (ref < pair_count(p))
        fill_pair(j, ref, c);
    else
        fill_flow(j, ref - (uint32_t)pair_count(p), c);
    add_alone(j, c, from, to - from);
    if (ref >= pair_count(p))
        add_left_out(c, see_flow(p, ref - pair_count(p)));
    for (unsigned way = 0; way < TRANSIT_WAYS; way++)
        c->ways[way].sent = c->ways[way].arrived + c->ways[way].lost;
}

static void add_sums(struct transit_result *out, const struct transit_conversation *c)
{
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        const struct transit_way_result *of = &c->ways[way];
        out->paired += of->arrived;
        out->lost[way] += of->lost;
        out->forged[way] += of->forged;
        out->midway += of->midway;
        out->sent[way] += of->sent;
        out->unjudged += of->unjudged;
        out->unjudged_because[of->reason] += of->unjudged;
        out->duplicated += of->duplicated;
        out->reordered += of->reordered;
    }
    out->conversations_found++;
    out->conversations_paired += c->paired;
    out->conversations_translated += c->paired && c->translated;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        bool is_here = c->first[point] != NSTIME_NONE;
        out->points[point].conversations += is_here;
        out->points[point].unpaired += is_here && !c->paired && !c->proxied;
    }
}

static struct entry entry_of(uint32_t ref, const struct transit_conversation *c, uint32_t rewrites)
{
    struct entry entry = {.ref = ref, .doubtful = c->proxied ? UINT32_MAX / 2 : rewrites};
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        const struct transit_way_result *of = &c->ways[way];
        entry.lost += of->lost;
        entry.forged += of->forged;
        entry.doubtful += of->duplicated + of->reordered + of->midway;
        entry.frames += of->frames[0] + of->frames[1];
    }
    entry.frames = c->paired ? entry.frames | 1u << 31 : entry.frames & ~(1u << 31); /* paired ones first */
    return entry;
}

/* The worst so far; of these, the first one is the best: a heap. */
struct worst {
    struct entry *entries; /* owned */
    size_t count, capacity;
};

static void sink(struct worst *w, size_t at)
{
    const struct entry sinking = w->entries[at];
    for (size_t child; (child = 2 * at + 1) < w->count; at = child) {
        if (child + 1 < w->count && by_badness(&w->entries[child + 1], &w->entries[child]) > 0)
            child++;
        if (by_badness(&w->entries[child], &sinking) <= 0)
            break;
        w->entries[at] = w->entries[child];
    }
    w->entries[at] = sinking;
}

/* False: out of memory. */
static bool keep_worst(struct worst *w, struct entry entry)
{
    if (w->count < TRANSIT_CONVERSATIONS_MOST) {
        if (!array_reserve((void **)&w->entries, &w->capacity, w->count + 1, sizeof *w->entries))
            return false;
        w->entries[w->count++] = entry;
        for (size_t i = w->count == TRANSIT_CONVERSATIONS_MOST ? w->count / 2 : 0; i-- > 0;)
            sink(w, i);
    } else if (by_badness(&entry, &w->entries[0]) < 0) {
        w->entries[0] = entry;
        sink(w, 0);
    }
    return true;
}

/* False: out of memory. */
static bool fill_list(const struct judging *j, const struct worst *w)
{
    const struct pairing *p = j->p;
    struct transit_result *out = j->out;
    out->conversations = calloc(w->count + 1, sizeof *out->conversations);
    if (!out->conversations)
        return false;
    out->conversation_count = w->count;
    for (size_t i = 0; i < w->count; i++) {
        uint32_t ref = w->entries[i].ref;
        next_turn(p);
        fill(j, ref, &out->conversations[i]);
        if (ref < pair_count(p) && see_pair(p, ref)->rewrite_count)
            set_rewrites(&out->conversations[i], see_pair(p, ref), &j->sides[ref]);
    }
    return true;
}

static bool list(struct judging *j)
{
    struct pairing *p = j->p;
    struct transit_result *out = j->out;
    size_t most = pair_count(p) + flow_count(p);
    struct worst worst = {.count = 0};
    bool good = true;
    for (size_t ref = 0; ref < most && good; ref++) {
        struct transit_conversation c;
        next_turn(p);
        if (ref >= pair_count(p) && has_partner(p, ref - pair_count(p)))
            continue;
        fill(j, (uint32_t)ref, &c);
        add_sums(out, &c);
        uint32_t rewrites = ref < pair_count(p) ? see_pair(p, ref)->rewrite_count : 0;
        for (uint32_t i = 0; i < rewrites; i++)
            out->rewritten += see_pair(p, ref)->rewrites[i].packets;
        good = keep_worst(&worst, entry_of((uint32_t)ref, &c, rewrites));
    }
    if (good && worst.count)
        qsort(worst.entries, worst.count, sizeof *worst.entries, by_badness);
    good = good && fill_list(j, &worst);
    free(worst.entries);
    return good;
}

/* The packets of the listed conversations, without those that were paired in the end. */
static bool list_alone(struct judging *j)
{
    struct pairing *p = j->p;
    struct transit_result *out = j->out;
    out->alone = malloc((p->alone_count + 1) * sizeof *out->alone);
    if (!out->alone)
        return false;
    out->alone_left_out = p->alone_left_out;
    for (size_t i = 0; i < out->conversation_count; i++) {
        struct transit_conversation *c = &out->conversations[i];
        uint64_t from = out->alone_count;
        for (uint64_t k = c->alone_from; k < c->alone_from + c->alone_count; k++) {
            if (p->alone[k].gone)
                continue;
            out->alone[out->alone_count] = p->alone[k].shown;
            out->alone[out->alone_count++].conversation = (uint32_t)i;
        }
        c->alone_from = from;
        c->alone_count = out->alone_count - from;
    }
    return true;
}

static void set_hops(const struct pairing *p, struct transit_result *out)
{
    unsigned best = 0, seen = 0;
    for (unsigned i = 0; i < 256; i++) {
        seen += p->hops[i] > 0;
        best = p->hops[i] > p->hops[best] ? i : best;
    }
    out->hops = seen ? (int)best : -1;
    out->hops_vary = seen > 1;
}

static void set_points(struct judging *j)
{
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        j->out->points[point] = j->p->points[point];
        j->mirrored[point] = j->p->config.overview.points[point].doubled;
    }
}

static void set_overlap(struct transit_result *out)
{
    const struct transit_point_result *near = &out->points[TRANSIT_NEAR], *far = &out->points[TRANSIT_FAR];
    if (near->first == NSTIME_NONE || far->first == NSTIME_NONE)
        return;
    nstime first = out->clock.count ? clock_correct(&out->clock, far->first) : far->first;
    nstime last = out->clock.count ? clock_correct(&out->clock, far->last) : far->last;
    out->overlaps = first <= near->last && near->first <= last;
}

bool outcome_make(struct pairing *p, struct transit_result *out)
{
    struct judging j = {.p = p, .out = out};
    sort_alone(p);
    set_points(&j);
    set_hops(p, out);
    bool good = sides_find(&j) && sides_set_clock(&j);
    if (good) {
        set_overlap(out);
        good = find_delays(&j) && witnesses_find(&j) && late_pair(&j) && witnesses_bound_clock(&j);
    }
    good = good && gaps_find(&j) && fates_judge(&j) && list(&j) && list_alone(&j);
    free(j.sides);
    free(j.proxied);
    free(j.host_sides[TRANSIT_NEAR]);
    free(j.host_sides[TRANSIT_FAR]);
    free(j.services.list);
    free(j.services.heads);
    free(j.witnesses);
    return good;
}
