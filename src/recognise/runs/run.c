/* SPDX-License-Identifier: BSD-2-Clause */
/* A run is a trace
 * 1. if it has two TTLs or more of at most PROBE_TTL_MOST, and drew a time exceeded;
 * 2. if it has three TTLs in a row that start at STRICT_START or below, and drew a reply. Packets from far away also
 *    differ in TTL, if balanced paths differ in length, but hardly any arrives with so low a TTL;
 * 3. if it has two TTLs, one of them STRICT_START or below, looks like a known tool, and drew an ICMP error;
 * 4. if it has one TTL of STRICT_START or below, bears the mark of a known tool, and the target answered; or,
 * 5. when no reply is expected any more, if it has four TTLs in a row that start at STRICT_START or below, and drew no
 *    reply: the capture has probes only.
 *
 * A run is ordinary traffic if none of this holds when it is over or has sent UNDECIDED_MOST packets. */
#include "recognise/runs/run.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "recognise/runs/tool.h"
#include "recognise/store/candidate.h"
#include "recognise/store/extensions.h"
#include "recognise/store/index.h"
#include "recognise/store/pair.h"
#include "recognise/store/queue.h"
#include "recognise/store/results.h"

#define UNDECIDED_MOST 512 /* packets of a run that are held until it is decided: bounds the memory */
#define RUNS_FIRST 64      /* ids of runs at first */
#define BY_TTL_STEP 4      /* TTLs by which the array of a run grows */
#define STRICT_START 16    /* TTL, see above: of ordinary traffic hardly any arrives with less */

/* --- lists --- */

static void run_unlink(struct recogniser *r, const struct run *run)
{
    struct run_link *links = r->run_links, link = links[run->id];
    links[link.older].newer = link.newer;
    links[link.newer].older = link.older;
}

static void run_push(struct recogniser *r, const struct run *run)
{
    struct run_link *links = r->run_links;
    uint16_t newest = links[0].older;
    links[run->id] = (struct run_link){.older = newest, .newer = 0};
    links[newest].newer = links[0].older = run->id;
}

void run_touch(struct recogniser *r, const struct run *run)
{
    if (r->run_links[0].older == run->id)
        return;
    run_unlink(r, run);
    run_push(r, run);
}

/* Doubles the number of ids. False: no memory. */
static bool runs_grow(struct recogniser *r)
{
    unsigned room = r->run_room ? 2 * r->run_room : RUNS_FIRST;
    struct run **runs = realloc(r->runs, (room + 1) * sizeof(struct run *));
    r->runs = runs ? runs : r->runs;
    struct run_link *links = realloc(r->run_links, (room + 1) * sizeof *links);
    r->run_links = links ? links : r->run_links;
    if (!runs || !links)
        return false;
    r->run_room = room;
    return true;
}

bool runs_init(struct recogniser *r)
{
    _Static_assert(RUNS_MOST < UINT16_MAX, "an id has 16 bits");
    if (!runs_grow(r))
        return false;
    r->runs[0] = NULL;
    r->run_links[0] = (struct run_link){0};
    return true;
}

void runs_free(struct recogniser *r)
{
    pool_free(&r->run_pool);
    free(r->runs);
    free(r->run_links);
}

/* A run with an id, not in the list yet. NULL: no memory, or there are RUNS_MOST. */
static struct run *run_alloc(struct recogniser *r)
{
    uint16_t id = r->free_run ? r->free_run : (uint16_t)(r->run_count + 1);
    bool has_room = id <= RUNS_MOST && (id <= r->run_room || runs_grow(r));
    struct run *run = has_room ? pool_take(&r->run_pool, sizeof *run) : NULL;
    if (!run)
        return NULL;
    memset(run, 0, offsetof(struct run, near_ttls));
    run->id = id;
    if (r->free_run)
        r->free_run = r->run_links[id].newer;
    r->runs[id] = run;
    r->run_count++;
    return run;
}

/* Not in the list any more. */
static void run_release(struct recogniser *r, struct run *run)
{
    r->run_links[run->id].newer = r->free_run;
    r->free_run = run->id;
    r->runs[run->id] = NULL;
    r->run_count--;
    pool_give(&r->run_pool, run);
}

void run_append(struct run *run, struct candidate *candidate)
{
    candidate->after = NULL;
    candidate->before = run->newest;
    *(run->newest ? &run->newest->after : &run->oldest) = candidate;
    run->newest = candidate;
    run->newest_file = candidate->probe.file;
}

void run_remove(struct run *run, struct candidate *candidate)
{
    *(candidate->before ? &candidate->before->after : &run->oldest) = candidate->after;
    *(candidate->after ? &candidate->after->before : &run->newest) = candidate->before;
    if (!candidate->after && candidate->before)
        run->newest_file = candidate->before->probe.file;
}

struct run *run_new(struct recogniser *r, struct pair *pair, const struct digest *digest)
{
    struct run *run = run_alloc(r);
    if (!run)
        return NULL;
    trace_init(&run->trace);
    run->trace.origin = (struct trace_origin){.foreign = true, .rounds = 1};
    run->trace.flow.source = digest->source;
    run->trace.flow.target = digest->target;
    run->trace.flow.tos = digest->traits.tos;
    run->trace.flow.flow_label = digest->traits.flow_label;
    run->trace.flow.dont_fragment = digest->traits.dont_fragment;
    run->trace.inside = tunnels_copy(digest->inside);
    run->pair = pair;
    run->shape = digest->shape;
    run->protocol = digest->protocol;
    run->version = digest->source.family;
    run->shown = digest->traits;
    run->name = carried_name_copy(digest->name);
    run->next_in_pair = pair->runs;
    pair->runs = run;
    pair->run_count++;
    run_push(r, run);
    return run;
}

/* --- the end of a candidate --- */

static struct queue *queue_of(struct recogniser *r, const struct candidate *candidate)
{
    return candidate->probe.state == PROBE_ANSWERED ? &r->answered : &r->waiting;
}

/* The caller releases the replies afterwards. */
static void forget_bytes(struct recogniser *r, const struct candidate *candidate)
{
    size_t bytes = candidate_reply_bytes(candidate);
    r->reply_bytes -= bytes;
    r->held_bytes -= candidate->bytes_held ? bytes : 0;
}

static void candidate_drop(struct recogniser *r, struct candidate *candidate)
{
    if (!candidate->settled)
        queue_remove(queue_of(r, candidate), candidate);
    run_remove(candidate->run, candidate);
    index_remove(r, candidate);
    candidate_free_replies(r, candidate);
    candidate_free(r, candidate);
}

/* Without memory it stays until its run is over. */
void run_wait(struct recogniser *r, struct queue *queue, struct candidate *candidate, nstime span)
{
    candidate->settled = !queue_push(r, queue, candidate, r->now + span);
    due_at(r, r->now + span);
    r->held += candidate->settled;
    candidate->run->held += candidate->settled;
}

void run_answered(struct recogniser *r, struct candidate *candidate)
{
    if (!candidate->settled)
        queue_remove(&r->waiting, candidate);
    candidate->probe.state = PROBE_ANSWERED;
    if (!candidate->settled)
        run_wait(r, &r->answered, candidate, DUPLICATE_WITHIN);
}

void run_free_ttls(struct run *run)
{
    if (run->by_ttl != run->near_ttls)
        free(run->by_ttl);
}

/* Room for `count` TTLs; what was there stays. NULL: no memory. */
static struct run_ttl *by_ttl_grow(struct run *run, unsigned count)
{
    bool is_near = !run->by_ttl || run->by_ttl == run->near_ttls;
    if (count <= NEAR_TTLS)
        return run->near_ttls;
    struct run_ttl *grown = realloc(is_near ? NULL : run->by_ttl, count * sizeof *grown);
    if (grown && is_near)
        memcpy(grown, run->near_ttls, run->by_ttl_count * sizeof *grown);
    return grown;
}

struct run_ttl *run_at_new(struct run *run, uint8_t ttl)
{
    if (ttl >= run->by_ttl_count) {
        unsigned count = (ttl / BY_TTL_STEP + 1U) * BY_TTL_STEP;
        struct run_ttl *grown = by_ttl_grow(run, count);
        if (!grown)
            return NULL;
        memset(grown + run->by_ttl_count, 0, (count - run->by_ttl_count) * sizeof *grown);
        run->by_ttl = grown;
        run->by_ttl_count = count;
    }
    return &run->by_ttl[ttl];
}

/* --- output --- */

uint8_t run_shift_ttl(uint8_t ttl, unsigned by)
{
    return (uint8_t)(ttl + by < 255 ? ttl + by : 255);
}

/* Shifts all TTLs to those that were sent, if the capture was taken behind the sender; before the first is reported. */
static void fix_ttls(struct run *run)
{
    struct trace *trace = &run->trace;
    uint8_t by = tool_captured_at(run);
    trace->origin.captured_at_ttl = by;
    run->ttls_fixed = true;
    if (!by)
        return;
    for (struct candidate *candidate = run->oldest; candidate; candidate = candidate->after)
        candidate->probe.ttl = run_shift_ttl(candidate->traits.ttl, by);
    trace->last_router_ttl = trace->last_router_ttl ? run_shift_ttl(trace->last_router_ttl, by) : 0;
    trace->reached_ttl = trace->reached_ttl ? run_shift_ttl(trace->reached_ttl, by) : 0;
    trace->refused_ttl = trace->refused_ttl ? run_shift_ttl(trace->refused_ttl, by) : 0;
}

/* True if one file goes on where the other ended, as those of tcpdump -C: one clock stamped both. Two files that hold
 * only probes and only replies are from two captures. */
static bool is_next_file(const struct recogniser *r, uint8_t file, uint8_t next)
{
    bool goes_on = (r->shows[file] & SHOWS_REPLIES) || (r->shows[next] & SHOWS_PROBES);
    return goes_on && r->starts[next] >= r->ends[file];
}

static void note_clocks(const struct recogniser *r, struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++) {
        struct reply *reply = &probe->replies[i];
        reply->other_clock = reply->file != probe->file && !is_next_file(r, probe->file, reply->file);
    }
}

/* Its last reply may be from another file, and provisional until now. */
static void end_wait(struct recogniser *r, struct candidate *candidate)
{
    if (!candidate->settled)
        queue_remove(queue_of(r, candidate), candidate);
    candidate->settled = true;
    if (candidate->probe.reply_count)
        candidate->probe.state = PROBE_ANSWERED;
}

static void emit(struct recogniser *r, struct run *run, struct candidate *candidate)
{
    if (!run->ttls_fixed) {
        fix_ttls(run);
        tool_describe(run);
    }
    r->probes++;
    r->replies += candidate->probe.reply_count;
    forget_bytes(r, candidate);
    end_wait(r, candidate);
    note_clocks(r, &candidate->probe);
    if (run->wanted)
        results_probe(r, &run->trace, &candidate->probe);
    candidate_drop(r, candidate);
}

/* The candidate is no probe: what seemed to answer it is about other traffic. */
static void reject_candidate(struct recogniser *r, struct candidate *candidate)
{
    const struct trace *trace = &candidate->run->trace;
    count_stray(r, STRAY_NO_TRACE);
    forget_bytes(r, candidate);
    for (unsigned i = 0; i < candidate->probe.reply_count; i++) {
        struct reply *reply = &candidate->probe.replies[i];
        bool has_ports = r->digester.types[candidate->run->protocol]->has_port;
        struct other_error error = {
            .time = reply->time,
            .frame = reply->frame,
            .from = reply->from,
            .source = trace->flow.source,
            .target = trace->flow.target,
            .source_port = has_ports ? (uint16_t)(candidate->traits.word >> 16) : 0,
            .target_port = has_ports ? (uint16_t)candidate->traits.word : 0,
            .protocol = candidate->run->protocol,
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
            count_stray(r, STRAY_ANSWER_NO_TRACE);
        }
    }
    candidate_drop(r, candidate);
}

/* --- deciding --- */

/* The longest row of TTLs, and the first of them. */
static unsigned longest_rise(const struct run *run, unsigned *start)
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

/* Candidates that were held until the run was decided or its TTLs known. */
static void emit_settled(struct recogniser *r, struct run *run)
{
    r->held -= run->held;
    run->held = 0;
    for (struct candidate *candidate = run->oldest, *next; candidate; candidate = next) {
        next = candidate->after;
        if (candidate->settled)
            emit(r, run, candidate);
    }
}

static bool may_emit(const struct run *run)
{
    return run->state == RUN_FOUND && (run->ttls_fixed || tool_place_is_known(run));
}

static void accept(struct recogniser *r, struct run *run)
{
    run->state = RUN_FOUND;
    run->pair->has_trace = true;
    tool_describe(run);
    run->wanted = run_number(r, &run->trace);
    if (may_emit(run))
        emit_settled(r, run);
}

static void discard(struct recogniser *r, struct run *run)
{
    run->state = RUN_ORDINARY;
    r->held -= run->held;
    run->held = 0;
    while (run->oldest)
        reject_candidate(r, run->oldest);
}

void run_consider_undecided(struct recogniser *r, struct run *run)
{
    unsigned start = 0;
    if (run->trace.reached_ttl && run->most_ttl <= STRICT_START && tool_is_marked(run))
        accept(r, run);
    if (run->state != RUN_UNDECIDED || !run_has_two_ttls(run))
        return;
    bool rises = run->trace.reply_count && longest_rise(run, &start) >= 3 && start <= STRICT_START;
    if (run->expired || rises || (run->errors && run->least_ttl <= STRICT_START && tool_knows(run)))
        accept(r, run);
}

/* AODV radios flood route requests to their broadcast address with rising TTLs (RFC 3561 6.4). */
static bool may_be_broadcast(const struct addr *target)
{
    return target->family == 4 && target->bytes[3] == 255;
}

/* The final decision, when no reply is expected any more. */
static void decide(struct recogniser *r, struct run *run)
{
    unsigned start = 0;
    if (run->state == RUN_UNDECIDED && !run->trace.reply_count && longest_rise(run, &start) >= 4 &&
        start <= STRICT_START && !may_be_broadcast(&run->trace.flow.target))
        accept(r, run);
    else if (run->state == RUN_UNDECIDED)
        discard(r, run);
    if (run->state == RUN_FOUND)
        emit_settled(r, run);
}

static void settle(struct recogniser *r, struct candidate *candidate)
{
    struct run *run = candidate->run;
    if (may_emit(run)) {
        if (run->held)
            emit_settled(r, run);
        emit(r, run, candidate);
        return;
    }
    queue_remove(queue_of(r, candidate), candidate);
    index_remove(r, candidate);
    candidate->settled = true;
    run->held++;
    r->held++;
    r->held_bytes += candidate_reply_bytes(candidate);
    candidate->bytes_held = true;
    if (run->held >= UNDECIDED_MOST || r->held >= CANDIDATES_MOST / 4 || r->held_bytes >= REPLY_BYTES_MOST / 2)
        decide(r, run);
}

static void settle_due(struct recogniser *r, struct queue *queue, nstime now)
{
    struct candidate *candidate;
    while ((candidate = queue_due(r, queue, now)))
        settle(r, candidate);
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
    struct addr routers[256]; /* filled up to the last router: no more is read */
    unsigned by = run->trace.origin.captured_at_ttl, last = run->trace.last_router_ttl;
    for (unsigned ttl = 0; ttl <= last; ttl++)
        routers[ttl] = ttl >= by && ttl - by < run->by_ttl_count ? run->by_ttl[ttl - by].router : (struct addr){0};
    trace_find_loop(&run->trace, routers);
}

void run_free(struct recogniser *r, struct run *run)
{
    struct run **at = &run->pair->runs;
    while (*at != run)
        at = &(*at)->next_in_pair;
    *at = run->next_in_pair;
    run->pair->run_count--;
    run_unlink(r, run);
    r->high_runs -= run->is_high;
    r->high_ttls -= run->most_ttl > PROBE_TTL_MOST ? (unsigned)run->most_ttl - PROBE_TTL_MOST : 0;
    trace_free(&run->trace);
    run_free_ttls(run);
    free(run->name);
    pair_release(r, run->pair);
    run_release(r, run);
}

static void run_close(struct recogniser *r, struct run *run)
{
    decide(r, run);
    while (run->oldest)
        emit(r, run, run->oldest);
    if (run->state == RUN_FOUND && run->wanted) {
        tool_describe(run);
        find_loop(run);
        run->trace.end = decide_end(r, run);
        results_trace(r, &run->trace);
    }
    run_free(r, run);
}

/* A probe that still waited for a reply counts as unanswered. */
void run_evict(struct recogniser *r, struct run *run)
{
    r->given_up += run->oldest != NULL;
    run_close(r, run);
}

void run_tick(struct recogniser *r)
{
    settle_due(r, &r->waiting, r->now);
    settle_due(r, &r->answered, r->now);
    struct run *oldest;
    while ((oldest = run_oldest(r)) && oldest->last_time + RUN_IDLE_MOST <= r->now)
        run_close(r, oldest);
    due_at(r, queue_next(&r->waiting));
    due_at(r, queue_next(&r->answered));
    if (oldest)
        due_at(r, oldest->last_time + RUN_IDLE_MOST);
}

static int by_number(const void *a, const void *b)
{
    const struct run *x = *(struct run *const *)a, *y = *(struct run *const *)b;
    return x->trace.number < y->trace.number ? -1 : x->trace.number > y->trace.number;
}

/* Open traces end in the order of their numbers. */
void run_finish(struct recogniser *r)
{
    settle_due(r, &r->waiting, NSTIME_NEVER);
    settle_due(r, &r->answered, NSTIME_NEVER);
    struct run **runs = malloc((r->run_count + 1) * sizeof *runs);
    size_t count = 0;
    for (struct run *run = run_oldest(r); run; run = r->runs[r->run_links[run->id].newer]) {
        decide(r, run);
        if (runs)
            runs[count++] = run;
    }
    if (count)
        qsort(runs, count, sizeof(struct run *), by_number);
    for (size_t i = 0; i < count; i++)
        run_close(r, runs[i]);
    free(runs);
    while (run_oldest(r)) /* no memory for the list */
        run_close(r, run_oldest(r));
}

/* --- room --- */

bool run_make_room(struct recogniser *r)
{
    struct candidate *candidate = queue_due(r, &r->answered, NSTIME_NEVER);
    r->given_up += !candidate;
    if (!candidate)
        candidate = queue_due(r, &r->waiting, NSTIME_NEVER);
    if (candidate)
        settle(r, candidate);
    return candidate != NULL;
}

void run_note_bytes(struct recogniser *r, size_t bytes)
{
    r->reply_bytes += bytes;
    while (r->reply_bytes > REPLY_BYTES_MOST && run_make_room(r))
        ;
}
