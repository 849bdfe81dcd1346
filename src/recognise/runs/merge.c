/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/runs/merge.h"

#include "recognise/runs/pattern.h"
#include "recognise/runs/run.h"

static void note_replies(struct run *run, const struct candidate *candidate)
{
    struct run_ttl *at = run_at(run, candidate->traits.ttl);
    for (unsigned i = 0; i < candidate->probe.reply_count; i++) {
        const struct reply *reply = &candidate->probe.replies[i];
        trace_note_reply(&run->trace, candidate->probe.ttl, reply);
        if (at && reply->kind == REPLY_TIME_EXCEEDED && addr_is_none(&at->router))
            at->router = reply->from;
    }
}

static void move_candidate(struct run *run, struct run *from, struct candidate *candidate)
{
    struct run_ttl *at = run_at(run, candidate->traits.ttl);
    run_remove(from, candidate);
    candidate->run = run;
    run_append(run, candidate);
    pattern_add(run, &candidate->traits, ORDER_NEXT, NULL);
    candidate->probe.attempt = at ? ++at->asked : 1;
    note_replies(run, candidate);
    run->count++;
    run->trace.sent_count++;
    run->last_time = candidate->probe.sent > run->last_time ? candidate->probe.sent : run->last_time;
    run->trace.last_sent = run->last_time;
}

static void absorb(struct recogniser *r, struct run *run, struct run *from)
{
    for (struct candidate *candidate = from->oldest, *next; candidate; candidate = next) {
        next = candidate->after;
        move_candidate(run, from, candidate);
    }
    run->errors += from->errors;
    run->expired += from->expired;
    run->no_route |= from->no_route;
    run->rtt = from->rtt ? from->rtt : run->rtt;
    run->held += from->held;
    from->held = 0;
    run->own_ids_within = true;
    run_free(r, from);
}

/* True for packets of one echo id, with the TTL that the run has come to. */
static bool is_single_ping(const struct run *other, const struct run *run, const struct digest *digest)
{
    return other != run && other->state == RUN_UNDECIDED && other->shape == SHAPE_ECHO &&
           other->least_ttl == other->most_ttl && other->least_ttl == run->last_ttl && other->count == 1 &&
           other->shown.size == run->shown.size && digest->time - other->last_time <= ANSWER_WITHIN;
}

/* The oldest of them; NULL: none. */
static struct run *find_single_ping(const struct run *run, const struct digest *digest)
{
    struct run *found = NULL;
    for (struct run *other = run->pair->runs; other; other = other->next_in_pair)
        if (is_single_ping(other, run, digest))
            found = other;
    return found;
}

void merge_pings(struct recogniser *r, struct run *run, const struct digest *digest)
{
    bool own_id = run->shape == SHAPE_ECHO && digest->traits.word >> 16 != run->source_port.last;
    if (!own_id || run->state != RUN_UNDECIDED || !run->own_ids || run->least_ttl != run->most_ttl || run->count != 1 ||
        digest->traits.ttl <= run->last_ttl)
        return;
    struct run *other;
    while ((other = find_single_ping(run, digest)))
        absorb(r, run, other);
}
