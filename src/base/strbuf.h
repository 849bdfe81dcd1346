/* SPDX-License-Identifier: BSD-2-Clause */
/* strbuf: text that grows. Floor 0.
 *
 * It is always NUL-terminated. Running out of memory sets `failed`, which sticks; the text so far stays. */
#ifndef HOPSONDE_BASE_STRBUF_H
#define HOPSONDE_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *text; /* owned; never NULL after strbuf_init */
    size_t length;
    size_t capacity; /* 0 while `text` is the shared empty string */
    bool failed;
};

void strbuf_init(struct strbuf *b);
void strbuf_free(struct strbuf *b);
void strbuf_clear(struct strbuf *b);
void strbuf_add(struct strbuf *b, const char *text);
void strbuf_add_bytes(struct strbuf *b, const char *bytes, size_t count);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_addfv(struct strbuf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Adds `count` bytes of text from the network or a file, made safe for a terminal; NULs may be among them. What
 * escape_shown_length() lets pass stays as it is. Every other byte, and the backslash, becomes \xNN, so that the bytes
 * can be told from the result. */
void strbuf_add_escaped(struct strbuf *b, const char *bytes, size_t count);
/* Does the same for NUL-terminated text. */
void strbuf_add_foreign(struct strbuf *b, const char *text);
/* Adds the words of `text`, wrapped, starting at `column`. Lines are shorter than `columns` unless a word is longer.
 * Every line but the first starts with `indent` blanks. Adds no newline at the end. */
void strbuf_add_wrapped(struct strbuf *b, const char *text, unsigned column, unsigned indent, unsigned columns);

/* Returns the plural ending of a noun for `count`. */
static inline const char *plural(unsigned long long count)
{
    return count == 1 ? "" : "s";
}

#endif
