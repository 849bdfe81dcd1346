/* SPDX-License-Identifier: BSD-2-Clause */
/* A format of the tests' own, which prints how many traces a report has: one struct, fed by a run, by the replay of a
 * capture that keeps its traces, and by one that does not. It knows of none of these. */
#include "tap.h"
#include "unit/support/render.h"

static bool count_begin(struct output *out)
{
    static unsigned traces;
    traces = 0;
    out->state = &traces;
    return true;
}

static void count_trace(struct output *out, const struct trace *trace)
{
    (void)trace;
    ++*(unsigned *)out->state;
}

static void count_end(struct output *out)
{
    fprintf(out->file, "%u\n", *(unsigned *)out->state);
}

static const struct output_format output_count = {
    .name = "count",
    .help = "how many traces there are",
    .begin = count_begin,
    .trace = count_trace,
    .end = count_end,
};

/* Two specs that sent something, and one that did not. */
static void fill(struct fake *fake)
{
    fake_init(fake, "", "192.0.2.80", "udp tcp/443 icmp");
    fake_hop(fake, 0, 1, "10.0.1.1", 1);
    fake_silence(fake, 1, 1);
}

static void test_run(void)
{
    struct fake fake;
    struct render r;
    fill(&fake);
    render_open(&r, &output_count, NULL);
    report_begin(&r.report, &render_live, &fake.session);
    render_hops(&r, &fake, 1, 1);
    is_text(render_end(&r, &fake, NULL, NULL), "2\n", "a run of our own");
    render_free(&r);
    fake_free(&fake);
}

static void test_capture(void)
{
    const struct result_source source = {.command = "replay"};
    struct fake fake;
    struct render r;
    fill(&fake);
    const struct trace *traces[] = {fake_trace(&fake, 0), fake_trace(&fake, 1)};
    const struct recognition found = {.traces = traces, .trace_count = 2}, nothing_kept = {.trace_count = 0};
    render_open(&r, &output_count, NULL);
    ok(!report_keeps(&r.report), "it needs nothing kept");
    is_text(render_recognition(&r, &found, &source), "2\n", "a capture whose traces are kept");
    render_free(&r);

    const struct replay_filter all = {.host = ""};
    render_open(&r, &output_count, NULL);
    report_begin(&r.report, &source, NULL);
    const struct recogniser_events events = report_recogniser_events(&r.report, &all);
    ok(!events.probe, "it is told of no probes");
    events.trace(events.context, traces[0]);
    events.trace(events.context, traces[1]);
    report_take_recognition(&r.report, &nothing_kept);
    report_end(&r.report);
    is_text(render_close(&r), "2\n", "a capture whose traces are told as they end");
    render_free(&r);
    fake_free(&fake);
}

/* Each event reaches a format once, at its time: a format that wants a run's probes afterwards gets them by TTL. */
static char order[64];

static void note_probe(struct output *out, const struct trace *trace, const struct probe *probe)
{
    (void)out;
    size_t used = strlen(order);
    snprintf(order + used, sizeof order - used, "%u:%u ", trace->flow.spec.protocol, probe->ttl);
}

static void is_order(bool after_run, const char *want, const char *name)
{
    const struct output_format format = {
        .begin = count_begin, .probe = note_probe, .end = count_end, .probes_after_run = after_run};
    struct fake fake;
    struct render r;
    *order = '\0';
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake_hop(&fake, 0, 2, "10.0.2.1", 1);
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    render_open(&r, &format, NULL);
    report_begin(&r.report, &render_live, &fake.session);
    for (size_t i = 0; i < fake_trace(&fake, 0)->probe_count; i++)
        render_probe(&r, &fake, fake_trace(&fake, 0), &fake_trace(&fake, 0)->probes[i]);
    render_end(&r, &fake, NULL, NULL);
    is_text(order, want, "%s", name);
    render_free(&r);
    fake_free(&fake);
}

int main(void)
{
    test_run();
    test_capture();
    is_order(false, "17:2 17:1 ", "probes as they settle");
    is_order(true, "17:1 17:2 ", "probes after the run, by TTL");
    return tap_done();
}
