/* output: events and results turned into text, JSON, JSON lines or CSV. Floor 5; never sees io/.
 *
 * A format is a const struct in a file of its own plus one line in output_formats[]. It writes only to the FILE given;
 * whether that file took everything is asked by the caller (ferror, fclose). */
#ifndef HOPSONDE_OUT_OUTPUT_H
#define HOPSONDE_OUT_OUTPUT_H

#include <stdio.h>

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
};

struct output_options {
    bool color;
    bool quiet;       /* --quiet: only the table's hops and the verdicts */
    unsigned verbose; /* -v given so often */
    unsigned width;   /* columns of the terminal; 80 where it is none */
};

struct output_format;

struct output {
    const struct output_format *format;
    FILE *file; /* borrowed */
    struct output_options options;
    void *state; /* the format's own, from begin to end */
};

struct output_format {
    const char *name; /* "json" */
    const char *help;
    /* The run starts: heading. Returns false where memory is short. */
    bool (*begin)(struct output *out, const struct session *session, const struct report_source *source);
    void (*probe)(struct output *out, const struct session *session, const struct trace *trace,
                  const struct probe *probe);                                    /* may be NULL */
    void (*hop)(struct output *out, const struct session *session, uint8_t ttl); /* may be NULL */
    /* The run is over: the rest, and the verdicts. Frees `state`. `source` has its final counts now. */
    void (*end)(struct output *out, const struct session *session, const struct judgement *judgement,
                const struct report_source *source);
};

extern const struct output_format output_text, output_json, output_jsonl, output_csv;
extern const struct output_format *const output_formats[];        /* NULL-terminated */
const struct output_format *output_format_find(const char *name); /* NULL: none; "ndjson" is jsonl */

#endif
