/* SPDX-License-Identifier: BSD-2-Clause */
/* row_buffer: rows of text made fast. Floor 5.
 *
 * For formats that write millions of rows: numbers, times and addresses are put down by hand, straight into a buffer
 * that goes out in large pieces. The put functions write at `at` and return the place behind what they wrote; a row is
 *     char *at = row_buffer_begin(rows);
 *     at = put_number(put_text(at, "hop "), ttl);
 *     row_buffer_end(rows, at);
 * and may have ROW_BYTES_MOST bytes. Nothing is flushed by itself but what fills the buffer. */
#ifndef HOPSONDE_REPORT_ROW_BUFFER_H
#define HOPSONDE_REPORT_ROW_BUFFER_H

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/nstime.h"

#define ROW_BUFFER_BYTES (128 * 1024)
#define ROW_BYTES_MOST 8192
#define ROW_BUFFER_SLACK 128     /* what put_over() may write behind a row */
#define ROW_BUFFER_ADDRESSES 256 /* a power of two */
#define ROW_BUFFER_SECONDS 16    /* the same */

struct row_buffer {
    FILE *file; /* borrowed */
    size_t used;
    /* The texts of seconds and IPv6 addresses that were put down of late: answered probes of now and silent ones of
     * some time ago take turns. */
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

struct row_buffer *row_buffer_new(FILE *file); /* NULL: memory is short */
void row_buffer_free(struct row_buffer *rows); /* what was not flushed is lost */
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

/* `room` bytes, a constant and at most ROW_BUFFER_SLACK, of which the next writes over all but the first `count`: to
 * copy as many as there are is a call and a few branches that nobody can foretell. */
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

/* It may write up to 8 bytes from where its last digits begin on. */
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

/* Blanks up to `columns` from `start` on. */
char *put_blanks(char *at, const char *start, size_t columns);
/* The number, at the right end of `columns`. */
char *put_number_right(char *at, uint64_t number, size_t columns);
/* A span in milliseconds, exact to the nanosecond, without trailing zeros but the one behind the point: as in JSON. */
char *put_ms(char *at, nstime span);
/* As nstime_format(). */
char *put_time(struct row_buffer *rows, char *at, nstime time);
/* "2026-01-02T03:04:05Z". */
char *put_second(struct row_buffer *rows, char *at, nstime time);
char *put_address(struct row_buffer *rows, char *at, const struct addr *address);

#endif
