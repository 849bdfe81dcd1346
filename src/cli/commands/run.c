/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "cli/commands/far_point.h"
#include "cli/shared/report.h"
#include "session/strategy.h"
#include "targets/targets.h"
#include "verdict/port_verdicts.h"

int run_complain(const struct err *err)
{
    fprintf(stderr, "hopsonde: %s\n", err->message);
    return (int)err->status;
}

uint64_t run_random(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)(uintptr_t)&seed; /* early boot: any value that differs a little between runs */
    return seed;
}

int run_quiet_end(const struct report *report, const struct run_context *context, int code)
{
    if (report->pipe_closed)
        return EXIT_REACHED;
    return *context->stop ? EXIT_INTERRUPTED : code;
}

/* --- the end of a report --- */

/* The probes that the user named decide. */
static int exit_of_judgement(const struct session *session, const struct judgement *judgement)
{
    const struct trace *compared = session_config(session)->first_compares ? session_trace(session, 0) : NULL;
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        if (verdict_passes(&judgement->verdicts[i]) && judgement->verdicts[i].trace != compared &&
            !judgement->verdicts[i].trace->is_control)
            return EXIT_REACHED;
    return judgement->ports && ports_reach(judgement->ports) ? EXIT_REACHED : EXIT_NOT_REACHED;
}

/* A line for each group of ports, as text has them. */
static void add_port_lines(struct strbuf *out, const struct portmap *ports)
{
    struct port_groups *groups = malloc(sizeof *groups);
    if (groups && ports_group(ports, groups)) {
        for (unsigned i = 0; i < groups->count; i++) {
            strbuf_add(out, out->length ? "\n" : "");
            ports_add_line(&groups->of[i], false, out);
        }
        ports_free_groups(groups);
    }
    free(groups);
}

static void add_sentences(struct strbuf *out, const struct judgement *judgement)
{
    if (judgement->ports)
        add_port_lines(out, judgement->ports);
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        strbuf_addf(out, "%s%s", out->length ? "\n" : "", judgement->verdicts[i].text);
}

/* The end of a report with its graph, if the run searched for paths. False: memory is short. */
static bool end_report(struct report *report, const struct session *session, const struct judgement *judgement)
{
    const struct session_config *config = session_config(session);
    const struct trace *trace = session_trace(session, 0);
    struct graph graph = {0};
    bool drawn = config->strategy->finds_graph;
    if (drawn) {
        drawn = graph_build(&trace, 1, config->confidence / 1e6, config->lite, &graph);
        report_graphs(report, &graph, drawn, judgement->verdict_count ? judgement->verdicts[0].text : NULL);
    }
    report_end(report);
    report_graphs(report, NULL, 0, NULL);
    graph_free(&graph);
    return drawn || !config->strategy->finds_graph;
}

static void judge_session(struct report *report, const struct session *session, struct far_point *far,
                          struct strbuf *verdicts, struct judgement *judgement)
{
    const struct report_target *target = report_target(report, session);
    verdict_judge(session, judgement);
    if (target->monitor)
        monitor_settle_verdicts(target->monitor, judgement);
    far_point_revise(far, target->result.traces, target->result.trace_count, judgement);
    if (verdicts)
        add_sentences(verdicts, judgement);
    report_judged_session(report, session, judgement);
}

/* Compares each target with all lines of --expect. The caller frees the results; NULL: memory is short. */
static struct result_expectation *compare_all(const struct expect *expect, struct report *report,
                                              const struct targets *targets, const struct judgement *judgements)
{
    struct result_expectation *results = calloc((size_t)targets->count * expect->count, sizeof *results);
    for (unsigned i = 0; results && i < targets->count; i++) {
        struct result_expectation *own = results + (size_t)i * expect->count;
        const struct session *session = targets_session(targets, i);
        expect_compare(expect, &judgements[i], report_target(report, session)->result.mtu, own);
        for (unsigned k = 0; k < expect->count && targets->count > 1; k++)
            own[k].target = session_config(session)->target;
    }
    return results;
}

/* Judges all, and ends the report while their judgements still stand. */
static int end_judged(const struct run_context *context, struct report *report, const struct targets *targets,
                      struct far_point *far, struct strbuf *verdicts, struct judgement *judgements)
{
    struct result_expectation *results = NULL;
    int code = EXIT_REACHED;
    for (unsigned i = 0; i < targets->count; i++) {
        judge_session(report, targets_session(targets, i), far, verdicts, &judgements[i]);
        int own = exit_of_judgement(targets_session(targets, i), &judgements[i]);
        code = own == EXIT_REACHED ? code : own;
    }
    if (context->expect)
        results = compare_all(context->expect, report, targets, judgements);
    report_expected(report, results, results ? targets->count * context->expect->count : 0);
    bool ended = end_report(report, targets_session(targets, 0), &judgements[0]);
    code = context->expect ? run_print_compared(report) : code;
    bool compared = !context->expect || results;
    free(results);
    return ended && compared ? code : EXIT_SYSTEM;
}

int run_report_end(const struct run_context *context, struct report *report, const struct targets *targets,
                   struct far_point *far, struct strbuf *verdicts)
{
    struct judgement *judgements = calloc(targets->count, sizeof *judgements);
    for (unsigned i = 0; i < targets->count; i++)
        report_take_session(report, targets_session(targets, i));
    if (!judgements)
        return EXIT_SYSTEM;
    int code = end_judged(context, report, targets, far, verdicts, judgements);
    for (unsigned i = 0; i < targets->count; i++)
        verdict_release(&judgements[i]);
    free(judgements);
    return code;
}
