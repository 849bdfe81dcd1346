/* SPDX-License-Identifier: BSD-2-Clause */
/* idle_timeout: the finding that a session which was left alone no longer works. */
#include <math.h>

#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* What became of a session that was left alone. */
enum fate { FATE_UNKNOWN, FATE_ALIVE, FATE_STOPPED, FATE_ENDED };

struct session_fate {
    enum fate fate; /* STOPPED: its probes were; ENDED: a FIN or a RST ended it before any probe */
    const struct trace *trace;
    const struct verdict *verdict; /* NULL: it was not probed */
    double age_s;                  /* the longest time without a packet */
};

static const struct verdict *verdict_of_trace(const struct judgement *out, const struct trace *trace)
{
    for (unsigned i = 0; i < out->verdict_count; i++)
        if (out->verdicts[i].trace == trace)
            return &out->verdicts[i];
    return NULL;
}

/* A server may close each connection at once, however long it is left alone. */
static bool was_ended(const struct trace *trace)
{
    const struct connection *connection = trace->flow.connection;
    return !trace->started && connection && connection->is_used && connection->idle >= NS_PER_S;
}

/* The longest time without a packet. A trace of another tool has it in its spec alone. */
static double idle_seconds(const struct trace *trace)
{
    const struct connection *connection = trace->flow.connection;
    return connection ? (double)connection->idle / (double)NS_PER_S : (double)trace->flow.spec.idle_s;
}

/* A reply shows by itself that the session no longer works. */
static enum fate fate_of_verdict(const struct verdict *verdict, double claim)
{
    switch (verdict->state) {
    case VERDICT_OPEN:
        return FATE_ALIVE;
    case VERDICT_CLOSED:
    case VERDICT_REJECTED:
    case VERDICT_INTERCEPTED:
        return FATE_STOPPED;
    case VERDICT_DROPPED:
    case VERDICT_UNANSWERED:
        return verdict->confidence >= claim ? FATE_STOPPED : FATE_UNKNOWN;
    default:
        return FATE_UNKNOWN;
    }
}

/* Sessions are left alone for whole seconds, and a little longer on a busy machine. The end of one comes at any time.
 */
static struct session_fate fate_of(const struct trace_set *set, const struct judgement *out, const struct trace *trace)
{
    struct session_fate fate = {.trace = trace, .verdict = verdict_of_trace(out, trace)};
    double seconds = idle_seconds(trace);
    if (fate.verdict) {
        fate.fate = fate_of_verdict(fate.verdict, set->claim);
        fate.age_s = floor(seconds);
    } else if (was_ended(trace)) {
        fate.fate = FATE_ENDED;
        fate.age_s = round(seconds);
    }
    return fate;
}

/* The longest time after which a session of the spec was alive, and the shortest after which one was not. */
struct span {
    struct session_fate alive, dead;
};

/* Whether the trace is of the same spec, left alone. */
static bool is_idle_of(const struct trace *trace, const struct trace *fresh)
{
    struct probe_spec spec = trace->flow.spec;
    spec.idle_s = 0;
    return trace->flow.spec.idle_s && probe_spec_equal(&spec, &fresh->flow.spec);
}

static void find_span(const struct trace_set *set, const struct judgement *out, const struct trace *fresh,
                      struct span *span)
{
    *span = (struct span){0};
    for (unsigned i = 0; i < set->count; i++) {
        if (!is_idle_of(set->traces[i], fresh))
            continue;
        struct session_fate fate = fate_of(set, out, set->traces[i]);
        if (fate.fate == FATE_ALIVE && (!span->alive.fate || fate.age_s > span->alive.age_s))
            span->alive = fate;
        if (fate.fate > FATE_ALIVE && (!span->dead.fate || fate.age_s < span->dead.age_s))
            span->dead = fate;
    }
}

/* --- where, and how --- */

/* The packet that ended a session before any probe has no hop. Its TTL on arrival tells whether it has come as far as
 * the target's SYN/ACK. */
static bool is_targets_end(const struct trace *trace)
{
    return trace->flow.connection->end_ttl == trace->flow.connection->syn_ack_ttl;
}

static bool is_reset(const struct trace *trace)
{
    return trace->flow.connection->state == CONNECTION_RESET;
}

static const char *how_of(const struct session_fate *dead)
{
    if (dead->verdict)
        return phrase_how(dead->verdict->how, "silent");
    return verdict_how_name(is_reset(dead->trace) ? HOW_TCP_RESET : HOW_FIN);
}

static void place(const struct session_fate *dead, const struct verdict *fresh, struct finding *out)
{
    if (dead->verdict) {
        out->at = dead->verdict->at;
        out->after = dead->verdict->after;
        out->before = dead->verdict->before;
    } else if (is_targets_end(dead->trace)) {
        out->at = fresh->at;
    }
}

/* --- the sentence --- */

static void add_device(const struct finding *finding, char text[SENTENCE_BYTES])
{
    if (finding->at.known)
        phrase_add(text, "%s", PLACE_TEXT(&finding->at));
    else if (finding->after.known)
        phrase_add(text, "%s or a device behind it", PLACE_TEXT(&finding->after));
    else if (finding->before.known)
        phrase_add(text, "a device before %s", PLACE_TEXT(&finding->before));
    else
        phrase_add(text, "a device on the path");
}

static void add_span(const struct span *span, char text[SENTENCE_BYTES])
{
    if (span->alive.fate)
        phrase_add(text, " between %g s and %g s", span->alive.age_s, span->dead.age_s);
    else
        phrase_add(text, " within %g s", span->dead.age_s);
}

static const char *act_of(const struct verdict *verdict)
{
    switch (verdict->how) {
    case HOW_SILENT:
    case HOW_NONE:
        return "drops";
    case HOW_TCP_RESET:
        return "resets";
    default:
        return "rejects";
    }
}

static void say_stopped(const struct span *span, struct finding *out)
{
    const struct verdict *verdict = span->dead.verdict;
    bool is_closed = verdict->state == VERDICT_CLOSED;
    if (is_closed)
        phrase_add(out->text, "the target");
    else
        add_device(out, out->text);
    phrase_add(out->text, "%s forgets idle sessions of %s",
               verdict->state == VERDICT_UNANSWERED ? ", or the target," : "", SPEC_TEXT(out->trace));
    add_span(span, out->text);
    if (is_closed)
        phrase_add(out->text, ": it resets the next packet; or a translator forgets them and takes another port");
    else
        phrase_add(out->text, ": it %s the next packet", act_of(verdict));
}

static void say_ended(const struct span *span, struct finding *out)
{
    const struct trace *trace = span->dead.trace;
    bool is_targets = is_targets_end(trace);
    if (is_targets)
        phrase_add(out->text, "the target");
    else
        add_device(out, out->text);
    phrase_add(out->text, " %s sessions of %s that are idle for %g s", is_reset(trace) ? "resets" : "closes",
               SPEC_TEXT(out->trace), span->dead.age_s);
    if (!is_targets)
        phrase_add(out->text, ": the packet has another TTL than the target's SYN/ACK");
}

/* --- all --- */

static void show_connection(const struct trace *trace, bool with_end, struct finding *out)
{
    const struct connection *connection = trace->flow.connection;
    if (!connection)
        return;
    frames_add(out->frames, &out->frame_count, (struct frame_number){.number = connection->answer_frame});
    if (with_end)
        frames_add(out->frames, &out->frame_count, (struct frame_number){.number = connection->end_frame});
}

static void show(const struct span *span, struct finding *out)
{
    show_connection(span->dead.trace, span->dead.fate == FATE_ENDED, out);
    for (unsigned i = 0; span->dead.verdict && i < span->dead.verdict->frame_count && i < VERDICT_FRAMES_MOST / 2; i++)
        frames_add(out->frames, &out->frame_count, span->dead.verdict->frames[i]);
    if (!span->alive.fate)
        return;
    show_connection(span->alive.trace, false, out);
    for (unsigned i = 0; i < span->alive.verdict->frame_count; i++)
        frames_add(out->frames, &out->frame_count, span->alive.verdict->frames[i]);
}

static void tell(const struct span *span, const struct verdict *fresh, struct judgement *out)
{
    struct finding *finding = finding_add(out, FINDING_IDLE_TIMEOUT, fresh->trace);
    if (!finding)
        return;
    place(&span->dead, fresh, finding);
    show(span, finding);
    finding_number(finding, "alive_s", span->alive.age_s);
    finding_number(finding, "dead_s", span->dead.age_s);
    finding_text(finding, "how", how_of(&span->dead));
    finding_number(finding, "confidence", span->dead.verdict ? span->dead.verdict->confidence : CONFIDENCE_MOST);
    *finding->text = '\0';
    if (span->dead.verdict)
        say_stopped(span, finding);
    else
        say_ended(span, finding);
}

/* A session that lived longer than another one contradicts it: then another cause stopped that one. */
void find_idle_timeouts(const struct set_facts *all, struct judgement *out)
{
    for (unsigned i = 0; i < all->set->count; i++) {
        const struct trace *fresh = all->set->traces[i];
        const struct verdict *verdict = verdict_of_trace(out, fresh);
        struct span span;
        if (fresh->flow.spec.idle_s || !verdict || verdict->state != VERDICT_OPEN || trace_set_is_flooded(all->set))
            continue;
        find_span(all->set, out, fresh, &span);
        if (span.dead.fate && (!span.alive.fate || span.alive.age_s < span.dead.age_s))
            tell(&span, verdict, out);
    }
}
