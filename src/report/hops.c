/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/hops.h"

#include <stdlib.h>

#include "base/array.h"

#define FURTHER_THAN_ANY_TTL 256U /* the reach of a trace that reached the target */

void hops_free(struct hops *hops)
{
    free(hops->list);
    *hops = (struct hops){0};
}

/* Inserts the hop after all hops of lower or equal TTL. */
static void add(struct hops *out, const struct path_hop *hop)
{
    void *list = out->list;
    out->failed |= !array_reserve(&list, &out->capacity, out->count + 1, sizeof *hop);
    out->list = list;
    if (out->failed)
        return;
    size_t place = out->count++;
    for (; place > 0 && out->list[place - 1].ttl > hop->ttl; place--)
        out->list[place] = out->list[place - 1];
    out->list[place] = *hop;
}

/* The best RTT of the address at this TTL. */
static nstime best_rtt(const struct trace *trace, uint8_t ttl, const struct addr *address)
{
    nstime best = NSTIME_NEVER;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        const struct reply *reply = probe_answer(probe);
        nstime rtt = reply && addr_equal(&reply->from, address) ? reply_rtt(probe, reply) : NSTIME_NONE;
        best = rtt != NSTIME_NONE && rtt < best ? rtt : best;
    }
    return best;
}

static struct path_hop hop_of(const struct trace *trace, uint8_t ttl, const struct addr *address,
                              const struct address_book *book)
{
    return (struct path_hop){
        .ttl = ttl,
        .address = *address,
        .facts = address_book_find(book, address),
        .best_rtt = best_rtt(trace, ttl, address),
    };
}

/* Whether the address is that of a nearer hop already. A device that refuses answers probes to hops behind it. */
static bool is_nearer(const struct hops *hops, const struct addr *address, unsigned ttl)
{
    for (size_t i = 0; i < hops->count; i++)
        if (hops->list[i].ttl < ttl && addr_equal(&hops->list[i].address, address))
            return true;
    return false;
}

/* --- one path --- */

static void add_first_at(struct hops *out, const struct trace *trace, uint8_t ttl, const struct address_book *book)
{
    struct addr address = trace_hop_address(trace, ttl);
    if (!addr_is_none(&address) && !trace_shows_hop(trace, ttl) && is_nearer(out, &address, ttl))
        return;
    struct path_hop hop = hop_of(trace, ttl, &address, book);
    add(out, &hop);
}

void hops_add_trace(struct hops *out, const struct trace *trace, const struct address_book *book)
{
    for (unsigned ttl = 1; ttl <= trace_shown_ttl(trace); ttl++)
        if (trace_asked(trace, ttl))
            add_first_at(out, trace, (uint8_t)ttl, book);
}

void hops_add_run(struct hops *out, const struct trace_set *specs, const struct address_book *book)
{
    for (unsigned ttl = 1; ttl <= trace_set_last_ttl(specs); ttl++) {
        const struct trace *trace = trace_set_hop_trace(specs, (uint8_t)ttl);
        if (trace)
            add_first_at(out, trace, (uint8_t)ttl, book);
    }
}

/* `step` is a step of a path; GRAPH_NO_NODE: unknown. */
static struct path_hop hop_of_step(const struct graph *graph, unsigned step, unsigned ttl,
                                   const struct address_book *book)
{
    struct path_hop hop = {.ttl = (uint8_t)ttl, .best_rtt = NSTIME_NEVER};
    if (step == GRAPH_NO_NODE)
        return hop;
    hop.address = graph->nodes[step].address;
    hop.facts = address_book_find(book, &hop.address);
    hop.best_rtt = graph->nodes[step].best_rtt;
    return hop;
}

void hops_add_graph(struct hops *out, const struct graph *graph, const struct address_book *book)
{
    if (!graph->path_count)
        return;
    for (unsigned i = 0; i < graph->paths[0].length; i++) {
        struct path_hop hop = hop_of_step(graph, graph->steps[graph->paths[0].first + i], graph->first_ttl + i, book);
        add(out, &hop);
    }
}

/* --- all addresses that answered --- */

static void add_once(struct hops *out, const struct path_hop *hop)
{
    unsigned beside = 0;
    for (size_t i = out->count; i > 0 && out->list[i - 1].ttl >= hop->ttl; i--) {
        if (out->list[i - 1].ttl > hop->ttl)
            continue;
        if (addr_equal(&out->list[i - 1].address, &hop->address))
            return;
        beside++;
    }
    if (beside < HOPS_AT_A_TTL_MOST)
        add(out, hop);
}

void hops_add_all_of_trace(struct hops *out, const struct trace *trace, const struct address_book *book)
{
    for (unsigned ttl = 1; ttl <= trace_shown_ttl(trace); ttl++)
        for (const struct probe *probe = trace_first_at(trace, (uint8_t)ttl); probe;
             probe = trace_next_at(trace, probe)) {
            const struct reply *reply = probe_answer(probe);
            if (!reply || (reply_refuses(trace, reply) && is_nearer(out, &reply->from, ttl)))
                continue;
            struct path_hop hop = {.ttl = (uint8_t)ttl,
                                   .address = reply->from,
                                   .facts = address_book_find(book, &reply->from),
                                   .best_rtt = NSTIME_NEVER};
            add_once(out, &hop);
        }
}

void hops_add_all_of_graph(struct hops *out, const struct graph *graph, const struct address_book *book)
{
    for (unsigned i = 0; i < graph->node_count; i++) {
        struct path_hop hop = hop_of_step(graph, i, graph->nodes[i].ttl, book);
        if (!addr_is_none(&hop.address))
            add_once(out, &hop);
    }
}

/* --- of several traces --- */

static unsigned reach(const struct trace *trace)
{
    if (trace->reached_ttl)
        return FURTHER_THAN_ANY_TTL;
    return trace->refused_ttl > trace->last_router_ttl ? trace->refused_ttl : trace->last_router_ttl;
}

const struct trace *hops_further(const struct trace *best, const struct trace *trace)
{
    return trace->started && (!best || reach(trace) > reach(best)) ? trace : best;
}

const struct trace *hops_furthest(const struct trace_set *specs)
{
    const struct trace *best = NULL;
    for (unsigned i = 0; i < specs->count; i++)
        best = hops_further(best, specs->traces[i]);
    return best;
}
