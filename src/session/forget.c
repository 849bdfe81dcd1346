/* SPDX-License-Identifier: BSD-2-Clause */
/* forget: an endless run keeps only its last probes, so that its memory and time stay bounded. */
#include "session/state.h"

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
