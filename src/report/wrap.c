/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/wrap.h"

#include <limits.h>
#include <string.h>

#define INDENT 4 /* columns of a continued line, beyond those of its first line */

/* The bytes of a colour at `text`; 0: there is none. */
static size_t color_length(const char *text)
{
    return *text == '\033' ? strcspn(text, "m") + 1 : 0;
}

static unsigned count_columns(const char *text, size_t length)
{
    unsigned columns = 0;
    for (const char *end = text + length; text < end;) {
        size_t color = color_length(text);
        columns += !color && ((unsigned char)*text & 0xc0) != 0x80;
        text += color ? color : 1;
    }
    return columns;
}

/* True: the word at `text` belongs to the one before it. */
static bool is_glued(const char *text)
{
    text += color_length(text);
    return *text == '!' || (strncmp(text, "ms", 2) == 0 && strchr(" \n", text[2]));
}

/* The bytes of the word at `text`, with those that belong to it. */
static size_t word_length(const char *text)
{
    size_t length = strcspn(text, " \n");
    while (text[length] == ' ' && is_glued(text + length + 1))
        length += 1 + strcspn(text + length + 1, " \n");
    return length;
}

static void add_line(struct strbuf *text, const char *line, unsigned columns)
{
    unsigned first = (unsigned)strspn(line, " "), indent = first / INDENT * INDENT + INDENT, column = first;
    strbuf_add_bytes(text, line, first);
    for (line += first; *line && *line != '\n';) {
        size_t blanks = strspn(line, " "), length = word_length(line + blanks);
        unsigned word = count_columns(line + blanks, length);
        bool breaks = column > indent && column + blanks + word > columns && word > 0;
        if (breaks)
            strbuf_addf(text, "\n%*s", (int)indent, "");
        strbuf_add_bytes(text, breaks ? line + blanks : line, breaks ? length : blanks + length);
        column = (breaks ? indent : column + (unsigned)blanks) + word;
        line += blanks + length;
    }
}

void wrap_add(struct strbuf *text, const char *lines, unsigned columns)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        if (columns && count_columns(lines, length) > columns)
            add_line(text, lines, columns);
        else
            strbuf_add_bytes(text, lines, length);
        strbuf_add(text, lines[length] ? "\n" : "");
        lines += length + (lines[length] != '\0');
    }
}

void wrap_print(const struct output *out, const char *lines)
{
    struct strbuf text;
    if (!out->options.wrap) {
        fputs(lines, out->file);
        return;
    }
    strbuf_init(&text);
    wrap_add(&text, lines, out->options.wrap);
    fputs(text.text, out->file);
    strbuf_free(&text);
}

unsigned wrap_limit(const struct output *out)
{
    return out->options.wrap ? out->options.wrap + 1 : UINT_MAX;
}
