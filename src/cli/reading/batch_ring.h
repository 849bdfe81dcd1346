/* SPDX-License-Identifier: BSD-2-Clause */
/* batch_ring: a thread of its own fills batches ahead of the thread that takes them. Top floor.
 *
 * The caller owns the batches and numbers them from 0; the ring knows the numbers alone. Batches are filled and taken
 * in the order of their numbers, over and over. */
#ifndef HOPSONDE_CLI_READING_BATCH_RING_H
#define HOPSONDE_CLI_READING_BATCH_RING_H

#include <pthread.h>
#include <stdbool.h>

/* Fills a batch. False: it is the last one. The ring's thread calls it. */
typedef bool (*batch_filler)(void *context, unsigned batch);

struct batch_ring {
    unsigned batches;    /* that the thread fills ahead at most */
    unsigned wake_after; /* batches after which a thread that waits is woken */
    batch_filler fill;
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    unsigned filled, taken; /* counts: filled - taken batches are waiting or in use */
    bool ended, cancelled;
    bool holds; /* the caller's thread has a batch in use */
    bool filler_waits, taker_waits;
};

/* Starts the thread. `batches`, `wake_after`, `fill` and `context` are set. False: no thread could be started. */
bool batch_ring_start(struct batch_ring *ring);
/* Gives the batch in use back, and waits for the next one. False: the end. */
bool batch_ring_next(struct batch_ring *ring, unsigned *batch);
/* Waits until the thread has ended. */
void batch_ring_stop(struct batch_ring *ring);

/* Runs a function in a thread that blocks all signals; the caller's thread handles them. False: it could not start. */
bool thread_run(pthread_t *thread, void *(*run)(void *context), void *context);

#endif
