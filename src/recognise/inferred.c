/* SPDX-License-Identifier: BSD-2-Clause */
/* orphan: ICMP errors whose packets are not in the capture. Where they quote one ladder, its trace is rebuilt.
 *
 * One ladder: errors of time exceeded from two routers or more, about packets of one echo id or one source port, or of
 * random source ports; in the order of what counts in the quotes each router stands in one block, sweep after sweep. A
 * router that comes and goes between the others is ordinary traffic in a loop. Where nothing in the quotes counts,
 * their order is that of time, and they must bear the marks of a known tool, or come from ever farther away.
 *
 * TTLs: where the counter began at a known number and moves by so many a hop as the blocks say, it tells the TTL,
 * silent hops included. Else the blocks are counted, from the distance that the first answer's own TTL shows. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "recognise/internal.h"

#define COUNTER_STEP_MOST 64

/* --- keeping --- */

static void orphans_unlink(struct recogniser *r, struct pair *pair)
{
    *(pair->older_orphans ? &pair->older_orphans->newer_orphans : &r->oldest_orphans) = pair->newer_orphans;
    *(pair->newer_orphans ? &pair->newer_orphans->older_orphans : &r->newest_orphans) = pair->older_orphans;
}

static void orphans_push(struct recogniser *r, struct pair *pair)
{
    pair->older_orphans = r->newest_orphans;
    pair->newer_orphans = NULL;
    *(r->newest_orphans ? &r->newest_orphans->newer_orphans : &r->oldest_orphans) = pair;
    r->newest_orphans = pair;
}

/* Whether the packet quoted is like the probes of a trace: then its own probe was answered long before. */
static bool is_late(const struct pair *pair, const struct digest *quote)
{
    for (const struct run *run = pair->runs; run; run = run->next_in_pair)
        if (run->state == RUN_FOUND && pattern_covers(run, &quote->traits))
            return true;
    return false;
}

static void append(struct recogniser *r, struct pair *pair, struct orphan *orphan)
{
    orphan->next = NULL;
    *(pair->orphans ? &pair->last_orphan->next : &pair->orphans) = orphan;
    if (pair->orphan_count++)
        orphans_unlink(r, pair);
    pair->last_orphan = orphan;
    pair->orphan_time = r->now;
    due_at(r, r->now + RUN_IDLE_MOST);
    orphans_push(r, pair);
    r->orphan_count++;
    orphan->bytes = orphan->error.extension ? sizeof *orphan->error.extension : 0;
    r->orphan_bytes += orphan->bytes;
}

/* --- judging --- */

/* What is asked of a pair's orphans of one echo id or source port. */
struct ladder {
    struct orphan **rungs; /* owned; in the order of the counter */
    size_t count;
    enum { COUNTER_NONE, COUNTER_TARGET_PORT, COUNTER_SOURCE_PORT } counter;
};

static uint32_t counter_of(const struct ladder *ladder, const struct orphan *orphan)
{
    return ladder->counter == COUNTER_SOURCE_PORT ? orphan->traits.word >> 16 : orphan->traits.word & 0xffff;
}

static int compare_times(const struct orphan *x, const struct orphan *y)
{
    if (x->reply.time != y->reply.time)
        return x->reply.time < y->reply.time ? -1 : 1;
    return x->reply.frame < y->reply.frame ? -1 : x->reply.frame > y->reply.frame;
}

static int by_target_port(const void *a, const void *b)
{
    const struct orphan *x = *(struct orphan *const *)a, *y = *(struct orphan *const *)b;
    uint32_t p = x->traits.word & 0xffff, q = y->traits.word & 0xffff;
    return p == q ? compare_times(x, y) : p < q ? -1 : 1;
}

static int by_source_port(const void *a, const void *b)
{
    const struct orphan *x = *(struct orphan *const *)a, *y = *(struct orphan *const *)b;
    uint32_t p = x->traits.word >> 16, q = y->traits.word >> 16;
    return p == q ? compare_times(x, y) : p < q ? -1 : 1;
}

static int by_time(const void *a, const void *b)
{
    return compare_times(*(struct orphan *const *)a, *(struct orphan *const *)b);
}

/* Whether the counter goes on by small steps and is of use: not the same all along. */
static bool counts(const struct ladder *ladder)
{
    for (size_t i = 1; i < ladder->count; i++)
        if (counter_of(ladder, ladder->rungs[i]) - counter_of(ladder, ladder->rungs[i - 1]) > COUNTER_STEP_MOST)
            return false;
    return counter_of(ladder, ladder->rungs[0]) != counter_of(ladder, ladder->rungs[ladder->count - 1]);
}

static void put_in_order(struct ladder *ladder)
{
    qsort(ladder->rungs, ladder->count, sizeof *ladder->rungs, by_target_port);
    ladder->counter = COUNTER_TARGET_PORT;
    if (ladder->rungs[0]->has_word && counts(ladder))
        return;
    qsort(ladder->rungs, ladder->count, sizeof *ladder->rungs, by_source_port);
    ladder->counter = COUNTER_SOURCE_PORT;
    if (ladder->rungs[0]->has_word && counts(ladder))
        return;
    qsort(ladder->rungs, ladder->count, sizeof *ladder->rungs, by_time);
    ladder->counter = COUNTER_NONE;
}

/* The place of a router among those that have answered so far; the count itself where it is new. */
static unsigned place_of(const struct addr *routers, unsigned count, const struct addr *from)
{
    unsigned place = 0;
    while (place < count && !addr_equal(&routers[place], from))
        place++;
    return place;
}

/* Gives each rung, as its hop, its place in a row of routers. Returns how many routers there are; 0: they are in no
 * order. */
static unsigned place_rungs(const struct ladder *ladder)
{
    struct addr routers[256];
    unsigned count = 0, last = 0;
    size_t sweeps = 0;
    for (size_t i = 0; i < ladder->count; i++) {
        struct orphan *rung = ladder->rungs[i];
        unsigned place = place_of(routers, count, &rung->reply.from);
        if (place == 255)
            return 0;
        if (place == count)
            routers[count++] = rung->reply.from;
        else if (place < last)
            sweeps++;
        rung->hop = (uint8_t)(place + 1);
        last = place;
    }
    /* In a sweep every router has its turn: a few that take turns at random go back far more often. */
    return sweeps * count <= 2 * ladder->count || sweeps == 0 ? count : 0;
}

/* Initial TTLs are 64, 128 and 255 (Linux, Windows, routers). */
static unsigned distance_of(const struct reply *reply)
{
    unsigned initial = reply->reply_ttl <= 64 ? 64 : reply->reply_ttl <= 128 ? 128 : 255;
    return initial - reply->reply_ttl + 1;
}

/* Whether the answers come from ever farther away, from three distances at least: by their own TTLs. */
static bool climbs(const struct ladder *ladder)
{
    unsigned distances = 1;
    for (size_t i = 1; i < ladder->count; i++) {
        unsigned before = distance_of(&ladder->rungs[i - 1]->reply), here = distance_of(&ladder->rungs[i]->reply);
        if (here < before)
            return false;
        distances += here > before;
    }
    return distances >= 3;
}

static bool is_ladder(const struct ladder *ladder)
{
    unsigned expired = 0, routers = place_rungs(ladder);
    const struct orphan *first = NULL;
    bool differ = false;
    for (size_t i = 0; i < ladder->count; i++) {
        const struct orphan *rung = ladder->rungs[i];
        if (rung->reply.kind != REPLY_TIME_EXCEEDED)
            continue;
        expired++;
        differ = differ || (first && !addr_equal(&first->reply.from, &rung->reply.from));
        first = first ? first : rung;
    }
    return expired >= 2 && differ && routers >= 2;
}

/* --- TTLs --- */

/* Whether `queries` probes a hop from `first` on fit: one router for one TTL, and another for the next. */
static bool fits_counter(const struct ladder *ladder, uint32_t first, unsigned queries)
{
    for (size_t i = 0; i < ladder->count; i++) {
        uint32_t counter = counter_of(ladder, ladder->rungs[i]);
        if (counter < first || (counter - first) / queries >= PROBE_TTL_MOST)
            return false;
        if (i == 0)
            continue;
        uint32_t before = counter_of(ladder, ladder->rungs[i - 1]);
        bool same_hop = (counter - first) / queries == (before - first) / queries;
        if (same_hop != addr_equal(&ladder->rungs[i]->reply.from, &ladder->rungs[i - 1]->reply.from))
            return false;
    }
    return true;
}

/* By how many hops the counter and the answers' own TTLs disagree, in all. */
static unsigned disagreement(const struct ladder *ladder, uint32_t first, unsigned queries)
{
    unsigned sum = 0;
    for (size_t i = 0; i < ladder->count; i++) {
        unsigned hop = (counter_of(ladder, ladder->rungs[i]) - first) / queries + 1;
        unsigned distance = distance_of(&ladder->rungs[i]->reply);
        sum += hop > distance ? hop - distance : distance - hop;
    }
    return sum;
}

/* Of the ways to count that fit, the one that the answers' own TTLs agree with most, else the most usual one. */
static bool number_by_counter(const struct ladder *ladder)
{
    static const uint32_t firsts[] = {33434, 33435, 0, 1};
    static const uint8_t usual[] = {3, 1, 2, 4, 5};
    uint32_t first = 0;
    unsigned queries = 0, least = UINT_MAX;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts && ladder->counter == COUNTER_TARGET_PORT; i++)
        for (size_t k = 0; k < sizeof usual; k++) {
            if (!fits_counter(ladder, firsts[i], usual[k]) || disagreement(ladder, firsts[i], usual[k]) >= least)
                continue;
            first = firsts[i];
            queries = usual[k];
            least = disagreement(ladder, first, queries);
        }
    for (size_t n = 0; queries && n < ladder->count; n++)
        ladder->rungs[n]->hop = (uint8_t)((counter_of(ladder, ladder->rungs[n]) - first) / queries + 1);
    return queries > 0;
}

static void number_hops(const struct ladder *ladder)
{
    if (number_by_counter(ladder))
        return;
    unsigned before = distance_of(&ladder->rungs[0]->reply) - 1;
    for (size_t n = 0; n < ladder->count; n++)
        ladder->rungs[n]->hop = (uint8_t)(ladder->rungs[n]->hop + (before < PROBE_TTL_MOST ? before : 0));
}

/* --- telling --- */

static void drop_orphan(struct recogniser *r, struct orphan *orphan)
{
    r->orphan_bytes -= orphan->bytes;
    free(orphan);
    r->orphan_count--;
}

/* A run as it would have been, for what tool.c has to say. */
static void imagine_run(const struct pair *pair, const struct ladder *ladder, struct run *run)
{
    const struct orphan *first = ladder->rungs[0];
    trace_init(&run->trace);
    run->trace.origin = (struct trace_origin){.foreign = true, .inferred = true, .rounds = 1};
    run->trace.flow.source = pair->source;
    run->trace.flow.target = pair->target;
    run->trace.flow.tos = first->traits.tos;
    run->trace.started = true;
    run->pair = (struct pair *)(uintptr_t)pair;
    run->version = pair->target.family;
    run->shape = first->shape;
    run->protocol = pair->protocol;
    run->told = run->wanted = true;
    for (size_t i = 0; i < ladder->count; i++) {
        const struct orphan *rung = ladder->rungs[i];
        field_add(&run->source_port, rung->traits.word >> 16, i == 0, false);
        field_add(&run->target_port, rung->traits.word & 0xffff, i == 0, false);
        field_add(&run->ip_id, rung->traits.ip_id, i == 0, false);
        field_add(&run->seq, rung->traits.seq, i == 0, true);
        run->count++;
    }
    run->shown = first->traits;
}

static void tell_rung(struct recogniser *r, struct run *run, struct orphan *rung)
{
    rung->reply.extension = rung->error.extension;
    struct run_ttl *at = run_at(run, rung->hop);
    struct probe probe = {
        .sent = NSTIME_NONE,
        .replies = &rung->reply,
        .attempt = at ? ++at->asked : 1,
        .next_at_ttl = -1,
        .source_port = (uint16_t)(rung->traits.word >> 16),
        .target_port = (uint16_t)rung->traits.word,
        .echo_checksum = run->shape == SHAPE_ECHO ? rung->traits.checksum : 0,
        .flow_label = rung->traits.flow_label,
        .reply_count = 1,
        .ttl = rung->hop,
        .state = PROBE_ANSWERED,
        .file = rung->reply.file,
    };
    uint8_t refused = run->trace.refused_ttl;
    trace_note_reply(&run->trace, rung->hop, &rung->reply);
    if (run->trace.refused_ttl != refused)
        run->no_route = reply_is_no_route(&rung->reply);
    if (at && rung->reply.kind == REPLY_TIME_EXCEEDED && addr_is_none(&at->router))
        at->router = rung->reply.from;
    run->trace.sent_count++;
    r->replies++;
    if (run->wanted)
        results_probe(r, &run->trace, &probe);
    free(rung->reply.extension);
    drop_orphan(r, rung);
}

static int by_hop(const void *a, const void *b)
{
    const struct orphan *x = *(struct orphan *const *)a, *y = *(struct orphan *const *)b;
    return x->hop == y->hop ? compare_times(x, y) : x->hop < y->hop ? -1 : 1;
}

/* False: it is none after all. */
static bool tell_ladder(struct recogniser *r, const struct pair *pair, struct ladder *ladder)
{
    struct run run = {0};
    imagine_run(pair, ladder, &run);
    tool_describe(&run);
    if (ladder->counter == COUNTER_NONE && !run.trace.origin.tool && !climbs(ladder)) {
        trace_free(&run.trace);
        return false;
    }
    number_hops(ladder);
    run.trace.origin.grouped_by = ladder->counter == COUNTER_NONE ? "quotes of its answers, in the order of time"
                                                                  : "quotes of its answers, as they count";
    run.wanted = run_number(r, &run.trace);
    qsort(ladder->rungs, ladder->count, sizeof *ladder->rungs, by_hop);
    for (size_t i = 0; i < ladder->count; i++)
        tell_rung(r, &run, ladder->rungs[i]);
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
    free(run.by_ttl);
    return true;
}

static void tell_errors(struct recogniser *r, struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->count; i++) {
        struct orphan *rung = ladder->rungs[i];
        if (rung->reply.is_icmp && rung->reply.quoted_ttl >= 0)
            results_error(r, &rung->error);
        else
            count_stray(r, STRAY_ORDINARY);
        drop_orphan(r, rung);
    }
}

/* Takes those from the list that belong together with its first: of one echo id; of one source port where source ports
 * come again; else all. */
static void take_ladder(struct orphan **list, bool by_source, struct ladder *ladder)
{
    uint32_t key = *list ? (*list)->traits.word >> 16 : 0;
    for (struct orphan **at = list; *at;) {
        struct orphan *orphan = *at;
        if (by_source && orphan->traits.word >> 16 != key) {
            at = &orphan->next;
            continue;
        }
        ladder->rungs[ladder->count++] = orphan;
        *at = orphan->next;
    }
}

static bool sources_recur(const struct pair *pair, struct orphan **scratch)
{
    size_t count = 0, distinct = 1;
    for (struct orphan *orphan = pair->orphans; orphan; orphan = orphan->next)
        scratch[count++] = orphan;
    qsort(scratch, count, sizeof *scratch, by_source_port);
    for (size_t i = 1; i < count; i++)
        distinct += scratch[i]->traits.word >> 16 != scratch[i - 1]->traits.word >> 16;
    return distinct * 2 <= count;
}

static void judge(struct recogniser *r, struct pair *pair)
{
    struct orphan **rungs = malloc((size_t)pair->orphan_count * sizeof *rungs);
    struct orphan *list = pair->orphans;
    bool is_echo = r->types[pair->protocol]->identity == IDENTITY_ECHO;
    bool by_source = is_echo || (rungs && sources_recur(pair, rungs));
    pair->orphans = pair->last_orphan = NULL;
    pair->orphan_count = 0;
    orphans_unlink(r, pair);
    while (list && rungs) {
        struct ladder ladder = {.rungs = rungs};
        take_ladder(&list, by_source, &ladder);
        put_in_order(&ladder);
        if (pair->has_trace || !is_ladder(&ladder) || !tell_ladder(r, pair, &ladder))
            tell_errors(r, &ladder);
    }
    for (struct orphan *next; list; list = next) { /* memory is short */
        next = list->next;
        results_error(r, &list->error);
        drop_orphan(r, list);
    }
    free(rungs);
    pair_release(r, pair);
}

static void give_up(struct recogniser *r, struct pair *pair)
{
    r->given_up += pair->orphan_count;
    judge(r, pair);
}

static void make_room(struct recogniser *r, struct pair *pair)
{
    if (pair->orphan_count >= ORPHANS_OF_PAIR_MOST)
        give_up(r, pair);
    while (r->orphan_count >= ORPHANS_MOST || r->orphan_bytes >= ORPHAN_BYTES_MOST)
        give_up(r, r->oldest_orphans);
}

void inferred_add(struct recogniser *r, const struct digest *quote, const struct other_error *error)
{
    bool tells = quote->has_word || quote->shape == SHAPE_RAW;
    struct pair *pair = quote->answer.kind == REPLY_OTHER || !tells ? NULL : pair_get(r, quote);
    if (pair && is_late(pair, quote)) {
        count_stray(r, STRAY_LATE);
        free(error->extension);
        return;
    }
    struct orphan *orphan = pair && !pair->has_trace ? calloc(1, sizeof *orphan) : NULL;
    if (!orphan) {
        results_error(r, error);
        if (pair)
            pair_release(r, pair);
        return;
    }
    orphan->error = *error;
    orphan->reply = quote->answer;
    orphan->reply.match = MATCH_EXACT; /* the quote is all that there is of its probe */
    orphan->reply.rule = "its own quote";
    orphan->traits = quote->traits;
    orphan->shape = quote->shape;
    orphan->has_word = quote->has_word;
    append(r, pair, orphan);
    make_room(r, pair);
}

bool inferred_take_answer(struct recogniser *r, struct pair *pair, uint32_t word, const struct reply *reply)
{
    const struct orphan *like = pair->orphans;
    unsigned left = 16;
    for (; like && --left; like = like->next)
        if (like->traits.word >> 16 == word >> 16 ||
            (like->shape != SHAPE_ECHO && (uint16_t)like->traits.word == (uint16_t)word))
            break;
    struct orphan *orphan = like ? calloc(1, sizeof *orphan) : NULL;
    if (!orphan)
        return false;
    *orphan = *like;
    orphan->error = (struct other_error){0};
    orphan->reply = *reply;
    orphan->traits.word = word;
    orphan->traits.checksum = 0; /* not known */
    append(r, pair, orphan);
    make_room(r, pair);
    return true;
}

void inferred_tick(struct recogniser *r)
{
    while (r->oldest_orphans && r->oldest_orphans->orphan_time + RUN_IDLE_MOST <= r->now)
        judge(r, r->oldest_orphans);
    if (r->oldest_orphans)
        due_at(r, r->oldest_orphans->orphan_time + RUN_IDLE_MOST);
}

void inferred_finish(struct recogniser *r)
{
    while (r->oldest_orphans)
        judge(r, r->oldest_orphans);
}
