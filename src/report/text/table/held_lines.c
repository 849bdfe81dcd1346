/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/held_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/address_text.h"
#include "report/text/table/hop_line.h"
#include "report/wrap.h"

struct waiting_line {
    char *marked; /* owned */
    nstime until; /* NSTIME_NONE: its wait has not begun */
    bool whole;   /* it does not break */
};

void held_lines_free(struct held_lines *hold)
{
    for (size_t i = hold->first; i < hold->count; i++)
        free(hold->lines[i].marked);
    free(hold->lines);
    *hold = (struct held_lines){0};
}

static void write_line(struct output *out, const char *marked, bool whole)
{
    struct strbuf line;
    strbuf_init(&line);
    address_text_expand(&line, marked, HOP_LINE_ROW_INDENT, HOP_LINE_ROW_COLUMNS, out);
    if (whole)
        fputs(line.text, out->file);
    else
        wrap_print(out, line.text);
    strbuf_free(&line);
}

static bool keep(struct held_lines *hold, const char *marked, bool whole)
{
    void *array = hold->lines;
    char *copy = strdup(marked);
    if (!copy || !array_reserve(&array, &hold->capacity, hold->count + 1, sizeof *hold->lines)) {
        free(copy);
        return false;
    }
    hold->lines = array;
    hold->lines[hold->count++] = (struct waiting_line){.marked = copy, .until = NSTIME_NONE, .whole = whole};
    return true;
}

void held_lines_print(struct held_lines *hold, struct output *out, const char *marked, bool whole)
{
    bool waits = !hold->ended && (hold->first < hold->count || !address_text_is_settled(marked, out));
    if (waits && keep(hold, marked, whole))
        return;
    held_lines_release(hold, out, 0, true);
    write_line(out, marked, whole);
    fflush(out->file);
}

bool held_lines_release(struct held_lines *hold, struct output *out, nstime now, bool all)
{
    size_t first = hold->first;
    for (size_t i = hold->count; i > first && hold->lines[i - 1].until == NSTIME_NONE; i--)
        hold->lines[i - 1].until = now + OUTPUT_WAIT_MOST;
    for (; hold->first < hold->count; hold->first++) {
        struct waiting_line *line = &hold->lines[hold->first];
        if (!all && line->until > now && !address_text_is_settled(line->marked, out))
            break;
        write_line(out, line->marked, line->whole);
        free(line->marked);
    }
    if (hold->first > first)
        fflush(out->file);
    if (hold->first == hold->count)
        hold->first = hold->count = 0;
    return hold->count > 0;
}

void held_lines_end(struct held_lines *hold, struct output *out)
{
    held_lines_release(hold, out, 0, true);
    hold->ended = true;
}
