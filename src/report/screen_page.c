/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/screen_page.h"

#include <string.h>

#include "report/columns.h"
#include "report/paint.h"

void screen_add_line(struct screen_page *page, const char *sgr, const char *line)
{
    if (page->line >= page->view->lines)
        return;
    strbuf_add(page->text, page->line++ ? "\n" : "");
    paint_begin(page->text, page->view->color, sgr);
    columns_add_cut(page->text, line, page->view->columns);
    paint_end(page->text, page->view->color, sgr);
}

void screen_add_linef(struct screen_page *page, const char *sgr, const char *format, ...)
{
    struct strbuf line;
    va_list args;
    strbuf_init(&line);
    va_start(args, format);
    strbuf_addfv(&line, format, args);
    va_end(args);
    screen_add_line(page, sgr, line.text);
    strbuf_free(&line);
}

void screen_fill(struct screen_page *page, unsigned left)
{
    while (page->line + left < page->view->lines)
        screen_add_line(page, NULL, "");
}

void screen_add_millis(struct strbuf *line, double ms)
{
    strbuf_addf(line, " %6.*f", ms < 10 ? 2 : ms < 1000 ? 1 : 0, ms);
}

const char *screen_clock(nstime time, char text[NSTIME_TEXT_BYTES])
{
    nstime_format(time, text);
    if (strlen(text) < 19)
        return "";
    text[19] = '\0';
    return text + 11;
}
