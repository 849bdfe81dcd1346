/* SPDX-License-Identifier: BSD-2-Clause */
/* strbuf: text that grows. Floor 0.
 *
 * Always NUL-terminated. Out of memory sets `failed`, which sticks; the text so far stays. */
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
/* Text from the network or a file made safe for a terminal: printable ASCII and valid UTF-8 beyond
 * U+009F as they are, every other byte (and the backslash) as \xNN. `count` bytes, NULs included. */
void strbuf_add_escaped(struct strbuf *b, const char *bytes, size_t count);
/* The same of NUL-terminated text. */
void strbuf_add_foreign(struct strbuf *b, const char *text);
/* The words of `text`, from `column` on: lines shorter than `columns`, as far as the words are, and all but the first
 * begun with `indent` blanks. Without the last line's end. */
void strbuf_add_wrapped(struct strbuf *b, const char *text, unsigned column, unsigned indent, unsigned columns);

/* The ending of a noun behind `count`. */
static inline const char *plural(unsigned long long count)
{
    return count == 1 ? "" : "s";
}

#endif
