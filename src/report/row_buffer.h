/* SPDX-License-Identifier: BSD-2-Clause */
/* row_buffer: fast output of rows of text. Floor: report. It must not be used for foreign text, which it does not
 * escape.
 *
 * For formats that write millions of rows: numbers, times and addresses are formatted by hand into a buffer that is
 * written in large pieces. The put functions write at `at` and return the end of what they wrote. A row is
 *     char *at = row_buffer_begin(rows);
 *     at = put_number(put_text(at, "hop "), ttl);
 *     row_buffer_end(rows, at);
 * and has at most ROW_BYTES_MOST bytes. The buffer is flushed when it is full, or by row_buffer_flush(). */
#ifndef HOPSONDE_REPORT_ROW_BUFFER_H
#define HOPSONDE_REPORT_ROW_BUFFER_H

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/nstime.h"

#define ROW_BUFFER_BYTES (64 * 1024)
#define ROW_BYTES_MOST 8192
#define ROW_BUFFER_SLACK 128     /* bytes that put_over() may write beyond a row */
#define ROW_BUFFER_ADDRESSES 256 /* cached texts; a power of two */
#define ROW_BUFFER_SECONDS 16    /* cached texts; a power of two */

struct row_buffer {
    FILE *file; /* borrowed */
    size_t used;
    /* Recent texts of seconds and IPv6 addresses. Several seconds are cached, because rows of answered probes alternate
     * with rows of silent ones from some seconds before. */
    struct row_buffer_second {
        int64_t second;
        char text[NSTIME_TEXT_BYTES];
    } seconds[ROW_BUFFER_SECONDS];
    struct row_buffer_address {
        struct addr address;
        uint8_t length;
        char text[ADDR_TEXT_BYTES];
    } addresses[ROW_BUFFER_ADDRESSES];
    struct row_buffer_byte {
        char text[4];   /* "10." */
        uint8_t length; /* of the number */
    } small[256];
    char bytes[ROW_BUFFER_BYTES + ROW_BUFFER_SLACK];
};

struct row_buffer *row_buffer_new(FILE *file); /* NULL: out of memory */
void row_buffer_free(struct row_buffer *rows); /* rows that were not flushed are lost */
void row_buffer_flush(struct row_buffer *rows);

static inline char *row_buffer_begin(struct row_buffer *rows)
{
    if (rows->used + ROW_BYTES_MOST > ROW_BUFFER_BYTES)
        row_buffer_flush(rows);
    return rows->bytes + rows->used;
}

static inline void row_buffer_end(struct row_buffer *rows, const char *at)
{
    rows->used = (size_t)(at - rows->bytes);
}

static inline char *put_bytes(char *at, const char *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

/* Copies `room` bytes, a constant of at most ROW_BUFFER_SLACK; the next put overwrites all but the first `count`. A
 * copy of constant size needs no call and no branches. */
static inline char *put_over(char *at, const char *bytes, size_t room, size_t count)
{
    memcpy(at, bytes, room);
    return at + count;
}

static inline char *put_text(char *at, const char *text)
{
    return put_bytes(at, text, strlen(text));
}

static inline char *put_char(char *at, char c)
{
    *at = c;
    return at + 1;
}

static inline char *put_bool(char *at, bool value)
{
    return value ? put_bytes(at, "true", 4) : put_bytes(at, "false", 5);
}

/* May write up to 8 bytes beyond the number. */
char *put_large_number(char *at, uint64_t number);
static inline char *put_number(char *at, uint64_t number)
{
    return number < 10 ? put_char(at, (char)('0' + number)) : put_large_number(at, number);
}

static inline char *put_byte(const struct row_buffer *rows, char *at, uint8_t byte)
{
    const struct row_buffer_byte *known = &rows->small[byte];
    return put_over(at, known->text, sizeof known->text, known->length);
}

/* Adds blanks until the text from `start` on is `columns` wide. */
char *put_blanks(char *at, const char *start, size_t columns);
/* The number, right-aligned in `columns`. */
char *put_number_right(char *at, uint64_t number, size_t columns);
/* A span in milliseconds, exact to the nanosecond, with at least one decimal and no further trailing zeros, as in JSON.
 */
char *put_ms(char *at, nstime span);
/* The same text as nstime_format(). */
char *put_time(struct row_buffer *rows, char *at, nstime time);
/* "2026-01-02T03:04:05Z". */
char *put_second(struct row_buffer *rows, char *at, nstime time);
char *put_address(struct row_buffer *rows, char *at, const struct addr *address);

#endif
