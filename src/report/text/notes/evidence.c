/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/evidence.h"

#include <inttypes.h>
#include <stdlib.h>

#include "probe/type.h"
#include "report/summary.h"
#include "report/text/notes/trace_end_text.h"

struct evidence_list {
    struct strbuf *text;
    const struct judgement *judgement;
    const struct result_source *source;
    nstime start; /* the first probe with a known time; NSTIME_NEVER: no time is known */
    unsigned count;
};

static nstime start_of(const struct judgement *judgement)
{
    nstime start = NSTIME_NEVER;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        nstime sent = judgement->verdicts[i].trace->first_sent;
        if (sent != NSTIME_NONE && sent < start)
            start = sent;
    }
    return start;
}

static void begin_line(struct evidence_list *list, uint64_t frame, unsigned file, nstime at)
{
    list->count++;
    strbuf_add(list->text, "    ");
    if (frame)
        strbuf_addf(list->text, "frame %-4" PRIu64 " ", frame);
    if (frame && list->source->file_count > 1 && file < list->source->file_count) {
        strbuf_add(list->text, "of ");
        summary_add_file_name(list->text, list->source->files[file].name);
        strbuf_add(list->text, "  ");
    }
    if (list->start != NSTIME_NEVER)
        strbuf_addf(list->text, "+%.3f ms  ", nstime_ms(at - list->start));
}

/* If ports vary along a trace, each probe has its own. */
static uint16_t source_port(const struct trace *trace, const struct probe *probe)
{
    return trace->origin.source_port_varies ? probe->source_port : trace_flow(trace, probe->flow)->source_port;
}

static uint16_t target_port(const struct trace *trace, const struct probe *probe)
{
    return trace->origin.target_port_varies ? probe->target_port : trace_flow(trace, probe->flow)->target_port;
}

static void add_probe(struct evidence_list *list, const struct trace *trace, const struct probe *probe)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    const struct flow *flow = trace_flow(trace, probe->flow);
    bool has_port = flow->spec.type->has_port;
    begin_line(list, probe->frame, probe->file, probe->sent);
    summary_add_endpoint(list->text, &flow->source, has_port, source_port(trace, probe));
    strbuf_add(list->text, " > ");
    summary_add_endpoint(list->text, &flow->target, has_port, target_port(trace, probe));
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
    begin_line(list, reply->frame, reply->file, reply->time);
    summary_add_endpoint(list->text, &reply->from, has_port, target_port(trace, probe));
    strbuf_add(list->text, " > ");
    summary_add_endpoint(list->text, &flow->source, has_port, source_port(trace, probe));
    strbuf_add(list->text, "  ");
    if (reply->is_icmp)
        trace_end_text_add_icmp(list->text, reply->version, reply->icmp_type, reply->icmp_code);
    else
        strbuf_add(list->text, reply_kind_name(reply->kind));
    strbuf_addf(list->text, " with TTL %u, to the probe of TTL %u\n", reply->reply_ttl, probe->ttl);
}

/* --- by frames --- */

/* A frame of the other end's capture belongs to no trace. False: it is another. */
static bool add_far(struct evidence_list *list, const struct frame_number *frame)
{
    const struct result_source *source = list->source;
    unsigned own = source->live ? 1 : source->file_count;
    if (frame->file < own || frame->file - own >= source->far_count)
        return false;
    list->count++;
    strbuf_addf(list->text, "    frame %-4" PRIu64 " of ", frame->number);
    summary_add_file_name(list->text, source->far[frame->file - own].name);
    strbuf_add(list->text, "  at the far point\n");
    return true;
}

static void add_frame(struct evidence_list *list, const struct frame_number *frame)
{
    if (add_far(list, frame))
        return;
    for (unsigned i = 0; i < list->judgement->verdict_count; i++) {
        const struct trace *trace = list->judgement->verdicts[i].trace;
        for (size_t k = 0; k < trace->probe_count; k++) {
            const struct probe *probe = &trace->probes[k];
            if (probe->frame == frame->number && probe->file == frame->file)
                add_probe(list, trace, probe);
            for (unsigned j = 0; j < probe->reply_count; j++)
                if (probe->replies[j].frame == frame->number && probe->replies[j].file == frame->file)
                    add_reply(list, trace, probe, &probe->replies[j]);
        }
    }
}

static int by_number(const void *a, const void *b)
{
    const struct frame_number *x = a, *y = b;
    int files = (x->file > y->file) - (x->file < y->file);
    return files ? files : (x->number > y->number) - (x->number < y->number);
}

static void add_frames(struct evidence_list *list, const struct verdict *verdict)
{
    struct frame_number frames[VERDICT_FRAMES_MOST];
    for (unsigned i = 0; i < verdict->frame_count; i++)
        frames[i] = verdict->frames[i];
    qsort(frames, verdict->frame_count, sizeof *frames, by_number);
    for (unsigned i = 0; i < verdict->frame_count; i++)
        add_frame(list, &frames[i]);
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

/* The probes from the verdict's place on. If other specs got further, also their replies from the next hop. */
static void add_hops(struct evidence_list *list, const struct verdict *verdict)
{
    unsigned from = verdict->at.ttl ? verdict->at.ttl : verdict->after.ttl + 1U;
    for (unsigned ttl = from; ttl < 256; ttl++)
        add_hop(list, verdict->trace, ttl, false);
    for (unsigned i = 0; verdict->before.ttl && i < list->judgement->verdict_count; i++)
        if (list->judgement->verdicts[i].trace != verdict->trace)
            add_hop(list, list->judgement->verdicts[i].trace, verdict->before.ttl, true);
}

void evidence_add(struct strbuf *text, const struct judgement *judgement, const struct verdict *verdict,
                  const struct result_source *source)
{
    struct evidence_list list = {.text = text, .judgement = judgement, .source = source, .start = start_of(judgement)};
    if (verdict->frame_count)
        add_frames(&list, verdict);
    else
        add_hops(&list, verdict);
}
