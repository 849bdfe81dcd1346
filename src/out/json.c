/* json: one document a run, written at its end. Objects are built one hop at a time, so that memory is bounded by a
 * hop, and stand on a line each; what is between them is written by hand. Keys: jsonvalue.h. */
#include <stdlib.h>

#include "out/jsonvalue.h"
#include "out/summary.h"

static bool json_begin(struct output *out, const struct session *session, const struct report_source *source)
{
    (void)out, (void)session, (void)source;
    return true;
}

static void write_trace(FILE *file, const struct session *session, const struct trace *trace)
{
    const char *between = "";
    fputs("\n  {", file);
    json_write_members(file, json_trace_head(session, trace));
    fputs(",\n   \"hops\": [", file);
    for (unsigned ttl = 1, last = trace_last_ttl(trace); ttl <= last; ttl++) {
        if (!*between && !trace_asked(trace, ttl))
            continue;
        fprintf(file, "%s\n    ", between);
        json_write(file, json_hop(trace, (uint8_t)ttl));
        between = ",";
    }
    fputs("]}", file);
}

static void write_traces(FILE *file, const struct session *session)
{
    size_t count;
    const struct trace **traces = summary_traces(session, &count);
    fputs(",\n \"traces\": [", file);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? "," : "", file);
        write_trace(file, session, traces[i]);
    }
    fputs("]", file);
    free(traces);
}

static void write_judgement(FILE *file, const struct judgement *judgement)
{
    fputs(",\n \"verdicts\": [", file);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        fputs(i ? ",\n  " : "\n  ", file);
        json_write(file, json_verdict(&judgement->verdicts[i]));
    }
    fputs("],\n \"findings\": [", file);
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        fputs(i ? ",\n  " : "\n  ", file);
        json_write(file, json_finding(&judgement->findings[i]));
    }
    fputs("]", file);
}

static void json_end(struct output *out, const struct session *session, const struct judgement *judgement,
                     const struct report_source *source)
{
    FILE *file = out->file;
    fputs("{", file);
    json_write_members(file, json_run_head(source));
    write_traces(file, session);
    write_judgement(file, judgement);
    fputs(",\n \"errors\": [],\n \"capture\": ", file);
    json_write(file, json_capture(session));
    fputs("}\n", file);
    fflush(file);
}

const struct output_format output_json = {
    .name = "json",
    .help = "one JSON document",
    .begin = json_begin,
    .end = json_end,
};
