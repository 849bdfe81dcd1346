/* SPDX-License-Identifier: BSD-2-Clause */
/* sized: the size traces. Each has a flow for each size. The ports and the nonce are those of the trace that it
 * measures, so load balancers send both the same way. The serials tell its probes from that trace's. */
#include <stdlib.h>

#include "session/state.h"

static bool init_one(struct session *session, unsigned index)
{
    struct trace *trace = &session->traces[index];
    struct trace_wants *wants = &session->wants[index];
    trace_init(trace);
    trace->gap = session->config.gap;
    trace->max_ttl = session->config.max_ttl;
    trace->flow_count = 0;
    trace->alternates = calloc(SIZES_MOST, sizeof *trace->alternates);
    wants->flows_most = SIZES_MOST;
    wants->cells = calloc((size_t)256 * SIZES_MOST, sizeof *wants->cells);
    session->last_serial[index] = session->next_serial[index] = SIZED_SERIALS_FIRST - 1;
    return trace->alternates && wants->cells;
}

static enum status build(const struct session *session, unsigned of, uint16_t size, struct flow *out, struct err *err)
{
    flow_sized(&session->traces[of].flow, size, session->config.interface_mtu, out);
    return flow_build(out, err);
}

static bool can_have(const struct session *session, unsigned of, uint16_t size)
{
    struct flow flow;
    struct err unused;
    if (flow_has_session(&session->traces[of].flow))
        return false;
    bool built = build(session, of, size, &flow, &unused) == STATUS_OK;
    flow_free(&flow);
    return built;
}

/* An NTP request has one size only, and an SCTP packet a multiple of four bytes. */
static enum status find_sizable(struct session *session, struct err *err)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    uint16_t most = session->config.interface_mtu;
    bool any = false;
    for (unsigned i = 0; i < session->trace_count; i++) {
        session->sizable[i] = can_have(session, i, most) && can_have(session, i, (uint16_t)(most - 1));
        any = any || session->sizable[i];
    }
    if (any)
        return STATUS_OK;
    probe_spec_format(&session->config.specs[0], text);
    return err_set(err, STATUS_USAGE, "--mtu: %s cannot have any size (measure with another probe, as -P udp)", text);
}

enum status sized_init(struct session *session, struct err *err)
{
    bool done = true;
    session->sized_first = session->all_count;
    if (!session->config.interface_mtu)
        return STATUS_OK;
    for (unsigned i = 0; i < SIZE_TRACES_MOST; i++) {
        session->sized[i] = -1;
        done = init_one(session, session->all_count++) && done;
    }
    return done ? find_sizable(session, err) : err_set(err, STATUS_SYSTEM, "out of memory");
}

/* The first size trace that measures this; -1: a free one. */
static unsigned find(const struct session *session, int of)
{
    for (unsigned i = session->sized_first; i < session->all_count; i++)
        if (session->sized[i - session->sized_first] == of)
            return i;
    return TRACES_MOST;
}

/* The size trace of this trace, or a free one, which becomes it. TRACES_MOST: there is no more. */
static unsigned choose(struct session *session, unsigned of)
{
    unsigned index = find(session, (int)of), free_one = find(session, -1);
    if (index != TRACES_MOST || free_one == TRACES_MOST)
        return index;
    struct err unused;
    struct trace *trace = &session->traces[free_one];
    if (!session->sizable[of] || build(session, of, session->traces[of].flow.size, &trace->flow, &unused) != STATUS_OK)
        return TRACES_MOST;
    trace->flow_count = 1;
    session->sized[free_one - session->sized_first] = (int)of;
    return free_one;
}

bool sized_flow(struct session *session, unsigned of, uint16_t size, unsigned *index, unsigned *which)
{
    *index = of < session->trace_count ? choose(session, of) : TRACES_MOST;
    if (*index == TRACES_MOST)
        return false;
    struct trace *trace = &session->traces[*index];
    unsigned k = 0;
    while (k < trace->flow_count && trace_flow(trace, k)->size != size)
        k++;
    *which = k;
    if (k < trace->flow_count)
        return true;
    struct err unused;
    if (k == SIZES_MOST || size > session->config.interface_mtu ||
        build(session, of, size, &trace->alternates[k - 1], &unused) != STATUS_OK)
        return false;
    trace->flow_count = k + 1;
    return true;
}

unsigned session_shown_trace(const struct session *session, unsigned index)
{
    return session_is_sized(session, index) ? (unsigned)session->sized[index - session->sized_first] : index;
}

const struct trace *session_size_trace(const struct session *session, unsigned of)
{
    unsigned index = find(session, (int)of);
    return index == TRACES_MOST ? NULL : &session->traces[index];
}

bool session_can_measure(const struct session *session, unsigned of)
{
    return session->sizable[of];
}

bool session_measures(const struct session *session, unsigned *of)
{
    if (session->all_count == session->sized_first || session->sized[0] < 0)
        return false;
    *of = (unsigned)session->sized[0];
    return true;
}
