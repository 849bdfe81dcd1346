/* json: one document a run, written at its end; all captures that are not our own are one run. Objects are built a
 * probe at a time, so that memory is bounded by a probe, and hops stand on a line each; what is between them is written
 * by hand. Keys: jsonvalue.h. */
#include <stdlib.h>

#include "out/jsonprobe.h"
#include "out/jsonvalue.h"
#include "out/summary.h"

static bool json_begin(struct output *out, const struct session *session, const struct report_source *source)
{
    (void)session, (void)source;
    return (out->state = rowbuf_new(out->file)) != NULL;
}

static void write_trace(struct rowbuf *rows, const struct trace *trace, const char *target_name)
{
    FILE *file = rows->file;
    const char *between = "";
    fputs("\n  {", file);
    json_write_members(file, json_trace_head(trace, target_name));
    fputs(",\n   \"hops\": [", file);
    for (unsigned ttl = trace_asked(trace, 0) ? 0 : 1, last = trace_last_ttl(trace); ttl <= last; ttl++) {
        if (!*between && !trace_asked(trace, ttl))
            continue;
        fprintf(file, "%s\n    ", between);
        jsonprobe_put_hop(rows, trace, (uint8_t)ttl);
        rowbuf_flush(rows);
        between = ",";
    }
    fputs("]}", file);
}

static void write_traces(struct rowbuf *rows, const struct trace *const *traces, size_t count, const char *target_name)
{
    FILE *file = rows->file;
    fputs(",\n \"traces\": [", file);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? "," : "", file);
        write_trace(rows, traces[i], target_name);
    }
    fputs("]", file);
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

static void finish(struct output *out)
{
    fputs("}\n", out->file);
    fflush(out->file);
    rowbuf_free(out->state);
    out->state = NULL;
}

static void json_end(struct output *out, const struct session *session, const struct judgement *judgement,
                     const struct report_source *source)
{
    FILE *file = out->file;
    size_t count;
    const struct trace **traces = summary_traces(session, &count);
    fputs("{", file);
    json_write_members(file, json_run_head(source));
    write_traces(out->state, traces, count, summary_target_name(session_config(session)));
    free(traces);
    write_judgement(file, judgement);
    fputs(",\n \"errors\": [],\n \"capture\": ", file);
    json_write(file, json_capture(session_counters(session)));
    finish(out);
}

static bool json_replay_begin(struct output *out, const struct report_source *source)
{
    (void)source;
    return (out->state = rowbuf_new(out->file)) != NULL;
}

static void write_errors(FILE *file, const struct recognition *found)
{
    fputs(",\n \"errors\": [", file);
    for (size_t i = 0; i < found->error_count; i++) {
        fputs(i ? ",\n  " : "\n  ", file);
        json_write(file, json_error(&found->errors[i]));
    }
    fputs("]", file);
}

static void json_replay_end(struct output *out, const struct recognition *found, const struct report_source *source)
{
    static const struct judgement none;
    FILE *file = out->file;
    fputs("{", file);
    json_write_members(file, json_run_head(source));
    write_traces(out->state, found->traces, found->trace_count, NULL);
    write_judgement(file, &none);
    write_errors(file, found);
    fputs(",\n \"capture\": ", file);
    json_write(file, json_recognition(&found->counters));
    finish(out);
}

const struct output_format output_json = {
    .name = "json",
    .help = "one JSON document",
    .begin = json_begin,
    .end = json_end,
    .keeps = true,
    .replay_begin = json_replay_begin,
    .replay_end = json_replay_end,
};
