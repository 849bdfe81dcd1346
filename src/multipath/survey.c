/* SPDX-License-Identifier: BSD-2-Clause */
/* survey: cells and points from probes. flow_groups.c finds the groups and links. */
#include "multipath/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
#include "multipath/stopping_rule.h"
#include "silence/rate_limit.h"

#define CHANGES_MOST 16
#define MANY 255

/* --- probes, in order --- */

/* A probe and its flow key: a balancer treats probes with the same key alike. */
struct asked {
    uint64_t key;
    nstime sent;
    const struct trace *trace;
    const struct probe *probe;
    const struct reply *answer; /* NULL: no reply counts */
    unsigned flow;              /* SURVEY_NONE: loose */
    bool is_rested;             /* rested: its TTL had no probe for RATE_LIMIT_REFILL before */
};

struct all_asked {
    struct asked *probes; /* by key, TTL, time */
    size_t count;
};

/* Balancers see the checksum of an echo request (Augustin 2006), and the flow label of IPv6 (RFC 6438). Runs with
 * other ids share a checksum only by chance. */
static uint64_t key_of(const struct trace *trace, const struct probe *probe)
{
    if (!trace->origin.foreign)
        return probe->flow;
    uint64_t label = (uint64_t)probe->flow_label << 32;
    if (trace->flow.spec.protocol == IP_ICMP && probe->echo_checksum)
        return UINT64_C(1) << 63 | label | (uint64_t)trace->flow.source_port << 16 | probe->echo_checksum;
    return label | (uint64_t)probe->source_port << 16 | probe->target_port;
}

/* Its first reply that shows which node is there. */
static const struct reply *answer_of(const struct trace *trace, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++) {
        const struct reply *reply = &probe->replies[i];
        if (reply->kind == REPLY_TIME_EXCEEDED || reply_reaches(trace, reply) || reply_refuses(trace, reply))
            return reply;
    }
    return NULL;
}

static int compare_asked(const void *left, const void *right)
{
    const struct asked *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->probe->ttl != b->probe->ttl)
        return a->probe->ttl < b->probe->ttl ? -1 : 1;
    if (a->sent != b->sent)
        return a->sent < b->sent ? -1 : 1;
    return a->probe < b->probe ? -1 : a->probe > b->probe;
}

static int compare_sent(const void *left, const void *right)
{
    const struct asked *a = left, *b = right;
    if (a->sent != b->sent)
        return a->sent < b->sent ? -1 : 1;
    return a->probe < b->probe ? -1 : a->probe > b->probe;
}

static void find_rested(struct all_asked *all)
{
    nstime last[256];
    for (unsigned ttl = 0; ttl < 256; ttl++)
        last[ttl] = NSTIME_NONE;
    qsort(all->probes, all->count, sizeof *all->probes, compare_sent);
    for (size_t i = 0; i < all->count; i++) {
        struct asked *asked = &all->probes[i];
        nstime *before = &last[asked->probe->ttl];
        asked->is_rested = asked->sent != NSTIME_NONE && rate_limit_is_refilled(*before, asked->sent);
        *before = asked->sent;
    }
}

static bool list_asked(const struct trace *const *traces, unsigned count, struct all_asked *out)
{
    size_t room = 1;
    for (unsigned i = 0; i < count; i++)
        room += traces[i]->probe_count;
    *out = (struct all_asked){.probes = calloc(room, sizeof *out->probes)};
    if (!out->probes)
        return false;
    for (unsigned i = 0; i < count; i++)
        for (size_t k = 0; k < traces[i]->probe_count; k++) {
            const struct probe *probe = &traces[i]->probes[k];
            if (probe->state != PROBE_REFUSED)
                out->probes[out->count++] = (struct asked){.key = key_of(traces[i], probe),
                                                           .sent = probe->sent,
                                                           .trace = traces[i],
                                                           .probe = probe,
                                                           .answer = answer_of(traces[i], probe)};
        }
    if (out->count) {
        find_rested(out);
        qsort(out->probes, out->count, sizeof *out->probes, compare_asked);
    }
    return true;
}

/* The end of the probes of one flow. */
static size_t end_of_flow(const struct all_asked *all, size_t first)
{
    size_t end = first + 1;
    while (end < all->count && all->probes[end].key == all->probes[first].key)
        end++;
    return end;
}

/* A flow of ours has the row of its index, so that it can probe again; flows of others are numbered. */
static void number_flows(struct all_asked *all, struct survey *survey)
{
    for (size_t i = 0, end; i < all->count; i = end) {
        end = end_of_flow(all, i);
        bool ours = !all->probes[i].trace->origin.foreign;
        bool loose = !ours && (all->probes[i].probe->ttl == all->probes[end - 1].probe->ttl ||
                               survey->flow_count == SURVEY_FLOWS_MOST);
        unsigned flow = loose ? SURVEY_NONE : ours ? (unsigned)all->probes[i].key : survey->flow_count;
        for (size_t k = i; k < end; k++)
            all->probes[k].flow = flow;
        survey->loose_flows += loose;
        if (!loose && flow >= survey->flow_count)
            survey->flow_count = flow + 1;
    }
}

/* --- points --- */

static enum point_kind kind_of(const struct asked *asked)
{
    if (asked->answer->kind == REPLY_TIME_EXCEEDED)
        return POINT_ROUTER;
    return reply_reaches(asked->trace, asked->answer) ? POINT_TARGET : POINT_REFUSAL;
}

static struct point point_of(const struct asked *asked)
{
    nstime rtt = asked->sent == NSTIME_NONE ? NSTIME_NONE : reply_rtt(asked->probe, asked->answer);
    return (struct point){.address = asked->answer->from,
                          .kind = kind_of(asked),
                          .ttl = asked->probe->ttl,
                          .file = asked->answer->file,
                          .frame = asked->answer->frame,
                          .best_rtt = rtt == NSTIME_NONE ? NSTIME_NEVER : rtt};
}

/* The target is one point, at any TTL and whichever device answers in its name. So is a refusing device. */
static int compare_place(const struct point *a, const struct point *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == POINT_TARGET)
        return 0;
    if (a->kind == POINT_ROUTER && a->ttl != b->ttl)
        return a->ttl < b->ttl ? -1 : 1;
    return addr_compare(&a->address, &b->address);
}

static int compare_points(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    int order = compare_place(a, b);
    if (order)
        return order;
    if (a->ttl != b->ttl)
        return a->ttl < b->ttl ? -1 : 1;
    return a->frame < b->frame ? -1 : a->frame > b->frame;
}

static void unite_points(struct survey *survey, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct point *next = &survey->points[i];
        struct point *last = survey->point_count ? &survey->points[survey->point_count - 1] : NULL;
        if (!last || compare_place(last, next))
            survey->points[survey->point_count++] = *next;
        else if (next->best_rtt < last->best_rtt)
            last->best_rtt = next->best_rtt;
    }
    if (survey->point_count > SURVEY_POINTS_MOST)
        survey->point_count = SURVEY_POINTS_MOST;
}

static bool is_counted(const struct survey *survey, const struct asked *asked)
{
    return survey->since == NSTIME_NONE || asked->sent >= survey->since;
}

static bool find_points(const struct all_asked *all, struct survey *survey)
{
    unsigned count = 0;
    free(survey->points);
    survey->point_count = 0;
    survey->points = calloc(all->count + 1, sizeof *survey->points);
    if (!survey->points)
        return false;
    for (size_t i = 0; i < all->count; i++)
        if (all->probes[i].answer && is_counted(survey, &all->probes[i]))
            survey->points[count++] = point_of(&all->probes[i]);
    qsort(survey->points, count, sizeof *survey->points, compare_points);
    unite_points(survey, count);
    memset(survey->width, 0, sizeof survey->width);
    for (unsigned i = 0; i < survey->point_count; i++)
        survey->width[survey->points[i].ttl] += survey->points[i].kind == POINT_ROUTER;
    return true;
}

static int compare_to_point(const void *key, const void *member)
{
    return compare_place(key, member);
}

static struct point *find_point(const struct survey *survey, const struct asked *asked)
{
    struct point key = point_of(asked);
    return bsearch(&key, survey->points, survey->point_count, sizeof key, compare_to_point);
}

/* --- cells --- */

static void add_one(uint8_t *count)
{
    *count = (uint8_t)(*count < MANY ? *count + 1 : MANY);
}

static void add_answer(struct cell *cell, unsigned point)
{
    add_one(&cell->answered);
    if (cell->point == point + 1) {
        add_one(&cell->run);
        return;
    }
    cell->returned = cell->returned || cell->varied;
    cell->varied = cell->first != 0;
    cell->point = (uint16_t)(point + 1);
    cell->first = cell->first ? cell->first : cell->point;
    cell->run = 1;
}

static void note_end(struct survey *survey, unsigned flow, uint8_t ttl)
{
    if (!survey->ends[flow] || ttl < survey->ends[flow])
        survey->ends[flow] = ttl;
}

static void fill_cell(struct survey *survey, const struct asked *asked)
{
    const struct probe *probe = asked->probe;
    struct cell *cell = survey_cell(survey, probe->ttl, asked->flow);
    struct point *point = asked->answer ? find_point(survey, asked) : NULL;
    if (!asked->answer) {
        bool is_lost = probe->state != PROBE_OUTSTANDING;
        add_one(is_lost ? &cell->lost : &cell->pending);
        if (is_lost && asked->is_rested)
            add_one(&cell->rested);
        survey->rested[probe->ttl] += is_lost && asked->is_rested;
        return;
    }
    if (!point)
        return; /* beyond SURVEY_POINTS_MOST */
    point->flows += !cell->answered;
    survey->answers[probe->ttl] = true;
    add_answer(cell, (unsigned)(point - survey->points));
    if (point->kind != POINT_ROUTER)
        note_end(survey, asked->flow, probe->ttl);
}

static void note_answer(struct survey *survey, const struct asked *asked)
{
    uint8_t ttl = asked->probe->ttl;
    survey->answered_ttl = ttl > survey->answered_ttl ? ttl : survey->answered_ttl;
    if (!reply_is_unresolved(asked->probe, asked->answer))
        survey->farthest = ttl > survey->farthest ? ttl : survey->farthest;
}

static void fill_cells(const struct all_asked *all, struct survey *survey)
{
    size_t ttls = (size_t)survey->last_ttl - survey->first_ttl + 2;
    memset(survey->cells, 0, ttls * (survey->flow_count + 1) * sizeof *survey->cells);
    memset(survey->ends, 0, (size_t)survey->flow_count + 1);
    memset(survey->answers, 0, sizeof survey->answers);
    memset(survey->rested, 0, sizeof survey->rested);
    survey->probes = 0;
    survey->farthest = survey->answered_ttl = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct asked *asked = &all->probes[i];
        if (!is_counted(survey, asked))
            continue;
        survey->probes++;
        if (asked->answer)
            note_answer(survey, asked);
        if (asked->flow != SURVEY_NONE)
            fill_cell(survey, asked);
    }
}

/* --- changes --- */

/* When the first probe of a cell's last run was sent. */
static nstime run_began(const struct survey *survey, const struct all_asked *all, size_t last_of_cell, unsigned run)
{
    nstime began = all->probes[last_of_cell].sent;
    for (size_t i = last_of_cell + 1; i-- > 0 && run;) {
        const struct asked *asked = &all->probes[i];
        if (!asked->answer || !is_counted(survey, asked))
            continue;
        began = asked->sent;
        run--;
    }
    return began;
}

static bool is_last_of_cell(const struct all_asked *all, size_t i)
{
    return i + 1 == all->count || all->probes[i + 1].key != all->probes[i].key ||
           all->probes[i + 1].probe->ttl != all->probes[i].probe->ttl;
}

/* The time from which some flow has met another router for good; NSTIME_NONE: none. If any flow alternates at a TTL,
 * other flows may alternate as well. */
static nstime find_change(struct survey *survey, const struct all_asked *all)
{
    bool returned[256] = {false};
    nstime last = NSTIME_NONE;
    survey->unclear = false;
    for (size_t i = 0; i < all->count; i++)
        if (all->probes[i].flow != SURVEY_NONE &&
            survey_cell(survey, all->probes[i].probe->ttl, all->probes[i].flow)->returned)
            returned[all->probes[i].probe->ttl] = true;
    for (size_t i = 0; i < all->count; i++) {
        const struct asked *asked = &all->probes[i];
        if (asked->flow == SURVEY_NONE || !is_last_of_cell(all, i) || returned[asked->probe->ttl])
            continue;
        const struct cell *cell = survey_cell(survey, asked->probe->ttl, asked->flow);
        if (cell->varied && cell->run < SURVEY_CHANGED_FOR_GOOD)
            survey->unclear = true;
        if (!cell->varied || cell->run < SURVEY_CHANGED_FOR_GOOD)
            continue;
        nstime began = run_began(survey, all, i, cell->run);
        last = began > last || last == NSTIME_NONE ? began : last;
    }
    return last;
}

/* --- all --- */

static bool make_room(struct survey *survey)
{
    size_t ttls = (size_t)survey->last_ttl - survey->first_ttl + 2;
    survey->cells = calloc(ttls * (survey->flow_count + 1), sizeof *survey->cells);
    survey->ends = calloc((size_t)survey->flow_count + 1, 1);
    return survey->cells && survey->ends;
}

static void find_range(const struct all_asked *all, struct survey *survey)
{
    survey->first_ttl = 255;
    for (size_t i = 0; i < all->count; i++) {
        uint8_t ttl = all->probes[i].probe->ttl;
        survey->first_ttl = ttl < survey->first_ttl ? ttl : survey->first_ttl;
        survey->last_ttl = ttl > survey->last_ttl ? ttl : survey->last_ttl;
    }
}

/* Nodes that may have next hops: the source, every router before the last reply, and silent nodes. Of a TTL that is too
 * wide for any router, no more count than one can have. */
static unsigned count_nodes(const struct survey *survey)
{
    bool shown[256] = {false};
    unsigned nodes = 1;
    for (unsigned i = 0; i < survey->point_count; i++)
        shown[survey->points[i].ttl] = true;
    for (unsigned ttl = survey->first_ttl; ttl < survey->farthest; ttl++)
        nodes += shown[ttl] ? uint_min(survey->width[ttl], SURVEY_NEXT_MOST) : 1;
    return nodes;
}

static bool read_since_change(struct all_asked *all, struct survey *survey)
{
    for (;;) {
        if (!find_points(all, survey))
            return false;
        fill_cells(all, survey);
        nstime change = find_change(survey, all);
        if (change == NSTIME_NONE || survey->changes == CHANGES_MOST)
            return true;
        survey->since = change;
        survey->changes++;
    }
}

bool survey_build(const struct trace *const *traces, unsigned count, const struct survey_terms *terms,
                  struct survey *out)
{
    struct all_asked all;
    double miss = 1 - terms->confidence;
    *out = (struct survey){
        .since = terms->since, .lite = terms->lite, .goes_on = terms->goes_on, .stopping = terms->stopping};
    if (!list_asked(traces, count, &all))
        return false;
    find_range(&all, out);
    number_flows(&all, out);
    bool good = all.count == 0 || (make_room(out) && read_since_change(&all, out));
    free(all.probes);
    out->miss = stopping_share(miss, count_nodes(out));
    return good && (all.count == 0 || (survey_find_groups(out) && survey_share_out(out, miss)));
}

void survey_free(struct survey *survey)
{
    survey_forget_groups(survey);
    free(survey->cells);
    free(survey->ends);
    free(survey->points);
    *survey = (struct survey){0};
}

unsigned survey_repeats(const struct survey *survey, unsigned count)
{
    return count < 2 ? 0 : (unsigned)ceil(log(survey->share) / log(1.0 / count));
}
