/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/trace_end_text.h"

#include "report/text/table/marks.h"

void trace_end_text_add_icmp(struct strbuf *text, uint8_t version, uint8_t type, uint8_t code)
{
    const char *name = icmp_name(version, type, code);
    if (name)
        strbuf_add(text, name);
    else
        strbuf_addf(text, "ICMP type %u code %u", type, code);
}

static const struct {
    enum reply_kind kind;
    const char *words;
} direct_answers[] = {
    {REPLY_ECHO, "the echo request"},   {REPLY_SYN_ACK, "with SYN/ACK"},    {REPLY_RST, "with RST"},
    {REPLY_TCP, "with a TCP segment"},  {REPLY_UDP, "with a UDP datagram"}, {REPLY_SCTP, "with an SCTP packet"},
    {REPLY_DCCP, "with a DCCP packet"},
};

/* The text after "answered". */
static void add_answer(struct strbuf *text, const struct reply *reply)
{
    for (size_t i = 0; i < sizeof direct_answers / sizeof *direct_answers; i++)
        if (direct_answers[i].kind == reply->kind) {
            strbuf_add(text, direct_answers[i].words);
            return;
        }
    if (reply->is_icmp)
        trace_end_text_add_icmp(text, reply->version, reply->icmp_type, reply->icmp_code);
    else
        strbuf_add(text, "with a packet of the same protocol");
}

/* The first reply at this TTL for which `does` is true. NULL: none. */
static const struct reply *find_reply(const struct trace *trace, uint8_t ttl,
                                      bool (*does)(const struct trace *trace, const struct reply *reply))
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (does(trace, &probe->replies[i]))
                return &probe->replies[i];
    return NULL;
}

static void add_from(struct strbuf *text, const struct reply *reply)
{
    char from[ADDR_TEXT_BYTES];
    addr_format(&reply->from, from);
    strbuf_add(text, from);
}

static void add_reached(struct strbuf *text, const struct trace *trace)
{
    const struct reply *reply = find_reply(trace, trace->reached_ttl, reply_reaches);
    strbuf_addf(text, "reached at hop %u", trace->reached_ttl);
    if (!reply)
        return;
    strbuf_add(text, ": ");
    add_from(text, reply);
    strbuf_add(text, " answered ");
    add_answer(text, reply);
}

static void add_refused(struct strbuf *text, const struct trace *trace)
{
    const struct reply *reply = find_reply(trace, trace->refused_ttl, reply_rejects);
    char mark[MARK_BYTES] = "";
    strbuf_addf(text, "stopped at hop %u", trace->refused_ttl);
    if (!reply)
        return;
    mark_format(trace, reply, mark);
    strbuf_add(text, ": ");
    add_from(text, reply);
    strbuf_add(text, " says ");
    add_answer(text, reply);
    if (*mark)
        strbuf_addf(text, " (%s)", mark);
}

/* "routing loop from hop 5 on: 10.0.5.1, 10.0.6.1, 10.0.5.1 ..." */
static void add_circle(struct strbuf *text, const struct trace *trace)
{
    strbuf_addf(text, "routing loop from hop %u on:", trace->loop_first);
    for (unsigned i = 0; i <= trace->loop_length; i++) {
        char router[ADDR_TEXT_BYTES];
        struct addr address = trace_router_address(trace, (uint8_t)(trace->loop_first + i));
        addr_format(&address, router);
        strbuf_addf(text, "%s %s", i ? "," : "", router);
    }
    strbuf_add(text, " ...");
}

uint8_t trace_end_text_last_answered(const struct trace *trace)
{
    unsigned last = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].reply_count && trace->probes[i].ttl > last)
            last = trace->probes[i].ttl;
    return (uint8_t)last;
}

static void add_silence(struct strbuf *text, const struct trace *trace)
{
    uint8_t last = trace_end_text_last_answered(trace);
    unsigned silent = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        silent += trace->probes[i].ttl > last;
    if (last && !silent)
        strbuf_addf(text, "ends at hop %u", last);
    else if (last)
        strbuf_addf(text, "silent from hop %u on: no answer to %u probe%s", last + 1U, silent, silent == 1 ? "" : "s");
    else
        strbuf_addf(text, "silent: no answer to any of %u probe%s", silent, silent == 1 ? "" : "s");
}

void trace_end_text_add(struct strbuf *text, const struct trace *trace)
{
    switch (trace->end) {
    case END_REACHED:
        add_reached(text, trace);
        return;
    case END_REJECTED:
    case END_UNREACHABLE:
        add_refused(text, trace);
        return;
    case END_LOOPING:
        add_circle(text, trace);
        return;
    case END_SILENT:
        add_silence(text, trace);
        return;
    case END_MAX_TTL:
        strbuf_addf(text, "not probed beyond hop %u, and the target has not answered", trace_last_ttl(trace));
        return;
    case END_INTERRUPTED:
    case END_RUNNING:
        strbuf_addf(text, "the capture ends before the trace does, at hop %u", trace_last_ttl(trace));
        return;
    }
}
