/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/terminal/watched.h"

#define ASKING_FOR NS_PER_S /* if the last send is older, the line says that the run waits for replies */

static struct watched *watched_of(struct wire *wire)
{
    return (struct watched *)wire;
}

/* --- the line --- */

static const struct probe *last_probe(const struct session *session, const struct trace **of)
{
    const struct probe *last = NULL;
    for (unsigned i = 0; i < session_all_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        const struct probe *probe = trace->probe_count ? &trace->probes[trace->probe_count - 1] : NULL;
        if (!probe || (last && last->sent >= probe->sent))
            continue;
        last = probe;
        *of = trace;
    }
    return last;
}

static unsigned farthest_hop(const struct session *session)
{
    unsigned farthest = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        farthest = trace->last_router_ttl > farthest ? trace->last_router_ttl : farthest;
        farthest = trace->reached_ttl > farthest ? trace->reached_ttl : farthest;
    }
    return farthest;
}

static void count_ports(const struct session *session, struct progress_run *run)
{
    for (unsigned i = session_trace_count(session); i < session_all_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        unsigned ports = 0;
        for (unsigned port = trace->ports ? trace->first_port : 0; port && port <= trace->last_port;
             port = port_list_next(trace->ports, port + 1))
            ports++;
        run->ports += ports;
        run->decided += trace->answered_count < ports ? trace->answered_count : ports;
    }
}

static unsigned seconds_until(nstime at, nstime now)
{
    return (unsigned)((at - now + NS_PER_S - 1) / NS_PER_S);
}

static void find_wait(const struct session *session, nstime now, struct progress_wait *wait)
{
    nstime next = NSTIME_NEVER;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        nstime until = session_waits_until(session, i);
        if (until <= now || until == NSTIME_NEVER)
            continue;
        unsigned seconds = seconds_until(until, now);
        if (!trace_is_idle(trace)) {
            wait->refused_s = seconds;
            continue;
        }
        wait->last_s = seconds > wait->last_s ? seconds : wait->last_s;
        if (until >= next)
            continue;
        next = until;
        wait->next_s = seconds;
        probe_spec_format(&trace->flow.spec, wait->spec);
    }
}

static void show(struct watched *watched)
{
    const struct trace *trace = NULL;
    const struct probe *probe = last_probe(watched->session, &trace);
    nstime now = watched->inner->ops->now(watched->inner);
    struct progress_run run = {.sent = watched->sent, .farthest = farthest_hop(watched->session)};
    find_wait(watched->session, now, &run.wait);
    count_ports(watched->session, &run);
    if (probe && probe->sent + ASKING_FOR > now) {
        const struct probe_spec spec = trace_probe_spec(trace, probe);
        probe_spec_format(&spec, run.spec);
        run.ttl = probe->ttl;
    }
    progress_show_run(&watched->progress, &run);
}

/* --- the wire --- */

static enum wire_event watched_receive(struct wire *wire, nstime until, struct frame *frame,
                                       struct session_claim *claim, struct err *err)
{
    struct watched *watched = watched_of(wire);
    if (progress_is_due(&watched->progress))
        show(watched);
    return watched->inner->ops->receive(watched->inner, until, frame, claim, err);
}

static int watched_send(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length)
{
    struct watched *watched = watched_of(wire);
    watched->sent++;
    return watched->inner->ops->send(watched->inner, target, bytes, length);
}

static int watched_connect(struct wire *wire, const struct flow *flow)
{
    return watched_of(wire)->inner->ops->connect(watched_of(wire)->inner, flow);
}

static void watched_disconnect(struct wire *wire, const struct flow *flow)
{
    watched_of(wire)->inner->ops->disconnect(watched_of(wire)->inner, flow);
}

static nstime watched_now(struct wire *wire)
{
    return watched_of(wire)->inner->ops->now(watched_of(wire)->inner);
}

static nstime watched_drained(struct wire *wire)
{
    return watched_of(wire)->inner->ops->drained(watched_of(wire)->inner);
}

static uint64_t watched_dropped(struct wire *wire)
{
    return watched_of(wire)->inner->ops->dropped(watched_of(wire)->inner);
}

static void watched_close(struct wire *wire)
{
    watched_end(watched_of(wire)); /* the inner wire is borrowed */
}

void watched_start(struct watched *watched, struct wire *inner, const struct session *session)
{
    static const struct wire_ops ops = {
        .receive = watched_receive,
        .send = watched_send,
        .connect = watched_connect,
        .disconnect = watched_disconnect,
        .now = watched_now,
        .drained = watched_drained,
        .dropped = watched_dropped,
        .close = watched_close,
    };
    *watched = (struct watched){.wire = {.ops = &ops}, .inner = inner, .session = session};
    progress_start(&watched->progress, true);
}

void watched_end(struct watched *watched)
{
    progress_erase(&watched->progress);
}
