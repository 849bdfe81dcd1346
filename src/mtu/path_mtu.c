/* SPDX-License-Identifier: BSD-2-Clause */
#include "mtu/path_mtu.h"

#include <stdlib.h>

#include "mtu/sizes.h"
#include "probe/type.h"

/* Losses of the least size that is lost, each while the router before the hole had a token to report it.
 * Unit: probes. Source: chosen: at a loss of 20 % six in a row come about once in 15,000. Effect: fewer report holes
 * that are loss; more cost packets. */
#define MTU_PROOFS 6

/* Probes of one size at one hop that may fail without showing anything.
 * Unit: probes. Source: chosen; each waits for a token of the router. Effect: fewer give up under loss; more make the
 * run longer where a hop falls silent. */
#define MTU_TRIES 6
#define MTU_HOP_TRIES 3

/* The same of a bracket, all sizes together.
 * Unit: probes. Source: chosen; a round has up to eight. Effect: as above. */
#define MTU_BRACKET_TRIES 40

static void add_lie(struct path_mtu *out, const struct mtu_lie *lie)
{
    for (unsigned i = 0; i < out->lie_count; i++)
        if (addr_equal(&out->lies[i].reply->from, &lie->reply->from) && out->lies[i].reply->mtu == lie->reply->mtu)
            return;
    if (out->lie_count < MTU_LIES_MOST)
        out->lies[out->lie_count++] = *lie;
}

static void add_step(struct path_mtu *out, const struct mtu_step *step)
{
    if (out->step_count < MTU_STEPS_MOST)
        out->steps[out->step_count++] = *step;
    out->path = step->mtu < out->path ? step->mtu : out->path;
}

static void find_lies(const struct sizes *v, struct path_mtu *out)
{
    for (size_t i = 0; i < v->sized->probe_count; i++) {
        const struct probe *probe = &v->sized->probes[i];
        for (unsigned k = 0; k < probe->reply_count; k++) {
            const struct reply *reply = &probe->replies[k];
            if (reply->kind == REPLY_TOO_BIG && sizes_is_lie(v, probe, reply))
                add_lie(out, &(struct mtu_lie){
                                 .probe = probe, .reply = reply, .is_off_path = !sizes_hop_of(v, probe, reply)});
        }
    }
}

/* The largest MTU below the path's that a router reported to packets of this size: to a probe that was as large, or
 * from a hop to which such packets get. False: none did. */
static bool find_told(const struct sizes *v, const struct path_mtu *out, struct mtu_step *step)
{
    step->mtu = 0;
    for (size_t i = 0; i < v->sized->probe_count; i++) {
        const struct probe *probe = &v->sized->probes[i];
        for (unsigned k = 0; k < probe->reply_count; k++) {
            const struct reply *reply = &probe->replies[k];
            if (reply->kind != REPLY_TOO_BIG || sizes_is_lie(v, probe, reply) || reply->mtu >= out->path ||
                reply->mtu <= step->mtu)
                continue;
            uint8_t hop = sizes_hop_of(v, probe, reply);
            if (sizes_of_probe(v, probe) >= out->path || sizes_most_passed(v, hop) >= out->path)
                *step = (struct mtu_step){.after_ttl = hop,
                                          .after = reply->from,
                                          .mtu = (uint16_t)reply->mtu,
                                          .size = sizes_of_probe(v, probe),
                                          .probe = probe,
                                          .reply = reply};
        }
    }
    return step->mtu != 0;
}

/* --- rule 4 --- */

static bool needs(struct path_mtu *out, enum mtu_need need, uint8_t ttl)
{
    out->need = need;
    out->size = out->path;
    out->ttl = ttl;
    return false;
}

/* True if the size is lost there. */
static bool is_suspect(const struct sizes *v, struct path_mtu *out)
{
    if (sizes_count_lost(v, out->path, out->path, out->end_ttl))
        return true;
    return sizes_count_asked(v, out->path, out->end_ttl) < MTU_TRIES ? needs(out, MTU_NEEDS_END, out->end_ttl) : false;
}

static bool needs_hop(const struct sizes *v, uint16_t size, uint8_t ttl)
{
    struct addr router = sizes_router_at(v, ttl);
    return !addr_is_none(&router) && sizes_most_passed(v, ttl) < size && !sizes_count_lost(v, size, size, ttl) &&
           sizes_count_asked(v, size, ttl) < MTU_HOP_TRIES;
}

static bool place_hole(const struct sizes *v, struct path_mtu *out, struct mtu_step *hole)
{
    uint8_t after = (uint8_t)(out->end_ttl - 1);
    while (after && sizes_most_passed(v, after) < out->path)
        after--;
    for (unsigned ttl = after + 1U; ttl < out->end_ttl; ttl++)
        if (needs_hop(v, out->path, (uint8_t)ttl)) {
            out->after_ttl = after;
            return needs(out, MTU_NEEDS_HOPS, (uint8_t)ttl);
        }
    uint8_t before = (uint8_t)(after + 1U);
    while (before < out->end_ttl && !sizes_count_lost(v, out->path, out->path, before))
        before++;
    *hole = (struct mtu_step){.after_ttl = after,
                              .before_ttl = before,
                              .after = sizes_router_at(v, after),
                              .before = sizes_router_at(v, before),
                              .is_hole = true};
    return true;
}

/* The least lost size above `low` and up to `most`; 0: none. */
static uint16_t least_lost(const struct sizes *v, uint16_t low, uint16_t most, struct mtu_step *hole)
{
    uint16_t least = 0;
    for (const struct probe *p = trace_first_at(v->sized, hole->before_ttl); p; p = trace_next_at(v->sized, p))
        if (sizes_of_probe(v, p) > low && sizes_of_probe(v, p) <= most && (!least || sizes_of_probe(v, p) < least) &&
            sizes_is_proven(v, p)) {
            least = sizes_of_probe(v, p);
            hole->probe = p;
        }
    return least;
}

/* Losses of the least size while the router before the hole had a token to report it. */
static unsigned count_unreported(const struct sizes *v, const struct path_mtu *out, const struct mtu_step *hole)
{
    unsigned count = 0;
    for (const struct probe *p = trace_first_at(v->sized, hole->before_ttl); p; p = trace_next_at(v->sized, p)) {
        bool had_token = hole->after_ttl < v->first_ttl; /* it cannot be shown */
        for (const struct probe *q = trace_first_at(v->sized, hole->after_ttl); q; q = trace_next_at(v->sized, q))
            had_token = had_token || sizes_shows_token(v, q, p);
        count += had_token && sizes_of_probe(v, p) == out->high && sizes_is_proven(v, p);
    }
    return count;
}

static bool close_bracket(const struct sizes *v, struct path_mtu *out, struct mtu_step *hole)
{
    out->low = sizes_most_passed(v, hole->after_ttl + 1U);
    out->high = least_lost(v, out->low, out->path, hole);
    if (!out->low || !out->high || sizes_count_vain(v, hole->before_ttl) > MTU_BRACKET_TRIES)
        return false;
    if (out->high - out->low > 1)
        return needs(out, MTU_NEEDS_BETWEEN, hole->before_ttl);
    hole->mtu = out->low;
    hole->size = out->high;
    hole->lost = sizes_count_lost(v, out->high, out->path, hole->before_ttl);
    out->after_ttl = hole->after_ttl;
    if (count_unreported(v, out, hole) < MTU_PROOFS)
        return needs(out, MTU_NEEDS_PROOF, hole->before_ttl);
    return true;
}

static void find_steps(const struct sizes *v, struct path_mtu *out)
{
    struct mtu_step step;
    while (
        sizes_most_passed(v, out->end_ttl) < out->path &&
        (find_told(v, out, &step) || (is_suspect(v, out) && place_hole(v, out, &step) && close_bracket(v, out, &step))))
        add_step(out, &step);
}

/* --- all --- */

static int compare_steps(const void *a, const void *b)
{
    const struct mtu_step *x = a, *y = b;
    int by_hop = (x->after_ttl > y->after_ttl) - (x->after_ttl < y->after_ttl);
    return by_hop ? by_hop : (x->mtu < y->mtu) - (x->mtu > y->mtu);
}

/* A link behind a narrower one shows nothing more: it takes at least as much. */
static void order_steps(struct path_mtu *out)
{
    unsigned kept = 0;
    qsort(out->steps, out->step_count, sizeof *out->steps, compare_steps);
    for (unsigned i = 0; i < out->step_count; i++)
        if (!kept || out->steps[i].mtu < out->steps[kept - 1].mtu)
            out->steps[kept++] = out->steps[i];
    out->step_count = kept;
}

/* A reported MTU gives the next size at once, before the smaller probe of the round has its reply. */
static void find_undecided(const struct sizes *v, struct path_mtu *out)
{
    bool is_between_rounds = out->need == MTU_NEEDS_END || out->need == MTU_NEEDS_NOTHING;
    for (size_t i = 0; i < v->sized->probe_count; i++) {
        nstime until;
        const struct probe *probe = &v->sized->probes[i];
        if (probe->state != PROBE_OUTSTANDING || sizes_is_lost(v, probe, &until))
            continue;
        if (sizes_of_probe(v, probe) >= out->path && sizes_is_alone(v, probe))
            until = sizes_alone_until(v, probe);
        bool is_small = sizes_of_probe(v, probe) < out->path; /* it shows a token; the question is about larger ones */
        if (until <= v->now || (is_between_rounds && is_small && sizes_is_spare(v, probe)))
            continue;
        out->is_undecided = true;
        out->undecided_until = until < out->undecided_until ? until : out->undecided_until;
    }
}

/* How far it got; nothing is farther than the target. */
static unsigned distance(const struct trace *trace)
{
    return trace->reached_ttl ? UINT8_MAX + 1U : trace->last_router_ttl;
}

unsigned path_mtu_choose(const struct session *session)
{
    unsigned best = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        bool is_farther = distance(session_trace(session, i)) > distance(session_trace(session, best));
        if (session_can_measure(session, i) && (is_farther || !session_can_measure(session, best)))
            best = i;
    }
    return best;
}

static bool is_echo(const struct trace *trace)
{
    return trace->flow.spec.type->identity == IDENTITY_ECHO;
}

/* The trace whose probes have replies of their own size. The count of traces: there is none. */
static unsigned echo_trace(const struct session *session)
{
    unsigned i = 0;
    while (i < session_trace_count(session) && !is_echo(session_trace(session, i)))
        i++;
    return i;
}

/* Nearer devices that answer in the target's name set an MSS of their own. */
static uint16_t least_mss(const struct session *session, uint8_t end_ttl)
{
    uint16_t least = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (const struct probe *p = trace_first_at(trace, end_ttl); p; p = trace_next_at(trace, p)) {
            const struct reply *reply = probe_answer(p);
            if (reply && reply->kind == REPLY_SYN_ACK && reply->tcp_mss && (!least || reply->tcp_mss < least))
                least = reply->tcp_mss;
        }
    }
    return least;
}

/* Packets as large as the links before a step take got to the router before it. A hop within the bracket of a hole may
 * lie on either side. */
uint16_t path_mtu_at(const struct path_mtu *mtu, uint8_t ttl)
{
    uint16_t size = mtu->interface;
    for (unsigned i = 0; i < mtu->step_count; i++) {
        const struct mtu_step *step = &mtu->steps[i];
        if (ttl <= step->after_ttl)
            return size;
        if (step->is_hole && ttl < step->before_ttl)
            return 0;
        size = step->mtu;
    }
    return ttl <= mtu->end_ttl && mtu->passes >= mtu->path ? size : 0;
}

uint16_t path_mtu_tcp_size(const struct path_mtu *mtu)
{
    unsigned headers = mtu->trace->flow.target.family == 6 ? 60 : 40;
    return mtu->mss && mtu->mss + headers <= UINT16_MAX ? (uint16_t)(mtu->mss + headers) : 0;
}

/* Rule 6: as close_bracket(), at the target alone. */
static void find_back(const struct session *session, nstime now, struct path_mtu *out)
{
    struct sizes v;
    struct mtu_step hole = {.before_ttl = out->end_ttl, .is_hole = true};
    unsigned of = echo_trace(session);
    if (!out->complete || of == session_trace_count(session))
        return;
    sizes_view(session, now, of, &v);
    out->of = of;
    if (!v.sized) {
        needs(out, MTU_NEEDS_END, out->end_ttl);
        return;
    }
    if (sizes_most_passed(&v, out->end_ttl) >= out->path)
        out->back = out->path;
    else if (is_suspect(&v, out) && close_bracket(&v, out, &hole)) {
        out->back = hole.mtu;
        out->back_lost = hole.lost;
        out->back_probe = hole.probe;
    }
    find_undecided(&v, out);
}

static void find_there(const struct sizes *v, struct path_mtu *out)
{
    find_lies(v, out);
    find_steps(v, out);
    order_steps(out);
    out->passes = sizes_most_passed(v, out->end_ttl);
    out->complete = v->end_is_target && out->passes >= out->path;
    if (is_echo(v->of) && out->step_count) {
        struct mtu_step *last = &out->steps[out->step_count - 1];
        last->is_either_way = last->is_hole && v->end_is_target && last->before_ttl == out->end_ttl;
    }
    find_undecided(v, out);
}

bool path_mtu_find(const struct session *session, nstime now, struct path_mtu *out)
{
    struct sizes v;
    uint16_t interface = session_config(session)->interface_mtu;
    *out = (struct path_mtu){.interface = interface, .path = interface, .undecided_until = NSTIME_NEVER};
    if (!interface)
        return false;
    out->of = path_mtu_choose(session);
    sizes_view(session, now, out->of, &v);
    out->trace = v.of;
    out->end_ttl = v.end_ttl;
    if (!out->end_ttl)
        return false;
    out->end = sizes_router_at(&v, out->end_ttl);
    if (!v.sized) {
        needs(out, MTU_NEEDS_END, out->end_ttl);
        return true;
    }
    find_there(&v, out);
    out->mss = least_mss(session, out->end_ttl);
    if (is_echo(v.of))
        out->back = out->complete ? out->path : 0;
    else
        find_back(session, now, out);
    return true;
}

/* Whether sizes of this trace may go ahead of its own probes:
 * 1. Each reply shows which probe it answers: an echo reply does, and the answer of a service to its own query. No
 *    service has the type's default port.
 * 2. It opens no connection at the target, which would then take no SYN of the climb. */
static bool can_go_ahead(const struct session *session, unsigned of)
{
    const struct probe_spec *spec = &session_trace(session, of)->flow.spec;
    bool is_told = spec->port == spec->type->default_port || probe_spec_variant(spec)->port;
    return session_can_measure(session, of) &&
           (spec->type->identity == IDENTITY_ECHO ||
            (spec->type->identity != IDENTITY_SEQ && spec->type->has_port && is_told));
}

/* The largest size that no router has reported to be too large for this trace. */
static uint16_t find_left(const struct sizes *v, uint16_t interface)
{
    struct path_mtu told = {.path = interface};
    struct mtu_step step;
    while (v->sized && find_told(v, &told, &step))
        told.path = step.mtu;
    return told.path;
}

bool path_mtu_leader(const struct session *session, unsigned *of)
{
    if (!session_measures(session, of))
        *of = path_mtu_choose(session);
    return can_go_ahead(session, *of);
}

/* Whether this size is to go as far as `front`: nothing shows that it got there, and none is on its way. */
static bool is_to_go_on(const struct sizes *v, uint16_t size, uint8_t front)
{
    for (size_t i = 0; v->sized && i < v->sized->probe_count; i++) {
        const struct probe *probe = &v->sized->probes[i];
        const struct reply *reply = sizes_passing_reply(v, probe);
        if (sizes_of_probe(v, probe) == size && (probe->ttl >= front || !reply || reply->kind != REPLY_TIME_EXCEEDED))
            return false;
    }
    return true;
}

bool path_mtu_find_ahead(const struct session *session, nstime now, uint8_t front, struct mtu_ahead *out)
{
    struct sizes v;
    if (!path_mtu_leader(session, &out->of))
        return false;
    sizes_view(session, now, out->of, &v);
    out->size = find_left(&v, session_config(session)->interface_mtu);
    out->ttl = front;
    if (is_to_go_on(&v, out->size, front))
        return true;
    out->of = echo_trace(session);
    out->ttl = v.end_ttl;
    if (!v.end_is_target || out->of == session_trace_count(session) || !session_can_measure(session, out->of))
        return false;
    sizes_view(session, now, out->of, &v);
    return is_to_go_on(&v, out->size, out->ttl);
}

bool path_mtu_needs_hop(const struct session *session, const struct path_mtu *mtu, uint8_t ttl)
{
    struct sizes v;
    sizes_view(session, session_now(session), mtu->of, &v);
    return v.sized && needs_hop(&v, mtu->size, ttl);
}

/* Bytes that the headers of common tunnels take, over an MTU of 1500 (RFC 2516 7, 2784, 2003, 7348, WireGuard). */
const char *path_mtu_tunnel(uint16_t mtu)
{
    static const struct {
        uint16_t mtu;
        const char *name;
    } tunnels[] = {{1492, "PPPoE"}, {1480, "IPIP or 6in4"}, {1476, "GRE"},
                   {1450, "VXLAN"}, {1420, "WireGuard"},    {1440, "WireGuard over IPv4"}};
    for (unsigned i = 0; i < sizeof tunnels / sizeof *tunnels; i++)
        if (tunnels[i].mtu == mtu)
            return tunnels[i].name;
    return NULL;
}
