/* SPDX-License-Identifier: BSD-2-Clause */
/* Silences of a capture in which it was perhaps not running. Packets of the other point show that, which it should
 * have, and so do acknowledgements of bytes that it lacks. */
#include <stdlib.h>
#include <string.h>

#include "pairing/judging/judging.h"

/* A capture may begin and end a little later than its first and last frames say. Unit: time. */
#define EDGE (2 * NS_PER_MS)
/* The same, if packets of one way alone show the offset: then it is wrong by their delay. */
#define EDGE_UNKNOWN (300 * NS_PER_MS)
/* Round trips are seldom so long. Unit: time. Source: half around the earth and back takes 300 ms. Effect: with more,
 * packets at the edge of a gap count as lost. */
#define BOUNDS_APART (400 * NS_PER_MS)
/* A capture was perhaps not running in a silence in which packets of the other point should be. So many that came from
 * its side, over so long a time, show that. In a long silence one does. One that went toward it does as well, if the
 * silence is also so many times longer than usual: nothing shows that the capture was running when it was lost. */
#define GAP_COMING 3
#define GAP_TIME (500 * NS_PER_MS)
#define GAP_UNUSUAL 3
#define GAP_LEAST (2 * NS_PER_S)
#define DNS_PORT 53 /* RFC 1035 4.2 */
/* In a shorter silence, requests that went toward it do not show that. If they had arrived, answers would have come
 * from its side. Unit: time. Source: TCP sends a segment again after 1 s, and then after 2 s (RFC 6298 2.1, 5.5), so
 * that two losses make such a silence. Effect: more calls packets lost that arrived in a gap, and whose answers were
 * lost. */
#define GAP_UNANSWERED (3 * NS_PER_S)
/* Bytes that were sent before the first packet of a connection without a SYN, or in a gap, are acknowledged so much
 * later. Unit: time. Source: the third timeout of TCP after a loss (RFC 6298 5.5). Effect: less takes them for bytes
 * that the capture dropped. */
#define HOLE_AFTER (4 * NS_PER_S)
#define HOLE_AFTER_GAP (4 * NS_PER_S)
/* Bytes behind those that were sent then, which may have been sent then as well: what was lost before them is sent
 * again first, however late. Unit: bytes. Source: a window without scaling (RFC 9293 3.1). Effect: fewer take them for
 * bytes that the capture dropped. */
#define OUTSTANDING_MOST 65536u

nstime on_clock_of_other(const struct judging *j, unsigned point, nstime time)
{
    const struct clock_estimate *clock = &j->out->clock;
    if (!clock->count)
        return time;
    return point == TRANSIT_FAR ? clock_correct(clock, time) : clock_apply(clock, time);
}

bool gaps_has_both_bounds(const struct clock_estimate *clock)
{
    const struct clock_segment *first = &clock->segments[0];
    return clock->count && first->has_least && first->has_most && !first->is_assumed;
}

/* Bounds so far apart are those of a clock that was set, or of wrong pairs. */
static nstime error_of_clock(const struct clock_estimate *clock)
{
    const struct clock_segment *first = &clock->segments[0];
    if (!gaps_has_both_bounds(clock))
        return EDGE_UNKNOWN;
    return first->most - first->least > BOUNDS_APART ? first->most - first->least : 0;
}

struct expected expected_at_other(const struct judging *j, const struct alone *a, enum transit_way way)
{
    nstime time = on_clock_of_other(j, a->shown.point, a->shown.time);
    nstime least = j->delays[way].known ? j->delays[way].least : 0;
    nstime most = j->delays[way].known ? j->delays[way].most : NS_PER_S;
    nstime spare = EDGE + (most - least) / 4 + error_of_clock(&j->out->clock);
    if (a->shown.point == transit_sender(way))
        return (struct expected){time + least - spare, time + most + spare};
    return (struct expected){time - most - spare, time - least + spare};
}

nstime expected_middle(struct expected when)
{
    return when.from + (when.to - when.from) / 2;
}

struct gap_evidence {
    unsigned count[2];        /* packets at the other point: toward the silent one, and from its side */
    nstime first[2], last[2]; /* of these */
    unsigned requests;        /* those toward it that a host answers */
};

/* Data, the beginning and the end of a connection, pings, and queries for names. */
static bool is_request(const struct flow *flow, const struct alone *a)
{
    if (a->kind == PASSAGE_TCP)
        return a->shown.bytes || (a->shown.tcp_flags & (TCP_SYN | TCP_FIN));
    if (flow->protocol == IP_ICMP)
        return !a->is_error && flow->ports[a->way]; /* the port of the one who asks is the id */
    return flow->protocol == IP_UDP && flow->ports[!a->way] == DNS_PORT;
}

/* What the other point shows in a silence. */
static void count_alone(const struct judging *j, unsigned point, struct gap_evidence *evidence)
{
    const struct overview_point *overview = &j->p->config.overview.points[point];
    const struct pairing *p = j->p;
    for (size_t i = 0; i < p->alone_count; i++) {
        const struct alone *a = &p->alone[i];
        struct side side = {.known = false};
        if (a->gone || a->is_twin || a->shown.point == point || a->is_error || (a->shown.tcp_flags & TCP_RST))
            continue;
        next_turn(p);
        unsigned near_way = a->way;
        uint8_t usual_ttl = 0;
        if (a->ref < pair_count(p)) {
            side = j->sides[a->ref];
            near_way ^= way_flips(see_pair(p, a->ref), a->shown.point);
            usual_ttl = see_pair(p, a->ref)->ways[near_way].ttl[a->shown.point];
        } else {
            (void)(sides_of_service(j, a->flow, &side) || sides_of_hosts(j, a->flow, &side));
        }
        if (!side.known)
            continue;
        enum transit_way way = sides_way(&side, near_way);
        nstime time = expected_middle(expected_at_other(j, a, way));
        bool is_coming = transit_sender(way) == point;
        if (is_coming && usual_ttl && a->shown.ttl != usual_ttl)
            continue; /* it may be forged */
        for (unsigned k = 0; k < overview->silence_count; k++) {
            if (time <= overview->silences[k].from || time >= overview->silences[k].to)
                continue;
            struct gap_evidence *of = &evidence[k];
            bool is_first = of->count[is_coming]++ == 0;
            of->requests += !is_coming && is_request(see_flow(p, a->flow), a);
            of->first[is_coming] = is_first || time < of->first[is_coming] ? time : of->first[is_coming];
            of->last[is_coming] = is_first || time > of->last[is_coming] ? time : of->last[is_coming];
        }
    }
}

/* When the bytes of a hole may have been sent: a lost segment is sent again later, and what was sent in a long silence
 * is so for a time after it. */
static bool may_be_in(const struct silence *silence, const struct hole *hole)
{
    bool is_long = silence->to - silence->from >= GAP_LEAST;
    nstime until = is_long && hole->acked > hole->until ? hole->acked : hole->until;
    return silence_overlaps(silence, hole->since - (is_long ? HOLE_AFTER_GAP : 0), until);
}

/* Bytes that were acknowledged, and that the capture lacks: the longest silence in that time is a gap. */
static void note_gap(struct judging *j, unsigned point, const struct hole *hole)
{
    const struct overview_point *overview = &j->p->config.overview.points[point];
    nstime longest = 0;
    bool *is_gap = NULL;
    for (unsigned k = 0; k < overview->silence_count; k++) {
        const struct silence *silence = &overview->silences[k];
        nstime length = silence->to - silence->from;
        if (silence->from >= hole->since && may_be_in(silence, hole) && length > longest) {
            longest = length;
            is_gap = &j->is_gap[point][k];
        }
    }
    if (is_gap)
        *is_gap = true;
}

static bool is_in_gap(const struct judging *j, unsigned point, const struct hole *hole)
{
    const struct overview_point *overview = &j->p->config.overview.points[point];
    for (unsigned k = 0; k < overview->silence_count; k++)
        if (j->is_gap[point][k] && may_be_in(&overview->silences[k], hole))
            return true;
    return false;
}

/* Whether it counts, and not only tells that the capture began. */
static bool is_missed(const struct judging *j, const struct flow *flow, unsigned way, const struct hole *hole)
{
    const struct overview_point *overview = &j->p->config.overview.points[flow->point];
    nstime until = hole->acked > hole->until ? hole->acked : hole->until;
    for (unsigned k = 0; k < overview->set_back_count; k++)
        if (silence_overlaps(&overview->set_back[k], hole->since - SET_BACK_EDGE, until + SET_BACK_EDGE))
            return false; /* the data and their acknowledgement may be in the wrong order */
    return hole->acked != NSTIME_NONE && (flow->syn[way].seen || hole->since >= flow->first + HOLE_AFTER);
}

static void note_gaps(struct judging *j, const struct flow *flow)
{
    for (unsigned way = 0; way < 2; way++) {
        const struct stream *stream = &flow->ways[way].stream;
        for (unsigned i = 0; i < stream->count; i++)
            if (is_missed(j, flow, way, &stream->holes[i]))
                note_gap(j, flow->point, &stream->holes[i]);
    }
}

static void count_missed(struct judging *j, const struct flow *flow)
{
    struct transit_point_result *point = &j->out->points[flow->point];
    for (unsigned way = 0; way < 2; way++) {
        const struct stream *stream = &flow->ways[way].stream;
        const struct hole *excused = NULL;
        unsigned counted = 0;
        for (unsigned i = 0; i < stream->count; i++) {
            const struct hole *hole = &stream->holes[i];
            if (!is_missed(j, flow, way, hole) || is_in_gap(j, flow->point, hole)) {
                excused = hole->acked != NSTIME_NONE ? hole : excused;
                continue;
            }
            if (excused && hole->from - excused->to < OUTSTANDING_MOST)
                continue;
            counted++;
            point->missed_example = point->missed_example ? point->missed_example : hole->frame;
        }
        point->missed += counted ? counted + stream->forgotten : 0;
    }
}

/* Many came from the side of a capture. */
static bool is_many(const struct gap_evidence *evidence, nstime least)
{
    return evidence->count[1] >= GAP_COMING && evidence->last[1] - evidence->first[1] >= least;
}

/* An acknowledgement at its sender's point is not forged there, whether or not the other point has it. */
static void note_acknowledgements(const struct judging *j)
{
    struct pairing *p = j->p;
    for (size_t i = 0; i < p->alone_count; i++) {
        const struct alone *a = &p->alone[i];
        if (a->gone || a->ref >= pair_count(p) || !j->sides[a->ref].known || j->proxied[a->ref])
            continue;
        next_turn(p);
        unsigned near_way = a->way ^ way_flips(see_pair(p, a->ref), a->shown.point);
        if (a->shown.point == transit_sender(sides_way(&j->sides[a->ref], near_way)))
            late_note_acknowledgement(p, a);
    }
}

/* The mean time between frames, without a silence. */
static nstime usual_without(const struct overview_point *point, nstime silence)
{
    return point->frames > 2 ? (point->last - point->first - silence) / (nstime)(point->frames - 2) : 0;
}

bool gaps_find(struct judging *j)
{
    uint8_t *has_holes = calloc(flow_count(j->p) / 8 + 1, 1); /* a bit for each flow */
    if (!has_holes)
        return false;
    note_acknowledgements(j);
    for (size_t i = 0; i < flow_count(j->p); i++) {
        next_turn(j->p);
        const struct flow *flow = see_flow(j->p, i);
        if (flow->ways[0].stream.count || flow->ways[1].stream.count)
            has_holes[i / 8] |= (uint8_t)(1U << i % 8);
        note_gaps(j, flow);
    }
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        const struct overview_point *overview = &j->p->config.overview.points[point];
        struct gap_evidence evidence[SILENCES_MOST];
        memset(evidence, 0, sizeof evidence);
        count_alone(j, point, evidence);
        for (unsigned k = 0; k < overview->silence_count; k++) {
            nstime length = overview->silences[k].to - overview->silences[k].from;
            const struct gap_evidence *of = &evidence[k];
            bool is_long = length >= GAP_LEAST;
            bool is_unusual = is_long && length >= GAP_UNUSUAL * usual_without(overview, length);
            unsigned going = of->count[0] - (length < GAP_UNANSWERED ? of->requests : 0);
            bool is_shown = (is_long && of->count[1]) || (is_unusual && going) ||
                            is_many(of, length / 2 < GAP_TIME ? length / 2 : GAP_TIME);
            j->is_gap[point][k] = j->is_gap[point][k] || is_shown;
        }
    }
    for (size_t i = 0; i < flow_count(j->p); i++) {
        if (!(has_holes[i / 8] >> i % 8 & 1))
            continue;
        next_turn(j->p);
        count_missed(j, see_flow(j->p, i));
    }
    free(has_holes);
    return true;
}

bool gaps_are_sure(const struct judging *j)
{
    bool is_sure = j->out->clock.count == 1 && gaps_has_both_bounds(&j->out->clock);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        const struct overview_point *overview = &j->p->config.overview.points[point];
        for (unsigned k = 0; k < overview->silence_count; k++)
            if (j->is_gap[point][k] && overview->silences[k].to - overview->silences[k].from < GAP_LEAST)
                is_sure = false;
    }
    return is_sure;
}

bool gaps_cover(const struct judging *j, const struct alone *a)
{
    const struct overview_point *overview = &j->p->config.overview.points[!a->shown.point];
    const struct clock_segment *segment = &j->out->clock.segments[0];
    struct expected when = expected_at_other(j, a, (enum transit_way)a->shown.way);
    when.from -= segment->most - segment->least;
    when.to += segment->most - segment->least;
    for (unsigned k = 0; k < overview->silence_count; k++)
        if (j->is_gap[!a->shown.point][k] && overview->silences[k].from < when.from &&
            when.to < overview->silences[k].to)
            return true;
    return false;
}

bool gaps_meet(const struct judging *j, unsigned point, struct expected when)
{
    const struct overview_point *overview = &j->p->config.overview.points[point];
    for (unsigned k = 0; k < overview->silence_count; k++)
        if (j->is_gap[point][k] && silence_overlaps(&overview->silences[k], when.from, when.to))
            return true;
    return false;
}
