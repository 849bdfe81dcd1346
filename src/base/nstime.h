/* SPDX-License-Identifier: BSD-2-Clause */
/* nstime: points and spans of time in nanoseconds. Floor 0; reads no clock.
 *
 * A point counts from the Unix epoch in the capture's clock (CLOCK_REALTIME for a
 * live run); a span is a difference of two points. 64 bits reach the year 2262. */
#ifndef HOPSONDE_BASE_NSTIME_H
#define HOPSONDE_BASE_NSTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t nstime;

#define NSTIME_NONE INT64_MIN  /* no such time is known */
#define NSTIME_NEVER INT64_MAX /* a deadline that never comes */
#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* "2026-01-02T03:04:05.123456789Z" and its NUL. */
#define NSTIME_TEXT_BYTES 36

/* Writes the UTC time of `t` as RFC 3339 with nine decimals; "" for NSTIME_NONE. */
void nstime_format(nstime t, char text[NSTIME_TEXT_BYTES]);

/* Reads an RFC 3339 time: "2026-01-02T03:04:05.123Z". The T may be a blank, the offset (Z, +01:00) may be absent and is
 * UTC then, and so may the seconds, or the whole time of the day. Finer than a nanosecond is cut off. False: it is
 * none, or lies outside 1970 to 2261. */
bool nstime_parse(const char *text, nstime *out);
/* "HH:MM[:SS[.FRACTION]]" at the start of `text`, as a span from midnight; `rest` is set to what follows. */
bool nstime_parse_clock(const char *text, nstime *out, const char **rest);
/* The midnight (UTC) before a point of time that is not before 1970. */
nstime nstime_midnight(nstime t);

/* Milliseconds as a double, for people and statistics. */
double nstime_ms(nstime span);

#endif
