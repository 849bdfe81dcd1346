/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairs/judge.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Beside the bounds of a capture, clocks decide what it covers. Unit: ns. */
#define MARGIN (NS_PER_S / 4)
/* Contradictions up to STAMP_ERROR (src/transit/span.h) count as errors of stamps, so bounds may be off by as much. */
#define CLOCK_TOLERANCE (52 * NS_PER_US)
/* Packets this near to a step do not count: when it came is known from packets around it. */
#define STEP_MARGIN NS_PER_S

struct judge {
    const struct pair *pair;
    FILE *talk;
    struct judged sum;
    bool *found;          /* by crossing: its fate was told */
    uint8_t *reasons;     /* by crossing: why its fate was not told; enum transit_reason */
    bool *flow_is_paired; /* by flow: both points show a packet of it */
};

static void __attribute__((format(printf, 2, 3))) say(const struct judge *judge, const char *format, ...)
{
    va_list args;
    if (!judge->talk)
        return;
    va_start(args, format);
    fprintf(judge->talk, "# seed %" PRIu64 ": ", judge->pair->plan.seed);
    vfprintf(judge->talk, format, args);
    fputc('\n', judge->talk);
    va_end(args);
}

struct judge *judge_new(const struct pair *pair, FILE *talk)
{
    struct judge *judge = calloc(1, sizeof *judge);
    if (!judge)
        abort();
    judge->pair = pair;
    judge->talk = talk;
    judge->sum.runs = 1;
    judge->found = calloc(pair->count + 1, sizeof *judge->found);
    judge->flow_is_paired = calloc(UINT16_MAX + 1, sizeof *judge->flow_is_paired);
    judge->reasons = calloc(pair->count + 1, sizeof *judge->reasons);
    if (!judge->found || !judge->reasons || !judge->flow_is_paired)
        abort();
    for (size_t i = 0; i < pair->count; i++) {
        const struct pair_crossing *c = &pair->crossings[i];
        if (c->frames[PAIR_NEAR] && c->frames[PAIR_FAR]) {
            judge->flow_is_paired[c->flow] = true;
            judge->sum.packets++;
        }
    }
    return judge;
}

static const struct pair_frame *frame_of(const struct judge *judge, enum pair_side side, uint64_t number)
{
    const struct pair_capture *capture = &judge->pair->captures[side];
    return number > 0 && number <= capture->count ? &capture->frames[number - 1] : NULL;
}

static uint32_t shown(const struct judge *judge, enum pair_side side, const struct pair_frame *frame, uint32_t k)
{
    return judge->pair->captures[side].shown[frame->first_crossing + k];
}

/* ---- alike packets ---- */

/* Times in which acknowledgements count as alike: half of the least interval of heartbeats. */
#define ALIKE_WITHIN (100 * NS_PER_MS)
#define ANSWERED_WITHIN (20 * NS_PER_MS)

/* Whether IP ids do not tell a sender's packets apart. */
static bool lacks_ids(const struct judge *judge, const struct pair_crossing *c)
{
    const struct pair_plan *plan = &judge->pair->plan;
    return c->no_id || plan->family == 6 || plan->rewrites.ids || plan->ids[c->way] == PAIR_IDS_ZERO;
}

static bool is_within(nstime a, nstime b, nstime most)
{
    return a - b < most && b - a < most;
}

/* A request that the network doubled is answered twice alike. */
static bool is_answer(const struct pair_crossing *c)
{
    return strcmp(c->kind, "dns") == 0 || strcmp(c->kind, "echo") == 0;
}

/* True: both are the same acknowledgement or answer, sent twice, and nothing but the order tells which is which. */
static bool are_alike(const struct judge *judge, const struct pair_crossing *a, const struct pair_crossing *b)
{
    nstime at_a = a->at[a->way], at_b = b->at[b->way];
    return a->origin == PAIR_OF_HOST && b->origin == PAIR_OF_HOST && a->flow == b->flow && a->way == b->way &&
           lacks_ids(judge, a) &&
           (a->protocol == IP_TCP
                ? !a->payload && !b->payload && a->sequence == b->sequence && is_within(at_a, at_b, ALIKE_WITHIN)
                : is_answer(a) && is_within(at_a, at_b, ANSWERED_WITHIN));
}

typedef bool condition(const struct judge *judge, const struct pair_crossing *c);

/* Another packet, alike, that was not found yet: it may be the one that is meant. -1: none. */
static int64_t find_alike(const struct judge *judge, const struct pair_crossing *c, condition *is_wanted)
{
    for (size_t i = 0; i < judge->pair->count; i++) {
        const struct pair_crossing *other = &judge->pair->crossings[i];
        if (other != c && !judge->found[i] && are_alike(judge, c, other) && is_wanted(judge, other))
            return (int64_t)i;
    }
    return -1;
}

static bool is_lost(const struct judge *judge, const struct pair_crossing *c)
{
    (void)judge;
    return c->lost;
}

/* ---- pairs ---- */

static bool share_a_packet(const struct judge *judge, const struct pair_frame *near, const struct pair_frame *far)
{
    for (uint32_t i = 0; i < near->crossings; i++)
        for (uint32_t k = 0; k < far->crossings; k++)
            if (shown(judge, PAIR_NEAR, near, i) == shown(judge, PAIR_FAR, far, k) ||
                are_alike(judge, &judge->pair->crossings[shown(judge, PAIR_NEAR, near, i)],
                          &judge->pair->crossings[shown(judge, PAIR_FAR, far, k)]))
                return true;
    return false;
}

static void take_pair(void *context, const struct transit_pair *told)
{
    struct judge *judge = context;
    const struct pair_frame *near = frame_of(judge, PAIR_NEAR, told->frames[TRANSIT_NEAR].number);
    const struct pair_frame *far = frame_of(judge, PAIR_FAR, told->frames[TRANSIT_FAR].number);
    if (near && far && share_a_packet(judge, near, far)) {
        judge->sum.paired_right++;
        return;
    }
    judge->sum.paired_wrong++;
    say(judge, "frames %" PRIu64 " and %" PRIu64 " are not the same packet", told->frames[TRANSIT_NEAR].number,
        told->frames[TRANSIT_FAR].number);
}

struct transit_events judge_events(struct judge *judge)
{
    return (struct transit_events){.context = judge, .pair = take_pair};
}

/* ---- packets of one point ---- */

static const char *fate_of(const struct pair_crossing *c)
{
    if (c->origin == PAIR_FORGED)
        return "forged";
    if (c->origin == PAIR_OF_ROUTER)
        return "of a router";
    if (c->origin == PAIR_ELSEWHERE)
        return "of a host elsewhere";
    return c->lost ? "lost" : c->frames[0] && c->frames[1] ? "seen by both" : "not recorded";
}

static bool has_fate(const struct pair_crossing *c, enum transit_fate fate)
{
    if (fate == TRANSIT_LOST)
        return c->origin == PAIR_OF_HOST && c->lost;
    return c->origin == (fate == TRANSIT_FORGED ? PAIR_FORGED : PAIR_OF_ROUTER);
}

/* A capture that dropped a segment has its bytes nevertheless, if they were sent again. */
static bool is_recorded_again(const struct judge *judge, const struct pair_crossing *c, enum pair_side side)
{
    for (size_t i = 0; i < judge->pair->count; i++) {
        const struct pair_crossing *other = &judge->pair->crossings[i];
        if (other->frames[side] && other->flow == c->flow && other->way == c->way && other->sequence == c->sequence &&
            other->payload >= c->payload)
            return true;
    }
    return false;
}

/* A capture that leaves a frame out without a word: only acknowledged data show it. */
static bool is_excused(const struct judge *judge, const struct pair_crossing *c)
{
    enum pair_side side = c->dropped[0] ? PAIR_NEAR : PAIR_FAR;
    if (c->origin != PAIR_OF_HOST || !c->dropped[side])
        return false;
    return c->protocol != IP_TCP || c->payload == 0 || is_recorded_again(judge, c, side);
}

/* Whether a packet of a frame is in the range of bytes that a statement is about. Those without data are in each. */
static bool is_meant(const struct pair_crossing *c, const struct transit_alone *alone)
{
    if (c->protocol != IP_TCP || alone->bytes == 0 || c->payload == 0)
        return true;
    int32_t from = (int32_t)(c->sequence - alone->seq);
    return from < (int32_t)alone->bytes && from + (int32_t)c->payload > 0;
}

static uint64_t *wrong_count(struct judged *sum, enum transit_fate fate)
{
    return fate == TRANSIT_LOST ? &sum->lost_wrong : fate == TRANSIT_FORGED ? &sum->forged_wrong : &sum->midway_wrong;
}

static void judge_alone(struct judge *judge, const struct transit_alone *alone)
{
    static const char *const words[] = {"lost", "forged", "midway", "unjudged"};
    enum pair_side side = alone->point == TRANSIT_NEAR ? PAIR_NEAR : PAIR_FAR;
    const struct pair_frame *frame = frame_of(judge, side, alone->frame.number);
    enum transit_fate fate = (enum transit_fate)alone->fate;
    bool any = false;
    for (uint32_t k = 0; frame && fate == TRANSIT_UNJUDGED && k < frame->crossings; k++)
        judge->reasons[shown(judge, side, frame, k)] = alone->reason;
    if (fate == TRANSIT_UNJUDGED)
        return;
    for (uint32_t k = 0; frame && k < frame->crossings; k++) {
        uint32_t number = shown(judge, side, frame, k);
        const struct pair_crossing *c = &judge->pair->crossings[number];
        if (!is_meant(c, alone))
            continue;
        any = true;
        if (has_fate(c, fate)) {
            judge->found[number] = true;
            continue;
        }
        if (is_excused(judge, c)) {
            judge->sum.excused++;
            continue;
        }
        int64_t alike = fate == TRANSIT_LOST ? find_alike(judge, c, is_lost) : -1;
        if (alike >= 0) {
            judge->found[alike] = true;
            continue;
        }
        alike = fate == TRANSIT_LOST ? find_alike(judge, c, is_excused) : -1;
        if (alike >= 0) {
            judge->found[alike] = true;
            judge->sum.excused++;
            continue;
        }
        ++*wrong_count(&judge->sum, fate);
        say(judge,
            "%s frame %" PRIu64 " is called %s: flow %u (%s) seq %" PRIu32 "+%u is %s (near %" PRIu32 ", far %" PRIu32
            ")",
            side ? "far" : "near", alone->frame.number, words[fate], c->flow, c->kind, c->sequence, c->payload,
            fate_of(c), c->frames[0], c->frames[1]);
    }
    if (!any) {
        ++*wrong_count(&judge->sum, fate);
        say(judge, "%s frame %" PRIu64 " is called %s, and holds no such packet", side ? "far" : "near",
            alone->frame.number, words[fate]);
    }
}

/* A clock that was set back shows two times with one stamp, and nothing tells which it is. */
static bool is_twice(const struct pair_point *point, nstime at)
{
    nstime back = point->step_by < 0 ? -point->step_by : 0;
    return back > 0 && at > point->step_at - back - 2 * STEP_MARGIN && at < point->step_at + back + 2 * STEP_MARGIN;
}

/* No file tells that its capture ran before its first frame or after its last one. */
static bool is_in_file(const struct judge *judge, enum pair_side side, nstime at, nstime margin)
{
    const struct pair_capture *capture = &judge->pair->captures[side];
    return capture->count > 0 && at >= capture->frames[0].true_time + margin &&
           at <= capture->frames[capture->count - 1].true_time - margin;
}

/* The receiver's capture shows an acknowledgement that expects just these bytes. */
static bool is_expected_after(const struct judge *judge, const struct pair_crossing *c, enum pair_side receiver,
                              nstime at)
{
    for (size_t i = 0; c->payload > 0 && i < judge->pair->count; i++) {
        const struct pair_crossing *other = &judge->pair->crossings[i];
        if (other->flow == c->flow && other->way != c->way && other->frames[receiver] && other->at[receiver] >= at &&
            other->protocol == IP_TCP && other->acked == c->from)
            return true;
    }
    return false;
}

/* The capture that should show the packet has no frame around its time for as long as captures pause. Both files would
 * be the same if it had paused, and then the packet may have passed. */
static bool may_be_in_pause(const struct judge *judge, const struct pair_crossing *c, enum pair_side known)
{
    const struct pair_capture *capture = &judge->pair->captures[!known];
    nstime delay = judge->pair->plan.ways[c->way].delay;
    nstime at = c->at[known] + (known == (enum pair_side)c->way ? delay : -delay);
    for (size_t i = 0; i + 1 < capture->count; i++) {
        nstime from = capture->frames[i].true_time, to = capture->frames[i + 1].true_time;
        if (from < at && at < to && to - from >= PAIR_GAP_LEAST)
            return !is_expected_after(judge, c, !known, to);
    }
    return false;
}

/* Whether both captures run at the times when the packet passes, or would pass. */
static bool is_covered(const struct judge *judge, const struct pair_crossing *c)
{
    const struct pair_plan *plan = &judge->pair->plan;
    const struct pair_way_plan *way = &plan->ways[c->way];
    enum pair_side known = c->at[PAIR_NEAR] != NSTIME_NONE ? PAIR_NEAR : PAIR_FAR;
    nstime margin = MARGIN + way->delay + way->jitter + way->reorder_by;
    if (is_twice(&plan->points[0], c->at[known]) || is_twice(&plan->points[1], c->at[known]))
        return false;
    if (c->frames[known] == 0 || plan->points[0].drops > 0 || plan->points[1].drops > 0)
        return false;
    if (!is_in_file(judge, PAIR_NEAR, c->at[known], margin) || !is_in_file(judge, PAIR_FAR, c->at[known], margin))
        return false;
    return judge->flow_is_paired[c->flow] && !may_be_in_pause(judge, c, known) &&
           pair_covers(&plan->points[0], c->protocol, c->at[known], margin) &&
           pair_covers(&plan->points[1], c->protocol, c->at[known], margin);
}

static void count_crossing(struct judge *judge, size_t i)
{
    const struct pair_crossing *c = &judge->pair->crossings[i];
    struct judged *sum = &judge->sum;
    if (!has_fate(c, TRANSIT_LOST) && c->origin != PAIR_FORGED && c->origin != PAIR_OF_ROUTER)
        return;
    if (!is_covered(judge, c))
        return;
    bool found = judge->found[i];
    if (c->origin == PAIR_FORGED) {
        sum->forged++;
        sum->forged_found += found;
    } else if (c->origin == PAIR_OF_ROUTER) {
        sum->midway++;
        sum->midway_found += found;
    } else {
        sum->lost++;
        sum->lost_found += found;
    }
    if (!found)
        say(judge, "%s frame %" PRIu32 " is not found to be %s: flow %u (%s) seq %" PRIu32 "+%u, reason %u",
            c->frames[0] ? "near" : "far", c->frames[0] ? c->frames[0] : c->frames[1], fate_of(c), c->flow, c->kind,
            c->sequence, c->payload, judge->reasons[i]);
}

/* ---- clocks ---- */

static const struct clock_segment *segment_at(const struct clock_estimate *clock, nstime near)
{
    unsigned i = 0;
    while (i + 1 < clock->count && clock->segments[i + 1].from <= near)
        i++;
    return &clock->segments[i];
}

/* By how much both clocks drift apart while the traffic lasts. */
static nstime drift_of(const struct pair *pair)
{
    const struct pair_plan *plan = &pair->plan;
    double ppm = fabs(plan->points[PAIR_FAR].drift_ppm - plan->points[PAIR_NEAR].drift_ppm);
    nstime last = 0;
    for (size_t i = 0; i < pair->count; i++)
        last = pair->crossings[i].at[PAIR_NEAR] > last ? pair->crossings[i].at[PAIR_NEAR] : last;
    return (nstime)(ppm * 1e-6 * (double)last);
}

/* What the bounds of a segment allow at a time of the near clock. A drift that no packet contradicts is not known: then
 * the packets that show most give the bounds, and elsewhere the drift until then widens them. */
static bool allows(nstime drift, const struct clock_segment *segment, nstime near, nstime offset)
{
    nstime tolerance = CLOCK_TOLERANCE + (segment->drifts ? 0 : drift);
    double since = (double)(near - segment->at), a = 0, b = 0;
    if (segment->drifts) {
        a = segment->drift_least_ppm * 1e-6 * since;
        b = segment->drift_most_ppm * 1e-6 * since;
    }
    double least = (double)segment->least + fmin(a, b), most = (double)segment->most + fmax(a, b);
    return (!segment->has_least || (double)offset >= least - (double)tolerance) &&
           (!segment->has_most || (double)offset <= most + (double)tolerance);
}

static bool is_near_step(const struct pair_point *point, nstime at)
{
    return point->step_by != 0 && at > point->step_at - STEP_MARGIN && at < point->step_at + STEP_MARGIN;
}

/* Nothing tells one from the next, so that they show no step. */
static bool is_heartbeat(const struct pair_crossing *c)
{
    return strcmp(c->kind, "heartbeat") == 0;
}

static void judge_clock(struct judge *judge, const struct clock_estimate *clock)
{
    const struct pair *pair = judge->pair;
    judge->sum.clocks = 1;
    if (clock->count == 0)
        return;
    judge->sum.clocks_found = 1;
    nstime drift = drift_of(pair);
    for (size_t i = 0; i < pair->count; i++) {
        const struct pair_crossing *c = &pair->crossings[i];
        if (!c->frames[0] || !c->frames[1] || is_near_step(&pair->plan.points[0], c->at[0]) ||
            is_near_step(&pair->plan.points[1], c->at[0]) || is_twice(&pair->plan.points[PAIR_NEAR], c->at[0]) ||
            is_heartbeat(c))
            continue;
        nstime near = pair_stamp(&pair->plan.points[PAIR_NEAR], c->at[PAIR_NEAR]);
        nstime offset = pair_offset(&pair->plan, c->at[PAIR_NEAR]);
        const struct clock_segment *segment = segment_at(clock, near);
        if (!clock_is_known(clock, near) || allows(drift, segment, near, offset))
            continue;
        judge->sum.clocks_wrong = 1;
        say(judge,
            "the far clock is %" PRId64 " us ahead at near frame %" PRIu32 ", not %" PRId64 " to %" PRId64
            " us (%d segments%s)",
            offset / NS_PER_US, c->frames[0], segment->least / NS_PER_US, segment->most / NS_PER_US, (int)clock->count,
            segment->drifts ? ", drifts" : "");
        return;
    }
}

/* ---- rewrites ---- */

static unsigned rewrites_told(const struct transit_result *result)
{
    unsigned set = 0;
    for (uint64_t i = 0; i < result->conversation_count; i++)
        for (unsigned k = 0; k < result->conversations[i].rewrite_count; k++)
            set |= 1U << result->conversations[i].rewrites[k].field;
    return set;
}

/* Fields that the plan rewrites; others may not be reported. Whether a packet shows it is up to the traffic. */
static unsigned rewrites_planned(const struct pair_plan *plan)
{
    const struct pair_rewrites *r = &plan->rewrites;
    unsigned set = 0;
    if (r->source || r->target)
        set |= 1U << REWRITE_IP_SOURCE | 1U << REWRITE_IP_TARGET | 1U << REWRITE_SOURCE_PORT |
               1U << REWRITE_TARGET_PORT | 1U << REWRITE_ICMP_ID;
    if (r->sequence[0] || r->sequence[1])
        set |= 1U << REWRITE_TCP_SEQ | 1U << REWRITE_TCP_ACK;
    if (r->mss)
        set |= 1U << REWRITE_TCP_MSS;
    if (r->strips_sack)
        set |= 1U << REWRITE_TCP_OPTIONS;
    if (r->tos >= 0)
        set |= 1U << REWRITE_IP_DSCP | 1U << REWRITE_IP_ECN;
    if (r->ids)
        set |= 1U << REWRITE_IP_ID;
    return set;
}

static void judge_rewrites(struct judge *judge, const struct transit_result *result)
{
    unsigned told = rewrites_told(result), planned = rewrites_planned(&judge->pair->plan);
    for (unsigned field = 0; field < REWRITE_FIELDS; field++)
        if (told & ~planned & 1U << field) {
            judge->sum.rewrites_wrong++;
            say(judge, "%s is not rewritten", rewrite_field_name((enum rewrite_field)field));
        }
}

void judge_end(struct judge *judge, const struct transit_result *result, struct judged *sum)
{
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)&judge->sum;
    for (uint64_t i = 0; i < result->alone_count; i++)
        judge_alone(judge, &result->alone[i]);
    for (size_t i = 0; i < judge->pair->count; i++)
        count_crossing(judge, i);
    judge_clock(judge, &result->clock);
    judge_rewrites(judge, result);
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
        to[i] += from[i];
    free(judge->found);
    free(judge->reasons);
    free(judge->flow_is_paired);
    free(judge);
}
