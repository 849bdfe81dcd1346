/* SPDX-License-Identifier: BSD-2-Clause */
/* sends: makes probes known. A probe's frame shows it; if its frame stays away, a claim does. An endless run keeps only
 * its last probes, so that its memory and time stay bounded. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "session/state.h"

/* Probes of one trace at one TTL. No run of ours sends as many, but for searches and port lists. The rules for silence
 * compare each probe of a hop with the others.
 * Unit: probes. Source: twice the most that -q can ask for, and some retests. Effect: a smaller number leaves out
 * probes of real runs; a larger one gives more time to a capture that somebody wrote to cost much. */
#define PROBES_AT_TTL_MOST 600

static bool is_beyond_any_run(const struct trace *trace, uint8_t ttl)
{
    return !trace->ports && !trace_is_search(trace) && trace_asked(trace, ttl) >= PROBES_AT_TTL_MOST;
}

struct probe *session_learn_probe(struct session *session, const struct session_claim *claim)
{
    struct trace *trace = &session->traces[claim->trace];
    if (is_beyond_any_run(trace, claim->ttl))
        return NULL;
    bool is_first = !trace->started;
    struct probe *probe = trace_add_probe(trace, claim->serial, claim->ttl, claim->at);
    if (is_first || session_serial_ahead(session, session->last_serial[claim->trace], claim->serial) > 0)
        session->last_serial[claim->trace] = claim->serial;
    if (!probe)
        return NULL;
    probe->flow = claim->flow;
    if (trace_is_idle(trace) && !claim->send_errno)
        connection_use(trace->flow.connection, claim->at);
    if (claim->flow >= session->flows_asked[claim->trace])
        session->flows_asked[claim->trace] = claim->flow + 1U;
    probe->source_port = trace_flow(trace, claim->flow)->source_port;
    probe->target_port = claim->port ? claim->port : trace_flow(trace, claim->flow)->target_port;
    trace->origin.source_port_varies =
        trace->origin.source_port_varies || probe->source_port != trace->flow.source_port;
    session_wanted(session, claim->trace, claim->flow, claim->ttl)->known++;
    if (claim->at > session->last_sent[claim->ttl])
        session->last_sent[claim->ttl] = claim->at;
    session->in_flight[claim->trace]++;
    session_resent_probe(session, claim->trace, probe);
    return probe;
}

/* If memory is short, the probe ends after the longest wait. */
void session_resent_probe(struct session *session, unsigned index, const struct probe *probe)
{
    struct trace_due *due = &session->due[index];
    size_t which = (size_t)(probe - session->traces[index].probes);
    due_add(&due->sent[probe->ttl], probe->sent, which);
    if (probe->state == PROBE_OUTSTANDING)
        due_add(&due->in_flight[probe->ttl], probe->sent, which);
    if (probe->state == PROBE_EXPIRED)
        due_add(&due->expired[probe->ttl], -probe->sent, which);
}

void session_count_resolved(struct session *session, unsigned index, const struct probe *probe)
{
    session_wanted(session, index, probe->flow, probe->ttl)->resolved++;
    session->in_flight[index]--;
}

void session_resolve_probe(struct session *session, unsigned index, struct probe *probe, enum probe_state state)
{
    if (probe->state == PROBE_OUTSTANDING)
        session_count_resolved(session, index, probe);
    probe->state = (uint8_t)state;
    if (state == PROBE_EXPIRED)
        due_add(&session->due[index].expired[probe->ttl], -probe->sent,
                (size_t)(probe - session->traces[index].probes));
}

struct pending_send *pending_find(const struct session *session, unsigned index, uint16_t serial)
{
    uint32_t number;
    if (!serial_index_find(&session->pending_of[index], serial, &number))
        return NULL;
    size_t which = (uint32_t)(number - session->pending_dropped);
    return which < session->pending_first ? NULL : &session->pending[which];
}

void pending_settle(struct session *session, struct pending_send *pending)
{
    pending->done = true;
    serial_index_drop(&session->pending_of[pending->claim.trace], pending->claim.serial);
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
    session->pending_dropped += session->pending_first;
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
    const struct pending_send pending = {.claim = *claim};
    size_t number = session->pending_dropped + session->pending_count;
    if (!serial_index_set(&session->pending_of[claim->trace], claim->serial, (uint32_t)number))
        return;
    if (!due_add(&session->pending_due, pending_deadline(&pending), number)) {
        serial_index_drop(&session->pending_of[claim->trace], claim->serial);
        return;
    }
    session->pending[session->pending_count++] = pending;
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
    if (claim_is_of_probe(claim) && claim->trace < session->all_count &&
        claim->flow < session->traces[claim->trace].flow_count &&
        !claim->port == !session->traces[claim->trace].ports && claim->serial && claim->ttl &&
        !trace_find(&session->traces[claim->trace], claim->serial) &&
        !pending_find(session, claim->trace, claim->serial))
        pending_push(session, claim);
}

/* --- forgetting --- */

/* The probe is known no more: the counts of its cell are of those that are. */
static void forget_wanted(struct session *session, unsigned index, const struct probe *probe)
{
    struct wanted *cell = session_wanted(session, index, probe->flow, probe->ttl);
    cell->known--;
    cell->resolved--; /* it is settled */
    if (cell->commanded)
        cell->commanded--;
    if (cell->want)
        cell->want--;
}

static void forget_unproven(struct session *session, unsigned index, size_t count)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < session->unproven_count; i++) {
        struct unproven at = session->unproven[i];
        if (at.trace == index && at.probe < count)
            continue;
        at.probe -= at.trace == index ? count : 0;
        session->unproven[kept++] = at;
    }
    session->unproven_count = kept;
}

static void forget_due(struct session *session, unsigned index, size_t count)
{
    struct trace_due *due = &session->due[index];
    for (unsigned ttl = 0; ttl < 256; ttl++) {
        due_forget(&due->in_flight[ttl], count);
        due_forget(&due->expired[ttl], count);
        due_forget(&due->sent[ttl], count);
    }
}

static size_t count_before(const struct session *session, unsigned index, nstime before)
{
    const struct trace *trace = &session->traces[index];
    size_t count = 0;
    while (count < session->settled_probes[index] && trace->probes[count].sent < before)
        count++;
    return count;
}

static void find_worst_rtt(struct session *session)
{
    session->worst_rtt = 0;
    for (unsigned i = 0; i < session->all_count; i++)
        for (size_t n = 0; n < session->traces[i].probe_count; n++) {
            const struct probe *probe = &session->traces[i].probes[n];
            if (probe->reply_count)
                session_note_rtt(session, probe, probe_answer(probe));
        }
}

void session_forget(struct session *session, nstime before)
{
    bool any = false;
    for (unsigned i = 0; i < session->all_count; i++) {
        struct trace *trace = &session->traces[i];
        size_t count = count_before(session, i, before);
        for (size_t n = 0; n < count; n++)
            forget_wanted(session, i, &trace->probes[n]);
        if (!count)
            continue;
        forget_unproven(session, i, count);
        forget_due(session, i, count);
        trace_forget(trace, count);
        session->settled_probes[i] -= count;
        any = true;
    }
    session->guesses = 0;
    session->flows_tried = 0;
    if (any)
        find_worst_rtt(session);
}
