/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/xml.h"

#include <string.h>

void xml_add(struct strbuf *text, const char *printable)
{
    for (; *printable; printable++) {
        if (strncmp(printable, "\xef\xbf\xbe", 3) == 0 || strncmp(printable, "\xef\xbf\xbf", 3) == 0) {
            strbuf_add(text, "?");
            printable += 2;
            continue;
        }
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

void xml_add_cut(struct strbuf *text, const char *foreign, size_t characters)
{
    struct strbuf plain;
    strbuf_init(&plain);
    strbuf_add_foreign(&plain, foreign);
    size_t end = 0;
    for (size_t count = 0; end < plain.length; end++)
        if (((unsigned char)plain.text[end] & 0xc0) != 0x80 && count++ == characters)
            break;
    if (end < plain.length) {
        strbuf_add(text, "<title>");
        xml_add(text, plain.text);
        strbuf_add(text, "</title>");
        plain.text[end] = '\0';
    }
    xml_add(text, plain.text);
    strbuf_add(text, end < plain.length ? "\xe2\x80\xa6" : "");
    text->failed |= plain.failed;
    strbuf_free(&plain);
}
