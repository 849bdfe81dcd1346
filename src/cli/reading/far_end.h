/* SPDX-License-Identifier: BSD-2-Clause */
/* far_end: what the capture of the other end shows of traces in the captures of this one. Top floor. It must not report
 * anything.
 *
 * It pairs the packets of both points (pairing/pairing.h). A probe came to the far point if its frame has a partner
 * there. It was lost if it had to come there: its TTL takes it there, the far capture runs before and after it, and has
 * packets of its protocol. A reply left the far point if its frame has a partner. Replies that never came to the near
 * point are those of the far capture that answer a probe that arrived, and have no partner. */
#ifndef HOPSONDE_CLI_READING_FAR_END_H
#define HOPSONDE_CLI_READING_FAR_END_H

#include "cli/reading/points.h"
#include "trace/trace.h"
#include "verdict/second_point.h"

struct far_end;

/* Reads both points of `points`: 0 is the near one, and the traces' files are its files; 1 is the far one. `secret` is
 * any number. STATUS_SYSTEM with a message: a file cannot be read, or memory is short. */
enum status far_end_read(struct points *points, uint64_t secret, struct far_end **out, struct err *err);
void far_end_free(struct far_end *far); /* may be NULL */
/* Looks for the replies to the probes of these traces; they must outlive `far`. Once. */
enum status far_end_find_replies(struct far_end *far, const struct trace *const *traces, size_t count, struct err *err);
/* The traces that are judged together, of one source and one target; valid until the next call. */
void far_end_choose(struct far_end *far, const struct trace *const *traces, size_t count);
/* Of a trace of those; `context` is a far_end. */
second_look far_end_look;
/* What both points show together, for the report. */
const struct transit_result *far_end_result(const struct far_end *far);

#endif
