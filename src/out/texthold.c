#include "out/texthold.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "out/named.h"
#include "out/textline.h"

struct waiting_line {
    char *marked; /* owned */
    nstime until; /* NSTIME_NONE: its wait has not begun */
};

void texthold_free(struct texthold *hold)
{
    for (size_t i = hold->first; i < hold->count; i++)
        free(hold->lines[i].marked);
    free(hold->lines);
    *hold = (struct texthold){0};
}

static void write_line(struct output *out, const char *marked)
{
    struct strbuf line;
    strbuf_init(&line);
    named_expand(&line, marked, TEXTLINE_ROW_INDENT, TEXTLINE_ROW_COLUMNS, out);
    fputs(line.text, out->file);
    strbuf_free(&line);
}

static bool keep(struct texthold *hold, const char *marked)
{
    void *array = hold->lines;
    char *copy = strdup(marked);
    if (!copy || !array_reserve(&array, &hold->capacity, hold->count + 1, sizeof *hold->lines)) {
        free(copy);
        return false;
    }
    hold->lines = array;
    hold->lines[hold->count++] = (struct waiting_line){.marked = copy, .until = NSTIME_NONE};
    return true;
}

void texthold_print(struct texthold *hold, struct output *out, const char *marked)
{
    bool waits = hold->first < hold->count || !named_is_settled(marked, out);
    if (waits && keep(hold, marked))
        return;
    texthold_release(hold, out, 0, true);
    write_line(out, marked);
    fflush(out->file);
}

bool texthold_release(struct texthold *hold, struct output *out, nstime now, bool all)
{
    size_t first = hold->first;
    for (size_t i = hold->count; i > first && hold->lines[i - 1].until == NSTIME_NONE; i--)
        hold->lines[i - 1].until = now + TEXTHOLD_MOST;
    for (; hold->first < hold->count; hold->first++) {
        struct waiting_line *line = &hold->lines[hold->first];
        if (!all && line->until > now && !named_is_settled(line->marked, out))
            break;
        write_line(out, line->marked);
        free(line->marked);
    }
    if (hold->first > first)
        fflush(out->file);
    if (hold->first == hold->count)
        hold->first = hold->count = 0;
    return hold->count > 0;
}
