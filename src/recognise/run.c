/* SPDX-License-Identifier: BSD-2-Clause */
/* run: packets that may be probes, grouped, and which groups are traces.
 *
 * A group is a trace
 * 1. if it has two TTLs or more of at most PROBE_TTL_MOST, and a router let one of its packets expire;
 * 2. if it has three TTLs in a row from at most STRICT_START on, and something answered: the TTLs of packets that come
 *    from afar differ, too, where a balancer has ways of different lengths, but hardly any comes from as far as that;
 * 3. if it has two TTLs from at most STRICT_START on, bears the marks of a known tool, and drew an ICMP error; or,
 * 4. when nothing is waited for any more, if it has four TTLs in a row from at most STRICT_START on and nothing
 *    answered: the capture has probes only.
 *
 * What has none of this when it is over, or has sent UNDECIDED_MOST packets, is ordinary traffic. */
#include <stdlib.h>
#include <string.h>

#include "recognise/internal.h"

#define UNDECIDED_MOST 512 /* packets held back of a run */
#define STRICT_START 16

/* --- lists --- */

static void run_unlink(struct recogniser *r, struct run *run)
{
    *(run->older ? &run->older->newer : &r->oldest_run) = run->newer;
    *(run->newer ? &run->newer->older : &r->newest_run) = run->older;
}

void run_push(struct recogniser *r, struct run *run)
{
    run->older = r->newest_run;
    run->newer = NULL;
    *(r->newest_run ? &r->newest_run->newer : &r->oldest_run) = run;
    r->newest_run = run;
}

void run_touch(struct recogniser *r, struct run *run)
{
    if (r->newest_run == run)
        return;
    run_unlink(r, run);
    run_push(r, run);
}

void run_append(struct run *run, struct sighting *s)
{
    s->after = NULL;
    s->before = run->newest;
    *(run->newest ? &run->newest->after : &run->oldest) = s;
    run->newest = s;
}

static void run_remove(struct run *run, struct sighting *s)
{
    *(s->before ? &s->before->after : &run->oldest) = s->after;
    *(s->after ? &s->after->before : &run->newest) = s->before;
}

/* --- the end of a sighting --- */

static void free_replies(struct recogniser *r, struct sighting *s)
{
    for (unsigned i = 0; i < s->probe.reply_count; i++) {
        struct reply *reply = &s->probe.replies[i];
        if (reply->extension)
            extension_release(r, reply->extension);
        if (reply->rewrites)
            free(reply->rewrites);
    }
    if (s->probe.reply_capacity)
        free(s->probe.replies);
}

static struct queue *queue_of(struct recogniser *r, const struct sighting *s)
{
    return s->probe.state == PROBE_ANSWERED ? &r->answered : &r->waiting;
}

size_t sighting_reply_bytes(const struct sighting *s)
{
    size_t bytes = s->probe.reply_capacity * sizeof(struct reply);
    for (unsigned i = 0; i < s->probe.reply_count; i++) {
        const struct reply *reply = &s->probe.replies[i];
        bytes += (reply->extension ? sizeof *reply->extension : 0) + reply->rewrite_count * sizeof *reply->rewrites;
    }
    return bytes;
}

/* To be called while it has all its replies. */
static void forget_bytes(struct recogniser *r, const struct sighting *s)
{
    size_t bytes = sighting_reply_bytes(s);
    r->reply_bytes -= bytes;
    r->held_bytes -= s->bytes_held ? bytes : 0;
}

static void sighting_drop(struct recogniser *r, struct sighting *s)
{
    if (!s->settled)
        queue_remove(queue_of(r, s), s);
    run_remove(s->run, s);
    index_remove(r, s);
    free_replies(r, s);
    sighting_release(r, s);
}

/* Without memory it is settled when its run is over. */
void run_wait(struct recogniser *r, struct queue *queue, struct sighting *s, nstime span)
{
    s->settled = !queue_push(r, queue, s, r->now + span);
    due_at(r, r->now + span);
    r->held += s->settled;
    s->run->held += s->settled;
}

void run_answered(struct recogniser *r, struct sighting *s)
{
    if (!s->settled)
        queue_remove(&r->waiting, s);
    s->probe.state = PROBE_ANSWERED;
    if (!s->settled)
        run_wait(r, &r->answered, s, DUPLICATE_WITHIN);
}

struct run_ttl *run_at_new(struct run *run, uint8_t ttl)
{
    if (ttl >= run->by_ttl_count) {
        unsigned count = ttl + 1U < 16 ? 16 : ttl + 1U;
        struct run_ttl *grown = realloc(run->by_ttl, count * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + run->by_ttl_count, 0, (count - run->by_ttl_count) * sizeof *grown);
        run->by_ttl = grown;
        run->by_ttl_count = count;
    }
    return &run->by_ttl[ttl];
}

/* --- telling --- */

uint8_t run_shift_ttl(uint8_t ttl, unsigned by)
{
    return (uint8_t)(ttl + by < 255 ? ttl + by : 255);
}

/* Where the capture was taken behind the sender, all TTLs are put back before the first is told. */
static void fix_ttls(struct run *run)
{
    struct trace *trace = &run->trace;
    uint8_t by = tool_captured_at(run);
    trace->origin.captured_at_ttl = by;
    run->told = true;
    if (!by)
        return;
    for (struct sighting *s = run->oldest; s; s = s->after)
        s->probe.ttl = run_shift_ttl(s->traits.ttl, by);
    trace->last_router_ttl = trace->last_router_ttl ? run_shift_ttl(trace->last_router_ttl, by) : 0;
    trace->reached_ttl = trace->reached_ttl ? run_shift_ttl(trace->reached_ttl, by) : 0;
    trace->refused_ttl = trace->refused_ttl ? run_shift_ttl(trace->refused_ttl, by) : 0;
}

static void tell(struct recogniser *r, struct run *run, struct sighting *s)
{
    if (!run->told) {
        fix_ttls(run);
        tool_describe(run);
    }
    r->probes++;
    r->replies += s->probe.reply_count;
    forget_bytes(r, s);
    if (run->wanted)
        results_probe(r, &run->trace, &s->probe);
    sighting_drop(r, s);
}

/* A sighting that was no probe, and what seemed to answer it. */
static void deny(struct recogniser *r, struct sighting *s)
{
    const struct trace *trace = &s->run->trace;
    count_stray(r, STRAY_NO_LADDER);
    forget_bytes(r, s);
    for (unsigned i = 0; i < s->probe.reply_count; i++) {
        struct reply *reply = &s->probe.replies[i];
        bool has_ports = r->types[s->run->protocol]->has_port;
        struct other_error error = {
            .time = reply->time,
            .frame = reply->frame,
            .from = reply->from,
            .source = trace->flow.source,
            .target = trace->flow.target,
            .source_port = has_ports ? (uint16_t)(s->traits.word >> 16) : 0,
            .target_port = has_ports ? (uint16_t)s->traits.word : 0,
            .protocol = s->run->protocol,
            .version = reply->version,
            .icmp_type = reply->icmp_type,
            .icmp_code = reply->icmp_code,
            .file = reply->file,
            .has_ports = has_ports,
            .mtu = reply->mtu,
            .extension = reply->extension,
        };
        if (reply->is_icmp && reply->quoted_ttl >= 0) {
            reply->extension = NULL;
            results_error(r, &error);
        } else {
            count_stray(r, STRAY_ANSWER_NO_LADDER);
        }
    }
    sighting_drop(r, s);
}

/* --- deciding --- */

/* The most TTLs in a row, and the first of these. */
static unsigned ladder_length(const struct run *run, unsigned *start)
{
    unsigned best = 0, length = 0;
    for (unsigned ttl = 0; ttl <= PROBE_TTL_MOST; ttl++) {
        length = run->ttls >> ttl & 1 ? length + 1 : 0;
        if (length > best) {
            best = length;
            *start = ttl + 1 - length;
        }
    }
    return best;
}

bool run_has_two_ttls(const struct run *run)
{
    uint64_t low = run->ttls & ((UINT64_C(1) << (PROBE_TTL_MOST + 1)) - 1);
    return (low & (low - 1)) != 0;
}

bool run_number(struct recogniser *r, struct trace *trace)
{
    if (r->events.wants_trace && !r->events.wants_trace(r->events.context, trace))
        return false;
    trace->number = (uint32_t)r->result.traces_found++;
    return true;
}

/* What was held back for the decision, or for the TTLs to be known. */
static void tell_settled(struct recogniser *r, struct run *run)
{
    r->held -= run->held;
    run->held = 0;
    for (struct sighting *s = run->oldest, *next; s; s = next) {
        next = s->after;
        if (s->settled)
            tell(r, run, s);
    }
}

static bool may_tell(const struct run *run)
{
    return run->state == RUN_FOUND && (run->told || tool_is_placed(run));
}

static void accept(struct recogniser *r, struct run *run)
{
    run->state = RUN_FOUND;
    run->pair->has_trace = true;
    tool_describe(run);
    run->wanted = run_number(r, &run->trace);
    if (may_tell(run))
        tell_settled(r, run);
}

static void turn_down(struct recogniser *r, struct run *run)
{
    run->state = RUN_ORDINARY;
    r->held -= run->held;
    run->held = 0;
    while (run->oldest)
        deny(r, run->oldest);
}

void run_consider(struct recogniser *r, struct run *run)
{
    unsigned start = 0;
    if (run->state != RUN_UNDECIDED || !run_has_two_ttls(run))
        return;
    bool rises = run->trace.reply_count && ladder_length(run, &start) >= 3 && start <= STRICT_START;
    if (run->expired || rises || (run->errors && run->least_ttl <= STRICT_START && tool_knows(run)))
        accept(r, run);
}

/* Floods in a network of radios go to its broadcast address, with growing TTLs (RFC 3561 6.4). */
static bool may_be_broadcast(const struct addr *target)
{
    return target->family == 4 && target->bytes[3] == 255;
}

/* The last word, when no answer is waited for any more. */
static void decide(struct recogniser *r, struct run *run)
{
    unsigned start = 0;
    if (run->state == RUN_UNDECIDED && !run->trace.reply_count && ladder_length(run, &start) >= 4 &&
        start <= STRICT_START && !may_be_broadcast(&run->trace.flow.target))
        accept(r, run);
    else if (run->state == RUN_UNDECIDED)
        turn_down(r, run);
    if (run->state == RUN_FOUND)
        tell_settled(r, run);
}

static void settle(struct recogniser *r, struct sighting *s)
{
    struct run *run = s->run;
    if (may_tell(run)) {
        if (run->held)
            tell_settled(r, run);
        tell(r, run, s);
        return;
    }
    queue_remove(queue_of(r, s), s);
    index_remove(r, s);
    s->settled = true;
    run->held++;
    r->held++;
    r->held_bytes += sighting_reply_bytes(s);
    s->bytes_held = true;
    if (run->held >= UNDECIDED_MOST || r->held >= SIGHTINGS_MOST / 4 || r->held_bytes >= REPLY_BYTES_MOST / 2)
        decide(r, run);
}

static void settle_due(struct recogniser *r, struct queue *queue, nstime now)
{
    struct sighting *s;
    while ((s = queue_due(r, queue, now)))
        settle(r, s);
}

/* --- the end of a run --- */

static enum trace_end decide_end(const struct recogniser *r, const struct run *run)
{
    const struct trace *trace = &run->trace;
    if (trace->reached_ttl)
        return END_REACHED;
    if (trace->loop_first)
        return END_LOOPING;
    if (trace->refused_ttl)
        return run->no_route ? END_UNREACHABLE : END_REJECTED;
    if (r->broken_off && r->now - run->last_time < ANSWER_WITHIN)
        return END_INTERRUPTED;
    return trace->last_router_ttl >= run_shift_ttl(run->most_ttl, trace->origin.captured_at_ttl) ? END_MAX_TTL
                                                                                                 : END_SILENT;
}

static void find_loop(struct run *run)
{
    struct addr routers[256] = {0};
    unsigned by = run->trace.origin.captured_at_ttl;
    for (unsigned ttl = 0; ttl < run->by_ttl_count && ttl + by < 256; ttl++)
        routers[ttl + by] = run->by_ttl[ttl].router;
    trace_find_loop(&run->trace, routers);
}

static void run_free(struct recogniser *r, struct run *run)
{
    struct run **at = &run->pair->runs;
    while (*at != run)
        at = &(*at)->next_in_pair;
    *at = run->next_in_pair;
    run->pair->run_count--;
    run_unlink(r, run);
    r->run_count--;
    r->high_runs -= run->is_high;
    r->high_ttls -= run->most_ttl > PROBE_TTL_MOST ? (unsigned)run->most_ttl - PROBE_TTL_MOST : 0;
    trace_free(&run->trace);
    free(run->by_ttl);
    pair_release(r, run->pair);
    free(run);
}

static void run_close(struct recogniser *r, struct run *run)
{
    decide(r, run);
    while (run->oldest)
        tell(r, run, run->oldest);
    if (run->state == RUN_FOUND && run->wanted) {
        tool_describe(run);
        find_loop(run);
        run->trace.end = decide_end(r, run);
        results_trace(r, &run->trace);
    }
    run_free(r, run);
}

/* Makes room before its time; what was still waited for counts as silent. */
void run_evict(struct recogniser *r, struct run *run)
{
    r->given_up += run->oldest != NULL;
    run_close(r, run);
}

void run_tick(struct recogniser *r)
{
    settle_due(r, &r->waiting, r->now);
    settle_due(r, &r->answered, r->now);
    while (r->oldest_run && r->oldest_run->last_time + RUN_IDLE_MOST <= r->now)
        run_close(r, r->oldest_run);
    due_at(r, queue_next(&r->waiting));
    due_at(r, queue_next(&r->answered));
    if (r->oldest_run)
        due_at(r, r->oldest_run->last_time + RUN_IDLE_MOST);
}

static int by_number(const void *a, const void *b)
{
    const struct run *x = *(struct run *const *)a, *y = *(struct run *const *)b;
    return x->trace.number < y->trace.number ? -1 : x->trace.number > y->trace.number;
}

/* What is still open ends in the order in which it was found. */
void run_finish(struct recogniser *r)
{
    settle_due(r, &r->waiting, NSTIME_NEVER);
    settle_due(r, &r->answered, NSTIME_NEVER);
    struct run **runs = malloc((r->run_count + 1) * sizeof *runs);
    size_t count = 0;
    for (struct run *run = r->oldest_run; run; run = run->newer) {
        decide(r, run);
        if (runs)
            runs[count++] = run;
    }
    if (count)
        qsort(runs, count, sizeof(struct run *), by_number);
    for (size_t i = 0; i < count; i++)
        run_close(r, runs[i]);
    free(runs);
    while (r->oldest_run) /* memory is short */
        run_close(r, r->oldest_run);
}

/* --- room --- */

/* Makes room before its time. False: there is nothing to settle. */
bool run_make_room(struct recogniser *r)
{
    struct sighting *s = queue_due(r, &r->answered, NSTIME_NEVER);
    r->given_up += !s;
    if (!s)
        s = queue_due(r, &r->waiting, NSTIME_NEVER);
    if (s)
        settle(r, s);
    return s != NULL;
}

void run_note_bytes(struct recogniser *r, size_t bytes)
{
    r->reply_bytes += bytes;
    while (r->reply_bytes > REPLY_BYTES_MOST && run_make_room(r))
        ;
}
