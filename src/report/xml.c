/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/xml.h"

#include "report/columns.h"

void xml_add(struct strbuf *text, const char *printable)
{
    for (; *printable; printable++) {
        switch (*printable) {
        case '&':
            strbuf_add(text, "&amp;");
            break;
        case '<':
            strbuf_add(text, "&lt;");
            break;
        case '>':
            strbuf_add(text, "&gt;");
            break;
        case '"':
            strbuf_add(text, "&quot;");
            break;
        default:
            strbuf_add_bytes(text, printable, 1);
        }
    }
}

void xml_add_foreign(struct strbuf *text, const char *foreign)
{
    struct strbuf printable;
    strbuf_init(&printable);
    strbuf_add_foreign(&printable, foreign);
    xml_add(text, printable.text);
    text->failed |= printable.failed;
    strbuf_free(&printable);
}

void xml_add_cut(struct strbuf *text, const char *foreign, unsigned columns)
{
    struct strbuf plain;
    strbuf_init(&plain);
    strbuf_add_foreign(&plain, foreign);
    size_t end = columns_fit(plain.text, columns);
    bool is_cut = end < plain.length;
    if (is_cut) {
        strbuf_add(text, "<title>");
        xml_add(text, plain.text);
        strbuf_add(text, "</title>");
        plain.text[end] = '\0';
    }
    xml_add(text, plain.text);
    strbuf_add(text, is_cut ? "\xe2\x80\xa6" : "");
    text->failed |= plain.failed;
    strbuf_free(&plain);
}

void xml_begin_box(struct strbuf *text, double left, double top, double width, double height)
{
    strbuf_addf(text,
                "<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" viewBox=\"%.1f %.1f %.1f %.1f\" "
                "overflow=\"hidden\">",
                left, top, width, height, left, top, width, height);
}

void xml_end_box(struct strbuf *text)
{
    strbuf_add(text, "</svg>");
}
