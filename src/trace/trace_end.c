/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_end: where a trace ends: its probe limit and the report's last TTL. */
#include "trace/trace.h"

uint8_t trace_probe_limit(const struct trace *trace)
{
    if (trace->reached_ttl)
        return trace->reached_ttl;
    if (trace->loop_first)
        return trace_loop_end(trace);
    return trace->refused_ttl > trace->last_router_ttl || !trace->refused_ttl ? trace->refused_ttl
                                                                              : trace->last_router_ttl;
}

/* If paths differ in length, the target or the refusing device stands behind the last router. */
static uint8_t end_of_longest(const struct trace *trace)
{
    unsigned end = trace->last_router_ttl + 1U;
    end = trace->reached_ttl > end ? trace->reached_ttl : end;
    end = trace->refused_ttl > end ? trace->refused_ttl : end;
    return (uint8_t)(end < trace->most_ttl ? end : trace->most_ttl);
}

uint8_t trace_last_ttl(const struct trace *trace)
{
    if (!trace->started)
        return 0;
    if (trace->origin.foreign || trace->ports)
        return trace->most_ttl;
    if (trace_is_search(trace) && (trace->reached_ttl || trace->refused_ttl))
        return end_of_longest(trace);
    /* If the SYN/ACK to one SYN was lost, a RST may answer the next SYN. A larger TTL may then still show that the
     * port is open. */
    if (trace->reached_ttl)
        return trace->open_ttl > trace->reached_ttl ? trace->open_ttl : trace->reached_ttl;
    if (trace->loop_first)
        return trace_loop_end(trace);
    if (trace->refused_ttl)
        return trace->refused_ttl > trace->last_router_ttl ? trace->refused_ttl : trace->last_router_ttl;
    unsigned before = trace->least_ttl - 1U;
    unsigned end = (trace->last_router_ttl > before ? trace->last_router_ttl : before) + trace->gap;
    return (uint8_t)(trace->most_ttl < end ? trace->most_ttl : end);
}

uint8_t trace_shown_ttl(const struct trace *trace)
{
    uint8_t last = trace_last_ttl(trace);
    if (!trace->origin.foreign || !trace->reached_ttl)
        return last;
    uint8_t end = trace->reached_ttl > trace->last_router_ttl ? trace->reached_ttl : trace->last_router_ttl;
    return end < last ? end : last;
}
