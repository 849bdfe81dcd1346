/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

/* All empty buffers share this text; capacity 0 prevents writes to it. The casts only drop the const. */
static char *empty_text(void)
{
    return (char *)(uintptr_t) "";
}

void strbuf_init(struct strbuf *b)
{
    *b = (struct strbuf){.text = empty_text()};
}

void strbuf_free(struct strbuf *b)
{
    if (b->capacity > 0)
        free(b->text);
    strbuf_init(b);
}

void strbuf_clear(struct strbuf *b)
{
    if (b->capacity > 0)
        b->text[0] = '\0';
    b->length = 0;
    b->failed = false;
}

/* Makes room for `count` more characters and the NUL. */
static bool reserve(struct strbuf *b, size_t count)
{
    if (b->failed || count >= SIZE_MAX / 2 - b->length) {
        b->failed = true;
        return false;
    }
    size_t needed = b->length + count + 1;
    if (needed <= b->capacity)
        return true;
    size_t capacity = b->capacity > 0 ? b->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    char *text = realloc(b->capacity > 0 ? b->text : NULL, capacity);
    if (!text) {
        b->failed = true;
        return false;
    }
    b->text = text;
    b->capacity = capacity;
    b->text[b->length] = '\0';
    return true;
}

void strbuf_add_bytes(struct strbuf *b, const char *bytes, size_t count)
{
    if (count == 0 || !reserve(b, count))
        return;
    memcpy(b->text + b->length, bytes, count);
    b->length += count;
    b->text[b->length] = '\0';
}

void strbuf_add(struct strbuf *b, const char *text)
{
    strbuf_add_bytes(b, text, strlen(text));
}

void strbuf_addfv(struct strbuf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int count = vsnprintf(NULL, 0, format, args);
    if (count < 0)
        b->failed = true;
    else if (count > 0 && reserve(b, (size_t)count)) {
        vsnprintf(b->text + b->length, (size_t)count + 1, format, again);
        b->length += (size_t)count;
    }
    va_end(again);
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_addfv(b, format, args);
    va_end(args);
}

void strbuf_add_escaped(struct strbuf *b, const char *bytes, size_t count)
{
    char escape[ESCAPE_BYTES];
    for (size_t i = 0, length; i < count; i += length) {
        length = *(bytes + i) == '\\' ? 0 : escape_shown_length(bytes + i, count - i);
        if (length > 0) {
            strbuf_add_bytes(b, bytes + i, length);
            continue;
        }
        escape_byte((unsigned char)bytes[i], escape);
        strbuf_add_bytes(b, escape, ESCAPE_BYTES);
        length = 1;
    }
}

void strbuf_add_foreign(struct strbuf *b, const char *text)
{
    strbuf_add_escaped(b, text, strlen(text));
}

void strbuf_add_wrapped(struct strbuf *b, const char *text, unsigned column, unsigned indent, unsigned columns)
{
    while (*text) {
        unsigned length = (unsigned)strcspn(text, " ");
        if (column > indent && column + 1 + length >= columns) {
            strbuf_addf(b, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            strbuf_add(b, " ");
            column++;
        }
        strbuf_add_bytes(b, text, length);
        column += length;
        text += length + (text[length] == ' ');
    }
}
