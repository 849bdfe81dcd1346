/* jsonl: an object a line, each with its "type", so that a reader needs no more memory than a line. Keys: jsonvalue.h.
 *
 * A probe is written as soon as it settles: with "trace", its trace's number from 0 in the order of first sending, its
 * spec and its TTL. Probes beyond the target's hop are left out as in json. What comes after a probe has settled counts
 * in its trace's "replies" only. */
#include <stdlib.h>

#include "out/jsonvalue.h"
#include "out/summary.h"

static bool jsonl_begin(struct output *out, const struct session *session, const struct report_source *source)
{
    (void)out, (void)session, (void)source;
    return true;
}

static json_t *new_line(const char *type)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(type));
    return object;
}

/* Appends all of `members`, which is freed. */
static json_t *extend(json_t *object, json_t *members)
{
    json_object_update(object, members);
    json_decref(members);
    return object;
}

static void write_line(struct output *out, json_t *object)
{
    json_write(out->file, object);
    fputs("\n", out->file);
    fflush(out->file);
}

static void jsonl_probe(struct output *out, const struct session *session, const struct trace *trace,
                        const struct probe *probe)
{
    if (probe->ttl > trace_last_ttl(trace))
        return;
    char spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&trace->flow.spec, spec);
    json_t *object = new_line("probe");
    json_object_set_new(object, "trace", json_integer(summary_trace_number(session, trace)));
    json_object_set_new(object, "probe", json_string(spec));
    json_object_set_new(object, "ttl", json_integer(probe->ttl));
    json_add_probe(object, probe);
    write_line(out, object);
}

static void write_traces(struct output *out, const struct session *session)
{
    size_t count;
    const struct trace **traces = summary_traces(session, &count);
    for (size_t i = 0; i < count; i++) {
        json_t *object = new_line("trace");
        json_object_set_new(object, "trace", json_integer((json_int_t)i));
        write_line(out, extend(object, json_trace_head(session, traces[i])));
    }
    free(traces);
}

static void jsonl_end(struct output *out, const struct session *session, const struct judgement *judgement,
                      const struct report_source *source)
{
    write_traces(out, session);
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        write_line(out, extend(new_line("verdict"), json_verdict(&judgement->verdicts[i])));
    for (unsigned i = 0; i < judgement->finding_count; i++)
        write_line(out, extend(new_line("finding"), json_finding(&judgement->findings[i])));
    json_t *run = extend(new_line("run"), json_run_head(source));
    json_object_set_new(run, "errors", json_array());
    json_object_set_new(run, "capture", json_capture(session));
    write_line(out, run);
}

const struct output_format output_jsonl = {
    .name = "jsonl",
    .help = "JSON, an object a line, as things become known (also: ndjson)",
    .begin = jsonl_begin,
    .probe = jsonl_probe,
    .end = jsonl_end,
};
