/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/json/json_probe.h"

#include <stdlib.h>

#include "probe/type.h"
#include "report/json/json_value.h"
#include "report/summary.h"

/* A string constant without its NUL. */
#define PUT(at, text) put_bytes(at, text, sizeof(text) - 1)

/* Writes and frees `value`; null if its text has more than VALUE_BYTES_MOST bytes. */
#define VALUE_BYTES_MOST 2048

static char *put_value(char *at, json_t *value)
{
    char *text = json_text_of(value);
    size_t length = text ? strlen(text) : 0;
    at = length && length <= VALUE_BYTES_MOST ? put_bytes(at, text, length) : PUT(at, "null");
    free(text);
    return at;
}

static char *put_count_or_null(char *at, uint64_t count)
{
    return count ? put_number(at, count) : PUT(at, "null");
}

static char *put_address_or_null(struct row_buffer *rows, char *at, const struct addr *address)
{
    if (addr_is_none(address))
        return PUT(at, "null");
    return put_char(put_address(rows, put_char(at, '"'), address), '"');
}

static char *put_time_or_null(struct row_buffer *rows, char *at, nstime time)
{
    if (time == NSTIME_NONE)
        return PUT(at, "null");
    return put_char(put_time(rows, put_char(at, '"'), time), '"');
}

/* The text that %.15g gives. Tiny numbers have an exponent and go through jansson, as do numbers too large for an RTT.
 */
static char *put_rtt(char *at, const struct probe *probe, const struct reply *reply)
{
    nstime rtt = reply_rtt(probe, reply);
    if (rtt == NSTIME_NONE)
        return PUT(at, "null");
    bool plain = rtt == 0 || (rtt >= 100 && rtt < 1000000 * NS_PER_S);
    return plain ? put_ms(at, rtt) : put_value(at, json_decimal(nstime_ms(rtt)));
}

/* --- replies --- */

static json_t *json_rewrites(const struct reply *reply)
{
    json_t *rewrites = json_array();
    for (unsigned i = 0; i < reply->rewrite_count; i++) {
        const struct rewrite *change = &reply->rewrites[i];
        bool is_address = change->field == REWRITE_IP_SOURCE || change->field == REWRITE_IP_TARGET;
        json_t *rewrite = json_object();
        json_object_set_new(rewrite, "field", json_string(rewrite_field_name(change->field)));
        json_object_set_new(rewrite, "sent",
                            is_address ? json_address(&change->sent_address) : json_count(change->sent));
        json_object_set_new(rewrite, "quoted",
                            is_address ? json_address(&change->quoted_address) : json_count(change->quoted));
        json_array_append_new(rewrites, rewrite);
    }
    return rewrites;
}

static char *put_icmp(char *at, const struct reply *reply)
{
    at = put_number(PUT(at, ", \"icmp\": {\"type\": "), reply->icmp_type);
    at = put_number(PUT(at, ", \"code\": "), reply->icmp_code);
    return put_char(at, '}');
}

/* What the reply quotes of the probe: members "quoted_ttl" to "rewritten". */
static char *put_quote(char *at, const struct reply *reply)
{
    if (reply->quoted_ttl >= 0)
        at = put_number(PUT(at, ", \"quoted_ttl\": "), (uint64_t)reply->quoted_ttl);
    if (reply->kind == REPLY_TOO_BIG)
        at = put_count_or_null(PUT(at, ", \"mtu\": "), reply->mtu);
    if (reply->extension && reply->extension->mpls_count)
        at = put_value(PUT(at, ", \"mpls\": "), json_labels(reply->extension));
    if (reply->rewrite_count && reply->quoted_ttl >= 0)
        at = put_value(PUT(at, ", \"rewritten\": "), json_rewrites(reply));
    else if (reply->quoted_ttl >= 0)
        at = PUT(at, ", \"rewritten\": []");
    return at;
}

/* In a row of its own, because the facts are long. */
static void put_from(struct row_buffer *rows, struct json_facts *cache, const struct addr *from)
{
    char *at = put_address_or_null(rows, PUT(row_buffer_begin(rows), "{\"from\": "), from);
    row_buffer_end(rows, cache ? json_facts_put(cache, at, from) : at);
}

/* The members after "from" and the facts. `file`: the probe's. */
static char *put_reply(char *at, const struct probe *probe, const struct reply *reply, unsigned file)
{
    if (reply->frame && reply->file != file)
        at = put_number(PUT(at, ", \"file\": "), reply->file);
    at = put_count_or_null(PUT(at, ", \"frame\": "), reply->frame);
    at = put_rtt(PUT(at, ", \"rtt_ms\": "), probe, reply);
    at = put_text(PUT(at, ", \"kind\": \""), reply_kind_name(reply->kind));
    at = put_char(at, '"');
    if (reply->is_icmp)
        at = put_icmp(at, reply);
    at = put_number(PUT(at, ", \"reply_ttl\": "), reply->reply_ttl);
    at = put_quote(at, reply);
    at = put_text(PUT(at, ", \"matched\": \""), match_name(reply->match));
    at = put_bool(PUT(at, "\", \"late\": "), reply->late);
    at = put_bool(PUT(at, ", \"duplicate\": "), reply->duplicate);
    return probe_is_unproven(probe, reply) ? PUT(at, ", \"unproven\": true}") : put_char(at, '}');
}

/* --- probes --- */

/* The ports that may differ between the probes of the trace. */
static char *put_own_ports(char *at, const struct trace *trace, const struct probe *probe)
{
    if (!trace->flow.spec.type->has_port)
        return at;
    if (trace->origin.source_port_varies || trace->flow_count > 1)
        at = put_number(PUT(at, ", \"source_port\": "), probe->source_port);
    if (trace->origin.target_port_varies)
        at = put_number(PUT(at, ", \"destination_port\": "), probe->target_port);
    return at;
}

void json_probe_put(struct row_buffer *rows, struct json_facts *cache, const struct trace *trace,
                    const struct probe *probe)
{
    unsigned file;
    bool has_file = summary_file(probe, &file);
    char *at = put_number(PUT(row_buffer_begin(rows), "\"attempt\": "), probe->attempt);
    at = PUT(at, ", \"file\": ");
    at = has_file ? put_number(at, file) : PUT(at, "null");
    at = put_count_or_null(PUT(at, ", \"frame\": "), probe->frame);
    at = put_time_or_null(rows, PUT(at, ", \"sent\": "), probe->sent);
    at = put_own_ports(at, trace, probe);
    if (probe->state == PROBE_REFUSED)
        at = put_value(PUT(at, ", \"send_error\": "), json_text(strerror(probe->send_errno)));
    row_buffer_end(rows, PUT(at, ", \"replies\": ["));
    for (unsigned i = 0; i < probe_listed(probe); i++) {
        if (i)
            row_buffer_end(rows, PUT(row_buffer_begin(rows), ", "));
        put_from(rows, cache, &probe->replies[i].from);
        row_buffer_end(rows, put_reply(row_buffer_begin(rows), probe, &probe->replies[i], file));
    }
    row_buffer_end(rows, put_char(row_buffer_begin(rows), ']'));
}

void json_probe_put_hop(struct row_buffer *rows, struct json_facts *cache, const struct trace *trace, uint8_t ttl)
{
    const struct probe *first = trace_first_at(trace, ttl);
    char *at = put_number(PUT(row_buffer_begin(rows), "{\"ttl\": "), ttl);
    at = put_value(PUT(at, ", \"stats\": "), json_stats(trace, ttl));
    row_buffer_end(rows, PUT(at, ", \"probes\": ["));
    for (const struct probe *probe = first; probe; probe = trace_next_at(trace, probe)) {
        at = row_buffer_begin(rows);
        row_buffer_end(rows, probe == first ? PUT(at, "{") : PUT(at, ", {"));
        json_probe_put(rows, cache, trace, probe);
        row_buffer_end(rows, put_char(row_buffer_begin(rows), '}'));
    }
    row_buffer_end(rows, PUT(row_buffer_begin(rows), "]}"));
}
