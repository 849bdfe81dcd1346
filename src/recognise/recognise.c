/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/recognise.h"

#include <stdlib.h>

#include "recognise/frames/copies.h"
#include "recognise/frames/early.h"
#include "recognise/frames/prefetch.h"
#include "recognise/frames/tunnels.h"
#include "recognise/matching/answer.h"
#include "recognise/matching/inferred.h"
#include "recognise/runs/grouping.h"
#include "recognise/runs/run.h"
#include "recognise/store/candidate.h"
#include "recognise/store/extensions.h"
#include "recognise/store/handshakes.h"
#include "recognise/store/index.h"
#include "recognise/store/pair.h"
#include "recognise/store/queue.h"
#include "recognise/store/results.h"
#include "recognise/store/senders.h"

#define NEXT_FILE_WITHIN NS_PER_S /* the next piece of a capture begins so soon after the one before */

static const char *const stray_reasons[STRAYS] = {
    [STRAY_NOT_IP] = "not IP",
    [STRAY_FRAGMENT] = "later fragment",
    [STRAY_ORDINARY] = "ordinary traffic",
    [STRAY_NO_TRACE] = "low TTL, not part of a trace",
    [STRAY_ANSWER_NO_TRACE] = "reply to a packet that is not part of a trace",
    [STRAY_COPY] = "copy of an earlier frame",
    [STRAY_SENT_AGAIN] = "a probe retransmitted by its host's TCP",
    [STRAY_CONNECTION] = "the rest of a connection that a probe opened",
    [STRAY_ADVICE] = "redirect or source quench about a probe",
    [STRAY_LATE] = "answer to a probe that was answered long before",
    [STRAY_TOO_MANY] = "beyond the memory limit",
};

struct recogniser *recogniser_new(const struct recogniser_config *config, const struct recogniser_events *events,
                                  struct err *err)
{
    struct recogniser *r = calloc(1, sizeof *r);
    if (r) {
        r->config = *config;
        r->next_due = NSTIME_NEVER;
        for (unsigned i = 0; i < RECOGNISE_FILES_MOST; i++)
            r->starts[i] = NSTIME_NONE;
        digest_init(&r->digester, config->secret);
        if (events)
            r->events = *events;
        if (candidates_init(r) && index_init(r) && runs_init(r) && pairs_init(r) && senders_init(r) && copies_init(r))
            return r;
        recogniser_free(r);
    }
    err_set(err, STATUS_SYSTEM, "out of memory");
    return NULL;
}

void recogniser_free(struct recogniser *r)
{
    if (!r)
        return;
    if (r->run_count || r->oldest_unmatched || r->early_count) /* the caller did not call recogniser_finish() */
        recogniser_finish(r);
    early_free(r);
    extensions_free(r);
    copies_free(r);
    results_free(r);
    queue_free(&r->waiting);
    queue_free(&r->answered);
    runs_free(r);
    pairs_free(r);
    senders_free(r);
    handshakes_free(r);
    index_free(r);
    candidates_free(r);
    free(r);
}

/* `may_wait`: see answer.h. */
static void take_packet(struct recogniser *r, const struct digest *digest, bool may_wait)
{
    if (digest->kind == PACKET_PLAIN && handshakes_note(r, digest))
        grouping_see_handshake(r, digest);
    if (digest->kind == PACKET_ICMP_ERROR)
        answer_take_error(r, digest, may_wait);
    else if (!answer_take(r, digest, may_wait) && !grouping_take(r, digest))
        count_stray(r, digest->is_fragment ? STRAY_FRAGMENT : STRAY_ORDINARY);
    if (digest->kind == PACKET_PLAIN)
        handshakes_pass(r, digest);
}

/* Tries again the replies that came before their probes. */
static void take_early(struct recogniser *r, nstime now)
{
    for (const struct digest *digest; (digest = early_due(r, now)); early_drop(r))
        take_packet(r, digest, false);
}

static void pass_time(struct recogniser *r, nstime now)
{
    r->now = now;
    if (now < r->next_due)
        return;
    take_early(r, now);
    r->next_due = early_next(r);
    run_tick(r);
    inferred_tick(r);
}

/* The far end's frame may be the first that shows a reply, or the only one that shows a probe. */
static void take_copy(struct recogniser *r, const struct digest *digest, enum seen seen)
{
    if (seen == SEEN_AGAIN || !answer_see_again(r, digest, seen == SEEN_BY_OTHERS))
        count_stray(r, STRAY_COPY);
    if (seen == SEEN_AGAIN && (digest->has_word || digest->kind == PACKET_NOT_IP))
        r->shows[digest->file] |= SHOWS_COPIES;
    if (seen != SEEN_AGAIN)
        grouping_see_again(r, digest);
}

/* True if the source sends probes of its own. That of a NAT seems to send none, since they are copies. */
static bool is_prober(const struct recogniser *r, const struct digest *digest)
{
    const struct pair *pair = pair_of_probe(r, digest);
    return pair && pair->runs;
}

/* True for a copy; counts it. */
static bool is_copy(struct recogniser *r, const struct digest *digest)
{
    nstime first = NSTIME_NONE;
    enum seen seen = copies_see(r, digest, &first);
    if (first != NSTIME_NONE && (answer_is_due(r, digest, first) || grouping_is_due(r, digest))) {
        copies_renew(r, digest);
        return false;
    }
    if (seen != SEEN_FIRST)
        take_copy(r, digest, seen);
    else if (digest->same_beyond_nat && copies_see_translated(r, digest) && !is_prober(r, digest))
        count_stray(r, STRAY_COPY);
    else
        return false;
    return true;
}

void recogniser_take(struct recogniser *r, const struct digest *digest)
{
    nstime *start = &r->starts[digest->file];
    r->frames++;
    *start = *start == NSTIME_NONE ? digest->time : *start;
    r->file_count = digest->file >= r->file_count ? digest->file + 1U : r->file_count;
    if (is_copy(r, digest))
        return;
    r->malformed += digest->malformed;
    if (digest->time > r->now)
        pass_time(r, digest->time);
    r->ends[digest->file] = r->now;
    if (digest->inside)
        tunnels_note(r, digest->inside);
    if (digest->kind == PACKET_NOT_IP)
        count_stray(r, STRAY_NOT_IP);
    else if (digest->kind != PACKET_MALFORMED)
        take_packet(r, digest, true);
}

void recogniser_digest(const struct recogniser *r, unsigned file, const struct frame *frame,
                       const struct packet *packet, struct carried_name *name, struct digest *out)
{
    digest_packet(&r->digester, file, frame, packet, out);
    if (name)
        digest_read_name(&r->digester, packet, name, out);
}

void recogniser_prefetch(const struct recogniser *r, const struct digest *digests, unsigned count)
{
    prefetch_ahead(r, digests, count);
}

void recogniser_frame(struct recogniser *r, unsigned file, const struct frame *frame, const struct packet *packet)
{
    struct digest digest;
    struct carried_name name;
    recogniser_digest(r, file, frame, packet, &name, &digest);
    recogniser_take(r, &digest);
}

void recogniser_break_off(struct recogniser *r)
{
    r->broken_off = true;
}

static void sum_up(struct recogniser *r)
{
    struct recognition *result = &r->result;
    struct frame_counters *common = &result->counters.common;
    common->frames = r->frames;
    common->malformed = r->malformed;
    for (unsigned i = 0; i < STRAYS; i++)
        if (r->strays[i])
            common->strays[common->stray_kinds++] =
                (struct stray_count){.reason = stray_reasons[i], .count = r->strays[i]};
    result->counters.probes = r->probes;
    result->counters.replies = r->replies;
    result->counters.errors = r->errors_told;
    result->counters.cut_errors = r->cut_errors;
    result->counters.given_up = r->given_up;
    result->traces = (const struct trace *const *)r->kept;
    result->trace_count = r->kept_count;
    result->errors = r->errors;
    result->error_count = r->error_count;
    result->ends = r->ends;
}

/* True if the packets of the second file belong to the first as well: the next piece of a capture, the replies to
 * probes that stand alone in the first, or further probes of one run. */
static bool is_extended_by(const struct recogniser *r, unsigned file, unsigned other)
{
    bool goes_on = r->starts[other] != NSTIME_NONE && r->starts[other] <= r->ends[file] + NEXT_FILE_WITHIN &&
                   r->ends[other] > r->ends[file];
    bool is_next = r->starts[other] >= r->ends[file];
    bool has_replies = (r->shows[other] & SHOWS_REPLIES) && !(r->shows[file] & SHOWS_REPLIES);
    bool is_beside = r->beside[file][other / 64] >> other % 64 & 1;
    return goes_on && (is_next || has_replies || is_beside);
}

/* A file that others extend ends with the last of them. */
static void extend_ends(struct recogniser *r)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (unsigned file = 0; file < r->file_count; file++)
            for (unsigned other = 0; r->starts[file] != NSTIME_NONE && other < r->file_count; other++)
                if (is_extended_by(r, file, other)) {
                    r->ends[file] = r->ends[other];
                    changed = true;
                }
    }
}

void recogniser_finish(struct recogniser *r)
{
    take_early(r, NSTIME_NEVER);
    run_finish(r);
    inferred_finish(r);
    results_finish(r);
    extend_ends(r);
    sum_up(r);
}

const struct recognition *recogniser_result(const struct recogniser *r)
{
    return &r->result;
}
