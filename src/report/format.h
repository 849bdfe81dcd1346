/* SPDX-License-Identifier: BSD-2-Clause */
/* format: an output format, and an output that is written in one. Floor: report.
 *
 * A format is a const struct in a file of its own plus one line in output_formats[]. It writes only to the FILE given;
 * the caller checks whether that file took everything (ferror, fclose). An output may have several reports one after
 * another, each with its begin and end. */
#ifndef HOPSONDE_REPORT_FORMAT_H
#define HOPSONDE_REPORT_FORMAT_H

#include <stdio.h>

#include "report/result.h"

/* The widths that tables and sentences are made for. Unit: columns. Source: chosen. Effect: a narrower terminal breaks
 * lines itself, and in a wider one the eye would lose the line. */
#define OUTPUT_WIDTH_LEAST 60
#define OUTPUT_WIDTH_MOST 200

struct output_options {
    bool color;
    bool quiet;         /* --quiet: only the table's hops and the verdicts */
    bool verdicts_only; /* --quiet: no table either, where there are verdicts */
    unsigned verbose;   /* how many -v were given */
    unsigned width;     /* columns of tables: OUTPUT_WIDTH_LEAST to OUTPUT_WIDTH_MOST */
    unsigned wrap; /* columns at which sentences and long lines break; 0: they do not, for scripts that search them */
    bool one_per_line; /* every TTL has a line of its own, which never breaks: for scripts */
    bool networks;     /* AS numbers beside addresses, and the path of AS numbers */
    bool report_only;  /* watch: no line for each event */
    bool on_screen;    /* a full screen is on standard output: lines wait for the end */
    bool replaces;     /* the file is new in each round */
    bool places;       /* countries and cities beside addresses */
};

struct output_format;

struct output {
    const struct output_format *format;
    FILE *file; /* borrowed */
    struct output_options options;
    const struct result *result; /* borrowed; from begin to end */
    void *state;                 /* the format's own, from begin to end */
    bool headed;                 /* the format's own: its heading stands in the file, maybe since an earlier report */
};

/* Nanoseconds that a finished line may wait for the names in it. */
#define OUTPUT_WAIT_MOST (NS_PER_S / 2)

/* All callbacks but end may be NULL. A format is told of each probe, trace and error exactly once, as
 * these become final, and finds all that is kept in the result at the end. */
struct output_format {
    const char *name; /* "json" */
    const char *help;
    /* Graphs, and nothing else: it needs a search for all paths. */
    bool draws;
    bool shows_transit; /* it has a report of two capture points */
    /* It reads traces and errors out of the result when all is read. Where no format of a report keeps, those of
     * captures are forgotten once told. */
    bool keeps;
    /* It is told of a run's probes after the run, by trace, TTL and attempt, so that late replies stand with their
     * probes. Otherwise it is told of a probe as soon as that settles. */
    bool probes_after_run;
    /* It shows rounds or their end: watch can write it. */
    bool has_rounds;
    /* A file of it is replaced as a whole after each round. Between two rounds, `file` of the output is NULL. */
    bool replaces;

    /* A report begins; of a run of our own `config` and `specs` are known. False: memory is short. */
    bool (*begin)(struct output *out);
    void (*probe)(struct output *out, const struct trace *trace, const struct probe *probe);
    /* The line of this TTL in the merged table of a run may be printed: in rising order, each once. */
    void (*hop)(struct output *out, uint8_t ttl);
    /* Of watch: a round has ended; something has changed. */
    void (*round)(struct output *out, uint32_t rounds);
    void (*event)(struct output *out, const struct event *event);
    /* The trace is over, and all its probes were told. */
    void (*trace)(struct output *out, const struct trace *trace);
    void (*error)(struct output *out, const struct other_error *error);
    /* Of captures of two points: a packet at both, as it is found. */
    void (*pair)(struct output *out, const struct transit_pair *pair);
    /* Once for each group of traces, in the order of their first traces, after all traces: only where traces are kept,
     * and not where a capture is read for its paths. The group of a run of our own stays valid until the end. */
    void (*judged)(struct output *out, const struct judged_group *group);
    /* Writes lines that waited for names: those whose addresses are settled, those that have waited long enough, or
     * `all`. True: some still wait. */
    bool (*release)(struct output *out, nstime now, bool all);
    /* The result is complete: writes the rest. Frees `state`. */
    void (*end)(struct output *out);
};

extern const struct output_format output_text, output_json, output_jsonl, output_csv, output_dot, output_svg,
    output_map, output_policy, output_prom;
/* What --list prints; no format that -o knows. */
extern const struct output_format output_list;
extern const struct output_format *const output_formats[];        /* NULL-terminated */
const struct output_format *output_format_find(const char *name); /* NULL: none; "ndjson" is jsonl */

#endif
