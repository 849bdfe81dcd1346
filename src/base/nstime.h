/* SPDX-License-Identifier: BSD-2-Clause */
/* nstime: points and spans of time in nanoseconds. Floor 0; reads no clock.
 *
 * A point counts from the Unix epoch in the capture's clock (CLOCK_REALTIME for a live run). A span is the
 * difference of two points. 64 bits reach the year 2262. */
#ifndef HOPSONDE_BASE_NSTIME_H
#define HOPSONDE_BASE_NSTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t nstime;

#define NSTIME_NONE INT64_MIN  /* the time is unknown */
#define NSTIME_NEVER INT64_MAX /* a deadline that never comes */
#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Bytes of "2026-01-02T03:04:05.123456789Z" and its NUL, with some spare. */
#define NSTIME_TEXT_BYTES 36

/* Writes the UTC time of `t` as RFC 3339 with nine decimals; "" for NSTIME_NONE. */
void nstime_format(nstime t, char text[NSTIME_TEXT_BYTES]);

/* Parses an RFC 3339 time: "2026-01-02T03:04:05.123Z". A blank may stand for the T. Seconds or the whole time of day
 * may be absent. Without an offset (Z, +01:00) the time is UTC. Digits finer than a nanosecond are cut off. Returns
 * false if the text is malformed, or the time lies outside 1970 to 2261. */
bool nstime_parse(const char *text, nstime *out);
/* Parses "HH:MM[:SS[.FRACTION]]" at the start of `text` as a span from midnight. `rest` then points to the text
 * after it. */
bool nstime_parse_clock(const char *text, nstime *out, const char **rest);
/* Returns the midnight (UTC) before `t`, which must not be before 1970. */
nstime nstime_midnight(nstime t);

/* Converts to milliseconds, for output and statistics. */
double nstime_ms(nstime span);

#endif
