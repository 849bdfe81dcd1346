/* SPDX-License-Identifier: BSD-2-Clause */
/* Unmatched replies of a pair are a trace
 * 1. if they are time exceeded from two routers or more, about packets of one echo id or one source port, or of random
 *    source ports; and
 * 2. if, in the order of a counter in the quotes, each router stands in one block, sweep after sweep. A router that
 *    comes and goes between others is ordinary traffic in a loop.
 * 3. If no field counts, their order is that of time. They must then show a known tool, or come from farther and
 * farther away. */
#include "recognise/matching/inferred.h"

#include <stdlib.h>
#include <string.h>

#include "recognise/matching/inferred_order.h"
#include "recognise/runs/pattern.h"
#include "recognise/runs/run.h"
#include "recognise/runs/tool.h"
#include "recognise/store/pair.h"
#include "recognise/store/results.h"

#define TRANSLATED_RUNS_MOST 64 /* runs that are searched for a late quote: bounds the time per frame */

/* --- the list of a pair --- */

static void unmatched_unlink(struct recogniser *r, struct pair *pair)
{
    *(pair->older_unmatched ? &pair->older_unmatched->newer_unmatched : &r->oldest_unmatched) = pair->newer_unmatched;
    *(pair->newer_unmatched ? &pair->newer_unmatched->older_unmatched : &r->newest_unmatched) = pair->older_unmatched;
}

static void unmatched_push(struct recogniser *r, struct pair *pair)
{
    pair->older_unmatched = r->newest_unmatched;
    pair->newer_unmatched = NULL;
    *(r->newest_unmatched ? &r->newest_unmatched->newer_unmatched : &r->oldest_unmatched) = pair;
    r->newest_unmatched = pair;
}

/* Whether a translator made quotes of this pair out of a trace's probes. */
static bool is_late_translated(const struct recogniser *r, const struct digest *quote)
{
    unsigned left = TRANSLATED_RUNS_MOST;
    for (const struct run *run = run_newest(r); run && left; run = run_older(r, run), left--)
        if (run->translated_pair == quote->pair_hash && run->state == RUN_FOUND && pattern_covers(run, &quote->traits))
            return true;
    return false;
}

/* True if the quoted packet is like the probes of a trace: that probe was answered long before. */
static bool is_late(const struct recogniser *r, const struct pair *pair, const struct digest *quote)
{
    for (const struct run *run = pair->runs; run; run = run->next_in_pair)
        if (run->state == RUN_FOUND && pattern_covers(run, &quote->traits))
            return true;
    return is_late_translated(r, quote);
}

static void append(struct recogniser *r, struct pair *pair, struct unmatched *unmatched)
{
    unmatched->next = NULL;
    *(pair->unmatched ? &pair->last_unmatched->next : &pair->unmatched) = unmatched;
    if (pair->unmatched_count++)
        unmatched_unlink(r, pair);
    pair->last_unmatched = unmatched;
    pair->unmatched_time = r->now;
    due_at(r, r->now + RUN_IDLE_MOST);
    unmatched_push(r, pair);
    r->unmatched_count++;
    unmatched->bytes = unmatched->error.extension ? sizeof *unmatched->error.extension : 0;
    unmatched->bytes += unmatched->inside ? sizeof *unmatched->inside : 0;
    r->unmatched_bytes += unmatched->bytes;
}

/* --- output --- */

static void drop_unmatched(struct recogniser *r, struct unmatched *unmatched)
{
    r->unmatched_bytes -= unmatched->bytes;
    free(unmatched->inside);
    free(unmatched);
    r->unmatched_count--;
}

/* The run as it was sent, as far as quotes say: for tool.c. */
static void run_of_quotes(const struct pair *pair, const struct inferred *inferred, struct run *run)
{
    const struct unmatched *first = inferred->replies[0];
    trace_init(&run->trace);
    run->trace.origin = (struct trace_origin){.foreign = true, .inferred = true, .rounds = 1};
    run->trace.flow.source = pair->source;
    run->trace.flow.target = pair->target;
    run->trace.flow.tos = first->traits.tos;
    run->trace.started = true;
    run->trace.inside = tunnels_copy(first->inside);
    run->pair = (struct pair *)(uintptr_t)pair;
    run->version = pair->target.family;
    run->shape = first->shape;
    run->protocol = pair->protocol;
    run->ttls_fixed = run->wanted = true;
    for (size_t i = 0; i < inferred->count; i++) {
        const struct unmatched *unmatched = inferred->replies[i];
        field_add(&run->source_port, unmatched->traits.word >> 16, i == 0, RANGE_PORT);
        field_add(&run->target_port, unmatched->traits.word & 0xffff, i == 0, RANGE_16);
        field_add(&run->ip_id, unmatched->traits.ip_id, i == 0, RANGE_16);
        field_add(&run->seq, unmatched->traits.seq, i == 0, RANGE_32);
        run->count++;
    }
    run->shown = first->traits;
}

static void emit_probe(struct recogniser *r, struct run *run, struct unmatched *unmatched)
{
    unmatched->reply.extension = unmatched->error.extension;
    struct run_ttl *at = run_at(run, unmatched->hop);
    struct probe probe = {
        .sent = NSTIME_NONE,
        .replies = &unmatched->reply,
        .attempt = at ? ++at->asked : 1,
        .next_at_ttl = -1,
        .source_port = (uint16_t)(unmatched->traits.word >> 16),
        .target_port = (uint16_t)unmatched->traits.word,
        .echo_checksum = run->shape == SHAPE_ECHO ? unmatched->traits.checksum : 0,
        .flow_label = unmatched->traits.flow_label,
        .reply_count = 1,
        .ttl = unmatched->hop,
        .state = PROBE_ANSWERED,
        .file = unmatched->reply.file,
    };
    uint8_t refused = run->trace.refused_ttl;
    trace_note_reply(&run->trace, unmatched->hop, &unmatched->reply);
    if (run->trace.refused_ttl != refused)
        run->no_route = reply_is_no_route(&unmatched->reply);
    if (at && unmatched->reply.kind == REPLY_TIME_EXCEEDED && addr_is_none(&at->router))
        at->router = unmatched->reply.from;
    run->trace.sent_count++;
    r->replies++;
    if (run->wanted)
        results_probe(r, &run->trace, &probe);
    free(unmatched->reply.extension);
    drop_unmatched(r, unmatched);
}

static int by_hop(const void *a, const void *b)
{
    const struct unmatched *x = *(struct unmatched *const *)a, *y = *(struct unmatched *const *)b;
    return x->hop == y->hop ? unmatched_compare_times(x, y) : x->hop < y->hop ? -1 : 1;
}

static bool is_alike(const struct traits *a, const struct traits *b)
{
    return a->word == b->word && a->seq == b->seq && a->ip_id == b->ip_id && a->checksum == b->checksum &&
           memcmp(a->payload, b->payload, sizeof a->payload) == 0;
}

/* Marks replies of neighbouring hops as doubtful if their quotes are alike: the order alone then gives the hop. The
 * replies are in the order of hops. */
static void doubt_alike(struct inferred *inferred)
{
    for (size_t i = 1; i < inferred->count; i++) {
        struct unmatched *one = inferred->replies[i - 1], *next = inferred->replies[i];
        if (one->hop == next->hop || !is_alike(&one->traits, &next->traits))
            continue;
        one->reply.match = next->reply.match = MATCH_WEAK;
        one->reply.hop_is_doubtful = next->reply.hop_is_doubtful = true;
    }
}

/* False: it is no trace after all. */
static bool emit_trace(struct recogniser *r, const struct pair *pair, struct inferred *inferred)
{
    struct run run = {0};
    run_of_quotes(pair, inferred, &run);
    tool_describe(&run);
    if (inferred->counter == COUNTER_NONE && !run.trace.origin.tool && !inferred_climbs(inferred)) {
        trace_free(&run.trace);
        return false;
    }
    inferred_number_hops(inferred);
    run.trace.origin.grouped_by = inferred->counter == COUNTER_NONE ? "quotes of its answers, in the order of time"
                                                                    : "quotes of its answers, as they count";
    run.wanted = run_number(r, &run.trace);
    qsort(inferred->replies, inferred->count, sizeof *inferred->replies, by_hop);
    doubt_alike(inferred);
    for (size_t i = 0; i < inferred->count; i++)
        emit_probe(r, &run, inferred->replies[i]);
    if (run.wanted) {
        struct addr routers[256] = {0};
        for (unsigned ttl = 0; ttl < run.by_ttl_count && ttl < 256; ttl++)
            routers[ttl] = run.by_ttl[ttl].router;
        trace_find_loop(&run.trace, routers);
        run.trace.end = run.trace.reached_ttl   ? END_REACHED
                        : run.trace.loop_first  ? END_LOOPING
                        : run.no_route          ? END_UNREACHABLE
                        : run.trace.refused_ttl ? END_REJECTED
                                                : END_MAX_TTL;
        results_trace(r, &run.trace);
    }
    trace_free(&run.trace);
    run_free_ttls(&run);
    return true;
}

static void emit_errors(struct recogniser *r, struct inferred *inferred)
{
    for (size_t i = 0; i < inferred->count; i++) {
        struct unmatched *unmatched = inferred->replies[i];
        if (unmatched->reply.is_icmp && unmatched->reply.quoted_ttl >= 0)
            results_error(r, &unmatched->error);
        else
            count_stray(r, STRAY_ORDINARY);
        drop_unmatched(r, unmatched);
    }
}

/* Takes the first of the list and those that belong to it: of one echo id; of one source port if source ports recur;
 * else all. */
static void take_alike(struct unmatched **list, bool by_source, struct inferred *inferred)
{
    uint32_t key = *list ? (*list)->traits.word >> 16 : 0;
    for (struct unmatched **at = list; *at;) {
        struct unmatched *unmatched = *at;
        if (by_source && unmatched->traits.word >> 16 != key) {
            at = &unmatched->next;
            continue;
        }
        inferred->replies[inferred->count++] = unmatched;
        *at = unmatched->next;
    }
}

static bool sources_recur(const struct pair *pair, struct unmatched **scratch)
{
    size_t count = 0, distinct = 1;
    for (struct unmatched *unmatched = pair->unmatched; unmatched; unmatched = unmatched->next)
        scratch[count++] = unmatched;
    qsort(scratch, count, sizeof *scratch, unmatched_by_source_port);
    for (size_t i = 1; i < count; i++)
        distinct += scratch[i]->traits.word >> 16 != scratch[i - 1]->traits.word >> 16;
    return distinct * 2 <= count;
}

static void judge(struct recogniser *r, struct pair *pair)
{
    struct unmatched **replies = malloc((size_t)pair->unmatched_count * sizeof *replies);
    struct unmatched *list = pair->unmatched;
    bool is_echo = r->digester.types[pair->protocol]->identity == IDENTITY_ECHO;
    bool by_source = is_echo || (replies && sources_recur(pair, replies));
    pair->unmatched = pair->last_unmatched = NULL;
    pair->unmatched_count = 0;
    unmatched_unlink(r, pair);
    while (list && replies) {
        struct inferred inferred = {.replies = replies};
        take_alike(&list, by_source, &inferred);
        inferred_sort(&inferred);
        if (pair->has_trace || !inferred_is_trace(&inferred) || !emit_trace(r, pair, &inferred))
            emit_errors(r, &inferred);
    }
    for (struct unmatched *next; list; list = next) { /* no memory */
        next = list->next;
        results_error(r, &list->error);
        drop_unmatched(r, list);
    }
    free(replies);
    pair_release(r, pair);
}

static void give_up(struct recogniser *r, struct pair *pair)
{
    r->given_up += pair->unmatched_count;
    judge(r, pair);
}

static void make_room(struct recogniser *r, struct pair *pair)
{
    if (pair->unmatched_count >= UNMATCHED_OF_PAIR_MOST)
        give_up(r, pair);
    while (r->unmatched_count >= UNMATCHED_MOST || r->unmatched_bytes >= UNMATCHED_BYTES_MOST)
        give_up(r, r->oldest_unmatched);
}

void inferred_add(struct recogniser *r, const struct digest *quote, const struct other_error *error)
{
    bool tells = quote->has_word || quote->shape == SHAPE_RAW;
    struct pair *pair = quote->answer.kind == REPLY_OTHER || !tells ? NULL : pair_get(r, quote);
    if (pair && is_late(r, pair, quote)) {
        count_stray(r, STRAY_LATE);
        free(error->extension);
        pair_release(r, pair);
        return;
    }
    struct unmatched *unmatched = pair && !pair->has_trace ? calloc(1, sizeof *unmatched) : NULL;
    if (!unmatched) {
        results_error(r, error);
        if (pair)
            pair_release(r, pair);
        return;
    }
    unmatched->error = *error;
    unmatched->inside = tunnels_copy(quote->inside);
    unmatched->reply = quote->answer;
    unmatched->reply.match = MATCH_EXACT; /* nothing but the quote is known of its probe */
    unmatched->reply.rule = "its own quote";
    unmatched->traits = quote->traits;
    unmatched->shape = quote->shape;
    unmatched->has_word = quote->has_word;
    append(r, pair, unmatched);
    make_room(r, pair);
}

bool inferred_take_answer(struct recogniser *r, struct pair *pair, uint32_t word, const struct reply *reply)
{
    const struct unmatched *like = pair->unmatched;
    unsigned left = 16;
    for (; like && --left; like = like->next)
        if (like->traits.word >> 16 == word >> 16 ||
            (like->shape != SHAPE_ECHO && (uint16_t)like->traits.word == (uint16_t)word))
            break;
    struct unmatched *unmatched = like ? calloc(1, sizeof *unmatched) : NULL;
    if (!unmatched)
        return false;
    *unmatched = *like;
    unmatched->error = (struct other_error){0};
    unmatched->inside = NULL;
    unmatched->reply = *reply;
    unmatched->traits.word = word;
    unmatched->traits.checksum = 0; /* unknown */
    append(r, pair, unmatched);
    make_room(r, pair);
    return true;
}

void inferred_tick(struct recogniser *r)
{
    while (r->oldest_unmatched && r->oldest_unmatched->unmatched_time + RUN_IDLE_MOST <= r->now)
        judge(r, r->oldest_unmatched);
    if (r->oldest_unmatched)
        due_at(r, r->oldest_unmatched->unmatched_time + RUN_IDLE_MOST);
}

void inferred_finish(struct recogniser *r)
{
    while (r->oldest_unmatched)
        judge(r, r->oldest_unmatched);
}
