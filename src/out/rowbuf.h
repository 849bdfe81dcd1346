/* rowbuf: rows of text made fast. Floor 5.
 *
 * For formats that write millions of rows: numbers, times and addresses are put down by hand, straight into a buffer
 * that goes out in large pieces. The put functions write at `at` and return the place behind what they wrote; a row is
 *     char *at = rowbuf_begin(rows);
 *     at = put_number(put_text(at, "hop "), ttl);
 *     rowbuf_end(rows, at);
 * and may have ROW_BYTES_MOST bytes. Nothing is flushed by itself but what fills the buffer. */
#ifndef HOPSONDE_OUT_ROWBUF_H
#define HOPSONDE_OUT_ROWBUF_H

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/nstime.h"

#define ROWBUF_BYTES (128 * 1024)
#define ROW_BYTES_MOST 8192
#define ROWBUF_ADDRESSES 256 /* a power of two */

struct rowbuf {
    FILE *file; /* borrowed */
    size_t used;
    /* The text of the second that was put down last, and of IPv6 addresses seen of late. */
    int64_t second;
    char second_text[NSTIME_TEXT_BYTES];
    struct rowbuf_address {
        struct addr address;
        uint8_t length;
        char text[ADDR_TEXT_BYTES];
    } addresses[ROWBUF_ADDRESSES];
    char bytes[ROWBUF_BYTES];
};

struct rowbuf *rowbuf_new(FILE *file); /* NULL: memory is short */
void rowbuf_free(struct rowbuf *rows); /* what was not flushed is lost */
void rowbuf_flush(struct rowbuf *rows);

static inline char *rowbuf_begin(struct rowbuf *rows)
{
    if (rows->used + ROW_BYTES_MOST > ROWBUF_BYTES)
        rowbuf_flush(rows);
    return rows->bytes + rows->used;
}

static inline void rowbuf_end(struct rowbuf *rows, const char *at)
{
    rows->used = (size_t)(at - rows->bytes);
}

static inline char *put_bytes(char *at, const char *bytes, size_t count)
{
    memcpy(at, bytes, count);
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

char *put_number(char *at, uint64_t number);
/* Blanks up to `columns` from `start` on. */
char *put_blanks(char *at, const char *start, size_t columns);
/* The number, at the right end of `columns`. */
char *put_number_right(char *at, uint64_t number, size_t columns);
/* A span in milliseconds, exact to the nanosecond, without trailing zeros but the one behind the point: as in JSON. */
char *put_ms(char *at, nstime span);
/* As nstime_format(). */
char *put_time(struct rowbuf *rows, char *at, nstime time);
/* "2026-01-02T03:04:05Z". */
char *put_second(struct rowbuf *rows, char *at, nstime time);
char *put_address(struct rowbuf *rows, char *at, const struct addr *address);

#endif
