/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/runs/grouping.h"

#include <stdlib.h>
#include <string.h>

#include "recognise/runs/merge.h"
#include "recognise/runs/pattern.h"
#include "recognise/runs/run.h"
#include "recognise/store/candidate.h"
#include "recognise/store/handshakes.h"
#include "recognise/store/index.h"
#include "recognise/store/pair.h"
#include "recognise/store/senders.h"

#define DRIFT_STEP_MOST 3 /* TTLs that a step counts: swapped neighbours fall by one and rise by three */
#define DRIFT_TO_FALL 2   /* one may be a swap */
#define DRIFT_MOST 4      /* then the direction of a run is known */

static struct run *choose_run(const struct pair *pair, const struct digest *digest, nstime now)
{
    struct run *best = NULL;
    unsigned best_score = 0;
    for (struct run *run = pair->runs; run; run = run->next_in_pair) {
        unsigned score = pattern_fits(run, digest, now);
        if (score && score >= best_score) { /* the newest comes first in the list: of equals, the oldest is best */
            best = run;
            best_score = score;
        }
    }
    return best;
}

/* The run of the pair with the oldest last packet. */
static struct run *quietest(const struct pair *pair)
{
    struct run *quietest = pair->runs;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        if (run->last_time < quietest->last_time)
            quietest = run;
    return quietest;
}

static bool is_alike(const struct traits *a, const struct traits *b)
{
    return a->word == b->word && a->seq == b->seq && a->ack == b->ack && a->ip_id == b->ip_id &&
           a->flow_label == b->flow_label && a->checksum == b->checksum && a->size == b->size &&
           a->tcp_flags == b->tcp_flags && memcmp(a->payload, b->payload, sizeof a->payload) == 0;
}

/* An equal packet with a lower TTL has been forwarded, soon if nothing but the TTL tells probes apart; with the same
 * TTL, it was captured on another interface. */
static bool is_copy(const struct candidate *candidate, const struct digest *digest)
{
    uint8_t ttl = digest->traits.ttl, before = candidate->traits.ttl;
    bool elsewhere = candidate->interface != digest->interface || candidate->direction != digest->direction ||
                     candidate->probe.file != digest->file;
    bool soon = digest->time - candidate->probe.sent <= FORWARDED_SOON;
    return (ttl < before && (digest_has_id(digest) || soon)) ||
           (ttl == before && elsewhere && digest->time - candidate->probe.sent <= SAME_FRAME_WITHIN);
}

/* True for a copy: forwarded, from another interface, or retransmitted by TCP. Counts it. */
static bool is_seen_again(struct recogniser *r, const struct digest *digest, const struct index_place *place)
{
    const struct traits *traits = &digest->traits;
    unsigned left = SCAN_MOST;
    for (struct candidate *candidate = place->first; candidate && left; candidate = index_next(r, candidate), left--) {
        if (candidate->run->shape != digest->shape ||
            !addr_equal(&candidate->run->trace.flow.source, &digest->source) ||
            !addr_equal(&candidate->run->trace.flow.target, &digest->target))
            continue;
        if (is_alike(&candidate->traits, traits) && is_copy(candidate, digest)) {
            count_stray(r, STRAY_COPY);
            return true;
        }
        bool own_port = candidate->run->count > 1 && candidate->run->source_port.movement != MOVE_CONSTANT;
        if (digest->shape == SHAPE_SYN && own_port && candidate->traits.word == traits->word &&
            candidate->traits.seq == traits->seq && candidate->traits.ttl == traits->ttl) {
            count_stray(r, STRAY_SENT_AGAIN);
            return true;
        }
    }
    return false;
}

/* True for a probe that a router received, and sends to another target: as a host does that publishes the ports of its
 * containers. Only where the capture knows directions, since some tools send equal probes to several targets. */
static bool is_sent_on(const struct recogniser *r, const struct digest *digest)
{
    const struct traits *traits = &digest->traits;
    const struct candidate *received =
        digest->direction == FRAME_OUT && digest_has_id(digest) ? senders_find(r, digest) : NULL;
    if (!received || received->direction != FRAME_IN || received->probe.file != digest->file)
        return false;
    const struct run *run = received->run;
    const struct traits *before = &received->traits;
    nstime apart = digest->time - received->probe.sent;
    return run->protocol == digest->protocol && addr_equal(&run->trace.flow.source, &digest->source) &&
           before->ttl == traits->ttl + 1 && before->ip_id == traits->ip_id && before->seq == traits->seq &&
           before->size == traits->size && apart >= -SAME_FRAME_WITHIN && apart <= FORWARDED_SOON;
}

/* True for what follows a SYN probe in its own connection: the kernel of an mtr or a traceroute completes the handshake
 * and closes, with the TTL of the probe. */
static bool is_of_connection(const struct recogniser *r, const struct digest *digest)
{
    for (uint32_t back = 1; back <= 2; back++) {
        uint32_t seq = digest->traits.seq - back;
        unsigned left = SCAN_MOST;
        uint64_t key = digest_key(digest->pair_hash, digest->traits.word, seq);
        for (const struct candidate *candidate = index_first(r, key); candidate && left;
             candidate = index_next(r, candidate), left--)
            if (candidate->traits.word == digest->traits.word && candidate->traits.seq == seq &&
                candidate->run->shape == SHAPE_SYN)
                return true;
    }
    return false;
}

/* The port or sequence number that counts. */
static uint32_t counter_of(const struct run *run, const struct traits *traits)
{
    bool target = (uint16_t)(traits->word - run->target_port.last) != 0;
    return target ? traits->word & 0xffff : traits->word >> 16;
}

static uint32_t last_counter(const struct run *run, const struct traits *traits)
{
    bool target = (uint16_t)(traits->word - run->target_port.last) != 0;
    return target ? run->target_port.last : run->source_port.last;
}

/* A counter of a packet, and of the one before. */
struct step {
    uint32_t counter, last;
    int restarts; /* that a packet out of order adds */
};

static void note_restart(struct run *run, const struct step *counter)
{
    uint32_t step = (uint16_t)(counter->counter - counter->last);
    run->restarts++;
    run->restart_counter = counter->counter;
    if (!run->restart_step || step < run->restart_step)
        run->restart_step = step;
}

/* A packet out of order may belong between the last sweep and the one before: then the step between them is smaller. */
static void note_before_restart(struct run *run, uint32_t counter)
{
    uint32_t step = (uint16_t)(run->restart_counter - counter);
    if (run->restarts && step && step < run->restart_step)
        run->restart_step = step;
}

/* The TTLs rise or fall, on the whole: small steps count as much as large ones, so that sweeps keep their direction. */
static void note_drift(struct run *run, uint8_t ttl)
{
    int step = ttl - run->arrived_ttl;
    step = step > DRIFT_STEP_MOST ? DRIFT_STEP_MOST : step < -DRIFT_STEP_MOST ? -DRIFT_STEP_MOST : step;
    run->drift += run->drift < DRIFT_MOST && run->drift > -DRIFT_MOST ? step : 0;
    run->falling = run->drift <= -DRIFT_TO_FALL;
    run->arrived_ttl = ttl;
}

static void note_turn(struct run *run, uint8_t ttl, const struct step *counter)
{
    if (ttl == run->last_ttl)
        return;
    run->went_back |= run->falling ? ttl > run->last_ttl : ttl < run->last_ttl;
    if (run->least_ttl != run->most_ttl && ttl == (run->falling ? run->most_ttl : run->least_ttl))
        note_restart(run, counter);
}

static void note_high_ttl(struct recogniser *r, struct run *run, uint8_t ttl)
{
    if (ttl > run->most_ttl) {
        run->most_ttl = ttl;
        r->high_ttls += ttl > PROBE_TTL_MOST; /* such TTLs rise one by one */
    }
    if (!run->is_high && ttl + 2 >= PROBE_TTL_MOST) {
        run->is_high = true;
        r->high_runs++;
    }
}

static void note_ttl(struct recogniser *r, struct run *run, uint8_t ttl, enum order order, const struct step *counter)
{
    if (run->count == 0) {
        run->first_ttl = run->least_ttl = run->most_ttl = run->last_ttl = run->arrived_ttl = ttl;
    } else if (order == ORDER_NEXT) {
        note_turn(run, ttl, counter);
        run->last_ttl = ttl;
    } else {
        run->restarts += (uint32_t)(counter->restarts > 0 || run->restarts ? counter->restarts : 0);
        note_before_restart(run, counter->counter);
    }
    if (order == ORDER_FIRST)
        run->first_ttl = ttl;
    note_drift(run, ttl);
    run->least_ttl = ttl < run->least_ttl ? ttl : run->least_ttl;
    note_high_ttl(r, run, ttl);
    run->ttls |= ttl < 64 ? UINT64_C(1) << ttl : 0;
}

static void fill_candidate(struct candidate *candidate, struct run *run, const struct digest *digest)
{
    const struct traits *traits = &digest->traits;
    candidate->probe = (struct probe){
        .sent = digest->time,
        .frame = digest->frame,
        .next_at_ttl = -1,
        .source_port = (uint16_t)(traits->word >> 16),
        .target_port = (uint16_t)traits->word,
        .echo_checksum = run->shape == SHAPE_ECHO ? traits->checksum : 0,
        .flow_label = traits->flow_label,
        .ttl = run->ttls_fixed ? run_shift_ttl(traits->ttl, run->trace.origin.captured_at_ttl) : traits->ttl,
        .state = PROBE_OUTSTANDING,
        .file = digest->file,
        .seen = true,
    };
    candidate->run = run;
    candidate->key = digest->key;
    candidate->traits = *traits;
    candidate->interface = digest->interface;
    candidate->direction = digest->direction;
    candidate->indexed = candidate->settled = candidate->bytes_held = candidate->has_bytes = false;
}

/* How the packet moves what the run counts, and its TTLs. */
static void note_packet(struct recogniser *r, struct run *run, const struct digest *digest)
{
    const struct traits *traits = &digest->traits;
    enum order order = order_of(run, traits, digest->time);
    struct place place = {0};
    if (run->name && !carried_name_equal(run->name, digest->name)) {
        free(run->name); /* they vary */
        run->name = NULL;
    }
    if (order != ORDER_NEXT)
        place = order_place(run, traits, digest->time);
    struct step step = {
        .counter = counter_of(run, traits), .last = last_counter(run, traits), .restarts = place.restarts};
    pattern_add(run, traits, order, order != ORDER_NEXT ? &place : NULL);
    note_ttl(r, run, traits->ttl, order, &step);
    if (order == ORDER_FIRST)
        run->shown = *traits;
}

/* Notes that the run has probes in this file and in that of the probe before. */
static void note_file(struct recogniser *r, const struct run *run, uint8_t file)
{
    uint8_t other = run->newest ? run->newest_file : file;
    if (other == file)
        return;
    r->beside[file][other / 64] |= UINT64_C(1) << other % 64;
    r->beside[other][file / 64] |= UINT64_C(1) << file % 64;
}

/* The capture may lack the handshake of a connection, for it began later: one that it shows tells what the run is. Of
 * several connections the one that was left alone for the shortest time counts. */
static void note_handshake(const struct recogniser *r, struct run *run, const struct traits *segment, nstime time)
{
    const struct flow *flow = &run->trace.flow;
    struct handshake *handshake =
        run->shape == SHAPE_DATA ? handshakes_find(r, &flow->source, &flow->target, segment) : NULL;
    if (!handshake)
        return;
    nstime idle = time - handshake->last_time;
    bool is_first = handshake->run_id != run->id, is_least = !run->trace.handshakes.count || idle < run->idle;
    if (is_first && is_least)
        run->idle = idle;
    handshake->run_id = run->id;
    trace_note_handshake(&run->trace, handshake->reply_ttl);
}

static void add_candidate(struct recogniser *r, struct run *run, const struct digest *digest,
                          const struct index_place *place)
{
    const struct traits *traits = &digest->traits;
    struct candidate *candidate = candidate_new(r);
    while (!candidate && run_make_room(r))
        candidate = candidate_new(r);
    struct run_ttl *at = run_at(run, traits->ttl);
    if (!candidate || !at || run->state == RUN_ORDINARY) { /* it was discarded just now, to make room */
        if (candidate)
            candidate_free(r, candidate);
        count_stray(r, candidate && at ? STRAY_NO_TRACE : STRAY_TOO_MANY);
        return;
    }
    fill_candidate(candidate, run, digest);
    note_packet(r, run, digest);
    run->count++;
    candidate->probe.attempt = ++at->asked;
    run->trace.sent_count++;
    run->trace.started = true;
    r->shows[digest->file] |= SHOWS_PROBES;
    note_file(r, run, digest->file);
    note_handshake(r, run, traits, digest->time);
    if (run->trace.first_sent == NSTIME_NONE)
        run->trace.first_sent = digest->time;
    run->last_time = digest->time > run->last_time ? digest->time : run->last_time;
    run->trace.last_sent = run->last_time;
    run_wait(r, &r->waiting, candidate, ANSWER_WITHIN);
    run_append(run, candidate);
    (void)index_add(r, place, candidate); /* without memory no reply finds it */
    senders_add(r, candidate);
    run_touch(r, run);
    run_consider(r, run);
}

void grouping_see_again(struct recogniser *r, const struct digest *digest)
{
    if (digest->shape == SHAPE_NONE || digest->kind != PACKET_PLAIN || !r->run_count)
        return;
    struct pair *pair = pair_of_probe(r, digest);
    const struct run *run = pair ? pair->runs : NULL;
    if (!run || !run->newest || run->newest->probe.file == digest->file)
        return;
    pair->has_far_file = true;
    pair->far_file = digest->file;
}

void grouping_see_handshake(struct recogniser *r, const struct digest *syn_ack)
{
    const struct pair *pair = pair_of_answered(r, syn_ack);
    uint32_t word = digest_answered_word(syn_ack);
    unsigned left = SCAN_MOST;
    for (struct run *run = pair ? pair->runs : NULL; run; run = run->next_in_pair)
        for (const struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (candidate->traits.word == word)
                note_handshake(r, run, &candidate->traits, candidate->probe.sent);
}

bool grouping_is_due(const struct recogniser *r, const struct digest *digest)
{
    bool is_told_apart = digest->has_word || digest->traits.ip_id;
    if (digest->kind != PACKET_PLAIN || digest->shape == SHAPE_NONE || is_told_apart ||
        (r->shows[digest->file] & SHOWS_COPIES))
        return false;
    const struct candidate *newest = index_first(r, digest->key);
    bool is_of_equal = newest && newest->run->same_payload; /* else an equal packet is no further probe */
    return is_of_equal && newest->probe.reply_count && newest->traits.ttl == digest->traits.ttl &&
           is_alike(&newest->traits, &digest->traits);
}

/* True if a run has come up to this TTL, which is above that of other probes. */
static bool may_be_high(const struct recogniser *r, const struct digest *digest)
{
    if (!r->high_runs || r->high_ttls >= HIGH_TTLS_MOST)
        return false;
    const struct pair *pair = pair_of_probe(r, digest);
    for (const struct run *run = pair ? pair->runs : NULL; run; run = run->next_in_pair)
        if (run->is_high && run_has_two_ttls(run) && digest->traits.ttl <= run->most_ttl + 1 &&
            pattern_fits(run, digest, r->now))
            return true;
    return false;
}

static bool is_broadcast(const struct addr *target)
{
    static const uint8_t all[4] = {255, 255, 255, 255};
    return target->family == 4 && memcmp(target->bytes, all, sizeof all) == 0;
}

bool grouping_take(struct recogniser *r, const struct digest *digest)
{
    if (digest->shape == SHAPE_NONE || (digest->traits.ttl > PROBE_TTL_MOST && !may_be_high(r, digest)) ||
        addr_is_multicast(&digest->target) || is_broadcast(&digest->target))
        return false;
    struct index_place place = index_find(r, digest->key);
    if (place.first && is_seen_again(r, digest, &place))
        return true;
    if ((digest->shape == SHAPE_ACK || digest->shape == SHAPE_FIN || digest->shape == SHAPE_DATA) &&
        is_of_connection(r, digest)) {
        count_stray(r, STRAY_CONNECTION);
        return true;
    }
    if (is_sent_on(r, digest)) {
        count_stray(r, STRAY_COPY);
        return true;
    }
    if (r->run_count == RUNS_MOST) /* first, since a pair is freed with its last run */
        run_evict(r, run_oldest(r));
    struct pair *pair = pair_get(r, digest);
    if (pair && pair->has_far_file && pair->far_file == digest->file) { /* the prober's file lacks it */
        count_stray(r, STRAY_COPY);
        return true;
    }
    struct run *run = pair ? choose_run(pair, digest, digest->time) : NULL;
    if (run && run->state == RUN_ORDINARY) {
        run->last_time = digest->time > run->last_time ? digest->time : run->last_time;
        run_touch(r, run);
        count_stray(r, STRAY_NO_TRACE);
        return true;
    }
    if (run)
        merge_pings(r, run, digest);
    if (pair && !run && pair->run_count == RUNS_OF_PAIR_MOST)
        run_evict(r, quietest(pair));
    if (pair && !run)
        run = run_new(r, pair, digest);
    if (!run) {
        if (pair)
            pair_release(r, pair);
        count_stray(r, STRAY_TOO_MANY);
        return true;
    }
    add_candidate(r, run, digest, &place);
    return true;
}
