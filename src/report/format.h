/* SPDX-License-Identifier: BSD-2-Clause */
/* output: events and results turned into text, JSON, JSON lines or CSV. Floor 5; never sees io/.
 *
 * A format is a const struct in a file of its own plus one line in output_formats[]. It writes only to the FILE given;
 * whether that file took everything is asked by the caller (ferror, fclose). An output may have several reports after
 * each other, each with its begin and end. */
#ifndef HOPSONDE_REPORT_FORMAT_H
#define HOPSONDE_REPORT_FORMAT_H

#include <stdio.h>

#include "address/address_book.h"
#include "multipath/graph.h"
#include "recognise/recognise.h"
#include "session/session.h"
#include "verdict/verdict.h"

/* What the report says about where its frames come from. All borrowed. */
struct report_source {
    const char *command; /* "trace" */
    bool live;
    const char *interface; /* live: "any" or the name given */
    const struct source_file {
        const char *name;
        uint64_t frames;
        bool truncated;
    } * files; /* capture: file_count of them */
    unsigned file_count;
    bool interrupted; /* a replay of other captures than our own: they were not read to their end */
};

struct output_options {
    bool color;
    bool quiet;       /* --quiet: only the table's hops and the verdicts */
    unsigned verbose; /* -v given so often */
    unsigned width;   /* columns of the terminal; 80 where it is none */
    bool networks;    /* AS numbers beside addresses, and the path of AS numbers */
    bool places;      /* countries and cities beside addresses */
};

struct output_format;

struct output {
    const struct output_format *format;
    FILE *file; /* borrowed */
    struct output_options options;
    void *state; /* the format's own, from begin to end */
    bool headed; /* the format's own: its heading stands in the file, maybe since an earlier report */
    /* What a run of `paths` found, graph_count of them; set before its end, and then borrowed. NULL: another command.
     */
    const struct graph *graphs;
    unsigned graph_count;
    /* What is known of addresses; grows during the run, and is complete at its end. NULL: nothing, and none is to be
     * shown. Borrowed. */
    const struct address_book *book;
    /* Whether what `book` has of an address will not grow any more; NULL: so it is of all. */
    bool (*is_settled)(void *context, const struct addr *address);
    void *settled_context;
};

struct output_format {
    const char *name; /* "json" */
    const char *help;
    bool draws; /* graphs, and nothing else: only `paths` has some */
    /* The run starts: heading. Returns false where memory is short. */
    bool (*begin)(struct output *out, const struct session *session, const struct report_source *source);
    void (*probe)(struct output *out, const struct session *session, const struct trace *trace,
                  const struct probe *probe);                                    /* may be NULL */
    void (*hop)(struct output *out, const struct session *session, uint8_t ttl); /* may be NULL */
    /* Writes lines that waited for names: those whose addresses are settled or that have waited long enough, or `all`.
     * True where some go on waiting. May be NULL: nothing waits. */
    bool (*release)(struct output *out, nstime now, bool all);
    /* The run is over: the rest, and the verdicts. Frees `state`. `source` has its final counts now. */
    void (*end)(struct output *out, const struct session *session, const struct judgement *judgement,
                const struct report_source *source);

    /* The same for what was recognised in captures that are not our own: they have no session. A format that `keeps`
     * has all it needs in replay_end(); the others are told of probes, traces and errors as these become final
     * (recogniser_events), keep nothing, and find `found` without traces. */
    bool keeps;
    bool (*replay_begin)(struct output *out, const struct report_source *source);
    void (*replay_probe)(struct output *out, const struct trace *trace, const struct probe *probe); /* may be NULL */
    void (*replay_trace)(struct output *out, const struct trace *trace);                            /* may be NULL */
    void (*replay_error)(struct output *out, const struct other_error *error);                      /* may be NULL */
    /* The traces from one source to one target, and what they show together: once for each such set, in the order of
     * their first traces, after all traces were told of and before the end. Only where traces are kept. May be NULL. */
    void (*replay_judged)(struct output *out, const struct trace *const *traces, size_t count,
                          const struct judgement *judgement, const struct report_source *source);
    void (*replay_end)(struct output *out, const struct recognition *found, const struct report_source *source);
};

extern const struct output_format output_text, output_json, output_jsonl, output_csv, output_dot, output_svg,
    output_map;
/* What --list prints; no format that -o knows. */
extern const struct output_format output_list;
extern const struct output_format *const output_formats[];        /* NULL-terminated */
const struct output_format *output_format_find(const char *name); /* NULL: none; "ndjson" is jsonl */

#endif
