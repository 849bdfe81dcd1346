/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: candidates in the order of their deadlines. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_STORE_QUEUE_H
#define HOPSONDE_RECOGNISE_STORE_QUEUE_H

#include "recognise/state.h"

void queue_free(struct queue *queue);
/* The caller's deadlines never go back. False: no memory. */
bool queue_push(struct recogniser *r, struct queue *queue, struct candidate *candidate, nstime due);
void queue_remove(struct queue *queue, const struct candidate *candidate);
/* The first candidate if it is due, else NULL. It stays in the queue. With NSTIME_NEVER every candidate is due. */
struct candidate *queue_due(struct recogniser *r, struct queue *queue, nstime now);
/* The first deadline, or an earlier time; NSTIME_NEVER: the queue is empty. */
nstime queue_next(const struct queue *queue);

#endif
