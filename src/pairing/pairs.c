/* SPDX-License-Identifier: BSD-2-Clause */
/* Which conversations of both points are the same. */
#include "base/array.h"
#include "pairing/state.h"

/* Bits that each host with its port adds if it is the same at both points. Unit: bits. Source: they are no proof, since
 * a proxy keeps them, too. Effect: with a SYN's name one of them pairs. */
#define ADDRESS_BITS 12
#define ID_BITS 12
/* Flows with many packets vote with few of them. Unit: packets. Source: chosen. Effect: more cost time in captures
 * of traffic that does not pass the other point. */
#define VOTES_ALL 256
#define VOTES_FEW_MASK UINT64_C(0x30)
/* Packets with the same difference of numbers, after which it is the firewall's. */
#define SAME_VOTES 3
/* A packet with a delay so far from that of others says little. */
#define LATE_VOTE (500 * NS_PER_MS)
/* Alike packets that are compared. */
#define ALIKE_MOST 16

static bool needs_votes(const struct pairing *p, const struct flow *flow)
{
    if (flow->pair == NONE)
        return true;
    const struct pair *pair = see_pair(p, flow->pair);
    bool knows_seq = pair->ways[0].seq.known && pair->ways[1].seq.known;
    bool knows_timestamps = pair->ways[0].timestamp.known && pair->ways[1].timestamp.known;
    bool is_young = flow->ways[0].frames + flow->ways[1].frames <= VOTES_ALL;
    return flow->protocol == IP_TCP && !flow->is_error && (!knows_seq || (is_young && !knows_timestamps));
}

static bool chooses(const struct flow *flow, uint64_t name)
{
    return flow->ways[0].frames + flow->ways[1].frames <= VOTES_ALL || (name & VOTES_FEW_MASK) == 0;
}

/* --- what a vote says --- */

/* A packet at both points. */
struct ballot {
    uint32_t near, far; /* flows */
    unsigned near_way, far_way;
    const struct passage *passage; /* the packet at hand, at one of them */
    const struct vote *vote;       /* the other one */
    enum passage_name name;
    unsigned same_ends; /* hosts that have the same address and port at both points */
    nstime lateness;    /* NSTIME_NEVER: unknown */
    bool same_addresses;
    bool is_turned; /* its ends fit better if the packet goes the other way: both hosts send alike packets */
};

/* Whether a host of the near point is this one at the far point. */
static bool is_host(const struct pairing *p, uint32_t near, uint32_t far)
{
    return near == far || (near < p->far_host_count && p->far_hosts[near] == far);
}

static unsigned count_hosts(const struct pairing *p, const struct flow *near, const struct flow *far, unsigned flipped)
{
    return is_host(p, near->hosts[0], far->hosts[flipped]) + is_host(p, near->hosts[1], far->hosts[!flipped]);
}

static void note_host(struct pairing *p, uint32_t near, uint32_t far)
{
    size_t known = p->far_host_count;
    if (near >= known) {
        if (!array_reserve((void **)&p->far_hosts, &p->far_host_capacity, near + 1, sizeof *p->far_hosts)) {
            p->failed = true;
            return;
        }
        memset(p->far_hosts + known, 0xff, (near + 1 - known) * sizeof *p->far_hosts);
        p->far_host_count = near + 1;
    }
    p->far_hosts[near] = far;
}

/* How many of both hosts, with their ports, are the same, if the near flow's end 0 is the far one's end `flipped`. */
static unsigned count_same(const struct flow *near, const struct flow *far, unsigned flipped)
{
    unsigned same = 0;
    for (unsigned end = 0; end < 2; end++) {
        unsigned other = end ^ flipped;
        same += near->hosts[end] == far->hosts[other] && near->ports[end] == far->ports[other];
    }
    return same;
}

/* A translator of addresses mostly leaves the port of a service as it is. */
static unsigned count_ports(const struct flow *near, const struct flow *far, unsigned flipped)
{
    unsigned same = 0;
    for (unsigned end = 0; end < 2; end++)
        same += near->ports[end] == far->ports[end ^ flipped];
    return same;
}

/* The hosts fit better if the packet goes the other way, or the ports do, if nothing is known of the hosts. */
static bool fits_turned(const struct pairing *p, const struct flow *near, const struct flow *far, unsigned flipped)
{
    unsigned hosts = count_hosts(p, near, far, flipped), turned = count_hosts(p, near, far, !flipped);
    return hosts != turned ? hosts < turned : count_ports(near, far, flipped) < count_ports(near, far, !flipped);
}

static struct ballot ballot_of(const struct pairing *p, const struct passage *passage, uint32_t flow, unsigned way,
                               const struct vote *vote, enum passage_name name)
{
    bool is_far = passage->point == TRANSIT_FAR;
    struct ballot b = {.near = is_far ? vote->flow : flow,
                       .far = is_far ? flow : vote->flow,
                       .near_way = is_far ? vote->way : way,
                       .far_way = is_far ? way : vote->way,
                       .passage = passage,
                       .vote = vote,
                       .name = name};
    const struct flow *near = see_flow(p, b.near), *far = see_flow(p, b.far);
    unsigned flipped = b.near_way ^ b.far_way, same = count_same(near, far, flipped);
    b.same_ends = same;
    nstime delay = is_far ? passage->common - vote->common : vote->common - passage->common;
    b.lateness =
        is_far ? match_lateness(p, vote->ttl, passage->ttl, delay) : match_lateness(p, passage->ttl, vote->ttl, delay);
    b.same_addresses = same == 2;
    b.is_turned = fits_turned(p, near, far, flipped);
    return b;
}

/* What a capture adds from the near point to the far one. */
static uint32_t difference(const struct ballot *b, uint32_t passage, uint32_t vote)
{
    return b->passage->point == TRANSIT_FAR ? passage - vote : vote - passage;
}

/* Names do not hold all numbers, so two packets with one name may have other ones. They rarely have the same difference
 * again. `is_weak`: the name holds little, and acknowledgements that repeat a number have the same one. */
static void learn_number(struct added *added, uint32_t number, uint32_t value, bool sure, bool is_weak)
{
    bool is_same = added->votes && value == added->next;
    if (added->known)
        return;
    if (!is_same)
        added->votes = 1;
    else if (!is_weak || number != added->number)
        added->votes++;
    added->next = value;
    added->number = number;
    if (sure || added->votes >= SAME_VOTES)
        *added = (struct added){.known = true, .value = value, .next = value};
}

/* The constants that a firewall adds to sequence numbers and timestamps. */
static void learn(struct pair *pair, const struct ballot *b)
{
    const struct passage *p = b->passage;
    struct pair_way *way = &pair->ways[b->near_way], *other = &pair->ways[!b->near_way];
    bool is_syn = p->flags & TCP_SYN, is_weak = b->name == NAME_ONE_SEQ || b->name == NAME_ONE_ACK;
    uint32_t timestamp = difference(b, p->timestamp, b->vote->timestamp);
    if (p->kind != PASSAGE_TCP)
        return;
    learn_number(&way->seq, p->seq, difference(b, p->seq, b->vote->seq), is_syn || b->name == NAME_SEQ, is_weak);
    if ((p->flags & TCP_ACK) && (b->vote->flags & TCP_ACK))
        learn_number(&other->seq, p->ack, difference(b, p->ack, b->vote->ack), is_syn || b->name == NAME_SEQ, is_weak);
    if (p->has_timestamps && b->vote->has_timestamps)
        learn_number(&way->timestamp, p->timestamp, timestamp, timestamp == 0, is_weak);
}

static uint8_t evidence_of(const struct ballot *b)
{
    static const uint8_t by_name[PASSAGE_NAMES] = {[NAME_SEQ] = TRANSIT_BY_SEQ,
                                                   [NAME_TIMESTAMPS] = TRANSIT_BY_TIMESTAMPS,
                                                   [NAME_ONE_SEQ] = TRANSIT_BY_SEQ,
                                                   [NAME_ONE_ACK] = TRANSIT_BY_SEQ,
                                                   [NAME_CONTENT] = TRANSIT_BY_PAYLOAD};
    bool same_id = b->passage->id && b->passage->id == b->vote->id;
    uint8_t by = b->passage->kind == PASSAGE_TCP ? by_name[b->name] : TRANSIT_BY_PAYLOAD;
    return (uint8_t)(by | (same_id ? TRANSIT_BY_IP_ID : 0) | (b->same_addresses ? TRANSIT_BY_ADDRESSES : 0));
}

static int bits_of(const struct ballot *b)
{
    bool same_id = b->passage->id && b->passage->id == b->vote->id;
    int bits = b->passage->name_bits[b->name] + (same_id ? ID_BITS : 0) + (int)b->same_ends * ADDRESS_BITS;
    return b->lateness > LATE_VOTE && b->lateness != NSTIME_NEVER ? bits / 4 : bits;
}

/* --- pairs --- */

/* Of the only SYN each way. Probes of a trace have several. */
static void learn_from_syns(const struct pairing *p, struct pair *pair)
{
    const struct flow *near = see_flow(p, pair->flows[TRANSIT_NEAR]);
    const struct flow *far = see_flow(p, pair->flows[TRANSIT_FAR]);
    for (unsigned way = 0; way < 2; way++) {
        const struct flow_syn *a = &near->syn[way], *b = &far->syn[way ^ pair->flipped];
        if (a->seen && b->seen && !a->again && !b->again)
            learn_number(&pair->ways[way].seq, a->seq, b->seq - a->seq, true, false);
    }
}

static void make_pair(struct pairing *p, const struct ballot *b, int score, uint8_t evidence)
{
    uint32_t index = conversations_join(p->flows.all, b->near, b->far);
    if (index == NONE) {
        p->failed = true;
        return;
    }
    struct pair *pair = change_pair(p, index);
    pair->flipped = b->near_way != b->far_way;
    pair->since = b->passage->common;
    pair->score = (int16_t)(score < INT16_MAX ? score : INT16_MAX);
    pair->evidence = evidence;
    note_host(p, see_flow(p, b->near)->hosts[0], see_flow(p, b->far)->hosts[pair->flipped]);
    note_host(p, see_flow(p, b->near)->hosts[1], see_flow(p, b->far)->hosts[!pair->flipped]);
    learn_from_syns(p, pair);
    learn(pair, b);
    match_again(p, index);
}

/* A candidate loses what speaks for another one. Returns its score. */
static int support(struct flow *flow, uint32_t candidate, int bits, uint8_t evidence)
{
    if (flow->candidate != candidate) {
        flow->score = (int16_t)(flow->score - bits);
        if (flow->candidate != NONE && flow->score > 0)
            return 0;
        flow->candidate = candidate;
        flow->score = 0;
        flow->evidence = 0;
    }
    if (flow->score < 1000)
        flow->score = (int16_t)(flow->score + bits);
    flow->evidence |= evidence;
    return flow->score;
}

static void count_ballot(struct pairing *p, const struct ballot *b)
{
    struct flow *near = change_flow(p, b->near), *far = change_flow(p, b->far);
    uint8_t evidence = evidence_of(b);
    if (near->protocol != far->protocol || near->is_error != far->is_error)
        return;
    if (near->pair != NONE || far->pair != NONE) {
        if (near->pair == far->pair) {
            struct pair *pair = change_pair(p, near->pair);
            pair->evidence |= evidence;
            learn(pair, b);
            match_again(p, near->pair);
        }
        return;
    }
    int bits = bits_of(b);
    int of_near = support(near, b->far, bits, evidence), of_far = support(far, b->near, bits, evidence);
    if (of_near >= PAIRED_BITS && of_far >= PAIRED_BITS)
        make_pair(p, b, of_near < of_far ? of_near : of_far, near->evidence | far->evidence);
}

/* Whether an id, or a port, shows that the vote's packet is another one with the same payload: the next probe of a
 * traceroute. Segments are sent again with other ids. A translator that changes a port changes the address too. */
static bool is_other_packet(const struct pairing *p, const struct ballot *b)
{
    const bool *kept = p->config.overview.ids_kept;
    const struct flow *near = see_flow(p, b->near), *far = see_flow(p, b->far);
    unsigned flipped = b->near_way ^ b->far_way;
    if (b->passage->kind == PASSAGE_TCP)
        return false;
    if (kept[TRANSIT_TOWARD_FAR] && kept[TRANSIT_TOWARD_NEAR] && b->passage->id && b->vote->id &&
        b->passage->id != b->vote->id)
        return true;
    for (unsigned end = 0; end < 2; end++)
        if (near->hosts[end] == far->hosts[end ^ flipped] && near->ports[end] != far->ports[end ^ flipped])
            return true;
    return false;
}

/* The flow of the other point that a name stands for. Of several, the one with the same addresses counts, or else the
 * only one that comes in time. */
static const struct vote *choose(const struct pairing *p, const struct passage *passage, uint32_t flow, unsigned way,
                                 enum passage_name name)
{
    const struct vote *chosen = NULL;
    nstime lateness = NSTIME_NEVER;
    unsigned left = ALIKE_MOST;
    for (const struct vote *vote = votes_first(&p->votes, passage->names[name]); vote && left;
         vote = votes_next(&p->votes, vote), left--) {
        if (vote->point == passage->point || passage->common - vote->common > ALONE_AFTER)
            continue;
        const struct ballot ballot = ballot_of(p, passage, flow, way, vote, name);
        if (ballot.is_turned || is_other_packet(p, &ballot))
            continue;
        if (ballot.same_addresses)
            return vote;
        bool is_better = !chosen || (ballot.lateness < LATE_VOTE && lateness > LATE_VOTE);
        bool is_other = chosen && (chosen->flow != vote->flow || chosen->way != vote->way);
        if (is_other && !is_better && !(lateness < LATE_VOTE && ballot.lateness > LATE_VOTE))
            return NULL;
        if (is_better) {
            chosen = vote;
            lateness = ballot.lateness;
        }
    }
    return chosen;
}

void pairs_vote(struct pairing *p, const struct passage *passage, uint32_t flow, unsigned way)
{
    for (unsigned name = 0; name < PASSAGE_NAMES; name++) {
        if (!passage->names[name] || !needs_votes(p, see_flow(p, flow)) ||
            !chooses(see_flow(p, flow), passage->names[name]))
            continue;
        const struct vote *vote = choose(p, passage, flow, way, name);
        if (vote) {
            const struct ballot ballot = ballot_of(p, passage, flow, way, vote, name);
            count_ballot(p, &ballot);
        }
        votes_add(&p->votes, passage, passage->names[name], flow, way);
    }
}
