/* SPDX-License-Identifier: BSD-2-Clause */
/* sends: makes probes known. A probe's frame shows it; if its frame stays away, a claim does. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "session/state.h"

struct probe *session_learn_probe(struct session *session, const struct session_claim *claim)
{
    struct trace *trace = &session->traces[claim->trace];
    struct probe *probe = trace_add_probe(trace, claim->serial, claim->ttl, claim->at);
    if (claim->serial > session->last_serial[claim->trace])
        session->last_serial[claim->trace] = claim->serial;
    if (!probe)
        return NULL;
    probe->flow = claim->flow;
    if (claim->flow >= session->flows_asked[claim->trace])
        session->flows_asked[claim->trace] = claim->flow + 1U;
    probe->source_port = trace_flow(trace, claim->flow)->source_port;
    probe->target_port = claim->port ? claim->port : trace_flow(trace, claim->flow)->target_port;
    trace->origin.source_port_varies =
        trace->origin.source_port_varies || probe->source_port != trace->flow.source_port;
    session_wanted(session, claim->trace, claim->flow, claim->ttl)->known++;
    if (claim->at > session->last_sent[claim->ttl])
        session->last_sent[claim->ttl] = claim->at;
    return probe;
}

void session_resolve_probe(struct session *session, unsigned index, struct probe *probe, enum probe_state state)
{
    if (probe->state == PROBE_OUTSTANDING)
        session_wanted(session, index, probe->flow, probe->ttl)->resolved++;
    probe->state = (uint8_t)state;
}

struct pending_send *pending_find(struct session *session, unsigned index, uint16_t serial)
{
    for (size_t i = session->pending_first; i < session->pending_count; i++) {
        struct pending_send *pending = &session->pending[i];
        if (!pending->done && pending->claim.trace == index && pending->claim.serial == serial)
            return pending;
    }
    return NULL;
}

void pending_settle(struct session *session, struct pending_send *pending)
{
    pending->done = true;
    while (session->pending_first < session->pending_count && session->pending[session->pending_first].done)
        session->pending_first++;
}

static void keep_claim(struct session *session, const struct session_claim *claim)
{
    if (session->seen_only)
        return;
    void *array = session->claims;
    if (!array_reserve(&array, &session->claim_capacity, session->claim_count + 1, sizeof *session->claims))
        return; /* the report stands; only the saved capture lacks it */
    session->claims = array;
    session->claims[session->claim_count++] = *claim;
}

/* The probe has no frame: the send call stands in for it. */
struct probe *pending_claim(struct session *session, struct pending_send *pending)
{
    const struct session_claim claim = pending->claim;
    struct probe *probe = session_learn_probe(session, &claim);
    pending_settle(session, pending);
    keep_claim(session, &claim);
    if (!probe)
        return NULL;
    if (claim.kind == CLAIM_REFUSED) {
        probe->send_errno = (int16_t)claim.send_errno;
        session_resolve_probe(session, claim.trace, probe, PROBE_REFUSED);
    } else {
        session->unseen_probes++;
    }
    return probe;
}

nstime pending_deadline(const struct pending_send *pending)
{
    return pending->claim.kind == CLAIM_REFUSED ? pending->claim.at : pending->claim.at + UNSEEN_AFTER;
}

/* Gives the room of those that are done to others. A long run has many sends, but few of them pending. */
static void pending_compact(struct session *session)
{
    size_t left = session->pending_count - session->pending_first;
    if (session->pending_count < session->pending_capacity || left > session->pending_first)
        return;
    memmove(session->pending, session->pending + session->pending_first, left * sizeof *session->pending);
    session->pending_first = 0;
    session->pending_count = left;
}

void pending_push(struct session *session, const struct session_claim *claim)
{
    if (session->pending_first)
        pending_compact(session);
    void *array = session->pending;
    if (!array_reserve(&array, &session->pending_capacity, session->pending_count + 1, sizeof *session->pending))
        return; /* if its frame stays away too, the probe stays unknown */
    session->pending = array;
    session->pending[session->pending_count++] = (struct pending_send){.claim = *claim};
}

/* The saved capture names probes of the size trace by their trace and size. */
static void name_size(const struct session *session, struct session_claim *claim)
{
    if (!session_is_sized(session, claim->trace))
        return;
    claim->size = trace_flow(&session->traces[claim->trace], claim->flow)->size;
    claim->trace = session_shown_trace(session, claim->trace);
    claim->flow = 0;
}

bool session_take_claim(struct session *session, struct session_claim *out)
{
    if (session->claims_taken == session->claim_count) {
        session->claims_taken = session->claim_count = 0;
        return false;
    }
    *out = session->claims[session->claims_taken++];
    name_size(session, out);
    return true;
}

void session_claim(struct session *session, const struct session_claim *saved)
{
    struct session_claim own = *saved;
    const struct session_claim *claim = &own;
    unsigned index, which;
    if (own.size && !sized_flow(session, own.trace, own.size, &index, &which))
        return;
    if (own.size) {
        own.trace = index;
        own.flow = (uint16_t)which;
    }
    if (claim->trace < session->all_count && claim->flow < session->traces[claim->trace].flow_count &&
        !claim->port == !session->traces[claim->trace].ports && claim->serial && claim->ttl &&
        !trace_find(&session->traces[claim->trace], claim->serial) &&
        !pending_find(session, claim->trace, claim->serial))
        pending_push(session, claim);
}
