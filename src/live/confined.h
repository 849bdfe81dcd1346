/* SPDX-License-Identifier: BSD-2-Clause */
/* confined: does work on hostile bytes in a process of its own, without privileges and sealed. Floor 5.
 *
 * A live run still needs its privileges when it asks the resolver for HOST, and a replay when it opens its outputs. So
 * another process parses, and hands over a fixed number of bytes. The caller treats them as hostile, too. */
#ifndef HOPSONDE_LIVE_CONFINED_H
#define HOPSONDE_LIVE_CONFINED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Fills `answer`. The other process calls it and then ends: the caller gets `answer` and no other change of memory. */
typedef void confined_work(const void *context, void *answer);

/* Runs `work` in a child process that has given up all privileges (privileges_drop()) and is sealed with
 * SEAL_PREPARE, and waits for it. `answer` gets the `size` bytes that the child has filled; they are zero before. A
 * kernel without seccomp leaves the child unsealed. The child ends when the caller's process ends.
 * STATUS_SYSTEM if the child cannot start, gives up no privileges, or ends without an answer. */
enum status confined_run(confined_work *work, const void *context, void *answer, size_t size, struct err *err);

/* A child process that does such work as often as it is asked, until the run ends. */
struct confined;
/* The request is a number that the work knows; `answer_bytes` of answer come back. Each request has one answer. */
typedef void confined_server(const void *context, unsigned request, void *answer);

/* To be called before the run is sealed; the child has given up all privileges and is sealed with SEAL_PREPARE. */
enum status confined_start(confined_server *work, const void *context, size_t answer_bytes, struct confined **out,
                           struct err *err);
/* Asks, and does not wait. False: the child has ended, or has too many requests. */
bool confined_ask(struct confined *confined, unsigned request);
/* The next answer, if one has come. */
bool confined_take(struct confined *confined, unsigned *request, void *answer);
/* Ends the child, and frees. NULL is fine. */
void confined_end(struct confined *confined);

#endif
