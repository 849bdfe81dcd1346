/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/run/run_page.h"

#include "report/wrap.h"

static void print_scratch(struct output *out, bool whole)
{
    struct run_page *state = out->state;
    strbuf_add(&state->line, "\n");
    held_lines_print(&state->hold, out, state->line.text, whole);
    strbuf_clear(&state->line);
}

void run_page_print_line(struct output *out)
{
    print_scratch(out, false);
}

void run_page_print_table_line(struct output *out)
{
    print_scratch(out, out->options.one_per_line);
}

void run_page_separate(struct output *out)
{
    struct run_page *state = out->state;
    if (state->started && !state->separated)
        fputs("\n", out->file);
    state->separated = true;
}

void run_page_print_below(struct output *out, const char *format, ...)
{
    struct run_page *state = out->state;
    run_page_separate(out);
    va_list args;
    va_start(args, format);
    strbuf_addfv(&state->line, format, args);
    va_end(args);
    run_page_print_line(out);
}

void run_page_print_lines(struct output *out, struct strbuf *lines)
{
    if (lines->length)
        run_page_separate(out);
    wrap_print(out, lines->text);
    strbuf_free(lines);
}
