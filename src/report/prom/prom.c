/* SPDX-License-Identifier: BSD-2-Clause */
/* prom: the table of watch as OpenMetrics 1.0 text, for the textfile collector of the Prometheus node exporter.
 *
 * A file holds one exposition, which the next round replaces (output_format.replaces). Standard output gets one, at the
 * end. Counters count from the start of the run. Each router of a hop has samples of its own. */
#include <inttypes.h>

#include "report/format.h"

/* The label values of a row. */
struct labels {
    char target[ADDR_TEXT_BYTES], probe[PROBE_SPEC_TEXT_BYTES], address[ADDR_TEXT_BYTES];
    unsigned ttl;
};

/* What a family of samples prints of one row. */
typedef void row_printer(const struct output *out, const struct labels *labels, unsigned index, unsigned row);

static void print_head(const struct output *out, const char *name, const char *type, const char *help)
{
    fprintf(out->file, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void print_name(const struct output *out, const char *name, const struct labels *labels, const char *more)
{
    fprintf(out->file, "%s{target=\"%s\",probe=\"%s\",ttl=\"%u\",address=\"%s\"%s} ", name, labels->target,
            labels->probe, labels->ttl, labels->address, more);
}

static struct row_stats stats_of(const struct output *out, const struct labels *labels, unsigned index, unsigned row)
{
    struct row_stats stats;
    monitor_row_stats(out->result->monitor, index, (uint8_t)labels->ttl, row, &stats);
    return stats;
}

static void print_probes(const struct output *out, const struct labels *labels, unsigned index, unsigned row)
{
    print_name(out, "hopsonde_probes_total", labels, "");
    fprintf(out->file, "%" PRIu64 "\n", stats_of(out, labels, index, row).sent);
}

static void print_replies(const struct output *out, const struct labels *labels, unsigned index, unsigned row)
{
    print_name(out, "hopsonde_replies_total", labels, "");
    fprintf(out->file, "%" PRIu64 "\n", stats_of(out, labels, index, row).received);
}

static void print_last(const struct output *out, const struct labels *labels, unsigned index, unsigned row)
{
    struct row_stats stats = stats_of(out, labels, index, row);
    if (!stats.timed)
        return;
    print_name(out, "hopsonde_last_rtt_seconds", labels, "");
    fprintf(out->file, "%.9g\n", stats.last_ms / 1000);
}

/* Quantiles are of settled probes. */
static void print_summary(const struct output *out, const struct labels *labels, unsigned index, unsigned row)
{
    static const struct {
        double share;
        const char *label;
    } quantiles[] = {{0.5, ",quantile=\"0.5\""}, {0.95, ",quantile=\"0.95\""}, {0.99, ",quantile=\"0.99\""}};
    const struct router_row *of = &monitor_rows(out->result->monitor, index)->hops[labels->ttl].rows[row];
    struct row_stats stats = stats_of(out, labels, index, row);
    for (unsigned i = 0; i < sizeof quantiles / sizeof *quantiles && of->sketch.count; i++) {
        print_name(out, "hopsonde_rtt_seconds", labels, quantiles[i].label);
        fprintf(out->file, "%.4g\n", sketch_quantile(&of->sketch, quantiles[i].share) / 1000);
    }
    print_name(out, "hopsonde_rtt_seconds_count", labels, "");
    fprintf(out->file, "%" PRIu64 "\n", stats.timed);
    print_name(out, "hopsonde_rtt_seconds_sum", labels, "");
    fprintf(out->file, "%.9g\n", stats.avg_ms * (double)stats.timed / 1000);
}

/* The word holds for a hop; its first row has the sample. */
static void print_word(const struct output *out, const struct labels *labels, unsigned index, unsigned row)
{
    enum row_word word = monitor_word(out->result->monitor, index, (uint8_t)labels->ttl);
    for (unsigned state = WORD_LIMITED; state <= WORD_LOSS && row == 0; state++) {
        char label[48];
        snprintf(label, sizeof label, ",hopsonde_hop=\"%s\"", row_word_name((enum row_word)state));
        print_name(out, "hopsonde_hop", labels, label);
        fprintf(out->file, "%d\n", word == (enum row_word)state);
    }
}

static void print_hop(const struct output *out, unsigned index, uint8_t ttl, row_printer *print)
{
    const struct monitor *monitor = out->result->monitor;
    const struct hop_rows *hop = &monitor_rows(monitor, index)->hops[ttl];
    struct labels labels = {.ttl = ttl};
    addr_format(&out->result->config->target, labels.target);
    probe_spec_format(&monitor_trace(monitor, index)->flow.spec, labels.probe);
    for (unsigned row = 0; row < hop->count; row++) {
        addr_format(&hop->rows[row].address, labels.address);
        print(out, &labels, index, row);
    }
}

static void print_target_rows(const struct output *out, row_printer *print)
{
    const struct monitor *monitor = out->result->monitor;
    for (unsigned i = 0; monitor_trace(monitor, i); i++)
        for (unsigned ttl = 1, last = monitor_last_ttl(monitor, i); ttl <= last && monitor_follows(monitor, i); ttl++)
            print_hop(out, i, (uint8_t)ttl, print);
}

/* All samples of a family stand together (OpenMetrics 1.0, 4.2): those of all targets. */
static void print_rows(const struct output *out, row_printer *print)
{
    struct output of_target = *out;
    for (unsigned k = 0; k < result_target_count(out->result); k++) {
        of_target.result = result_target(out->result, k);
        print_target_rows(&of_target, print);
    }
}

static void print_targets(const struct output *out, void (*print)(const struct output *out))
{
    struct output of_target = *out;
    for (unsigned k = 0; k < result_target_count(out->result); k++) {
        of_target.result = result_target(out->result, k);
        print(&of_target);
    }
}

static void print_verdicts(const struct output *out)
{
    const struct monitor *monitor = out->result->monitor;
    char target[ADDR_TEXT_BYTES], probe[PROBE_SPEC_TEXT_BYTES];
    addr_format(&out->result->config->target, target);
    for (unsigned i = 0; monitor_trace(monitor, i); i++) {
        const struct verdict *verdict = monitor_follows(monitor, i) ? monitor_verdict(monitor, i) : NULL;
        probe_spec_format(&monitor_trace(monitor, i)->flow.spec, probe);
        for (unsigned state = 0; state < VERDICT_STATES && verdict; state++) {
            const char *name = verdict_state_name((enum verdict_state)state);
            fprintf(out->file, "hopsonde_verdict{target=\"%s\",probe=\"%s\",hopsonde_verdict=\"%s\"} %d\n", target,
                    probe, name, verdict->state == (enum verdict_state)state);
        }
    }
}

static void print_events(const struct output *out)
{
    char target[ADDR_TEXT_BYTES];
    addr_format(&out->result->config->target, target);
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
        fprintf(out->file, "hopsonde_events_total{target=\"%s\",kind=\"%s\"} %u\n", target,
                event_kind_name((enum event_kind)kind),
                monitor_event_count(out->result->monitor, (enum event_kind)kind));
}

static void print_rounds(const struct output *out)
{
    char target[ADDR_TEXT_BYTES];
    addr_format(&out->result->config->target, target);
    fprintf(out->file, "hopsonde_rounds_total{target=\"%s\"} %u\n", target, monitor_rounds(out->result->monitor));
}

static void print_all(const struct output *out)
{
    print_head(out, "hopsonde_probes", "counter", "Probes that were answered or have timed out.");
    print_rows(out, print_probes);
    print_head(out, "hopsonde_replies", "counter", "Probes that were answered.");
    print_rows(out, print_replies);
    print_head(out, "hopsonde_last_rtt_seconds", "gauge", "The last round-trip time.");
    print_rows(out, print_last);
    print_head(out, "hopsonde_rtt_seconds", "summary", "Round-trip times of the whole run.");
    print_rows(out, print_summary);
    print_head(out, "hopsonde_hop", "stateset", "Whether the router limits its replies, and whether packets are lost.");
    print_rows(out, print_word);
    print_head(out, "hopsonde_verdict", "stateset", "What becomes of the probe.");
    print_targets(out, print_verdicts);
    print_head(out, "hopsonde_events", "counter", "Changes.");
    print_targets(out, print_events);
    print_head(out, "hopsonde_rounds", "counter", "Rounds that have ended.");
    print_targets(out, print_rounds);
    fputs("# EOF\n", out->file);
}

static void prom_round(struct output *out, uint32_t rounds)
{
    (void)rounds;
    if (out->options.replaces)
        print_all(out);
}

static void prom_end(struct output *out)
{
    if (out->result->monitor)
        print_all(out);
}

const struct output_format output_prom = {
    .name = "prom",
    .help = "OpenMetrics; a file is replaced after each round",
    .has_rounds = true,
    .replaces = true,
    .round = prom_round,
    .end = prom_end,
};
