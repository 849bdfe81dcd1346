/* SPDX-License-Identifier: BSD-2-Clause */
/* costs: `costs CASE SIZE` makes input that is made to cost much, so much of it, and handles it; without arguments it
 * lists the cases. linear.test counts its instructions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile/transit_costs.h"
#include "multipath/graph.h"
#include "multipath/mda.h"
#include "multipath/stopping_rule.h"
#include "report/text/table/hop_line.h"
#include "strategies/strategies.h"
#include "unit/support/handmade.h"
#include "verdict/verdict.h"

static struct session *begin(const struct session_config *config)
{
    struct err err = {0};
    struct session *session = session_new(config, true, NULL, &err);
    if (!session) {
        fprintf(stderr, "costs: %s\n", err.message);
        exit(1);
    }
    return session;
}

/* Ends the run and judges it. */
static void end(struct session *session)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    if (judgement) {
        verdict_judge(session, judgement);
        verdict_release(judgement);
    }
    free(judgement);
    session_free(session);
}

static const char *const specs[] = {"udp", "icmp", "tcp/443", "tcp/80", NULL};

static void claim_probes(enum claim_kind kind, unsigned count, unsigned ttls)
{
    struct session_config config = handmade_config(specs);
    struct session *session = begin(&config);
    for (unsigned n = 0; n < count; n++)
        session_claim(session, &(struct session_claim){.kind = kind,
                                                       .trace = n % 4,
                                                       .serial = (uint16_t)(1 + n / 4),
                                                       .ttl = (uint8_t)(1 + n / 4 % ttls),
                                                       .at = START + n * NS_PER_US,
                                                       .send_errno = kind == CLAIM_REFUSED});
    end(session);
}

static void unseen(unsigned count)
{
    claim_probes(CLAIM_UNSEEN, count, 8);
}

static void unseen_at_one_hop(unsigned count)
{
    claim_probes(CLAIM_UNSEEN, count, 1);
}

static void refused(unsigned count)
{
    claim_probes(CLAIM_REFUSED, count, 8);
}

/* Each reply takes longer than all before it, and moves the deadlines of all probes. */
static void slower_replies(unsigned count)
{
    struct session_config config = handmade_config(specs);
    struct session *session = begin(&config);
    for (unsigned n = 0; n < count; n++)
        see_probe(session, 0, (uint16_t)(1 + n), (uint8_t)(1 + n % 200), 0);
    for (unsigned n = 0; n < count; n++)
        see_error(session, "10.0.3.1", 11, 0, 0, (uint16_t)(1 + n), NULL, MS + n * 50 * NS_PER_US);
    end(session);
}

static struct addr made_up(unsigned number)
{
    char text[ADDR_TEXT_BYTES];
    snprintf(text, sizeof text, "100.%u.%u.%u", 64 + (number >> 16), number >> 8 & 255, number & 255);
    return handmade_address(text);
}

static void add_expired(struct trace *trace, unsigned flow, unsigned ttl, unsigned number)
{
    struct reply reply = {.from = made_up(number),
                          .kind = REPLY_TIME_EXCEEDED,
                          .is_icmp = true,
                          .icmp_type = 11,
                          .version = 4,
                          .quoted_ttl = 1,
                          .time = START + MS};
    struct probe *probe = trace_add_probe(trace, 0, (uint8_t)ttl, START);
    if (!probe || !trace_add_reply(trace, probe, &reply))
        exit(1);
    probe->flow = (uint16_t)flow;
}

static void addresses_of_a_hop(unsigned count)
{
    struct trace trace;
    struct strbuf text;
    trace_init(&trace);
    strbuf_init(&text);
    for (unsigned n = 0; n < count; n++)
        add_expired(&trace, 0, 3, n);
    hop_line_add_row(&text, &(struct hop_line){.trace = &trace, .ttl = 3});
    printf("%s\n", text.text + (text.length > 60 ? text.length - 60 : 0));
    strbuf_free(&text);
    trace_free(&trace);
}

/* Flows that each met two addresses of their own, or one of a hundred, and go on to others. */
static void plan(unsigned flows, unsigned width)
{
    struct trace trace;
    struct graph graph;
    struct survey survey;
    struct mda_wants wants = {0};
    const struct trace *traces = &trace;
    struct stopping_table *stopping = stopping_table_new();
    trace_init(&trace);
    for (unsigned f = 0; f < flows; f++)
        for (unsigned ttl = 1; ttl <= 4; ttl++)
            add_expired(&trace, f, ttl, ttl * 16384 + f % width);
    const struct survey_terms terms = {.confidence = 0.95, .since = NSTIME_NONE, .stopping = stopping};
    const struct mda_limits limits = {.first_ttl = 1, .max_ttl = 30, .gap = 8, .flows = flows};
    if (survey_build(&traces, 1, &terms, &survey))
        mda_plan(&survey, &limits, &wants);
    survey_free(&survey);
    mda_wants_free(&wants);
    graph_build(&traces, 1, 0.95, false, &graph);
    graph_free(&graph);
    stopping_table_free(stopping);
    trace_free(&trace);
}

static void plan_of_new_addresses(unsigned flows)
{
    plan(flows, 16384);
}

static void plan_of_a_hundred(unsigned flows)
{
    plan(flows, 100);
}

static const struct cost_case {
    const char *name;
    unsigned size; /* at which linear.test begins */
    void (*run)(unsigned size);
} cases[] = {
    {"unseen", 20000, unseen},
    {"unseen-at-one-hop", 8000, unseen_at_one_hop},
    {"refused", 20000, refused},
    {"slower-replies", 4000, slower_replies},
    {"addresses-of-a-hop", 8000, addresses_of_a_hop},
    {"plan-of-new-addresses", 2000, plan_of_new_addresses},
    {"plan-of-a-hundred", 2000, plan_of_a_hundred},
    {"transit-conversations", 40000, transit_conversations}, /* more than are open at a time */
    {"transit-strangers", 40000, transit_strangers},
    {"transit-alike", 20000, transit_alike},
    {"transit-losses", 20000, transit_losses},
    {"transit-holes", 20000, transit_holes},
    {"transit-repeats", 20000, transit_repeats},
    {"transit-backward", 20000, transit_backward},
    {"transit-cuts", 20000, transit_cuts},
    {"transit-syns", 20000, transit_syns},
    {"transit-resets", 20000, transit_resets},
    {"transit-clocks", 20000, transit_clocks},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc < 3)
            printf("%s %u\n", cases[i].name, cases[i].size);
        else if (strcmp(cases[i].name, argv[1]) == 0)
            cases[i].run((unsigned)strtoul(argv[2], NULL, 10));
    }
    return 0;
}
