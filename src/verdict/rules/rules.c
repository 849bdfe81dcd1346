/* SPDX-License-Identifier: BSD-2-Clause */
/* rules: the decision table. The first row that holds decides.
 *
 *    1 no-send      our own host refused to send every probe.
 *    2 blocked      since this run sent another name, a device refuses the pair of hosts, the control too.
 *    3 intercepted  a device nearer than the target accepts in the target's name.
 *    4 open         the target accepts, and no device resets the connection all the same.
 *    5 closed       the target refuses, at its own hop.
 *    6 intercepted  a reset from the hop at which an interceptor answers another spec; or one from before the target to
 *                   an ACK, which hosts answer so.
 *    7 reset        a reset in the target's name from before the target, by its hop or by its reply TTL.
 *    8 unreachable  a router has no route, for any spec that gets there.
 *    9 rejected     any other refusal, the target's own prohibition among them.
 *   10 unexplained  a refusal of packets as too big, with an MTU that explains nothing.
 *   11 unreachable  silence, and a device told another spec that nothing answers it behind (trace_set_dead_end()).
 *   12 looping      the routers recur, or are those of another trace's loop, a round later.
 *   13 forwarded    with --through: a router behind the gateway let the probe expire.
 *   14 inconclusive only replies that a forger may have guessed, and silence.
 *   15 inconclusive silence under a flood of forged replies, or the kernel dropped too many frames.
 *   16 dropped      silence where others go on, with enough probes to claim it.
 *   17 inconclusive the same, with too few probes; or no probe behind the last reply has timed out.
 *   18 unanswered   silence behind the last router that any spec found.
 *
 * Rules 3 to 7 are in answers.c, 8 to 12 in refusals.c, 13 in gateway.c, 2, 14 and 15 in doubts.c, 16 to 18 in
 * silences.c.
 */
#include "verdict/rules/rules.h"

#include "verdict/words/phrase.h"

struct rule {
    const char *name;
    rule_holds *holds;
    rule_explain *explain;
};

static bool holds_no_send(const struct facts *facts)
{
    return facts->refused_sends && !facts->sent;
}

static void explain_no_send(const struct facts *facts, struct verdict *out)
{
    out->state = VERDICT_DROPPED;
    out->how = HOW_SILENT;
    out->confidence = SURE;
    phrase_set_verdict(out, " at this host: it refused all %u sends", facts->refused_sends);
}

static bool holds_always(const struct facts *facts)
{
    (void)facts;
    return true;
}

static const struct rule rules[] = {
    {"no-send", holds_no_send, explain_no_send},
    {"blocked", holds_blocked, explain_blocked},
    {"intercepted", holds_intercepted, explain_intercepted},
    {"open", holds_open, explain_open},
    {"closed", holds_closed, explain_closed},
    {"intercepted-reset", holds_intercepted_reset, explain_intercepted},
    {"reset", holds_reset, explain_reset},
    {"unreachable", holds_unreachable, explain_unreachable},
    {"rejected", holds_rejected, explain_rejected},
    {"unexplained", holds_unexplained, explain_unexplained},
    {"dead-end", holds_dead_end, explain_dead_end},
    {"looping", holds_looping, explain_looping},
    {"forwarded", holds_forwarded, explain_forwarded},
    {"unproven", holds_unproven, explain_unproven},
    {"lost-frames", holds_lost_frames, explain_lost_frames},
    {"dropped", holds_dropped, explain_dropped},
    {"inconclusive", holds_inconclusive, explain_inconclusive},
    {"unanswered", holds_always, explain_unanswered},
};

static bool was_connected(const struct trace *trace)
{
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        const struct connection *connection = trace_flow(trace, flow)->connection;
        if (connection && connection_was_open(connection))
            return true;
    }
    return false;
}

/* Where no connection was opened, SYNs took the place of the data. */
static void add_handshake(const struct facts *facts, struct verdict *out)
{
    const struct connection *first = facts->trace->flow.connection;
    if (first && !facts->trace->flow.spec.idle_s && facts->sent && !was_connected(facts->trace))
        phrase_add(out->text, "; the probes were SYNs, because %s",
                   first->state == CONNECTION_REFUSED ? "the handshake was refused" : "no handshake was answered");
}

void rules_judge(const struct facts *facts, struct verdict *out)
{
    unsigned row = 0;
    *out = (struct verdict){.trace = facts->trace};
    while (!rules[row].holds(facts))
        row++;
    rules[row].explain(facts, out);
    add_handshake(facts, out);
    caveats_add(facts, silences_went_on(facts), out);
    if (out->confidence > CONFIDENCE_MOST)
        out->confidence = CONFIDENCE_MOST;
}
