/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/facts/namesakes.h"

bool reply_is_namesake(const struct trace *trace, const struct reply *reply)
{
    return reply->kind == REPLY_TIME_EXCEEDED && addr_equal(&reply->from, &trace->flow.target);
}

/* The numbers of hops that replies crossed on their way back; most 0: there is no reply. */
struct distance {
    uint8_t least, most;
};

static void note_distance(struct distance *distance, const struct reply *reply)
{
    uint8_t hops = (uint8_t)reply_return_hops(reply);
    distance->least = !distance->most || hops < distance->least ? hops : distance->least;
    distance->most = hops > distance->most ? hops : distance->most;
}

static bool are_apart(const struct distance *a, const struct distance *b)
{
    return a->most && b->most && (a->most < b->least || b->most < a->least);
}

/* What is noted of a set. */
struct notes {
    struct distance of[256]; /* by TTL: replies in the target's name */
    struct distance target;  /* the target's own replies, behind them */
    bool is_reached;         /* there are such replies */
};

static void note_names(const struct trace_set *set, struct notes *notes, struct namesakes *out)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++)
            for (unsigned k = 0; k < trace->probes[n].reply_count; k++) {
                const struct reply *reply = &trace->probes[n].replies[k];
                uint8_t ttl = trace->probes[n].ttl;
                if (reply_is_namesake(trace, reply))
                    note_distance(&notes->of[ttl], reply);
                else if (reply->kind == REPLY_TIME_EXCEEDED && ttl > out->router)
                    out->router = ttl;
            }
    }
}

static void note_target(const struct trace_set *set, uint8_t behind, struct notes *notes)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++)
            for (unsigned k = 0; k < trace->probes[n].reply_count; k++) {
                const struct reply *reply = &trace->probes[n].replies[k];
                if (trace->probes[n].ttl <= behind || !reply_reaches(trace, reply))
                    continue;
                notes->is_reached = true;
                if (reply->kind != REPLY_RST) /* which a nearer device may have sent */
                    note_distance(&notes->target, reply);
            }
    }
}

/* 1. One hop: the target's, unless it replies from another distance.
 * 2. Several hops, and the target replies behind them: a NAT.
 * 3. Several hops at different distances: a NAT.
 * 4. Several hops, otherwise: the target lets all these probes expire. */
static enum namesake decide(const struct notes *notes, const struct namesakes *found)
{
    const struct distance *first = &notes->of[found->first];
    if (found->first == found->last)
        return are_apart(first, &notes->target) ? NAMESAKE_UNKNOWN : NAMESAKE_TARGET;
    if (notes->is_reached)
        return NAMESAKE_NAT;
    for (unsigned a = found->first; a < found->last; a++)
        for (unsigned b = a + 1; b <= found->last; b++)
            if (are_apart(&notes->of[a], &notes->of[b]))
                return NAMESAKE_NAT;
    return NAMESAKE_TARGET;
}

void namesakes_gather(const struct trace_set *set, struct namesakes *out)
{
    struct notes notes = {0};
    *out = (struct namesakes){0};
    note_names(set, &notes, out);
    for (unsigned ttl = out->router + 1U; ttl < 256; ttl++)
        if (notes.of[ttl].most) {
            out->first = out->first ? out->first : (uint8_t)ttl;
            out->last = (uint8_t)ttl;
        }
    if (!out->first)
        return;
    note_target(set, out->last, &notes);
    out->who = (uint8_t)decide(&notes, out);
}

uint8_t namesakes_last_router(const struct namesakes *namesakes, const struct trace *trace)
{
    uint8_t last = trace->last_router_ttl;
    if (namesakes->who != NAMESAKE_TARGET || last < namesakes->first)
        return last;
    for (last = namesakes->router; last; last--)
        for (const struct probe *p = trace_first_at(trace, last); p; p = trace_next_at(trace, p))
            for (unsigned k = 0; k < p->reply_count; k++)
                if (p->replies[k].kind == REPLY_TIME_EXCEEDED)
                    return last;
    return 0;
}
