/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Returns the length of the well-formed UTF-8 sequence (RFC 3629) at `bytes`, or 0. Characters up to U+009F count as
 * none. */
static size_t utf8_length(const unsigned char *bytes, size_t count)
{
    static const struct {
        unsigned char mask, lead;
        size_t length;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 2, 0xa0}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if ((bytes[0] & forms[i].mask) != forms[i].lead || count < forms[i].length)
            continue;
        uint32_t character = bytes[0] & (unsigned char)~forms[i].mask;
        for (size_t k = 1; k < forms[i].length; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
            character = character << 6 | (bytes[k] & 0x3f);
        }
        bool surrogate = character >= 0xd800 && character <= 0xdfff;
        return character >= forms[i].least && character <= 0x10ffff && !surrogate ? forms[i].length : 0;
    }
    return 0;
}

void strbuf_add_escaped(struct strbuf *b, const char *bytes, size_t count)
{
    size_t i = 0;
    while (i < count) {
        unsigned char byte = (unsigned char)bytes[i];
        size_t length = 0;
        if (byte >= 0x20 && byte < 0x7f && byte != '\\')
            length = 1;
        else if (byte >= 0x80)
            length = utf8_length((const unsigned char *)bytes + i, count - i);
        if (length > 0)
            strbuf_add_bytes(b, bytes + i, length);
        else
            strbuf_addf(b, "\\x%02x", byte);
        i += length > 0 ? length : 1;
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
