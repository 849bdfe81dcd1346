/* csv: RFC 4180 but with plain newlines; a row for each reply and for each silent probe, by trace, TTL and attempt.
 *
 * Written at the end, so that late replies stand with their probes. `trace` and `file` count from 0 as in json, and
 * what is unknown or makes no sense is empty. No field needs quotes: all are numbers, times, addresses and our own
 * words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "out/output.h"
#include "out/summary.h"

static bool csv_begin(struct output *out, const struct session *session, const struct report_source *source)
{
    (void)session, (void)source;
    fputs("file,trace,target,probe,ttl,attempt,frame,sent,from,reply_frame,rtt_ms,kind,icmp_type,icmp_code,reply_ttl,"
          "matched,late,duplicate\n",
          out->file);
    return true;
}

static void add_frame(struct strbuf *row, uint64_t frame)
{
    if (frame)
        strbuf_addf(row, "%" PRIu64, frame);
}

/* Exact to the nanosecond, without trailing zeros but the one behind the point: as json has it. */
static void add_ms(struct strbuf *row, nstime span)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, span / NS_PER_MS, span % NS_PER_MS);
    while (text[length - 1] == '0' && text[length - 2] != '.')
        length--;
    strbuf_add_bytes(row, text, (size_t)length);
}

static void add_probe_fields(struct strbuf *row, size_t number, const struct trace *trace, const struct probe *probe)
{
    char target[ADDR_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES], sent[NSTIME_TEXT_BYTES];
    addr_format(&trace->flow.target, target);
    probe_spec_format(&trace->flow.spec, spec);
    nstime_format(probe->sent, sent);
    strbuf_addf(row, "%s,%zu,%s,%s,%u,%u,", summary_has_frames(probe) ? "0" : "", number, target, spec, probe->ttl,
                probe->attempt);
    add_frame(row, probe->frame);
    strbuf_addf(row, ",%s", sent);
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void add_reply_fields(struct strbuf *row, const struct probe *probe, const struct reply *reply)
{
    char from[ADDR_TEXT_BYTES];
    addr_format(&reply->from, from);
    strbuf_addf(row, ",%s,", from);
    add_frame(row, reply->frame);
    strbuf_add(row, ",");
    add_ms(row, reply_rtt(probe, reply));
    strbuf_addf(row, ",%s,", reply_kind_name(reply->kind));
    if (reply->is_icmp)
        strbuf_addf(row, "%u,%u", reply->icmp_type, reply->icmp_code);
    else
        strbuf_add(row, ",");
    strbuf_addf(row, ",%u,%s,%s,%s\n", reply->reply_ttl, match_name(reply->match), truth(reply->late),
                truth(reply->duplicate));
}

static void write_probe(FILE *file, size_t number, const struct trace *trace, const struct probe *probe)
{
    struct strbuf row;
    strbuf_init(&row);
    for (unsigned i = 0; i < probe->reply_count; i++) {
        add_probe_fields(&row, number, trace, probe);
        add_reply_fields(&row, probe, &probe->replies[i]);
    }
    if (!probe->reply_count) {
        add_probe_fields(&row, number, trace, probe);
        strbuf_add(&row, ",,,,,,,,,,\n");
    }
    fputs(row.text, file);
    strbuf_free(&row);
}

static void csv_end(struct output *out, const struct session *session, const struct judgement *judgement,
                    const struct report_source *source)
{
    (void)judgement, (void)source;
    size_t count;
    const struct trace **traces = summary_traces(session, &count);
    for (size_t i = 0; i < count; i++)
        for (unsigned ttl = 1, last = trace_last_ttl(traces[i]); ttl <= last; ttl++) {
            const struct probe *probe = trace_first_at(traces[i], (uint8_t)ttl);
            for (; probe; probe = trace_next_at(traces[i], probe))
                write_probe(out->file, i, traces[i], probe);
        }
    fflush(out->file);
    free(traces);
}

const struct output_format output_csv = {
    .name = "csv",
    .help = "a row for each reply and each silent probe",
    .begin = csv_begin,
    .end = csv_end,
};
