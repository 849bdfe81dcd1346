/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/filter.h"

#include <string.h>

/* Hop-by-hop, routing, fragment and destination options. BPF does not find a transport header after them. */
static const char extension_headers[] = "ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60";

/* ICMP errors from any sender: RFC 792 (3, 4, 5, 11, 12), RFC 4443 (below 128) and IPv6 redirects (137). Sessions with
 * the same source address share the clause. */
static void add_errors(const struct addr *source, struct strbuf *out)
{
    char us[ADDR_TEXT_BYTES];
    struct strbuf clause;
    strbuf_init(&clause);
    addr_format(source, us);
    if (source->family == 4)
        strbuf_addf(&clause,
                    "(ip and dst host %s and icmp and (icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 5 or icmp[0] = 11 or "
                    "icmp[0] = 12))",
                    us);
    else
        strbuf_addf(&clause, "(ip6 and dst host %s and ((icmp6 and (icmp6[0] < 128 or icmp6[0] = 137)) or %s))", us,
                    extension_headers);
    if (!strstr(out->text, clause.text))
        strbuf_addf(out, "%s%s", out->length ? " or " : "", clause.text);
    strbuf_free(&clause);
}

/* Matches all packets of the trace's protocol between both hosts. The trace has too many flows for a clause each. */
static void add_protocol(const struct trace *trace, struct strbuf *out)
{
    const struct flow *flow = &trace->flow;
    char us[ADDR_TEXT_BYTES], them[ADDR_TEXT_BYTES];
    addr_format(&flow->source, us);
    addr_format(&flow->target, them);
    bool six = flow->target.family == 6;
    strbuf_addf(out, " or (%s proto %u and host %s and host %s)", six ? "ip6" : "ip", flow_protocol(flow), us, them);
}

/* All ports of a list: a flow without a target port stands for them. */
static void add_lists(const struct session *session, struct strbuf *out)
{
    for (unsigned i = session_trace_count(session); i < session_all_count(session); i++) {
        struct flow any_port = session_trace(session, i)->flow;
        if (!session_trace(session, i)->ports)
            continue;
        any_port.target_port = 0;
        strbuf_add(out, " or ");
        flow_filter(&any_port, out);
    }
}

void filter_of_session(const struct session *session, struct strbuf *out)
{
    add_errors(&session_config(session)->source, out);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        if (trace->flow_count > FLOWS_COMPARED_MOST)
            add_protocol(trace, out);
        for (unsigned k = 0; k < trace->flow_count && trace->flow_count <= FLOWS_COMPARED_MOST; k++) {
            strbuf_add(out, " or ");
            flow_filter(trace_flow(trace, k), out);
        }
    }
    add_lists(session, out);
}

void filter_short(const struct session *session, struct strbuf *out)
{
    const struct session_config *config = session_config(session);
    char us[ADDR_TEXT_BYTES], them[ADDR_TEXT_BYTES];
    addr_format(&config->source, us);
    addr_format(&config->target, them);
    add_errors(&config->source, out);
    strbuf_addf(out, " or (%s and host %s and host %s)", config->source.family == 4 ? "ip" : "ip6", us, them);
}

/* By source port, or by the id of an echo request. Other protocols are told apart by the session. */
static void add_any_target(const struct flow *flow, struct strbuf *out)
{
    char us[ADDR_TEXT_BYTES];
    const char *ip = flow->source.family == 4 ? "ip" : "ip6", *icmp = flow->source.family == 4 ? "icmp" : "icmp6";
    addr_format(&flow->source, us);
    uint8_t protocol = flow_protocol(flow);
    if (protocol == IP_ICMP || protocol == IP_ICMP6)
        strbuf_addf(out, " or (%s and host %s and %s and %s[4:2] = %u)", ip, us, icmp, icmp, flow->source_port);
    else if (protocol == IP_TCP || protocol == IP_UDP)
        strbuf_addf(out, " or (%s and host %s and %s port %u)", ip, us, protocol == IP_TCP ? "tcp" : "udp",
                    flow->source_port);
    else
        strbuf_addf(out, " or (%s proto %u and host %s)", ip, protocol, us);
}

void filter_any_target(const struct session *session, struct strbuf *out)
{
    add_errors(&session_config(session)->source, out);
    for (unsigned i = 0; i < session_trace_count(session); i++)
        for (unsigned k = 0; k < session_trace(session, i)->flow_count; k++)
            add_any_target(trace_flow(session_trace(session, i), k), out);
}
