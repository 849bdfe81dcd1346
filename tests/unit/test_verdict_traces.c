/* Traces of any tools, out of one capture, judged together. */
#include <stdlib.h>
#include <string.h>

#include "ladder.h"
#include "tap.h"
#include "verdict/verdict.h"

#define SECOND 1000.0
#define LOOKS 3 /* probes a hop, as the tools send */

/* Classic UDP, hop by hop, half a second a probe; routers up to `last` answer, and the target where `reaches`. */
static double send_udp(double ms, unsigned run, unsigned last, unsigned end, bool reaches)
{
    unsigned n = 0;
    for (unsigned ttl = 1; ttl <= end; ttl++)
        for (unsigned i = 0; i < LOOKS; i++, n++, ms += SECOND / 2) {
            struct made made = linux_udp(run, n, (uint8_t)ttl);
            if (ttl <= last)
                hop(ms, &made);
            else if (reaches && ttl > last)
                goal(ms, &made);
            else
                scene_see(ms, &made);
        }
    return ms;
}

static void answer_syn(double ms, const struct made *made)
{
    scene_see(ms, made);
    see(ms + RTT, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = made->source, .seq = 77,
        .ack = made->seq + 1, .flags = TCP_SYN | TCP_ACK, .ttl = 60);
}

static double send_syns(double ms, unsigned last)
{
    unsigned n = 0;
    for (unsigned ttl = 1; ttl <= last + 1; ttl++)
        for (unsigned i = 0; i < LOOKS; i++, n++, ms += SECOND / 2) {
            struct made made = linux_syn(0, n, (uint8_t)ttl);
            if (ttl <= last)
                hop(ms, &made);
            else
                answer_syn(ms, &made);
        }
    return ms;
}

static struct judgement *judge(size_t want_traces)
{
    const struct recognition *found = scene_result();
    struct judgement *judgement = malloc(sizeof *judgement);
    is_num(found->trace_count, want_traces, "%zu traces", want_traces);
    verdict_judge_traces(found->traces, found->trace_count, judgement);
    return judgement;
}

static const struct verdict *verdict_on(const struct judgement *judgement, uint8_t protocol)
{
    static const struct verdict none;
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        if (judgement->verdicts[i].trace->flow.spec.protocol == protocol)
            return &judgement->verdicts[i];
    return &none;
}

static void is_state(const struct verdict *verdict, enum verdict_state state, const char *says, const char *name)
{
    is_text(verdict_state_name(verdict->state), verdict_state_name(state), "%s: %s", name, verdict->text);
    ok(strstr(verdict->text, says), "  says: %s", says);
}

static void check_drop(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 12, false);
    send_syns(ms + 3 * SECOND, 6);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    const struct verdict *udp = verdict_on(judgement, IP_UDP);
    is_state(udp, VERDICT_DROPPED, "not asked at the same time", "UDP that ends where SYNs go on is dropped");
    is_num(udp->after.ttl, 3, "  after");
    is_num(udp->before.ttl, 4, "  before");
    is_state(verdict_on(judgement, IP_TCP), VERDICT_OPEN, "reaches the target at hop 7", "and SYNs are taken");
    is_num(judgement->finding_count, 0, "  and nothing else is found");
    free(judgement);
    scene_end();
}

static void check_alone(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 12, false);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(1);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_UNANSWERED, "no other probe was asked",
             "UDP alone that ends is unanswered");
    free(judgement);
    scene_end();
}

static void check_short(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 3, false);
    send_syns(ms + 3 * SECOND, 6);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_INCONCLUSIVE, "not asked beyond hop 3",
             "UDP that was asked no further is not dropped");
    free(judgement);
    scene_end();
}

/* The first run stopped, the second got through: neither hides the other. */
static void check_again(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 12, false);
    ms = send_syns(ms + 30 * SECOND, 6);
    ms = send_udp(ms + 30 * SECOND, 1, 6, 7, true);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(3);
    is_num(judgement->verdict_count, 2, "a spec that was traced twice has one verdict");
    is_state(verdict_on(judgement, IP_UDP), VERDICT_CLOSED, "port-unreachable", "that of the run which got further");
    free(judgement);
    scene_end();
}

/* Each router has just answered a SYN when UDP comes, and answers nobody right behind: it may have had no token left.
 */
static void check_spent(void)
{
    scene_begin(NULL);
    double ms = 0;
    unsigned n = 0;
    for (unsigned ttl = 1; ttl <= 7; ttl++)
        for (unsigned i = 0; i < LOOKS; i++, n++, ms += SECOND / 2) {
            struct made first = linux_syn(0, n, (uint8_t)ttl), second = linux_udp(0, n, (uint8_t)ttl);
            if (ttl <= 6)
                hop(ms, &first);
            else
                answer_syn(ms, &first);
            if (ttl <= 3)
                hop(ms + SECOND / 5, &second);
            else
                scene_see(ms + SECOND / 5, &second);
        }
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_INCONCLUSIVE, "asked too little",
             "what may have met a router without a token is not dropped");
    free(judgement);
    scene_end();
}

static void check_nothing(void)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    verdict_judge_traces(NULL, 0, judgement);
    is_num(judgement->verdict_count + judgement->finding_count, 0, "of no traces nothing is said");
    free(judgement);
}

int main(void)
{
    check_drop();
    check_alone();
    check_short();
    check_again();
    check_spent();
    check_nothing();
    return tap_done();
}
