/* SPDX-License-Identifier: BSD-2-Clause */
/* test_mda: the numbers by which the search for all paths groups flows and decides which probe is next.
 *
 * Each test plays probes and answers by hand, and names the harm that another number would do. */
#include <stdio.h>

#include "multipath/mda.h"
#include "silence/rate_limit.h"
#include "tap.h"

#define FLOWS 400
#define TARGET "192.0.2.80"

/* A trace as it is played: each probe leaves a millisecond after the one before. */
struct play {
    struct trace trace;
    struct survey survey;
    struct mda_limits limits;
    struct mda_wants wants;
    struct survey_terms terms;
    nstime now;
};

static void begin(struct play *play)
{
    *play = (struct play){.now = NS_PER_S};
    play->limits = (struct mda_limits){.first_ttl = 1, .max_ttl = 30, .gap = 8, .flows = FLOWS};
    play->terms = (struct survey_terms){.confidence = 0.95, .goes_on = true, .since = NSTIME_NONE};
    trace_init(&play->trace);
    addr_parse(TARGET, &play->trace.flow.target);
    play->trace.flow.spec.protocol = IP_UDP;
}

static void rest(struct play *play)
{
    play->now += RATE_LIMIT_REFILL;
}

static struct probe *add_probe(struct play *play, unsigned flow, unsigned ttl)
{
    play->now += NS_PER_MS;
    struct probe *probe = trace_add_probe(&play->trace, 0, (uint8_t)ttl, play->now);
    probe->flow = (uint16_t)flow;
    return probe;
}

/* Router `router` of that TTL answers the flow. */
static void meet(struct play *play, unsigned flow, unsigned ttl, unsigned router)
{
    char text[ADDR_TEXT_BYTES];
    struct probe *probe = add_probe(play, flow, ttl);
    struct reply reply = {.kind = REPLY_TIME_EXCEEDED,
                          .is_icmp = true,
                          .icmp_type = 11,
                          .version = 4,
                          .quoted_ttl = 1,
                          .time = play->now + NS_PER_MS / 2};
    snprintf(text, sizeof text, "10.%u.0.%u", ttl, router);
    addr_parse(text, &reply.from);
    trace_add_reply(&play->trace, probe, &reply);
}

static void meet_all(struct play *play, unsigned first, unsigned count, unsigned ttl, unsigned router)
{
    for (unsigned flow = first; flow < first + count; flow++)
        meet(play, flow, ttl, router);
}

/* `count` probes of the flow are lost, each sent when the routers of that TTL were rested, or not. */
static void lose(struct play *play, unsigned flow, unsigned ttl, unsigned count, bool rested)
{
    while (count--) {
        if (rested)
            rest(play);
        add_probe(play, flow, ttl)->state = PROBE_EXPIRED;
    }
}

static void plan(struct play *play)
{
    const struct trace *trace = &play->trace;
    survey_free(&play->survey);
    survey_build(&trace, 1, &play->terms, &play->survey);
    mda_plan(&play->survey, &play->limits, &play->wants);
}

/* Probes that are wanted at the TTL of the flows first..last. */
static unsigned wanted(const struct play *play, unsigned ttl, unsigned first, unsigned last)
{
    unsigned count = 0;
    for (size_t i = 0; i < play->wants.count; i++) {
        const struct mda_want *want = &play->wants.list[i];
        count += want->ttl == ttl && want->flow >= first && want->flow <= last;
    }
    return count;
}

static const struct mda_want *want_of(const struct play *play, unsigned flow, unsigned ttl)
{
    for (size_t i = 0; i < play->wants.count; i++)
        if (play->wants.list[i].flow == flow && play->wants.list[i].ttl == ttl)
            return &play->wants.list[i];
    return NULL;
}

static void end(struct play *play)
{
    survey_free(&play->survey);
    mda_wants_free(&play->wants);
    trace_free(&play->trace);
}

/* --- groups --- */

/* Hop 1 is lost `losses` times; hop 2 answers. */
static bool is_silent_after(unsigned losses)
{
    struct play play;
    begin(&play);
    meet(&play, 0, 2, 1);
    lose(&play, 0, 1, losses, true);
    plan(&play);
    bool silent = play.survey.groups[0].next_is_silent;
    end(&play);
    return silent;
}

static void test_silences_least(void)
{
    ok(!is_silent_after(2), "two lost probes draw no silent router where loss is all there is");
    ok(is_silent_after(3), "three do, so that no more probes go there");
}

/* Ten flows are answered at hop 1; two lose three probes each, `rested` of all to no rate limit. */
static bool is_branched_after(unsigned rested)
{
    struct play play;
    begin(&play);
    meet_all(&play, 0, 10, 1, 1);
    lose(&play, 10, 1, rested > 3 ? 3 : rested, true);
    lose(&play, 10, 1, rested > 3 ? 0 : 3 - rested, false);
    lose(&play, 11, 1, rested > 3 ? rested - 3 : 0, true);
    lose(&play, 11, 1, 3, false);
    plan(&play);
    bool branched = play.survey.groups[0].is_branched;
    end(&play);
    return branched;
}

static void test_branch_chance(void)
{
    ok(!is_branched_after(5),
       "two flows that lose five probes among ten answers draw no branch: it is loss at 1 in 4000");
    ok(is_branched_after(6), "six do, so that a silent router beside others is not missed");
}

/* Flow 0 meets another router than before at hop 1, `answers` times in a row. */
static void change_route(struct play *play, unsigned answers)
{
    begin(play);
    meet_all(play, 0, 8, 1, 1);
    while (answers--)
        meet(play, 0, 1, 2);
    plan(play);
}

static void test_changed_for_good(void)
{
    struct play play;
    change_route(&play, 9);
    is_num(play.survey.changes, 0, "nine answers of another router are no change of route: packets may take turns");
    ok(want_of(&play, 0, 1), "the flow is probed on until it is clear");
    end(&play);
    change_route(&play, 10);
    is_num(play.survey.changes, 1, "ten are one: no link is drawn from routers before to routers after it");
    end(&play);
}

/* The flow that is held back for the end loses so many probes at hop 2. */
static bool awaits_last_after(unsigned losses)
{
    struct play play;
    begin(&play);
    meet_all(&play, 0, 9, 1, 1);
    meet(&play, 0, 2, 1);
    meet_all(&play, 2, 7, 2, 1);
    meet(&play, 0, 3, 1);
    lose(&play, SURVEY_HELD_BACK, 2, losses, true);
    plan(&play);
    bool awaits = play.survey.groups[1].awaits_last;
    end(&play);
    return awaits;
}

static void test_held_most(void)
{
    ok(awaits_last_after(5), "the flow held back is probed again after five losses, and no other in its place");
    ok(!awaits_last_after(6), "and no more after six: it would be waited for without end");
}

/* MDA-Lite: two routers at hop 1, each with the same next hop; so many flows of the second were answered there. */
static bool is_settled_after(unsigned flows)
{
    struct play play;
    begin(&play);
    play.terms.lite = play.limits.lite = true;
    for (unsigned flow = 0; flow < 40; flow++) {
        meet(&play, flow, 1, 1 + flow % 2);
        if (flow % 2 == 0 || flow / 2 < flows)
            meet(&play, flow, 2, 1);
    }
    meet(&play, 0, 3, 1);
    plan(&play);
    bool settled = play.survey.groups[2].is_settled;
    end(&play);
    return settled;
}

static void test_lite_least(void)
{
    ok(!is_settled_after(1), "one flow of a router does not show that its ways cross none: an edge would be missed");
    ok(is_settled_after(2), "two do: more would cost as many probes as MDA itself");
}

/* --- how far ahead --- */

static void test_ahead(void)
{
    struct play play;
    begin(&play);
    play.limits.gap = 1;
    plan(&play);
    is_num(play.wants.count ? wanted(&play, 8, 0, 0) : 0, 1,
           "eight hops are probed at once before any answer, however small the gap");
    is_num(wanted(&play, 9, 0, 0), 0, "but no ninth: probes beyond a near target are wasted");
    meet(&play, 0, 1, 1);
    play.limits.gap = 8;
    plan(&play);
    is_num(wanted(&play, 5, 0, 0), 1, "four hops behind the last answer are probed at once");
    is_num(wanted(&play, 6, 0, 0), 0, "but no fifth: probes beyond a near target are wasted");
    end(&play);
}

/* --- losses --- */

/* All flows reach the router of hop 1; hop 2 answers nothing so far, hop 3 does. */
static void climb_over_silence(struct play *play)
{
    begin(play);
    meet_all(play, 0, 9, 1, 1);
    meet(play, 0, 3, 1);
}

static void test_lost_in_silence(void)
{
    struct play play;
    climb_over_silence(&play);
    lose(&play, 2, 2, 1, false);
    lose(&play, 3, 2, 1, false);
    plan(&play);
    ok(want_of(&play, 2, 2) && !want_of(&play, 2, 2)->rested,
       "at a silent hop, a flow that lost one probe sends another at once: it may be loss");
    end(&play);
    begin(&play);
    meet_all(&play, 0, 9, 1, 1);
    meet(&play, 5, 3, 1);
    lose(&play, 5, 2, 3, true);
    meet(&play, 0, 2, 1);
    plan(&play);
    ok(!want_of(&play, 5, 2),
       "a flow that lost three probes at a hop sends no fourth there, to find its previous router");
    end(&play);
}

static void test_lost_quickly(void)
{
    struct play play;
    for (unsigned losses = 1; losses <= 2; losses++) {
        begin(&play);
        meet_all(&play, 0, 2, 1, 1);
        meet(&play, 0, 2, 1);
        lose(&play, 2, 1, losses, false);
        plan(&play);
        const struct mda_want *want = want_of(&play, 2, 1);
        ok(want && want->rested == (losses > 1), "where others are answered, a flow that lost %u sends %s", losses,
           losses > 1 ? "the next when the router has a new token: at once it would waste a probe"
                      : "the next at once: waiting for a token would cost a second for mere loss");
        end(&play);
    }
}

static void test_silences_rested(void)
{
    struct play play;
    climb_over_silence(&play);
    lose(&play, 0, 2, 1, true);
    lose(&play, 0, 2, 2, false);
    plan(&play);
    ok(want_of(&play, 0, 2) && want_of(&play, 0, 2)->rested,
       "a silent hop is probed once more when its router has a new token: another run may have spent all");
    lose(&play, 0, 2, 1, true);
    plan(&play);
    is_num(wanted(&play, 2, 0, 0), 0, "after that it is silent: each further probe would cost a second");
    end(&play);
}

static void test_silent_tested(void)
{
    struct play play;
    begin(&play);
    meet_all(&play, 0, 20, 1, 1);
    meet(&play, 0, 2, 1);
    for (unsigned flow = 20; flow < 30; flow++)
        lose(&play, flow, 1, 2, false);
    plan(&play);
    is_num(
        wanted(&play, 1, 20, 29), 3,
        "of ten flows that a hop leaves unanswered three are probed again: none would miss a silent branch, ten cost "
        "ten tokens");
    end(&play);
}

static void test_rested_at_most(void)
{
    struct play play;
    for (unsigned rested = 2; rested <= 3; rested++) {
        begin(&play);
        meet_all(&play, 0, 2, 1, 1);
        meet(&play, 0, 2, 1);
        lose(&play, 2, 1, rested, true);
        plan(&play);
        ok((want_of(&play, 2, 1) != NULL) == (rested < 3), "a flow that lost %u probes to rested routers %s", rested,
           rested < 3 ? "sends another: two may be loss" : "sends no other: its router is silent");
        end(&play);
    }
}

static void test_lost_at_most(void)
{
    struct play play;
    for (unsigned losses = 11; losses <= 12; losses++) {
        begin(&play);
        meet_all(&play, 0, 2, 1, 1);
        meet(&play, 0, 2, 1);
        lose(&play, 2, 1, losses, false);
        plan(&play);
        ok((want_of(&play, 2, 1) != NULL) == (losses < 12), "a flow that lost %u probes %s", losses,
           losses < 12 ? "may send one to a rested router" : "sends no other: the search has to end");
        end(&play);
    }
}

/* --- balancers of packets --- */

/* Two routers at hop 1, each with two next hops of its own, that meet again at hop 3; every flow was answered once. */
static void test_repeats_beside(void)
{
    struct play play;
    unsigned first = 0, second = 0;
    begin(&play);
    for (unsigned flow = 0; flow < 80; flow++) {
        meet(&play, flow, 1, 1 + flow % 2);
        meet(&play, flow, 2, 1 + flow % 4);
        meet(&play, flow, 3, 1);
    }
    plan(&play);
    for (size_t i = 0; i < play.wants.count; i++) {
        first += play.wants.list[i].ttl == 2 && play.wants.list[i].flow % 2 == 0;
        second += play.wants.list[i].ttl == 2 && play.wants.list[i].flow % 2 == 1;
    }
    ok(first > 4, "a balancer sends %u probes of known flows again, to see whether it balances packets", first);
    is_num(second, 2, "the one beside it two: none would miss a balancer of packets, as many cost probes for nothing");
    end(&play);
}

int main(void)
{
    test_silences_least();
    test_branch_chance();
    test_changed_for_good();
    test_held_most();
    test_lite_least();
    test_ahead();
    test_lost_in_silence();
    test_lost_quickly();
    test_silences_rested();
    test_silent_tested();
    test_rested_at_most();
    test_lost_at_most();
    test_repeats_beside();
    return tap_done();
}
