/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/overview.h"

#include <stdlib.h>

#include "base/captured.h"
#include "pairing/least.h"
#include "pairing/passage.h"
#include "transit/sightings.h"

/* Packets of each point that are compared, at most. Unit: packets. Source: they take 10 MB. Effect: fewer show less of
 * a drift, and nothing of conversations with few packets. */
#define SIGHTINGS_MOST 65536
/* Names with fewer bits count only if others show nothing. */
#define TELLING_BITS 16
#define SHARED_LEAST 2
/* Shorter silences are not kept. Unit: time. Source: TCP's first timeout after a loss is 1 s (RFC 6298 2.1). */
#define SILENCE_LEAST (250 * NS_PER_MS)
/* Bytes of payload by which packets are chosen and compared here. Unit: bytes. Source: headers with counters are
 * shorter. Effect: more leave out captures with short snap lengths. */
#define OVERVIEW_BYTES 32
/* A clock is set back by so much; frames that come out of order are nearer, and files that were joined in the wrong
 * order further. */
#define SET_BACK_LEAST (100 * NS_PER_MS)
#define SET_BACK_MOST (60 * NS_PER_S)
/* Unit: samples. Source: chosen. Effect: with fewer, retransmissions of lost packets may pass for a clock that is off.
 */
#define ONE_WAY_LEAST 4
/* Shared packets with an IPv4 id that say whether the network keeps it. */
#define IDS_LEAST 8
/* The share of cut packets that may have fewer bytes than are compared. */
#define CUT_SHARE 100

/* The last packets of a point, by their content. Unit: packets. Source: those of 2 ms, at 1,000,000 a second. */
#define LAST_PACKETS 4096
/* A point doubles packets if more than 1 of so many is there twice. */
#define DOUBLED_SHARE 3

struct last_packets {
    uint64_t hashes[LAST_PACKETS];
    nstime times[LAST_PACKETS];
    uint64_t named, doubled;
};

struct overview {
    struct last_packets last[TRANSIT_POINTS];
    struct sightings *sightings[TRANSIT_POINTS]; /* owned */
    struct sightings *weak[TRANSIT_POINTS];      /* owned; by names that other packets may have, too */
    struct overview_point points[TRANSIT_POINTS];
    /* How many packets that the capture cut have so many bytes of payload. */
    uint64_t cut[TRANSIT_POINTS][CONTENT_BYTES + 1];
};

struct overview *overview_new(void)
{
    struct overview *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    bool good = true;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        s->sightings[point] = sightings_new(SIGHTINGS_MOST);
        s->weak[point] = sightings_new(SIGHTINGS_MOST / 8);
        good = good && s->sightings[point] && s->weak[point];
        s->points[point].first = s->points[point].last = NSTIME_NONE;
    }
    if (good)
        return s;
    overview_free(s);
    return NULL;
}

void overview_free(struct overview *s)
{
    if (!s)
        return;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        sightings_free(s->sightings[point]);
        sightings_free(s->weak[point]);
    }
    free(s);
}

static void note_silence(struct overview_point *point, nstime from, nstime to)
{
    unsigned at = point->silence_count;
    if (to - from < SILENCE_LEAST)
        return;
    if (at == SILENCES_MOST) {
        at = 0;
        for (unsigned i = 1; i < SILENCES_MOST; i++)
            if (point->silences[i].to - point->silences[i].from < point->silences[at].to - point->silences[at].from)
                at = i;
        if (to - from <= point->silences[at].to - point->silences[at].from)
            return;
    } else {
        point->silence_count++;
    }
    point->silences[at] = (struct silence){from, to};
}

static void note_time(struct overview_point *point, nstime time)
{
    if (point->frames++ == 0) {
        point->first = point->last = point->before = time;
        return;
    }
    if (time > point->last)
        note_silence(point, point->last, time);
    if (point->before - time >= SET_BACK_LEAST && point->before - time <= SET_BACK_MOST &&
        point->set_back_count < SET_BACKS_MOST)
        point->set_back[point->set_back_count++] = (struct silence){time, point->before};
    point->before = time;
    point->first = time < point->first ? time : point->first;
    point->last = time > point->last ? time : point->last;
}

/* The way of a packet in its flow, and the flow: they tell ways apart if all TTLs are equal. */
static uint32_t flow_of(const struct passage *p)
{
    int order = addr_compare(&p->source, &p->target);
    order = order ? order : (int)p->source_port - (int)p->target_port;
    const struct addr *first = order < 0 ? &p->source : &p->target, *second = order < 0 ? &p->target : &p->source;
    uint32_t ports =
        order < 0 ? (uint32_t)p->source_port << 16 | p->target_port : (uint32_t)p->target_port << 16 | p->source_port;
    uint64_t hash = passage_hash(passage_mix(p->protocol, ports), first->bytes, sizeof first->bytes);
    hash = passage_hash(hash, second->bytes, sizeof second->bytes);
    return (uint32_t)hash << 1 | (order < 0);
}

/* Packets that their id or payload names, and those of them that come again at once. */
static void note_doubled(struct last_packets *last, const struct passage *p)
{
    if (!p->id && !p->length)
        return;
    uint64_t hash = passage_mix(p->content ^ p->names[0], (uint64_t)p->id << 32 | p->timestamp);
    hash = passage_mix(hash, (uint64_t)p->ttl << 32 | flow_of(p));
    uint64_t *place = &last->hashes[hash % LAST_PACKETS];
    nstime *time = &last->times[hash % LAST_PACKETS];
    last->named++;
    if (*place == hash && p->time - *time <= SAME_FRAME_WITHIN) {
        last->doubled++;
        hash = 0; /* a third one is the first of another two */
    }
    *place = hash;
    *time = p->time;
}

/* What tells packets of one name apart: the id, and above it 16 bits of a datagram's further payload. Even devices that
 * draw ids anew keep those of fragments. */
static uint32_t mark_of(const struct passage *p)
{
    uint32_t rest = p->kind == PASSAGE_OTHER ? p->beginning & ~(uint32_t)UINT16_MAX : 0;
    return rest | (p->is_fragment ? 0 : p->id);
}

static uint16_t id_of(const struct sighting *sighting)
{
    return (uint16_t)sighting->mark;
}

void overview_take(struct overview *s, enum transit_point point, const struct frame *frame, const struct packet *packet)
{
    struct passage p;
    note_time(&s->points[point], frame->time);
    if (!passage_read(frame, packet, OVERVIEW_BYTES, &p))
        return;
    note_doubled(&s->last[point], &p);
    if (p.captured < p.length && p.captured < CONTENT_BYTES && p.kind != PASSAGE_ERROR)
        s->cut[point][p.captured]++;
    struct sighting sighting = {
        .time = frame->time, .mark = mark_of(&p), .packet = flow_of(&p), .role = SIGHTING_PACKET, .ttl = p.ttl};
    for (unsigned name = 0; name < PASSAGE_NAMES; name++) {
        bool is_named = p.names[name] && !(p.cut && name == NAME_CONTENT);
        sighting.identity = p.names[name];
        if (is_named)
            sightings_add(p.name_bits[name] >= TELLING_BITS ? s->sightings[point] : s->weak[point], &sighting);
    }
}

/* Bytes that nearly all packets of a point have. */
static unsigned content_of(const uint64_t *cut)
{
    uint64_t all = 0, below = 0;
    unsigned bytes = 0;
    for (unsigned i = 0; i <= CONTENT_BYTES; i++)
        all += cut[i];
    while (bytes < CONTENT_BYTES && below + cut[bytes] <= all / CUT_SHARE)
        below += cut[bytes++];
    return bytes;
}

/* --- the clock --- */

struct shared {
    const struct sighting *near, *far;
};

/* A packet at both points, by the order of names. */
static bool next_shared(const struct sighting **near, const struct sighting *near_end, const struct sighting **far,
                        const struct sighting *far_end, struct shared *out)
{
    while (*near < near_end && *far < far_end) {
        if ((*near)->identity < (*far)->identity) {
            ++*near;
        } else if ((*near)->identity > (*far)->identity) {
            ++*far;
        } else {
            *out = (struct shared){(*near)++, (*far)++};
            if (!out->near->is_repeated && !out->far->is_repeated)
                return true;
        }
    }
    return false;
}

/* Packets whose TTL stays: of the two ways of a conversation, the far stamps of the one toward far are further ahead.
 */
#define EQUAL_MOST 4096
struct equal {
    uint32_t flow; /* with the way in the lowest bit */
    nstime near, far;
};

static int by_flow(const void *a, const void *b)
{
    const struct equal *x = a, *y = b;
    if (x->flow != y->flow)
        return x->flow < y->flow ? -1 : 1;
    nstime ahead = x->far - x->near, other = y->far - y->near;
    return ahead < other ? -1 : ahead > other;
}

static unsigned end_of_way(const struct equal *all, unsigned from, unsigned count)
{
    unsigned to = from;
    while (to < count && all[to].flow == all[from].flow)
        to++;
    return to;
}

static void add_way(struct least_delays *least, bool toward_far, const struct equal *all, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        least_add(least, toward_far, all[i].near, all[i].far);
}

static void add_equal(struct least_delays *least, struct equal *all, unsigned count)
{
    qsort(all, count, sizeof *all, by_flow);
    for (unsigned from = 0, middle, to; from < count; from = to) {
        middle = end_of_way(all, from, count);
        to = middle;
        if (middle == count || all[middle].flow >> 1 != all[from].flow >> 1)
            continue;
        to = end_of_way(all, middle, count);
        const struct equal *one = &all[(from + middle) / 2], *other = &all[(middle + to) / 2];
        bool first_is_far = one->far - one->near > other->far - other->near;
        add_way(least, first_is_far, all, from, middle);
        add_way(least, !first_is_far, all, middle, to);
    }
}

/* Packets that may go either way bound nothing, and neither do a few of one way: they may be retransmissions. */
static void forget_guess(struct clock_estimate *clock, bool is_guess)
{
    bool is_few = clock->samples < ONE_WAY_LEAST;
    for (unsigned i = 0; i < clock->count; i++) {
        struct clock_segment *segment = &clock->segments[i];
        bool has_both = segment->has_least && segment->has_most && !segment->is_assumed;
        if (is_guess || (is_few && !has_both))
            segment->has_least = segment->has_most = false;
    }
}

static bool has_other_id(const struct shared *shared)
{
    return id_of(shared->near) && id_of(shared->far) && id_of(shared->near) != id_of(shared->far);
}

static bool has_other_payload(const struct shared *shared)
{
    uint32_t near = shared->near->mark >> 16, far = shared->far->mark >> 16;
    return near && far && near != far;
}

/* A device between the points draws ids anew, or offloading sends packets with ids of their own. */
static bool are_drawn(const struct sighting *near, const struct sighting *near_end, const struct sighting *far,
                      const struct sighting *far_end)
{
    unsigned same = 0, differ = 0;
    struct shared shared;
    while (next_shared(&near, near_end, &far, far_end, &shared)) {
        differ += has_other_id(&shared);
        same += id_of(shared.near) && id_of(shared.near) == id_of(shared.far);
    }
    return differ >= IDS_LEAST && differ > same;
}

static bool compare_clocks(struct overview *s, struct overview_result *out)
{
    unsigned near_count, far_count, equals = 0;
    const struct sighting *near = sightings_list(s->sightings[TRANSIT_NEAR], &near_count),
                          *near_end = near + near_count;
    const struct sighting *far = sightings_list(s->sightings[TRANSIT_FAR], &far_count), *far_end = far + far_count;
    struct least_delays *least = least_new(s->points[TRANSIT_NEAR].first, s->points[TRANSIT_NEAR].last);
    struct equal *equal = malloc(EQUAL_MOST * sizeof *equal);
    struct shared shared;
    bool good = least && equal;
    bool drawn = good && are_drawn(near, near_end, far, far_end);
    while (good && next_shared(&near, near_end, &far, far_end, &shared)) {
        if (has_other_payload(&shared) || (has_other_id(&shared) && !drawn))
            continue; /* a retransmission of a lost packet has the same name */
        out->shared++;
        if (shared.near->ttl != shared.far->ttl)
            least_add(least, shared.far->ttl < shared.near->ttl, shared.near->time, shared.far->time);
        else if (equals < EQUAL_MOST)
            equal[equals++] = (struct equal){shared.near->packet, shared.near->time, shared.far->time};
    }
    if (good && least->count == 0)
        add_equal(least, equal, equals);
    bool is_guess = good && least->count == 0;
    if (is_guess)
        add_way(least, true, equal, 0, equals);
    good = good && least_estimate(least, &out->clock);
    if (good)
        forget_guess(&out->clock, is_guess);
    least_free(least);
    free(equal);
    return good;
}

/* Unit: parts per million. Source: quartzes of computers drift by less. Effect: a smaller one takes packets for others
 * in long captures. */
#define DRIFT_UNSEEN 1e-4
/* The same for stamps, and for packets that a host stamps late. Unit: time. Source: chosen. */
#define STAMPED_LATE (2 * NS_PER_MS)

/* When a clock was set is known roughly, so such a clock is not sure. */
static void set_clock_error(struct overview_result *out)
{
    const struct overview_point *near = &out->points[TRANSIT_NEAR];
    const struct clock_segment *segment = &out->clock.segments[0];
    out->clock_is_sure = out->clock.count == 1 && segment->has_least && segment->has_most;
    if (out->clock_is_sure)
        out->clock_error = (segment->most - segment->least) / 2 + STAMPED_LATE +
                           (nstime)(DRIFT_UNSEEN * (double)(near->last - near->first));
}

/* --- what else the shared packets show --- */

/* Of so many one may have another id: a retransmission of a lost packet has the same name. */
#define IDS_SHARE 4
#define USUAL_MOST 4096

struct usual {
    nstime delays[TRANSIT_WAYS][USUAL_MOST];
    unsigned count[TRANSIT_WAYS];
};

static int by_delay(const void *a, const void *b)
{
    nstime x = *(const nstime *)a, y = *(const nstime *)b;
    return x < y ? -1 : x > y;
}

/* By a clock between both bounds, packets toward far are later at the far point, and the others earlier. */
static void note_usual(struct usual *usual, const struct clock_estimate *clock, const struct shared *shared)
{
    if (!clock_is_known(clock, shared->near->time) || !clock_is_known_at_b(clock, shared->far->time))
        return;
    nstime delay = clock_correct(clock, shared->far->time) - shared->near->time;
    enum transit_way way = delay >= 0 ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR;
    if (usual->count[way] < USUAL_MOST)
        usual->delays[way][usual->count[way]++] = delay;
}

static void set_usual(struct usual *usual, struct overview_result *out)
{
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        unsigned count = usual->count[way];
        if (count == 0)
            continue;
        qsort(usual->delays[way], count, sizeof usual->delays[way][0], by_delay);
        out->usual_known[way] = true;
        out->usual[way] = usual->delays[way][count / 2];
    }
}

static bool compare_packets(struct overview *s, struct overview_result *out)
{
    unsigned near_count, far_count, same[TRANSIT_WAYS] = {0}, differ[TRANSIT_WAYS] = {0};
    unsigned none[TRANSIT_WAYS] = {0}, one[TRANSIT_WAYS] = {0};
    const struct sighting *near = sightings_list(s->sightings[TRANSIT_NEAR], &near_count),
                          *near_end = near + near_count;
    const struct sighting *far = sightings_list(s->sightings[TRANSIT_FAR], &far_count), *far_end = far + far_count;
    struct usual *usual = calloc(1, sizeof *usual);
    struct shared shared;
    while (usual && next_shared(&near, near_end, &far, far_end, &shared)) {
        if (out->clock.count)
            note_usual(usual, &out->clock, &shared);
        uint16_t near_id = id_of(shared.near), far_id = id_of(shared.far);
        unsigned way = overview_way(shared.near->ttl, shared.far->ttl);
        same[way] += near_id && near_id == far_id;
        differ[way] += has_other_id(&shared);
        none[way] += !near_id && !far_id;
        one[way] += !near_id != !far_id;
    }
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        unsigned kept = none[way] + same[way];
        out->ids_kept[way] = same[way] >= IDS_LEAST && differ[way] <= same[way] / IDS_SHARE;
        out->ids_drawn[way] = differ[way] >= IDS_LEAST && differ[way] > same[way];
        out->no_ids_kept[way] = kept >= IDS_LEAST && one[way] <= kept / IDS_SHARE;
    }
    if (usual)
        set_usual(usual, out);
    free(usual);
    return usual != NULL;
}

static void use_weak(struct overview *s)
{
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        struct sightings *strong = s->sightings[point];
        s->sightings[point] = s->weak[point];
        s->weak[point] = strong;
    }
}

bool overview_finish(struct overview *s, struct overview_result *out)
{
    *out = (struct overview_result){.shared = 0};
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        out->points[point] = s->points[point];
        out->points[point].doubled = s->last[point].doubled * DOUBLED_SHARE > s->last[point].named;
    }
    unsigned near = content_of(s->cut[TRANSIT_NEAR]), far = content_of(s->cut[TRANSIT_FAR]);
    out->content_bytes = near < far ? near : far;
    if (!compare_clocks(s, out))
        return false;
    if (out->shared < SHARED_LEAST || !out->clock.count) {
        bool contradictory = out->clock.contradictory;
        out->shared = 0;
        use_weak(s);
        if (!compare_clocks(s, out))
            return false;
        out->clock.contradictory = out->clock.contradictory || contradictory; /* weak names do not settle that */
    }
    set_clock_error(out);
    return compare_packets(s, out);
}
