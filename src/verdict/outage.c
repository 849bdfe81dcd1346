/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/outage.h"

#include <stdio.h>

#include "silence/loss.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "verdict/facts/facts.h"
#include "verdict/frames.h"
#include "verdict/words/phrase.h"

/* --- the sentence --- */

/* A time in which the target did not answer. */
struct outage {
    const struct probe *first, *last;    /* sent to the target in that time */
    const struct probe *before, *behind; /* that the target answered, next to that time; NULL: none */
    const char *how;                     /* "unanswered after" */
    struct place place;                  /* of the router that `how` speaks of */
};

static const char *time_text(nstime time, char text[NSTIME_TEXT_BYTES])
{
    const int to_millisecond = 23;
    char whole[NSTIME_TEXT_BYTES];
    nstime_format(time, whole);
    snprintf(text, NSTIME_TEXT_BYTES, "%.*sZ", to_millisecond, whole);
    return text;
}

#define TIME_TEXT(probe) time_text((probe)->sent, (char[NSTIME_TEXT_BYTES]){0})

static void show(struct verdict *out, const struct probe *probe)
{
    if (!probe)
        return;
    frames_add(out->frames, &out->frame_count, frame_of_probe(probe));
    if (probe->reply_count)
        frames_add(out->frames, &out->frame_count, frame_of_reply(&probe->replies[0]));
}

static void tell(const struct outage *outage, struct verdict *out)
{
    char where[PLACE_TEXT_BYTES + 24];
    const char *spec = SPEC_TEXT(out->trace);
    bool is_placed = outage->place.known;
    snprintf(where, sizeof where, "%s%s%s", is_placed ? outage->how : "unanswered", is_placed ? " " : "",
             is_placed ? PLACE_TEXT(&outage->place) : "");
    show(out, outage->before);
    show(out, outage->first);
    show(out, outage->last);
    show(out, outage->behind);
    if (!outage->behind)
        phrase_add(out->text, "; %s reached the target until %s; from %s on it is %s", spec, TIME_TEXT(outage->before),
                   TIME_TEXT(outage->first), where);
    else if (!outage->before)
        phrase_add(out->text, "; until %s, %s was %s; from %s on it reached the target", TIME_TEXT(outage->last), spec,
                   where, TIME_TEXT(outage->behind));
    else
        phrase_add(out->text, "; from %s to %s, %s was %s, and reached the target before and later",
                   TIME_TEXT(outage->first), TIME_TEXT(outage->last), spec, where);
}

/* --- probes --- */

static bool is_reaching(const struct trace *trace, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (reply_reaches(trace, &probe->replies[i]))
            return probe->sent != NSTIME_NONE;
    return false;
}

static const struct reply *refusal_of(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    return reply && reply_rejects(trace, reply) ? reply : NULL;
}

/* Whether the probe was sent far enough, at a known time, and the target did not answer it. */
static bool is_failing(const struct trace_set *set, const struct trace *trace, const struct probe *probe, uint8_t ttl)
{
    if (probe->sent == NSTIME_NONE)
        return false;
    return refusal_of(trace, probe) || (probe->ttl >= ttl && sample_is_silent(set, probe));
}

/* Whether the target's rate limit explains the silence: just before it the target sent an ICMP error, and it did not
 * last until there was another token. */
static bool is_limit(const struct outage *outage)
{
    if (!outage->before || !reply_is_limited(probe_answer(outage->before)))
        return false;
    return !rate_limit_is_refilled(outage->before->sent, outage->first->sent) &&
           outage->last->sent - outage->first->sent < RATE_LIMIT_REFILL_TWO;
}

/* --- rounds --- */

/* A stretch of one trace's probes with the target's TTL that failed. Probes sent at one time count as one sample. */
struct stretch {
    struct outage outage;
    unsigned failed;
    bool is_refused;
};

/* All of these probes: samples, how many of them failed, and the longest stretch. */
struct rounds {
    unsigned all, failed;
    struct stretch longest;
};

static void add_failed(const struct trace *trace, const struct probe *probe, struct stretch *open,
                       struct rounds *rounds)
{
    bool is_new = !open->failed || !sample_is_same(open->outage.last->sent, probe->sent);
    open->outage.first = open->failed ? open->outage.first : probe;
    open->outage.last = is_new ? probe : open->outage.last;
    open->is_refused = open->is_refused || refusal_of(trace, probe);
    open->failed += is_new;
    rounds->failed += is_new;
    rounds->all += is_new;
}

static void close_stretch(const struct stretch *open, struct rounds *rounds)
{
    if (open->failed > rounds->longest.failed)
        rounds->longest = *open;
}

static void gather_rounds(const struct trace_set *set, const struct trace *trace, struct rounds *out)
{
    struct stretch open = {0};
    *out = (struct rounds){0};
    for (const struct probe *p = trace_first_at(trace, trace->reached_ttl); p; p = trace_next_at(trace, p)) {
        bool reaches = is_reaching(trace, p);
        if (!reaches && is_failing(set, trace, p, trace->reached_ttl)) {
            add_failed(trace, p, &open, out);
            continue;
        }
        out->all += p->reply_count > 0;
        if (reaches && open.failed) {
            open.outage.behind = p;
            close_stretch(&open, out);
        }
        if (p->reply_count) /* by a router: the path has become longer */
            open = (struct stretch){.outage.before = reaches ? p : open.outage.before};
    }
    close_stretch(&open, out);
}

/* Finds where probes sent from `since` on stopped: at the refusing router, or after the last router that replied. */
static void place_outage(const struct trace_set *set, const struct trace *trace, nstime since, struct outage *outage)
{
    outage->how = "unanswered after";
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        const struct reply *reply = probe_answer(p), *refusal = refusal_of(trace, p);
        if (!reply || p->sent < since || p->sent > outage->last->sent)
            continue;
        if (refusal) {
            uint8_t hop = facts_hop_of(set, &refusal->from);
            outage->how = "rejected at";
            outage->place = (struct place){true, hop ? hop : trace_refused_from(trace, p, refusal), refusal->from};
            return;
        }
        if (reply->kind == REPLY_TIME_EXCEEDED && p->ttl > outage->place.ttl)
            outage->place = (struct place){true, p->ttl, reply->from};
    }
}

static bool reaches_meanwhile(const struct trace *trace, const struct outage *outage)
{
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        if (is_reaching(trace, p) && p->sent >= outage->first->sent && p->sent <= outage->last->sent)
            return true;
    }
    return false;
}

/* A stretch in the middle is one of many: each may be loss. */
static bool is_loss(const struct trace_set *set, const struct rounds *rounds)
{
    const struct stretch *stretch = &rounds->longest;
    bool is_anywhere = stretch->outage.before && stretch->outage.behind;
    double chance = loss_chance(rounds->all - stretch->failed, rounds->failed - stretch->failed, stretch->failed);
    return !stretch->is_refused && chance * (is_anywhere ? rounds->all : 1) > 1 - set->claim;
}

void outage_add_rounds(const struct trace_set *set, struct verdict *out)
{
    const struct trace *trace = out->trace;
    struct rounds rounds;
    if (!verdict_reaches(out))
        return;
    gather_rounds(set, trace, &rounds);
    struct outage *outage = &rounds.longest.outage;
    if (rounds.longest.failed < 2 || (!outage->before && !outage->behind) || is_loss(set, &rounds) ||
        is_limit(outage) || reaches_meanwhile(trace, outage))
        return;
    place_outage(set, trace, outage->first->sent, outage);
    if (outage->place.known)
        tell(outage, out);
}

/* --- runs --- */

/* What one run shows. */
struct run_span {
    const struct probe *first_reached, *last_reached, *first_failed, *last_failed; /* NULL: none */
    unsigned failed;
};

static const struct probe *earlier(const struct probe *a, const struct probe *b)
{
    return !a || b->sent < a->sent ? b : a;
}

static const struct probe *later(const struct probe *a, const struct probe *b)
{
    return !a || b->sent > a->sent ? b : a;
}

static void span_run(const struct trace_set *set, const struct trace *trace, uint8_t ttl, struct run_span *out)
{
    *out = (struct run_span){0};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        if (is_reaching(trace, p)) {
            out->first_reached = earlier(out->first_reached, p);
            out->last_reached = later(out->last_reached, p);
        } else if (is_failing(set, trace, p, ttl)) {
            out->first_failed = earlier(out->first_failed, p);
            out->last_failed = later(out->last_failed, p);
            out->failed++;
        }
    }
}

static bool is_of_spec(const struct trace *trace, const struct verdict *verdict)
{
    return trace->started && probe_spec_equal(&trace->flow.spec, &verdict->trace->flow.spec);
}

/* Notes the time of the runs that failed; one lost probe is none. Returns the first such run; NULL: there is none. */
static const struct trace *gather_failed(const struct trace_set *set, const struct trace *const *traces, size_t count,
                                         const struct verdict *verdict, struct outage *out)
{
    const struct trace *first = NULL;
    for (size_t i = 0; i < count; i++) {
        struct run_span span;
        if (!is_of_spec(traces[i], verdict))
            continue;
        span_run(set, traces[i], verdict->trace->reached_ttl, &span);
        if (span.first_reached || span.failed < 2)
            continue;
        out->first = earlier(out->first, span.first_failed);
        out->last = later(out->last, span.last_failed);
        first = out->first == span.first_failed ? traces[i] : first;
    }
    return first;
}

/* Notes the answers next to the outage. False: the target answered in between. */
static bool gather_reached(const struct trace_set *set, const struct trace *const *traces, size_t count,
                           const struct verdict *verdict, struct outage *out)
{
    for (size_t i = 0; i < count; i++) {
        struct run_span span;
        if (!is_of_spec(traces[i], verdict))
            continue;
        span_run(set, traces[i], verdict->trace->reached_ttl, &span);
        if (!span.first_reached)
            continue;
        if (span.last_reached->sent < out->first->sent)
            out->before = later(out->before, span.last_reached);
        else if (span.first_reached->sent > out->last->sent)
            out->behind = earlier(out->behind, span.first_reached);
        else
            return false;
    }
    return out->before || out->behind;
}

bool outage_add_runs(const struct trace_set *set, const struct trace *const *traces, size_t count, struct verdict *out)
{
    struct outage outage = {0};
    if (!verdict_reaches(out))
        return false;
    const struct trace *failed = gather_failed(set, traces, count, out, &outage);
    if (!failed || !gather_reached(set, traces, count, out, &outage))
        return false;
    if (is_limit(&outage))
        return false;
    place_outage(set, failed, failed->first_sent, &outage);
    if (failed->loop_first) {
        outage.how = "in a loop from";
        outage.place = facts_place(set, failed, failed->loop_first);
    }
    tell(&outage, out);
    return true;
}
