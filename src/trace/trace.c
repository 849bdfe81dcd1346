/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "address/special.h"
#include "base/array.h"

#define PROBES_MOST INT32_MAX /* of one trace */

void trace_init(struct trace *trace)
{
    memset(trace, 0, sizeof *trace);
    trace->origin = (struct trace_origin){.tool = "hopsonde", .grouped_by = "flow", .rounds = 1};
    trace->first_sent = trace->last_seen = NSTIME_NONE;
    trace->least_ttl = 255;
    trace->flow_count = 1;
}

static void reply_free(struct reply *reply)
{
    free(reply->extension);
    free(reply->rewrites);
}

static void probe_free(struct probe *probe)
{
    for (unsigned k = 0; k < probe_listed(probe); k++)
        reply_free(&probe->replies[k]);
    free(probe->replies);
}

void trace_free(struct trace *trace)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        probe_free(&trace->probes[i]);
    free(trace->probes);
    free(trace->ttls);
    serial_index_free(&trace->serials);
    free(trace->inside);
    flow_free(&trace->flow);
    for (unsigned i = 1; i < trace->flow_count; i++)
        flow_free(&trace->alternates[i - 1]);
    free(trace->alternates);
}

struct tunnels *tunnels_copy(const struct tunnels *tunnels)
{
    unsigned count = tunnels ? tunnels->count : 0;
    size_t bytes = offsetof(struct tunnels, at) + count * sizeof *tunnels->at;
    struct tunnels *copy = count ? malloc(bytes) : NULL;
    if (copy)
        memcpy(copy, tunnels, bytes);
    return copy;
}

void trace_fit(struct trace *trace)
{
    struct probe *fitting = trace->probe_count ? realloc(trace->probes, trace->probe_count * sizeof *fitting) : NULL;
    if (!fitting)
        return;
    trace->probes = fitting;
    trace->probe_capacity = trace->probe_count;
}

struct probe *trace_find(struct trace *trace, uint16_t serial)
{
    uint32_t at;
    return serial_index_find(&trace->serials, serial, &at) ? &trace->probes[at] : NULL;
}

const struct probe *trace_probe(const struct trace *trace, uint16_t serial)
{
    uint32_t at;
    return serial_index_find(&trace->serials, serial, &at) ? &trace->probes[at] : NULL;
}

/* The entry of a TTL, made if it does not exist yet. NULL: memory is short. */
static struct trace_ttl *ttl_entry(struct trace *trace, uint8_t ttl)
{
    if (ttl >= trace->ttl_count) {
        unsigned count = ttl + 1U < 8 ? 8 : ttl + 1U;
        struct trace_ttl *grown = realloc(trace->ttls, count * sizeof *grown);
        if (!grown)
            return NULL;
        for (unsigned i = trace->ttl_count; i < count; i++)
            grown[i] = (struct trace_ttl){.first = -1, .last = -1};
        trace->ttls = grown;
        trace->ttl_count = count;
    }
    return &trace->ttls[ttl];
}

void trace_note_handshake(struct trace *trace, uint8_t reply_ttl)
{
    struct trace_handshakes *of = &trace->handshakes;
    of->least_reply_ttl = !of->count || reply_ttl < of->least_reply_ttl ? reply_ttl : of->least_reply_ttl;
    of->most_reply_ttl = reply_ttl > of->most_reply_ttl ? reply_ttl : of->most_reply_ttl;
    of->count++;
}

void trace_note_ttl(struct trace *trace, uint8_t ttl)
{
    if (ttl < trace->least_ttl)
        trace->least_ttl = ttl;
    if (ttl > trace->most_ttl)
        trace->most_ttl = ttl;
}

/* The probe is the last one of its TTL. */
static void link_probe(struct trace *trace, struct trace_ttl *at, int32_t index)
{
    trace->probes[index].next_at_ttl = -1;
    if (at->last >= 0)
        trace->probes[at->last].next_at_ttl = index;
    else
        at->first = index;
    at->last = index;
    at->asked++;
    trace_note_ttl(trace, trace->probes[index].ttl);
}

struct probe *trace_add_probe(struct trace *trace, uint16_t serial, uint8_t ttl, nstime sent)
{
    void *array = trace->probes;
    bool grown = array_reserve(&array, &trace->probe_capacity, trace->probe_count + 1, sizeof *trace->probes);
    trace->probes = array;
    struct trace_ttl *at = ttl_entry(trace, ttl);
    int32_t index = (int32_t)trace->probe_count;
    if (!grown || !at || trace->probe_count >= PROBES_MOST ||
        (serial && !serial_index_set(&trace->serials, serial, (uint32_t)index)))
        return NULL;
    struct probe *probe = &trace->probes[trace->probe_count++];
    *probe = (struct probe){.serial = serial, .ttl = ttl, .attempt = at->forgotten + at->asked + 1, .sent = sent};
    link_probe(trace, at, index);
    trace->started = true;
    if (trace->first_sent == NSTIME_NONE)
        trace->first_sent = sent;
    return probe;
}

uint32_t trace_asked(const struct trace *trace, unsigned ttl)
{
    return ttl < trace->ttl_count ? trace->ttls[ttl].asked : 0;
}

struct probe_spec trace_probe_spec(const struct trace *trace, const struct probe *probe)
{
    return trace->ports ? port_list_spec(trace->ports, probe->target_port) : trace->flow.spec;
}

const struct probe *trace_first_at(const struct trace *trace, uint8_t ttl)
{
    return trace_asked(trace, ttl) ? &trace->probes[trace->ttls[ttl].first] : NULL;
}

const struct probe *trace_next_at(const struct trace *trace, const struct probe *probe)
{
    return probe->next_at_ttl < 0 ? NULL : &trace->probes[probe->next_at_ttl];
}

const struct reply *probe_answer(const struct probe *probe)
{
    return probe->reply_count ? &probe->replies[0] : NULL;
}

const struct reply *probe_shown(const struct probe *probe)
{
    return probe_listed(probe) ? &probe->replies[0] : NULL;
}

const struct reply *trace_refusal(const struct trace *trace, const struct probe **probe)
{
    const struct probe *p = trace->refused_ttl ? trace_first_at(trace, trace->refused_ttl) : NULL;
    for (; p; p = trace_next_at(trace, p))
        for (unsigned i = 0; i < p->reply_count; i++)
            if (reply_rejects(trace, &p->replies[i])) {
                *probe = p;
                return &p->replies[i];
            }
    return NULL;
}

uint8_t trace_refused_from(const struct trace *trace, const struct probe *probe, const struct reply *reply)
{
    bool tells = reply->quoted_ttl >= 1 && reply->quoted_ttl <= probe->ttl;
    unsigned from = tells ? probe->ttl - (unsigned)reply->quoted_ttl + 1 : probe->ttl;
    unsigned behind = trace->last_router_ttl + 1U;
    from = from > behind ? from : behind;
    return (uint8_t)(from < probe->ttl ? from : probe->ttl);
}

struct addr trace_hop_address(const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        if (probe->reply_count)
            return probe->replies[0].from;
    return (struct addr){0};
}

struct addr trace_newest_address(const struct trace *trace, uint8_t ttl)
{
    struct addr newest = {0};
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        if (probe->reply_count)
            newest = probe->replies[0].from;
    return newest;
}

/* The first router that let a probe of the flows from `first` to before `end` expire; NULL: none did. */
static const struct addr *router_of_flows(const struct trace *trace, unsigned first, unsigned end, uint8_t ttl)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count && probe->flow >= first && probe->flow < end; i++)
            if (probe->replies[i].kind == REPLY_TIME_EXCEEDED)
                return &probe->replies[i].from;
    return NULL;
}

const struct addr *trace_flow_router(const struct trace *trace, unsigned flow, uint8_t ttl)
{
    return router_of_flows(trace, flow, flow + 1, ttl);
}

bool trace_flow_passed(const struct trace *trace, unsigned flow, unsigned ttl)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].flow == flow && trace->probes[i].ttl >= ttl && trace->probes[i].reply_count)
            return true;
    return false;
}

const struct probe *trace_answered_at(const struct trace *trace, uint8_t ttl)
{
    const struct probe *probe = trace_first_at(trace, ttl);
    while (probe && !probe->reply_count)
        probe = trace_next_at(trace, probe);
    return probe;
}

struct addr trace_router_address(const struct trace *trace, uint8_t ttl)
{
    const struct addr *router = router_of_flows(trace, 0, ~0U, ttl);
    return router ? *router : (struct addr){0};
}

/* By TTL: how many hops in a row from there on have a shared address. */
static void count_shared(const struct trace *trace, const struct addr *routers, uint8_t shared[257])
{
    shared[trace->last_router_ttl + 1] = 0;
    for (unsigned ttl = trace->last_router_ttl; ttl > 0; ttl--)
        shared[ttl] = special_is_shared(&routers[ttl]) ? (uint8_t)(shared[ttl + 1] + 1) : 0;
}

static bool recurs_at(const struct trace *trace, const struct addr *routers, unsigned ttl, unsigned length)
{
    return !addr_is_none(&routers[ttl]) && addr_equal(&routers[ttl], &routers[ttl + length]) &&
           !addr_equal(&routers[ttl], &trace->flow.target);
}

/* The first hop of a circle of that length: its routers all recur right behind it, shared addresses twice. 0: none. If
 * all of its addresses are shared, routers of a path may alternate like them by chance. */
static unsigned first_of_circle(const struct trace *trace, const struct addr *routers, const uint8_t shared[257],
                                unsigned length)
{
    unsigned found = 0, run = 0; /* hops in a row, from `ttl` on, that recur */
    for (unsigned ttl = trace->last_router_ttl - length; ttl > 0; ttl--) {
        run = recurs_at(trace, routers, ttl, length) ? run + 1 : 0;
        unsigned rounds = shared[ttl] >= length ? 3 : 2;
        if (run >= (rounds - 1) * length && !addr_equal(&routers[ttl], &routers[ttl + 1]))
            found = ttl;
    }
    return found;
}

/* False: no two of the routers have one address, so there is no loop. True: some may. */
static bool may_recur(const struct trace *trace, const struct addr *routers)
{
    uint64_t seen[16] = {0}; /* a bit for each value of a hash */
    for (unsigned ttl = 1; ttl <= trace->last_router_ttl; ttl++) {
        uint64_t halves[2];
        memcpy(halves, routers[ttl].bytes, sizeof halves);
        uint64_t hash = (halves[0] ^ halves[1] * 3) * UINT64_C(0x9e3779b97f4a7c15) >> 54;
        uint64_t bit = UINT64_C(1) << hash % 64;
        if (!addr_is_none(&routers[ttl]) && (seen[hash / 64] & bit))
            return true;
        seen[hash / 64] |= bit;
    }
    return false;
}

void trace_find_loop(struct trace *trace, const struct addr *routers)
{
    if (!may_recur(trace, routers)) /* hardly any path loops */
        return;
    uint8_t shared[257];
    count_shared(trace, routers, shared);
    for (unsigned length = 2; 2 * length <= trace->last_router_ttl && !trace->loop_first; length++) {
        trace->loop_first = (uint8_t)first_of_circle(trace, routers, shared, length);
        trace->loop_length = trace->loop_first ? (uint8_t)length : 0;
    }
}

/* In a search for all paths, one router may stand at several TTLs: its paths differ in length. */
static void find_loop(struct trace *trace)
{
    struct addr routers[256];
    for (unsigned ttl = 0; ttl <= trace->last_router_ttl; ttl++) {
        const struct addr *router = router_of_flows(trace, 0, trace_is_search(trace) ? 1 : ~0U, (uint8_t)ttl);
        routers[ttl] = router ? *router : (struct addr){0};
    }
    trace_find_loop(trace, routers);
}

uint8_t trace_loop_end(const struct trace *trace)
{
    return trace->loop_first ? (uint8_t)(trace->loop_first + 2 * trace->loop_length - 1) : 0;
}

static void lower(uint8_t *least, uint8_t ttl)
{
    if (!*least || ttl < *least)
        *least = ttl;
}

void trace_note_reply(struct trace *trace, uint8_t ttl, const struct reply *reply)
{
    trace->reply_count++;
    if (trace->last_seen == NSTIME_NONE || reply->time > trace->last_seen)
        trace->last_seen = reply->time;
    if (reply->duplicate)
        return;
    trace->answered_count++;
    if (reply->kind == REPLY_TIME_EXCEEDED) { /* most replies: nothing below is about them */
        trace->last_router_ttl = ttl > trace->last_router_ttl ? ttl : trace->last_router_ttl;
        return;
    }
    if (reply_reaches(trace, reply))
        lower(&trace->reached_ttl, ttl);
    if (reply->kind == REPLY_SYN_ACK)
        lower(&trace->open_ttl, ttl);
    if (reply_rejects(trace, reply))
        lower(&trace->refused_ttl, ttl);
}

/* Makes room for one more reply. */
static bool reserve_reply(struct probe *probe)
{
    size_t capacity = probe->reply_capacity;
    void *array = probe->replies;
    bool grown = array_reserve(&array, &capacity, (size_t)probe_listed(probe) + 1, sizeof *probe->replies);
    probe->replies = array;
    probe->reply_capacity = (uint8_t)capacity;
    return grown;
}

/* The first of the replies behind those that count joins them. */
static void count_reply(struct trace *trace, struct probe *probe)
{
    const struct addr before = trace_router_address(trace, probe->ttl);
    struct reply *kept = &probe->replies[probe->reply_count++];
    kept->duplicate = probe->reply_count > 1;
    probe->state = PROBE_ANSWERED;
    trace_note_reply(trace, probe->ttl, kept);
    if (kept->kind == REPLY_TIME_EXCEEDED && !kept->duplicate && !trace->loop_first) {
        const struct addr router = trace_router_address(trace, probe->ttl);
        if (trace_is_search(trace) || !addr_equal(&before, &router))
            find_loop(trace);
    }
}

bool trace_add_reply(struct trace *trace, struct probe *probe, const struct reply *reply)
{
    if (probe->reply_count == REPLIES_MOST || !reserve_reply(probe))
        return false;
    struct reply *kept = &probe->replies[probe->reply_count];
    memmove(kept + 1, kept, probe->unproven_count * sizeof *kept);
    *kept = *reply;
    kept->late = probe->state == PROBE_EXPIRED;
    count_reply(trace, probe);
    return true;
}

bool trace_add_unproven(struct trace *trace, struct probe *probe, const struct reply *reply)
{
    if (probe->unproven_count == UNPROVEN_MOST || !reserve_reply(probe))
        return false;
    struct reply *kept = &probe->replies[probe_listed(probe)];
    *kept = *reply;
    kept->late = probe->state == PROBE_EXPIRED;
    kept->duplicate = false;
    probe->unproven_count++;
    trace->unproven_count++;
    return true;
}

void trace_prove(struct trace *trace, struct probe *probe, unsigned index)
{
    struct reply *first = &probe->replies[probe->reply_count], proven = first[index];
    memmove(first + 1, first, index * sizeof *first);
    *first = proven;
    probe->unproven_count--;
    trace->unproven_count--;
    count_reply(trace, probe);
}

/* Makes the indexes and the summary anew from the probes that are left. False: memory is short for the index of
 * serials; not if it has held them all. */
static bool summarize(struct trace *trace)
{
    bool good = true;
    serial_index_clear(&trace->serials);
    for (unsigned ttl = 0; ttl < trace->ttl_count; ttl++)
        trace->ttls[ttl] = (struct trace_ttl){.first = -1, .last = -1, .forgotten = trace->ttls[ttl].forgotten};
    trace->least_ttl = 255;
    trace->most_ttl = trace->last_router_ttl = trace->reached_ttl = trace->open_ttl = trace->refused_ttl = 0;
    trace->loop_first = trace->loop_length = 0;
    trace->reply_count = trace->unproven_count = trace->answered_count = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        link_probe(trace, &trace->ttls[probe->ttl], (int32_t)i);
        if (probe->serial)
            good = serial_index_set(&trace->serials, probe->serial, (uint32_t)i) && good;
        trace->unproven_count += probe->unproven_count;
        for (unsigned k = 0; k < probe->reply_count; k++)
            trace_note_reply(trace, probe->ttl, &probe->replies[k]);
    }
    find_loop(trace);
    return good;
}

void trace_forget(struct trace *trace, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct probe *probe = &trace->probes[i];
        trace->ttls[probe->ttl].forgotten++;
        probe_free(probe);
    }
    trace->probe_count -= count;
    trace->forgotten += count;
    memmove(trace->probes, trace->probes + count, trace->probe_count * sizeof *trace->probes);
    summarize(trace);
}

/* The first probe that was sent at `since` or later. */
static size_t first_since(const struct trace *trace, nstime since)
{
    size_t first = 0;
    while (first < trace->probe_count && trace->probes[first].sent < since)
        first++;
    return first;
}

static void *copy_of(const void *bytes, size_t count)
{
    void *copy = malloc(count ? count : 1);
    if (copy && count)
        memcpy(copy, bytes, count);
    return copy;
}

bool trace_tail(const struct trace *trace, nstime since, struct trace *out)
{
    size_t first = first_since(trace, since);
    *out = *trace;
    out->probe_count = out->probe_capacity = trace->probe_count - first;
    out->started = out->probe_count > 0;
    out->probes = copy_of(trace->probes + first, out->probe_count * sizeof *out->probes);
    out->ttls = copy_of(trace->ttls, trace->ttl_count * sizeof *out->ttls);
    out->serials = (struct serial_index){0};
    out->first_sent = out->started ? out->probes[0].sent : NSTIME_NONE;
    bool good = out->probes && out->ttls && summarize(out);
    if (!good)
        trace_free_tail(out);
    return good;
}

void trace_free_tail(struct trace *tail)
{
    free(tail->probes);
    free(tail->ttls);
    serial_index_free(&tail->serials);
}

/* Sums of one hop: Welford 1962, so that long runs keep their precision. */
struct stats_sums {
    double mean, squares, previous, swings;
};

static void add_time(struct hop_stats *out, struct stats_sums *sums, double ms)
{
    out->timed++;
    out->best_ms = out->timed == 1 || ms < out->best_ms ? ms : out->best_ms;
    out->worst_ms = ms > out->worst_ms ? ms : out->worst_ms;
    double step = ms - sums->mean;
    sums->mean += step / out->timed;
    sums->squares += step * (ms - sums->mean);
    sums->swings += out->timed > 1 ? fabs(ms - sums->previous) : 0;
    sums->previous = ms;
}

static void count_probe(struct hop_stats *out, struct stats_sums *sums, const struct probe *probe)
{
    if (probe->state == PROBE_REFUSED)
        return;
    out->sent++;
    if (!probe->reply_count)
        return;
    out->received++;
    nstime rtt = reply_rtt(probe, &probe->replies[0]);
    if (rtt != NSTIME_NONE)
        add_time(out, sums, nstime_ms(rtt));
}

static void end_stats(struct hop_stats *out, const struct stats_sums *sums)
{
    out->loss = out->sent ? 1.0 - (double)out->received / out->sent : 0;
    out->avg_ms = sums->mean;
    out->stdev_ms = out->timed > 1 ? sqrt(sums->squares / (out->timed - 1)) : 0;
    out->jitter_ms = out->timed > 1 ? sums->swings / (out->timed - 1) : 0;
}

void trace_hop_stats(const struct trace *trace, uint8_t ttl, struct hop_stats *out)
{
    struct stats_sums sums = {0};
    *out = (struct hop_stats){0};
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        count_probe(out, &sums, probe);
    end_stats(out, &sums);
}

void probes_stats(const struct probe *const *probes, unsigned count, struct hop_stats *out)
{
    struct stats_sums sums = {0};
    *out = (struct hop_stats){0};
    for (unsigned i = 0; i < count; i++)
        count_probe(out, &sums, probes[i]);
    end_stats(out, &sums);
}

const char *trace_end_name(enum trace_end end)
{
    static const char *const names[] = {"running", "reached", "rejected", "unreachable",
                                        "looping", "silent",  "max-ttl",  "interrupted"};
    return names[end];
}

bool trace_shows_hop(const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (!reply_refuses(trace, &probe->replies[i]))
                return true;
    return false;
}
