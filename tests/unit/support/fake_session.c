/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/fake_session.h"
#include "strategies/strategies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct addr must_parse(const char *text)
{
    struct addr address;
    if (!addr_parse(text, &address)) {
        fprintf(stderr, "not an address: %s\n", text);
        abort();
    }
    return address;
}

static void add_spec(struct fake *fake, const char *text)
{
    struct session_config *config = &fake->session.config;
    struct err err;
    if (probe_spec_parse(text, &config->specs[config->spec_count++], &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
}

static void add_trace(struct fake *fake, unsigned index)
{
    const struct session_config *config = &fake->session.config;
    struct trace *trace = &fake->session.traces[index];
    trace_init(trace);
    fake->session.trace_list[index] = trace;
    trace->gap = config->gap;
    trace->max_ttl = config->max_ttl;
    trace->flow = (struct flow){.spec = config->specs[index],
                                .source = config->source,
                                .target = config->target,
                                .source_port = (uint16_t)(41022 + index),
                                .target_port = config->specs[index].port};
}

void fake_init(struct fake *fake, const char *target_name, const char *target, const char *specs)
{
    memset(fake, 0, sizeof *fake);
    fake->now = FAKE_START;
    fake->frame = 1;
    struct session_config *config = &fake->session.config;
    config->strategy = &strategy_trace;
    config->first_ttl = 1;
    fake->session.max_ttl = config->max_ttl = 30;
    config->queries = 3;
    config->gap = 8;
    config->target = must_parse(target);
    config->source = must_parse(config->target.family == 6 ? "2001:db8::2" : "10.0.0.2");
    snprintf(config->target_name, sizeof config->target_name, "%s", target_name);
    char list[256], *rest = list;
    snprintf(list, sizeof list, "%s", specs);
    for (char *spec = strtok_r(list, " ", &rest); spec; spec = strtok_r(NULL, " ", &rest))
        add_spec(fake, spec);
    fake->session.trace_count = config->spec_count;
    fake->session.traces = calloc(config->spec_count, sizeof *fake->session.traces);
    fake->session.trace_list = calloc(config->spec_count, sizeof *fake->session.trace_list);
    for (unsigned i = 0; i < config->spec_count; i++)
        add_trace(fake, i);
}

void fake_free(struct fake *fake)
{
    for (unsigned i = 0; i < fake->session.trace_count; i++)
        trace_free(&fake->session.traces[i]);
    free(fake->session.traces);
    free(fake->session.trace_list);
}

struct trace *fake_trace(struct fake *fake, unsigned index)
{
    return &fake->session.traces[index];
}

static uint64_t next_frame(struct fake *fake)
{
    return fake->frame ? fake->frame++ : 0;
}

uint16_t fake_send(struct fake *fake, unsigned trace, uint8_t ttl)
{
    struct trace *sender = fake_trace(fake, trace);
    uint16_t serial = (uint16_t)(sender->probe_count + 1);
    struct probe *probe = trace_add_probe(sender, serial, ttl, fake->now);
    probe->frame = next_frame(fake);
    probe->seen = true;
    fake->now += NS_PER_MS;
    return serial;
}

static bool kind_is_icmp(enum reply_kind kind)
{
    return kind == REPLY_TIME_EXCEEDED || kind == REPLY_UNREACHABLE || kind == REPLY_TOO_BIG ||
           kind == REPLY_PARAMETER_PROBLEM || kind == REPLY_ECHO;
}

static void *copy(const void *bytes, size_t count)
{
    void *kept = bytes && count ? malloc(count) : NULL;
    return kept ? memcpy(kept, bytes, count) : NULL;
}

void fake_answer(struct fake *fake, unsigned trace, uint16_t serial, const struct fake_reply *row)
{
    struct probe *probe = trace_find(fake_trace(fake, trace), serial);
    struct reply reply = {
        .from = must_parse(row->from),
        .time = probe->sent + (nstime)(row->ms * 1e6 + 0.5),
        .frame = next_frame(fake),
        .kind = (uint8_t)row->kind,
        .match = (uint8_t)(row->match ? row->match : MATCH_EXACT),
        .rule = "by hand",
        .is_icmp = row->type || kind_is_icmp(row->kind),
        .icmp_type = (uint8_t)row->type,
        .icmp_code = (uint8_t)row->code,
        .reply_ttl = row->reply_ttl ? row->reply_ttl : 64,
        .ip_id = row->ip_id,
        .tcp_window = row->tcp_window,
        .dont_fragment = row->dont_fragment,
        .mtu = row->mtu,
        .answer_type = row->answer_type,
        .extension = copy(row->extension, sizeof *row->extension),
        .rewrites = copy(row->rewrites, row->rewrite_count * sizeof *row->rewrites),
        .rewrite_count = row->rewrite_count,
        .quoted_fields = row->quoted_fields,
    };
    reply.version = reply.from.family;
    if (reply.kind == REPLY_TIME_EXCEEDED && !row->type)
        reply.icmp_type = reply.version == 4 ? 11 : 3;
    reply.quoted_ttl = reply.is_icmp && reply.kind != REPLY_ECHO ? 1 : -1;
    if (row->quotes_ttl)
        reply.quoted_ttl = row->quoted_ttl;
    trace_add_reply(fake_trace(fake, trace), probe, &reply);
}

void fake_expire(struct fake *fake, unsigned trace, uint16_t serial)
{
    trace_find(fake_trace(fake, trace), serial)->state = PROBE_EXPIRED;
}

void fake_hop(struct fake *fake, unsigned trace, uint8_t ttl, const char *from, double ms)
{
    fake_answer(fake, trace, fake_send(fake, trace, ttl), &(struct fake_reply){.from = from, .ms = ms});
}

void fake_silence(struct fake *fake, unsigned trace, uint8_t ttl)
{
    fake_expire(fake, trace, fake_send(fake, trace, ttl));
}
