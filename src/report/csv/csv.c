/* SPDX-License-Identifier: BSD-2-Clause */
/* csv: RFC 4180 with plain newlines; a row for each reply and for each silent probe.
 *
 * The rows of a run are written at its end, by trace, TTL and attempt, so that late replies follow their probes. The
 * rows of other captures are written as their probes settle, so that memory stays bounded. Captures have millions of
 * rows: they are written through row_buffer. `trace` and `file` count from 0 as in json. Unknown and meaningless fields
 * are empty. Only the fields of names, which follow if there are any, may need quotes (csv_address.h). A run with --mtu
 * has one more column, path_mtu: the largest packet that gets to the hop, in the rows of the trace that was measured.
 *
 * Captures of two points have a table of their own (pair_rows.h). */
#include <stdlib.h>

#include "report/csv/csv_address.h"
#include "report/format.h"
#include "report/row_buffer.h"
#include "report/summary.h"
#include "report/transit/pair_rows.h"

#define PREFIXES 1024 /* cached; a power of two */
#define PREFIX_BYTES 112

/* The fields that all rows of a trace share: "TRACE,TARGET,PROBE,". */
struct prefix {
    uint32_t number;
    uint8_t length; /* 0: the slot is empty */
    char text[PREFIX_BYTES];
};

/* A constant field and its comma. */
struct word {
    char text[20];
    uint8_t length;
};

struct csv_state {
    struct row_buffer *rows;
    struct word kinds[REPLY_OTHER + 1], matches[MATCH_EXACT + 1];
    struct strbuf facts; /* scratch: the fields of one row's address */
    struct spec_text spec;
    bool has_heading;
    bool has_facts;                   /* rows have the columns of csv_address.h */
    bool has_mtu;                     /* rows have the column path_mtu, the last one */
    struct prefix prefixes[PREFIXES]; /* of recent traces, by number */
};

static const char heading[] = "file,trace,target,probe,ttl,attempt,frame,sent,from,reply_frame,rtt_ms,kind,icmp_type,"
                              "icmp_code,reply_ttl,matched,late,duplicate";

static struct word make_word(const char *text)
{
    struct word word = {{0}, 0};
    word.length = (uint8_t)(put_char(put_text(word.text, text), ',') - word.text);
    return word;
}

/* Writes the heading before the first row. All rows have its columns, even if more becomes known later. */
static void put_heading(struct output *out)
{
    struct csv_state *state = out->state;
    if (state->has_heading)
        return;
    state->has_heading = true;
    state->has_facts = out->result->book != NULL;
    fputs(heading, out->file);
    state->has_mtu = out->result->config && out->result->config->interface_mtu;
    fputs(state->has_facts ? CSV_FACTS_HEADING : "", out->file);
    fputs(state->has_mtu ? ",path_mtu\n" : "\n", out->file);
}

static bool csv_begin(struct output *out)
{
    if (out->result->section_count) {
        out->state = pair_rows_new(out->file, out->result);
        return out->state != NULL;
    }
    struct csv_state *state = calloc(1, sizeof *state);
    struct row_buffer *rows = state ? row_buffer_new(out->file) : NULL;
    if (!rows) {
        free(state);
        return false;
    }
    state->rows = rows;
    strbuf_init(&state->facts);
    for (int kind = 0; kind <= REPLY_OTHER; kind++)
        state->kinds[kind] = make_word(reply_kind_name((enum reply_kind)kind));
    for (int match = 0; match <= MATCH_EXACT; match++)
        state->matches[match] = make_word(match_name((enum match)match));
    out->state = state;
    if (!out->result->config) /* the names in a capture may become known only after the first rows */
        put_heading(out);
    return true;
}

static void csv_pair(struct output *out, const struct transit_pair *pair)
{
    pair_rows_add(out->state, pair);
}

static void csv_end(struct output *out)
{
    struct csv_state *state = out->state;
    if (out->result->section_count) {
        pair_rows_end(out->state);
        fflush(out->file);
        out->state = NULL;
        return;
    }
    put_heading(out);
    row_buffer_flush(state->rows);
    fflush(out->file);
    row_buffer_free(state->rows);
    strbuf_free(&state->facts);
    free(state);
    out->state = NULL;
}

static void make_prefix(struct csv_state *state, struct prefix *prefix, uint32_t number, const struct trace *trace)
{
    char *at = put_char(put_number(prefix->text, number), ',');
    at = put_char(put_address(state->rows, at, &trace->flow.target), ',');
    at = put_char(put_text(at, summary_spec(&state->spec, &trace->flow.spec)), ',');
    prefix->number = number;
    prefix->length = (uint8_t)(at - prefix->text);
}

static const struct prefix *find_prefix(struct csv_state *state, uint32_t number, const struct trace *trace)
{
    struct prefix *prefix = &state->prefixes[number % PREFIXES];
    if (!prefix->length || prefix->number != number)
        make_prefix(state, prefix, number, trace);
    return prefix;
}

static char *put_frame(char *at, uint64_t frame)
{
    return frame ? put_number(at, frame) : at;
}

static char *put_list_prefix(struct csv_state *state, char *at, uint32_t number, const struct trace *trace,
                             const struct probe *probe)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    const struct probe_spec spec = trace_probe_spec(trace, probe);
    probe_spec_format(&spec, text);
    at = put_char(put_number(at, number), ',');
    at = put_char(put_address(state->rows, at, &trace->flow.target), ',');
    return put_char(put_text(at, text), ',');
}

/* Fields "file" to "sent". */
static char *put_probe(struct csv_state *state, char *at, uint32_t number, const struct trace *trace,
                       const struct probe *probe)
{
    const struct prefix *prefix = find_prefix(state, number, trace);
    unsigned file;
    if (summary_file(probe, &file))
        at = put_number(at, file);
    if (trace->ports) /* each probe has a spec of its own */
        at = put_list_prefix(state, put_char(at, ','), number, trace, probe);
    else
        at = put_over(put_char(at, ','), prefix->text, PREFIX_BYTES, prefix->length);
    at = put_char(put_byte(state->rows, at, probe->ttl), ',');
    at = put_char(put_number(at, probe->attempt), ',');
    at = put_char(put_frame(at, probe->frame), ',');
    return put_time(state->rows, at, probe->sent);
}

static char *put_word(char *at, const struct word *word)
{
    return put_over(at, word->text, sizeof word->text, word->length);
}

static char *put_icmp(const struct row_buffer *rows, char *at, const struct reply *reply)
{
    if (!reply->is_icmp)
        return put_char(at, ',');
    return put_byte(rows, put_char(put_byte(rows, at, reply->icmp_type), ','), reply->icmp_code);
}

/* The comma before "from", and fields "from" to "duplicate". */
static char *put_reply(struct csv_state *state, char *at, const struct probe *probe, const struct reply *reply)
{
    at = put_char(put_address(state->rows, put_char(at, ','), &reply->from), ',');
    at = put_char(put_frame(at, reply->frame), ',');
    nstime rtt = reply_rtt(probe, reply);
    if (rtt != NSTIME_NONE)
        at = put_ms(at, rtt);
    at = put_word(put_char(at, ','), &state->kinds[reply->kind]);
    at = put_char(put_icmp(state->rows, at, reply), ',');
    at = put_char(put_byte(state->rows, at, reply->reply_ttl), ',');
    at = put_word(at, &state->matches[reply->match]);
    at = put_char(put_bool(at, reply->late), ',');
    return put_bool(at, reply->duplicate);
}

static char *put_facts(char *at, const struct addr *address, struct output *out)
{
    struct csv_state *state = out->state;
    strbuf_clear(&state->facts);
    csv_facts_add(&state->facts, address, out);
    return state->facts.failed ? put_text(at, CSV_FACTS_EMPTY) : put_bytes(at, state->facts.text, state->facts.length);
}

/* The columns behind "duplicate", and the end of the row. `from`: NULL in the row of a silent probe. */
static void end_row(struct output *out, char *at, const struct trace *trace, const struct probe *probe,
                    const struct addr *from)
{
    struct csv_state *state = out->state;
    const struct path_mtu *mtu = out->result->mtu;
    if (state->has_facts)
        at = from ? put_facts(at, from, out) : put_text(at, CSV_FACTS_EMPTY);
    if (state->has_mtu) {
        uint16_t size = mtu && mtu->trace == trace ? path_mtu_at(mtu, probe->ttl) : 0;
        at = put_char(at, ',');
        at = size ? put_number(at, size) : at;
    }
    row_buffer_end(state->rows, put_char(at, '\n'));
}

static void csv_probe(struct output *out, const struct trace *trace, const struct probe *probe)
{
    struct csv_state *state = out->state;
    unsigned number = result_trace_number(out->result, trace);
    put_heading(out);
    for (unsigned i = 0; i < probe_listed(probe); i++) {
        char *at = put_probe(state, row_buffer_begin(state->rows), number, trace, probe);
        at = put_reply(state, at, probe, &probe->replies[i]);
        end_row(out, at, trace, probe, &probe->replies[i].from);
    }
    if (!probe_listed(probe)) {
        char *at = put_probe(state, row_buffer_begin(state->rows), number, trace, probe);
        end_row(out, put_text(at, ",,,,,,,,,,"), trace, probe, NULL);
    }
}

const struct output_format output_csv = {
    .has_rounds = true,
    .name = "csv",
    .help = "a row for each reply and each silent probe",
    .shows_transit = true,
    .probes_after_run = true,
    .begin = csv_begin,
    .probe = csv_probe,
    .pair = csv_pair,
    .end = csv_end,
};
