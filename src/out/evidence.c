#include "out/evidence.h"

#include <inttypes.h>
#include <stdlib.h>

#include "out/ended.h"
#include "probe/type.h"

struct evidence_list {
    struct strbuf *text;
    const struct session *session;
    nstime start; /* the run's first probe */
    unsigned count;
};

static nstime start_of(const struct session *session)
{
    nstime start = NSTIME_NEVER;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        if (trace->started && trace->first_sent < start)
            start = trace->first_sent;
    }
    return start;
}

static void add_endpoint(struct strbuf *text, const struct addr *address, bool has_port, uint16_t port)
{
    char plain[ADDR_TEXT_BYTES];
    addr_format(address, plain);
    if (!has_port)
        strbuf_add(text, plain);
    else
        strbuf_addf(text, address->family == 6 ? "[%s]:%u" : "%s:%u", plain, port);
}

static void begin_line(struct evidence_list *list, uint64_t frame, nstime at)
{
    list->count++;
    strbuf_add(list->text, "    ");
    if (frame)
        strbuf_addf(list->text, "frame %-4" PRIu64 " ", frame);
    strbuf_addf(list->text, "+%.3f ms  ", nstime_ms(at - list->start));
}

static void add_probe(struct evidence_list *list, const struct trace *trace, const struct probe *probe)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    const struct flow *flow = trace_flow(trace, probe->flow);
    bool has_port = flow->spec.type->has_port;
    begin_line(list, probe->frame, probe->sent);
    add_endpoint(list->text, &flow->source, has_port, flow->source_port);
    strbuf_add(list->text, " > ");
    add_endpoint(list->text, &flow->target, has_port, flow->spec.port);
    probe_spec_format(&flow->spec, spec);
    strbuf_addf(list->text, "  %s, TTL %u, attempt %u", spec, probe->ttl, probe->attempt);
    if (probe->state == PROBE_REFUSED)
        strbuf_add(list->text, ": not sent");
    else if (!probe->reply_count)
        strbuf_add(list->text, ": no answer");
    strbuf_add(list->text, "\n");
}

static void add_reply(struct evidence_list *list, const struct trace *trace, const struct probe *probe,
                      const struct reply *reply)
{
    const struct flow *flow = trace_flow(trace, probe->flow);
    bool has_port = !reply->is_icmp && flow->spec.type->has_port;
    begin_line(list, reply->frame, reply->time);
    add_endpoint(list->text, &reply->from, has_port, flow->spec.port);
    strbuf_add(list->text, " > ");
    add_endpoint(list->text, &flow->source, has_port, flow->source_port);
    strbuf_add(list->text, "  ");
    if (reply->is_icmp)
        ended_add_icmp(list->text, reply->version, reply->icmp_type, reply->icmp_code);
    else
        strbuf_add(list->text, reply_kind_name(reply->kind));
    strbuf_addf(list->text, " with TTL %u, to the probe of TTL %u\n", reply->reply_ttl, probe->ttl);
}

/* --- by frames --- */

static void add_frame(struct evidence_list *list, uint64_t frame)
{
    for (unsigned i = 0; i < session_trace_count(list->session); i++) {
        const struct trace *trace = session_trace(list->session, i);
        for (size_t k = 0; k < trace->probe_count; k++) {
            const struct probe *probe = &trace->probes[k];
            if (probe->frame == frame)
                add_probe(list, trace, probe);
            for (unsigned j = 0; j < probe->reply_count; j++)
                if (probe->replies[j].frame == frame)
                    add_reply(list, trace, probe, &probe->replies[j]);
        }
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void add_frames(struct evidence_list *list, const struct verdict *verdict)
{
    uint64_t frames[VERDICT_FRAMES_MOST];
    for (unsigned i = 0; i < verdict->frame_count; i++)
        frames[i] = verdict->frames[i];
    qsort(frames, verdict->frame_count, sizeof *frames, by_number);
    for (unsigned i = 0; i < verdict->frame_count; i++)
        add_frame(list, frames[i]);
}

/* --- by hops --- */

static void add_hop(struct evidence_list *list, const struct trace *trace, unsigned ttl, bool answered_only)
{
    for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p)) {
        if (list->count >= VERDICT_FRAMES_MOST || (answered_only && !p->reply_count))
            continue;
        add_probe(list, trace, p);
        for (unsigned i = 0; i < p->reply_count; i++)
            add_reply(list, trace, p, &p->replies[i]);
    }
}

/* From the place on; where others went on, their answers behind it too. */
static void add_hops(struct evidence_list *list, const struct verdict *verdict)
{
    unsigned from = verdict->at.ttl ? verdict->at.ttl : verdict->after.ttl + 1U;
    for (unsigned ttl = from; ttl < 256; ttl++)
        add_hop(list, verdict->trace, ttl, false);
    for (unsigned i = 0; verdict->before.ttl && i < session_trace_count(list->session); i++)
        if (session_trace(list->session, i) != verdict->trace)
            add_hop(list, session_trace(list->session, i), verdict->before.ttl, true);
}

void evidence_add(struct strbuf *text, const struct session *session, const struct verdict *verdict)
{
    struct evidence_list list = {.text = text, .session = session, .start = start_of(session)};
    if (verdict->frame_count)
        add_frames(&list, verdict);
    else
        add_hops(&list, verdict);
}
