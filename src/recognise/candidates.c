/* SPDX-License-Identifier: BSD-2-Clause */
/* sight: a packet that may be a probe becomes a sighting of the run that it goes on with, or of a new one. */
#include <stdlib.h>
#include <string.h>

#include "recognise/internal.h"

static struct run *run_new(struct recogniser *r, struct pair *pair, const struct digest *look)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    trace_init(&run->trace);
    run->trace.origin = (struct trace_origin){.foreign = true, .rounds = 1};
    run->trace.flow.source = look->source;
    run->trace.flow.target = look->target;
    run->trace.flow.tos = look->traits.tos;
    run->trace.flow.flow_label = look->traits.flow_label;
    run->trace.flow.dont_fragment = look->traits.dont_fragment;
    run->pair = pair;
    run->shape = look->shape;
    run->protocol = look->protocol;
    run->version = look->source.family;
    run->shown = look->traits;
    run->next_in_pair = pair->runs;
    pair->runs = run;
    pair->run_count++;
    r->run_count++;
    run_push(r, run);
    return run;
}

static struct run *choose_run(const struct pair *pair, const struct digest *look, nstime now)
{
    struct run *best = NULL;
    unsigned best_score = 0;
    for (struct run *run = pair->runs; run; run = run->next_in_pair) {
        unsigned score = pattern_fits(run, look, now);
        if (score && score >= best_score) { /* the list begins with the newest: of equals, the oldest */
            best = run;
            best_score = score;
        }
    }
    return best;
}

/* The run of the pair that has been quiet for longest. */
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

/* An equal packet with a smaller TTL has been forwarded; with the same one, it was captured on another interface. */
static bool is_copy(const struct sighting *s, const struct digest *look)
{
    uint8_t ttl = look->traits.ttl, before = s->traits.ttl;
    bool elsewhere = s->interface != look->interface || s->direction != look->direction || s->probe.file != look->file;
    return ttl < before || (ttl == before && elsewhere && look->time - s->probe.sent <= SAME_FRAME_WITHIN);
}

/* The packet is one that was seen: forwarded since, on another interface, or sent again by TCP. */
static bool is_seen_again(struct recogniser *r, const struct digest *look, const struct index_place *place)
{
    const struct traits *traits = &look->traits;
    unsigned left = SCAN_MOST;
    for (struct sighting *s = place->first; s && left; s = index_next(r, s), left--) {
        if (s->run->shape != look->shape || !addr_equal(&s->run->trace.flow.source, &look->source) ||
            !addr_equal(&s->run->trace.flow.target, &look->target))
            continue;
        if (is_alike(&s->traits, traits) && is_copy(s, look)) {
            count_stray(r, STRAY_SEEN_AGAIN);
            return true;
        }
        bool own_port = s->run->count > 1 && s->run->source_port.movement != MOVE_CONSTANT;
        if (look->shape == SHAPE_SYN && own_port && s->traits.word == traits->word && s->traits.seq == traits->seq &&
            s->traits.ttl == traits->ttl) {
            count_stray(r, STRAY_SENT_AGAIN);
            return true;
        }
    }
    return false;
}

/* What follows a SYN probe in its own connection: the kernel of an mtr or a traceroute shakes hands with the TTL of the
 * probe, and takes leave. */
static bool is_of_connection(const struct recogniser *r, const struct digest *look)
{
    for (uint32_t back = 1; back <= 2; back++) {
        uint32_t seq = look->traits.seq - back;
        unsigned left = SCAN_MOST;
        uint64_t key = digest_key(look->pair_hash, look->traits.word, seq);
        for (const struct sighting *s = index_first(r, key); s && left; s = index_next(r, s), left--)
            if (s->traits.word == look->traits.word && s->traits.seq == seq && s->run->shape == SHAPE_SYN)
                return true;
    }
    return false;
}

/* `step`: by how much the one of the two ports that counts has moved since the last probe. */
static void note_restart(struct run *run, uint32_t step)
{
    run->restarts++;
    if (!run->restart_step || step < run->restart_step)
        run->restart_step = step;
}

static void note_ttl(struct recogniser *r, struct run *run, uint8_t ttl, uint32_t counter)
{
    if (run->count == 0) {
        run->first_ttl = run->least_ttl = run->most_ttl = ttl;
        run->one_id_a_ttl = true;
    } else if (ttl != run->last_ttl) {
        bool again = ttl == (run->falling ? run->most_ttl : run->least_ttl);
        if (run->least_ttl == run->most_ttl)
            run->falling = ttl < run->last_ttl;
        else if (again)
            note_restart(run, counter);
    }
    run->last_ttl = ttl;
    run->least_ttl = ttl < run->least_ttl ? ttl : run->least_ttl;
    if (ttl > run->most_ttl) {
        run->most_ttl = ttl;
        r->high_ttls += ttl > PROBE_TTL_MOST; /* such a ladder goes on one by one */
    }
    run->ttls |= ttl < 64 ? UINT64_C(1) << ttl : 0;
    if (!run->is_high && ttl + 2 >= PROBE_TTL_MOST) {
        run->is_high = true;
        r->high_runs++;
    }
}

static void fill_sighting(struct sighting *s, struct run *run, const struct digest *look)
{
    const struct traits *traits = &look->traits;
    s->probe = (struct probe){
        .sent = look->time,
        .frame = look->frame,
        .next_at_ttl = -1,
        .source_port = (uint16_t)(traits->word >> 16),
        .target_port = (uint16_t)traits->word,
        .echo_checksum = run->shape == SHAPE_ECHO ? traits->checksum : 0,
        .flow_label = traits->flow_label,
        .ttl = run->told ? run_shift_ttl(traits->ttl, run->trace.origin.captured_at_ttl) : traits->ttl,
        .state = PROBE_OUTSTANDING,
        .file = look->file,
        .seen = true,
    };
    s->run = run;
    s->key = look->key;
    s->traits = *traits;
    s->interface = look->interface;
    s->direction = look->direction;
    s->indexed = s->settled = s->bytes_held = false;
}

static void add_sighting(struct recogniser *r, struct run *run, const struct digest *look,
                         const struct index_place *place)
{
    const struct traits *traits = &look->traits;
    struct sighting *s = sighting_take(r);
    while (!s && run_make_room(r))
        s = sighting_take(r);
    struct run_ttl *at = run_at(run, traits->ttl);
    if (!s || !at || run->state == RUN_ORDINARY) { /* it has just been turned down to make room */
        if (s)
            sighting_release(r, s);
        count_stray(r, s && at ? STRAY_NO_LADDER : STRAY_TOO_MANY);
        return;
    }
    fill_sighting(s, run, look);
    uint32_t source_step = (uint16_t)((traits->word >> 16) - run->source_port.last);
    uint32_t target_step = (uint16_t)(traits->word - run->target_port.last);
    if (run->count && traits->ttl != run->last_ttl && !source_step)
        run->one_id_a_ttl = false;
    pattern_add(run, traits);
    note_ttl(r, run, traits->ttl, target_step ? target_step : source_step);
    run->count++;
    s->probe.attempt = ++at->asked;
    run->trace.sent_count++;
    run->trace.started = true;
    if (run->trace.first_sent == NSTIME_NONE)
        run->trace.first_sent = look->time;
    run->last_time = look->time > run->last_time ? look->time : run->last_time;
    run->trace.last_sent = run->last_time;
    run_wait(r, &r->waiting, s, ANSWER_WITHIN);
    run_append(run, s);
    (void)index_add(r, place, s); /* without memory no answer finds it */
    run_touch(r, run);
    run_consider(r, run);
}

/* Whether a TTL above that of probes may go on with a ladder that has come up to there. */
static bool may_be_high(const struct recogniser *r, const struct digest *look)
{
    if (!r->high_runs || r->high_ttls >= HIGH_TTLS_MOST)
        return false;
    const struct pair *pair = pair_find(r, look->pair_hash, &look->source, &look->target, look->protocol);
    for (const struct run *run = pair ? pair->runs : NULL; run; run = run->next_in_pair)
        if (run->is_high && run_has_two_ttls(run) && look->traits.ttl <= run->most_ttl + 1 &&
            pattern_fits(run, look, r->now))
            return true;
    return false;
}

static bool is_broadcast(const struct addr *target)
{
    static const uint8_t all[4] = {255, 255, 255, 255};
    return target->family == 4 && memcmp(target->bytes, all, sizeof all) == 0;
}

bool candidate_take(struct recogniser *r, const struct digest *look)
{
    if (look->shape == SHAPE_NONE || (look->traits.ttl > PROBE_TTL_MOST && !may_be_high(r, look)) ||
        addr_is_multicast(&look->target) || is_broadcast(&look->target))
        return false;
    struct index_place place = index_find(r, look->key);
    if (place.first && is_seen_again(r, look, &place))
        return true;
    if ((look->shape == SHAPE_ACK || look->shape == SHAPE_FIN || look->shape == SHAPE_DATA) &&
        is_of_connection(r, look)) {
        count_stray(r, STRAY_CONNECTION);
        return true;
    }
    if (r->run_count == RUNS_MOST) /* a pair goes with its last run, so this comes first */
        run_evict(r, r->oldest_run);
    struct pair *pair = pair_get(r, look);
    struct run *run = pair ? choose_run(pair, look, look->time) : NULL;
    if (run && run->state == RUN_ORDINARY) {
        run->last_time = look->time > run->last_time ? look->time : run->last_time;
        run_touch(r, run);
        count_stray(r, STRAY_NO_LADDER);
        return true;
    }
    if (pair && !run && pair->run_count == RUNS_OF_PAIR_MOST)
        run_evict(r, quietest(pair));
    if (pair && !run)
        run = run_new(r, pair, look);
    if (!run) {
        if (pair)
            pair_release(r, pair);
        count_stray(r, STRAY_TOO_MANY);
        return true;
    }
    add_sighting(r, run, look, &place);
    return true;
}
