/* sight: a packet that may be a probe becomes a sighting of the run that it goes on with, or of a new one. */
#include <stdlib.h>
#include <string.h>

#include "recognise/internal.h"

static struct run *run_new(struct recogniser *r, struct pair *pair, const struct look *look)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    const struct headers *h = look->headers;
    trace_init(&run->trace);
    run->trace.origin = (struct trace_origin){.foreign = true, .rounds = 1};
    run->trace.flow.source = h->ip.source;
    run->trace.flow.target = h->ip.target;
    run->trace.flow.tos = h->ip.tos;
    run->trace.flow.flow_label = h->ip.flow_label;
    run->trace.flow.dont_fragment = h->ip.dont_fragment;
    run->pair = pair;
    run->shape = look->shape;
    run->version = h->ip.version;
    run->tos = h->ip.tos;
    run->next_in_pair = pair->runs;
    pair->runs = run;
    pair->run_count++;
    r->run_count++;
    run_push(r, run);
    return run;
}

static struct run *choose_run(const struct pair *pair, const struct look *look, nstime now)
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

static bool is_alike(const struct sighting *s, const struct look *look)
{
    const struct headers *h = look->headers;
    const struct transport *t = &h->transport;
    return s->word == look->word && s->seq == look->seq && s->ack == look->ack && s->ip_id == h->ip.id &&
           s->flow_label == h->ip.flow_label && s->checksum == t->checksum && s->size == h->ip.total_length &&
           s->head == look->head && s->tcp_flags == t->flags;
}

/* An equal packet with a smaller TTL has been forwarded; with the same one, it was captured on another interface. */
static bool is_copy(const struct sighting *s, unsigned file, const struct frame *frame, const struct packet *packet)
{
    uint8_t ttl = packet->outer.ip.ttl;
    bool elsewhere = s->interface != packet->interface || s->direction != packet->direction || s->probe.file != file;
    return ttl < s->ttl || (ttl == s->ttl && elsewhere && frame->time - s->probe.sent <= SAME_FRAME_WITHIN);
}

/* The packet is one that was seen: forwarded since, on another interface, or sent again by TCP. */
static bool is_seen_again(struct recogniser *r, unsigned file, const struct frame *frame, const struct packet *packet,
                          const struct look *look, const struct index_place *place)
{
    unsigned left = SCAN_MOST;
    for (struct sighting *s = place->first; s && left; s = index_next(r, s), left--) {
        if (s->run->shape != look->shape || !addr_equal(&s->run->pair->source, &look->headers->ip.source) ||
            !addr_equal(&s->run->pair->target, &look->headers->ip.target))
            continue;
        uint8_t ttl = look->headers->ip.ttl;
        if (is_alike(s, look) && is_copy(s, file, frame, packet)) {
            count_stray(r, STRAY_SEEN_AGAIN);
            return true;
        }
        bool own_port = s->run->count > 1 && s->run->source_port.movement != MOVE_CONSTANT;
        if (look->shape == SHAPE_SYN && own_port && s->word == look->word && s->seq == look->seq && ttl == s->ttl) {
            count_stray(r, STRAY_SENT_AGAIN);
            return true;
        }
    }
    return false;
}

/* What follows a SYN probe in its own connection: the kernel of an mtr or a traceroute shakes hands with the TTL of the
 * probe, and takes leave. */
static bool is_of_connection(const struct recogniser *r, const struct look *look)
{
    for (uint32_t back = 1; back <= 2; back++) {
        uint32_t seq = look->seq - back;
        unsigned left = SCAN_MOST;
        uint64_t key = look_key(look->pair_hash, look->word, seq);
        for (const struct sighting *s = index_first(r, key); s && left; s = index_next(r, s), left--)
            if (s->word == look->word && s->seq == seq && s->run->shape == SHAPE_SYN)
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

static void fill_sighting(struct sighting *s, struct run *run, unsigned file, const struct frame *frame,
                          const struct packet *packet, const struct look *look)
{
    const struct headers *h = look->headers;
    const struct transport *t = &h->transport;
    s->probe = (struct probe){
        .sent = frame->time,
        .frame = frame->number,
        .next_at_ttl = -1,
        .source_port = (uint16_t)(look->word >> 16),
        .target_port = (uint16_t)look->word,
        .ttl = run->told ? run_shift_ttl(h->ip.ttl, run->trace.origin.captured_at_ttl) : h->ip.ttl,
        .state = PROBE_OUTSTANDING,
        .file = (uint8_t)file,
        .seen = true,
    };
    s->run = run;
    s->key = look->key;
    s->head = look->head;
    s->head_bytes = look->head_bytes;
    s->interface = packet->interface;
    s->direction = packet->direction;
    s->word = look->word;
    s->seq = look->seq;
    s->ack = look->ack;
    s->flow_label = h->ip.flow_label;
    s->ip_id = h->ip.id;
    s->checksum = t->checksum;
    s->size = (uint16_t)h->ip.total_length;
    s->window = t->window;
    s->payload = (uint16_t)(t->size > t->header_length ? t->size - t->header_length : 0);
    s->payload = (uint16_t)(s->payload + (look->shape == SHAPE_FIN));
    s->ttl = h->ip.ttl;
    s->tos = h->ip.tos;
    s->tcp_flags = t->flags;
    s->dont_fragment = h->ip.dont_fragment;
    s->indexed = s->settled = s->bytes_held = false;
}

static void add_sighting(struct recogniser *r, struct run *run, unsigned file, const struct frame *frame,
                         const struct packet *packet, const struct look *look, const struct index_place *place)
{
    struct sighting *s = sighting_take(r);
    while (!s && run_make_room(r))
        s = sighting_take(r);
    struct run_ttl *at = run_at(run, look->headers->ip.ttl);
    if (!s || !at || run->state == RUN_ORDINARY) { /* it has just been turned down to make room */
        if (s)
            sighting_release(r, s);
        count_stray(r, s && at ? STRAY_NO_LADDER : STRAY_TOO_MANY);
        return;
    }
    fill_sighting(s, run, file, frame, packet, look);
    if (run->count == 0)
        look_first(look->headers, &run->shown);
    uint32_t source_step = (uint16_t)((look->word >> 16) - run->source_port.last);
    uint32_t target_step = (uint16_t)(look->word - run->target_port.last);
    if (run->count && look->headers->ip.ttl != run->last_ttl && !source_step)
        run->one_id_a_ttl = false;
    pattern_add(run, look);
    note_ttl(r, run, s->ttl, target_step ? target_step : source_step);
    run->count++;
    s->probe.attempt = ++at->asked;
    run->trace.sent_count++;
    run->trace.started = true;
    if (run->trace.first_sent == NSTIME_NONE)
        run->trace.first_sent = frame->time;
    run->last_time = frame->time > run->last_time ? frame->time : run->last_time;
    run->trace.last_sent = run->last_time;
    run_wait(r, &r->waiting, s, ANSWER_WITHIN);
    run_append(run, s);
    (void)index_add(r, place, s); /* without memory no answer finds it */
    run_touch(r, run);
    run_consider(r, run);
}

/* Whether a TTL above that of probes may go on with a ladder that has come up to there. */
static bool may_be_high(const struct recogniser *r, const struct look *look)
{
    const struct ip_header *ip = &look->headers->ip;
    if (!r->high_runs || r->high_ttls >= HIGH_TTLS_MOST)
        return false;
    const struct pair *pair = pair_find(r, look->pair_hash, &ip->source, &ip->target, ip->protocol);
    for (const struct run *run = pair ? pair->runs : NULL; run; run = run->next_in_pair)
        if (run->is_high && run_has_two_ttls(run) && ip->ttl <= run->most_ttl + 1 && pattern_fits(run, look, r->now))
            return true;
    return false;
}

static bool is_broadcast(const struct addr *target)
{
    static const uint8_t all[4] = {255, 255, 255, 255};
    return target->family == 4 && memcmp(target->bytes, all, sizeof all) == 0;
}

bool run_take(struct recogniser *r, unsigned file, const struct frame *frame, const struct packet *packet,
              const struct look *look)
{
    const struct ip_header *ip = &packet->outer.ip;
    if (look->shape == SHAPE_NONE || (ip->ttl > PROBE_TTL_MOST && !may_be_high(r, look)) ||
        addr_is_multicast(&ip->target) || is_broadcast(&ip->target))
        return false;
    struct index_place place = index_find(r, look->key);
    if (place.first && is_seen_again(r, file, frame, packet, look, &place))
        return true;
    if ((look->shape == SHAPE_ACK || look->shape == SHAPE_FIN || look->shape == SHAPE_DATA) &&
        is_of_connection(r, look)) {
        count_stray(r, STRAY_CONNECTION);
        return true;
    }
    if (r->run_count == RUNS_MOST) /* a pair goes with its last run, so this comes first */
        run_evict(r, r->oldest_run);
    struct pair *pair = pair_get(r, look);
    struct run *run = pair ? choose_run(pair, look, frame->time) : NULL;
    if (run && run->state == RUN_ORDINARY) {
        run->last_time = frame->time > run->last_time ? frame->time : run->last_time;
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
    add_sighting(r, run, file, frame, packet, look, &place);
    return true;
}
