/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet at one point alone is judged by the first rule that holds:
 *  1. A proxy ended its connection: nothing.
 *  2. No packet of its conversation, and none of its service, is at both points: nothing.
 *  3. Nothing shows which point it passed first: nothing.
 *  4. It equals another packet of its point that was paired: it is a duplicate, if it came to the receiver's point.
 *  5. The other capture began later or ended earlier than the packet would pass there: nothing.
 *  6. The other capture was not running at that time: nothing.
 *  7. Its receiver acknowledged it, or later bytes: the other capture, which lacks it, missed it.
 *  8. It came to the receiver's point alone, and is an ICMP error of none of the hosts behind the sender's point:
 *     a router between the points sent it.
 *  9. The pairs of packets before and after it do not show the clock, or a packet that is alone at the other point may
 * be it: nothing.
 * 10. It came to the receiver's point with the TTL of its way: the sender's capture missed it.
 * 11. The other capture missed packets, and maybe this one: nothing. Bytes that came again do not show that they were
 *     lost, since reordering makes TCP send them again, too.
 * 12. It is lost, if it is at the sender's point, and else forged. */
#include <stdlib.h>

#include "pairing/judging/judging.h"

/* The clock must be shown so long before and after packets that only their time tells apart. Unit: time. Source: delays
 * of most paths. Effect: with less, the next one of a row at the edge of what is known counts as lost. */
#define ALIKE_EDGE (100 * NS_PER_MS)
/* No packet is called forged so near to the edges of the other capture if packets of one way alone show the offset:
 * they do not show a clock that was set. Unit: time. Source: chosen. Effect: less calls such packets forged. */
#define FORGED_EDGE (4 * NS_PER_S)
/* Alike datagrams that are alone for each one that found its partner. Unit: datagrams. Source: most paths lose less
 * than two thirds. Effect: fewer leave rows of bad paths unjudged; more call rows lost that have the wrong partners. */
#define ROW_ALONE_SHARE 2

/* --- packets --- */

/* The clock of a point was set back around this time, so that the order of its frames is not known. */
static bool is_set_back(const struct judging *j, const struct alone *a, const struct expected *when)
{
    const struct overview_point *here = &j->p->config.overview.points[a->shown.point];
    const struct overview_point *there = &j->p->config.overview.points[!a->shown.point];
    for (unsigned k = 0; k < here->set_back_count; k++)
        if (silence_overlaps(&here->set_back[k], a->shown.time - SET_BACK_EDGE, a->shown.time + SET_BACK_EDGE))
            return true;
    for (unsigned k = 0; k < there->set_back_count; k++)
        if (silence_overlaps(&there->set_back[k], when->from - SET_BACK_EDGE, when->to + SET_BACK_EDGE))
            return true;
    return false;
}

bool fates_is_shown_by_alike(const struct judging *j, nstime near)
{
    const struct clock_estimate *clock = &j->p->config.overview.clock;
    const struct pairing *p = j->p;
    return clock->count && p->alike_first != NSTIME_NONE &&
           ((near < clock->segments[0].first && near - ALIKE_EDGE >= p->alike_first) ||
            (near > clock->segments[clock->count - 1].last && near + ALIKE_EDGE <= p->alike_last));
}

bool fates_is_shown(const struct judging *j, nstime near)
{
    const struct clock_estimate *clock = &j->p->config.overview.clock;
    if (fates_is_shown_by_alike(j, near) || fates_is_shown_by_others(j, near))
        return true;
    return clock_is_shown(clock, near - ALIKE_EDGE) && clock_is_shown(clock, near + ALIKE_EDGE);
}

bool fates_is_shown_by_others(const struct judging *j, nstime near)
{
    const struct clock_estimate *clock = &j->out->clock;
    bool is_shown = false;
    for (unsigned i = 0; i < clock->count; i++) {
        const struct clock_segment *segment = &clock->segments[i];
        is_shown = is_shown || (segment->has_least && segment->has_most && near - ALIKE_EDGE >= segment->first &&
                                near + ALIKE_EDGE <= segment->last);
    }
    return is_shown;
}

static nstime near_time(const struct judging *j, const struct alone *a)
{
    return a->shown.point == TRANSIT_NEAR ? a->shown.time : on_clock_of_other(j, TRANSIT_FAR, a->shown.time);
}

static enum transit_reason reason_of(const struct judging *j, const struct alone *a, enum transit_way way)
{
    unsigned other = !a->shown.point;
    const struct overview_point *overview = &j->p->config.overview.points[other];
    struct expected when = expected_at_other(j, a, way);
    if (a->shown.point == transit_receiver(way) && !a->is_error && !gaps_has_both_bounds(&j->out->clock)) {
        when.from -= FORGED_EDGE;
        when.to += FORGED_EDGE;
    }
    if (when.from < overview->first || when.to > overview->last)
        return TRANSIT_NOT_COVERED;
    if (gaps_meet(j, other, when))
        return TRANSIT_SILENT;
    nstime near = near_time(j, a);
    bool is_known = a->shown.point == TRANSIT_NEAR ? clock_is_known(&j->out->clock, a->shown.time)
                                                   : clock_is_known_at_b(&j->out->clock, a->shown.time);
    nstime far = a->shown.point == TRANSIT_FAR ? a->shown.time : expected_middle(when);
    bool is_alike = a->is_alike && a->kind != PASSAGE_TCP;
    is_known = is_known && (!is_alike || gaps_has_both_bounds(&j->out->clock));
    if (is_set_back(j, a, &when) || !is_known || !witnesses_show(j, near, far, is_alike))
        return TRANSIT_AMBIGUOUS;
    if (a->missed)
        return TRANSIT_MISSED;
    if (a->early || (a->is_alike && !fates_is_shown(j, near)))
        return TRANSIT_AMBIGUOUS;
    return TRANSIT_JUDGED;
}

/* A packet that came to the receiver's point once more, or that the sender's capture shows twice. */
static void judge_twin(struct alone *a, const struct side *side, enum transit_way way)
{
    bool is_sender = a->shown.point == transit_sender(way);
    if (side->known && is_sender && !a->id)
        return;
    a->gone = true;
}

/* The other point shows no packet of the error's sender, which is a router between the points. */
static bool is_midway(const struct judging *j, const struct alone *a)
{
    const struct flow *flow = see_flow(j->p, a->flow);
    return a->is_error && !has_partner(j->p, a->flow) && !j->host_sides[flow->point][flow->hosts[a->way]];
}

static void judge(const struct judging *j, struct alone *a, const struct side *side, unsigned near_way)
{
    struct transit_alone *shown = &a->shown;
    enum transit_way way = sides_way(side, near_way);
    shown->way = (uint8_t)way;
    shown->fate = TRANSIT_UNJUDGED;
    if (a->is_twin)
        judge_twin(a, side, way);
    if (a->gone)
        return;
    shown->reason = side->known ? (uint8_t)reason_of(j, a, way) : TRANSIT_WAY_UNKNOWN;
    if (shown->reason != TRANSIT_JUDGED)
        return;
    bool is_sender = shown->point == transit_sender(way);
    shown->fate = is_sender ? TRANSIT_LOST : is_midway(j, a) ? TRANSIT_MIDWAY : TRANSIT_FORGED;
}

static const struct stream *stream_at_other(const struct judging *j, const struct pair *pair, const struct alone *a,
                                            unsigned near_way)
{
    const struct flow *other = see_flow(j->p, pair->flows[!a->shown.point]);
    return &other->ways[near_way ^ way_flips(pair, !a->shown.point)].stream;
}

static uint32_t seq_at_other(const struct pair *pair, const struct alone *a, unsigned near_way)
{
    uint32_t delta = pair->ways[near_way].seq.value;
    return a->shown.point == TRANSIT_NEAR ? a->shown.seq + delta : a->shown.seq - delta;
}

/* Acknowledgements of packets that were paired late were not known before. */
static bool was_missed(const struct judging *j, const struct pair *pair, const struct alone *a, unsigned near_way)
{
    return a->kind == PASSAGE_TCP && a->shown.bytes && a->shown.ttl == a->shown.usual_ttl &&
           stream_missed(stream_at_other(j, pair, a, near_way), seq_at_other(pair, a, near_way), a->shown.bytes);
}

/* Its receiver had closed the connection, and no acknowledgement would show that it came. */
static bool may_be_reset(const struct judging *j, const struct pair *pair, const struct alone *a, unsigned near_way)
{
    return a->kind == PASSAGE_TCP && a->shown.bytes &&
           stream_may_be_reset(stream_at_other(j, pair, a, near_way), seq_at_other(pair, a, near_way), a->shown.bytes);
}

/* Before both flows were found to be the same, not all of their packets were kept. */
static bool may_be_left_out(const struct judging *j, const struct pair *pair, const struct alone *a)
{
    const struct clock_estimate *clock = &j->p->config.overview.clock;
    bool is_far = a->shown.point == TRANSIT_FAR;
    nstime common = is_far && clock->count ? clock_correct(clock, a->shown.time) : a->shown.time;
    return see_flow(j->p, pair->flows[!a->shown.point])->left_out && common < pair->since;
}

/* A firewall may add a constant to the numbers of the connection, and too few packets show which, to the end. */
static bool has_unknown_numbers(const struct pair *pair, const struct alone *a, unsigned near_way)
{
    return a->kind == PASSAGE_TCP &&
           !(pair->ways[near_way].seq.known && (a->shown.bytes || pair->ways[!near_way].seq.known));
}

/* Both points have packets of it, and none is at both: the clock may be wrong there, or the conversations are not the
 * same. */
static bool is_paired_in_vain(const struct pair *pair)
{
    return !pair->ways[0].arrived && !pair->ways[1].arrived;
}

/* Pings of all programs are alike, and a translator changes their ids: another one may be the partner. A clock that
 * packets of one way alone show does not tell them apart. */
static bool may_be_other_ping(const struct judging *j, const struct pair *pair)
{
    const uint32_t *flows = pair->flows;
    return see_flow(j->p, flows[TRANSIT_NEAR])->protocol == IP_ICMP && !(pair->evidence & TRANSIT_BY_ADDRESSES) &&
           (!gaps_has_both_bounds(&j->out->clock) || sides_has_unpaired(j, flows[TRANSIT_NEAR]) ||
            sides_has_unpaired(j, flows[TRANSIT_FAR]));
}

static void judge_paired(const struct judging *j, struct alone *a)
{
    struct pair *pair = change_pair(j->p, a->ref);
    unsigned near_way = a->way ^ way_flips(pair, a->shown.point);
    const struct side *side = &j->sides[a->ref];
    struct pair_way *way = &pair->ways[near_way];
    a->shown.usual_ttl = way->ttl[a->shown.point];
    a->missed = a->missed || was_missed(j, pair, a, near_way);
    if (j->proxied[a->ref]) {
        a->shown.fate = TRANSIT_UNJUDGED;
        a->shown.reason = TRANSIT_PROXIED;
        return;
    }
    /* The sender sent these bytes, and nothing tells this packet from a duplicate of it. */
    bool is_unsure = a->shown.repeated && !a->shown.usual_ttl;
    a->early = a->early || is_unsure || is_paired_in_vain(pair) || may_be_other_ping(j, pair) ||
               may_be_left_out(j, pair, a) || may_be_reset(j, pair, a, near_way) ||
               has_unknown_numbers(pair, a, near_way);
    bool is_receiver = side->known && a->shown.point == transit_receiver(sides_way(side, near_way));
    bool is_again = is_receiver && a->shown.repeated && a->shown.ttl == a->shown.usual_ttl;
    a->is_twin = a->is_twin || is_again || (a->was_sent && is_receiver);
    bool was_gone = a->gone;
    a->gone = a->gone || a->is_copied;
    judge(j, a, side, near_way);
    if (!was_gone && a->gone && is_receiver)
        way->duplicated += a->shown.packets;
}

/* No packet of the conversation is at both points. Where its service is known, it went the same way. A conversation
 * that comes out of a translator may be anybody's. */
static void judge_unpaired(const struct judging *j, struct alone *a)
{
    struct side side = {.known = false};
    a->shown.fate = TRANSIT_UNJUDGED;
    a->shown.reason = TRANSIT_UNPAIRED;
    if (a->is_error) {
        if (sides_of_error(j, a->flow, &side))
            judge(j, a, &side, a->way);
        return;
    }
    if (!sides_of_service(j, a->flow, &side))
        return;
    enum transit_way first = sides_way(&side, 0);
    if (a->shown.point != transit_sender(first))
        return;
    judge(j, a, &side, a->way);
}

/* Packets of a group may be those of the other point. The others fall into a gap of its capture. */
static bool judge_groups(const struct judging *j)
{
    struct pairing *p = j->p;
    bool(*is_open)[TRANSIT_POINTS] = calloc((size_t)j->groups + 1, sizeof *is_open);
    if (!is_open)
        return false;
    bool has_gaps = gaps_are_sure(j);
    for (size_t i = 0; i < p->alone_count; i++)
        if (!has_gaps || p->alone[i].shown.reason != TRANSIT_SILENT || !gaps_cover(j, &p->alone[i]))
            is_open[p->alone[i].group][p->alone[i].shown.point] = true;
    for (size_t i = 0; i < p->alone_count; i++) {
        struct alone *a = &p->alone[i];
        if (!a->gone && a->group && a->shown.fate != TRANSIT_UNJUDGED && is_open[a->group][!a->shown.point]) {
            a->shown.fate = TRANSIT_UNJUDGED;
            a->shown.reason = TRANSIT_AMBIGUOUS;
        }
    }
    free(is_open);
    return true;
}

/* It came as the others of its way do. A forger would have to know their TTL, so that the other capture rather lacks
 * it. A reset is forged by devices that do. */
static bool is_usual(const struct alone *a)
{
    return a->shown.usual_ttl && a->shown.ttl == a->shown.usual_ttl && !a->is_error && !(a->shown.tcp_flags & TCP_RST);
}

static unsigned near_way_of(const struct judging *j, const struct alone *a)
{
    return a->way ^ way_flips(see_pair(j->p, a->ref), a->shown.point);
}

/* The other capture lacks the acknowledgement, and so it may lack what was acknowledged. */
static void note_unseen_acknowledgement(const struct judging *j, const struct alone *a)
{
    next_turn(j->p);
    const struct pair *pair = see_pair(j->p, a->ref);
    unsigned near_way = near_way_of(j, a);
    uint32_t delta = pair->ways[!near_way].seq.value;
    uint32_t ack = a->shown.point == TRANSIT_NEAR ? a->ack + delta : a->ack - delta;
    struct flow *other = change_flow(j->p, pair->flows[!a->shown.point]);
    if (a->kind == PASSAGE_TCP && (a->shown.tcp_flags & TCP_ACK))
        stream_acknowledge(&other->ways[!near_way ^ way_flips(pair, !a->shown.point)].stream, ack,
                           on_clock_of_other(j, a->shown.point, a->shown.time), a->shown.frame.number);
}

/* Only its time tells the datagram from others of its way. */
static bool is_of_row(const struct judging *j, const struct alone *a)
{
    return a->is_alike && a->kind == PASSAGE_OTHER && a->ref < pair_count(j->p);
}

static bool is_claimed(const struct alone *a)
{
    return !a->gone && (a->shown.fate == TRANSIT_LOST || a->shown.fate == TRANSIT_FORGED);
}

/* A translator may change the packet that an error quotes, so that it is another one at the other point. */
static void judge_errors(const struct judging *j)
{
    uint64_t claimed[TRANSIT_WAYS][TRANSIT_POINTS] = {{0}};
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < j->p->alone_count; i++) {
            struct alone *a = &j->p->alone[i];
            if (!is_claimed(a) || !a->is_error)
                continue;
            if (pass == 0) {
                claimed[a->shown.way][a->shown.point]++;
            } else if (claimed[a->shown.way][!a->shown.point]) {
                a->shown.fate = TRANSIT_UNJUDGED;
                a->shown.reason = TRANSIT_AMBIGUOUS;
            }
        }
}

/* How many of a row are alone at each point, by near way. */
struct row {
    uint16_t alone[2][TRANSIT_POINTS];
    bool is_open[2][TRANSIT_POINTS]; /* some of these may be the partners of others */
};

static bool may_be_partner(const struct alone *a)
{
    bool is_elsewhere = a->shown.fate == TRANSIT_UNJUDGED &&
                        (a->shown.reason == TRANSIT_NOT_COVERED || a->shown.reason == TRANSIT_SILENT);
    return !a->gone && !is_elsewhere;
}

/* Of a row of alike datagrams some are alone at one point, and some at the other: a clock that was set unseen has put
 * each beside its neighbour. If few found a partner, those may be partners by
 * chance; if none did, there are none. */
static bool is_shifted(const struct judging *j, const struct alone *a, const struct row *row)
{
    unsigned way = near_way_of(j, a);
    uint64_t arrived = see_pair(j->p, a->ref)->ways[way].arrived;
    return row->is_open[way][!a->shown.point] ||
           (arrived && ROW_ALONE_SHARE * arrived < row->alone[way][a->shown.point]);
}

static bool judge_rows(const struct judging *j)
{
    struct row *rows = calloc(pair_count(j->p) + 1, sizeof *rows);
    bool good = rows != NULL;
    for (unsigned pass = 0; good && pass < 2; pass++)
        for (size_t i = 0; i < j->p->alone_count; i++) {
            struct alone *a = &j->p->alone[i];
            if (!may_be_partner(a) || !is_of_row(j, a))
                continue;
            next_turn(j->p);
            struct row *row = &rows[a->ref];
            unsigned way = near_way_of(j, a);
            if (pass == 0) {
                uint16_t *alone = &row->alone[way][a->shown.point];
                *alone = (uint16_t)(*alone + (is_claimed(a) && *alone < UINT16_MAX));
                row->is_open[way][a->shown.point] = true;
            } else if (!is_claimed(a)) {
                continue;
            } else if (is_shifted(j, a, row)) {
                a->shown.fate = TRANSIT_UNJUDGED;
                a->shown.reason = TRANSIT_AMBIGUOUS;
            }
        }
    free(rows);
    return good;
}

/* UDP segmentation offload puts datagrams of one size into one frame, and no capture says where one ends (udp(7),
 * UDP_SEGMENT). If a packet at one point alone holds several, nothing is said of those of its conversation and way. */
static bool judge_joined(const struct judging *j)
{
    uint8_t *joined = calloc(pair_count(j->p) + flow_count(j->p) + 1, sizeof *joined); /* bit sets of ways, by `ref` */
    bool good = joined != NULL;
    for (unsigned pass = 0; good && pass < 2; pass++)
        for (size_t i = 0; i < j->p->alone_count; i++) {
            struct alone *a = &j->p->alone[i];
            if (!is_claimed(a))
                continue;
            if (pass == 0) {
                joined[a->ref] |= (uint8_t)((unsigned)holds_several(a) << a->shown.way);
            } else if (joined[a->ref] >> a->shown.way & 1) {
                a->shown.fate = TRANSIT_UNJUDGED;
                a->shown.reason = TRANSIT_OFFLOADED;
            }
        }
    free(joined);
    return good;
}

/* Last, since the packets of a group may be those of the other point. */
static void judge_unseen(const struct judging *j)
{
    for (size_t i = 0; i < j->p->alone_count; i++) {
        struct alone *a = &j->p->alone[i];
        struct transit_point_result *other = &j->out->points[!a->shown.point];
        if (a->gone || a->shown.fate != TRANSIT_FORGED || !is_usual(a))
            continue;
        next_turn(j->p);
        a->shown.fate = TRANSIT_UNJUDGED;
        a->shown.reason = TRANSIT_AMBIGUOUS;
        if (is_of_row(j, a))
            continue; /* it may be another one of the same */
        a->shown.reason = TRANSIT_MISSED;
        other->unseen_example = other->unseen++ ? other->unseen_example : a->shown.frame.number;
        note_unseen_acknowledgement(j, a);
    }
    for (size_t i = 0; i < j->p->alone_count; i++) {
        struct alone *a = &j->p->alone[i];
        if (a->gone || a->shown.fate != TRANSIT_LOST || a->ref >= pair_count(j->p))
            continue;
        next_turn(j->p);
        if (!was_missed(j, see_pair(j->p, a->ref), a, near_way_of(j, a)))
            continue;
        a->shown.fate = TRANSIT_UNJUDGED;
        a->shown.reason = TRANSIT_MISSED;
    }
}

/* A capture that lacks packets which certainly passed may lack these as well. */
static void judge_drops(const struct judging *j)
{
    for (size_t i = 0; i < j->p->alone_count; i++) {
        struct alone *a = &j->p->alone[i];
        const struct transit_point_result *other = &j->out->points[!a->shown.point];
        if (!is_claimed(a) || !(other->missed || (other->unseen && !j->p->config.has_third)))
            continue;
        a->shown.fate = TRANSIT_UNJUDGED;
        a->shown.reason = TRANSIT_CAPTURE_DROPS;
    }
}

bool fates_judge(struct judging *j)
{
    struct pairing *p = j->p;
    for (size_t i = 0; i < p->alone_count; i++) {
        if (p->alone[i].gone)
            continue;
        next_turn(p);
        if (p->alone[i].ref < pair_count(p))
            judge_paired(j, &p->alone[i]);
        else
            judge_unpaired(j, &p->alone[i]);
    }
    judge_errors(j);
    bool good = judge_groups(j) && judge_joined(j) && judge_rows(j);
    judge_unseen(j);
    judge_drops(j);
    return good;
}
