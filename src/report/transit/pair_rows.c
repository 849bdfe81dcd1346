/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/transit/pair_rows.h"

#include <stdlib.h>

#include "report/row_buffer.h"
#include "report/transit_words.h"

struct pair_rows {
    struct row_buffer *buffer;
    const struct result *result;
};

static const char heading[] = "conversation,way,fate,near_file,near_frame,near_time,far_file,far_frame,far_time,"
                              "delay_ms,seq,bytes,reason,rewritten";

struct pair_rows *pair_rows_new(FILE *file, const struct result *result)
{
    struct pair_rows *rows = calloc(1, sizeof *rows);
    struct row_buffer *buffer = rows ? row_buffer_new(file) : NULL;
    if (!buffer) {
        free(rows);
        return NULL;
    }
    fputs(heading, file);
    fputs(result->section_count > 1 ? ",near_point,far_point\n" : "\n", file);
    *rows = (struct pair_rows){.buffer = buffer, .result = result};
    return rows;
}

/* Fields "file", "frame", "time", and the comma behind each. */
static char *put_frame(struct pair_rows *rows, char *at, const struct transit_frame *frame, nstime time)
{
    if (frame->number == 0)
        return put_text(at, ",,,");
    at = put_char(put_number(at, frame->file), ',');
    at = put_char(put_number(at, frame->number), ',');
    return put_char(put_time(rows->buffer, at, time), ',');
}

static char *put_delay(const struct pair_rows *rows, char *at, const struct transit_pair *pair)
{
    const struct clock_estimate *clock = &result_section(rows->result)->transit->clock;
    if (clock->count == 0 || !pair->way_known)
        return at;
    nstime passage = clock_correct(clock, pair->times[TRANSIT_FAR]) - pair->times[TRANSIT_NEAR];
    nstime delay = pair->way == TRANSIT_TOWARD_FAR ? passage : -passage;
    return delay < 0 ? put_ms(put_char(at, '-'), -delay) : put_ms(at, delay);
}

static char *put_rewritten(char *at, uint32_t fields)
{
    bool first = true;
    for (unsigned field = 0; field < REWRITE_FIELDS; field++)
        if (fields & UINT32_C(1) << field) {
            at = put_text(first ? at : put_char(at, ' '), rewrite_field_name((enum rewrite_field)field));
            first = false;
        }
    return at;
}

static char *put_end(const struct pair_rows *rows, char *at, const struct transit_section *section)
{
    if (rows->result->section_count > 1) {
        at = put_text(put_char(at, ','), section->names[TRANSIT_NEAR]);
        at = put_text(put_char(at, ','), section->names[TRANSIT_FAR]);
    }
    return put_char(at, '\n');
}

void pair_rows_add(struct pair_rows *rows, const struct transit_pair *pair)
{
    char *at = row_buffer_begin(rows->buffer);
    at = put_char(put_number(at, pair->near_flow), ',');
    at = put_text(at, pair->way_known ? transit_way_name((enum transit_way)pair->way) : "");
    at = put_text(at, ",arrived,");
    at = put_frame(rows, at, &pair->frames[TRANSIT_NEAR], pair->times[TRANSIT_NEAR]);
    at = put_frame(rows, at, &pair->frames[TRANSIT_FAR], pair->times[TRANSIT_FAR]);
    at = put_char(put_delay(rows, at, pair), ',');
    at = put_char(put_number(at, pair->seq), ',');
    at = put_text(put_number(at, pair->bytes), ",,");
    at = put_rewritten(at, pair->rewritten);
    row_buffer_end(rows->buffer, put_end(rows, at, result_section(rows->result)));
}

static void add_alone(struct pair_rows *rows, const struct transit_section *section, const struct transit_alone *alone)
{
    static const struct transit_frame none;
    const struct transit_conversation *conversation = &section->transit->conversations[alone->conversation];
    bool near = alone->point == TRANSIT_NEAR, way_known = alone->reason != TRANSIT_WAY_UNKNOWN;
    char *at = row_buffer_begin(rows->buffer);
    at = put_char(put_number(at, conversation->near_flow), ',');
    at = put_char(put_text(at, way_known ? transit_way_name((enum transit_way)alone->way) : ""), ',');
    at = put_char(put_text(at, transit_fate_name((enum transit_fate)alone->fate)), ',');
    at = put_frame(rows, at, near ? &alone->frame : &none, alone->time);
    at = put_frame(rows, at, near ? &none : &alone->frame, alone->time);
    at = put_char(put_number(put_char(at, ','), alone->seq), ',');
    at = put_char(put_number(at, alone->bytes), ',');
    at = put_char(put_text(at, transit_reason_name((enum transit_reason)alone->reason)), ',');
    row_buffer_end(rows->buffer, put_end(rows, at, section));
}

void pair_rows_end(struct pair_rows *rows)
{
    for (unsigned k = 0; k < rows->result->section_count; k++) {
        const struct transit_section *section = &rows->result->sections[k];
        for (uint64_t i = 0; i < section->transit->alone_count; i++)
            add_alone(rows, section, &section->transit->alone[i]);
    }
    row_buffer_flush(rows->buffer);
    row_buffer_free(rows->buffer);
    free(rows);
}
