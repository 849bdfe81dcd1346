/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "cli/reading/batch_ring.h"

#include <signal.h>

bool thread_run(pthread_t *thread, void *(*run)(void *context), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = pthread_create(thread, NULL, run, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

/* Waits for a free batch. False: the ring was stopped. */
static bool wait_for_batch(struct batch_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->filler_waits = ring->filled - ring->taken == ring->batches;
    while (ring->filler_waits && !ring->cancelled)
        pthread_cond_wait(&ring->changed, &ring->lock);
    bool go_on = !ring->cancelled;
    pthread_mutex_unlock(&ring->lock);
    return go_on;
}

static void *run(void *context)
{
    struct batch_ring *ring = context;
    bool more = true;
    while (more && wait_for_batch(ring)) {
        more = ring->fill(ring->context, ring->filled % ring->batches);
        pthread_mutex_lock(&ring->lock);
        ring->filled++;
        ring->ended = !more;
        if (ring->taker_waits && (ring->ended || ring->filled - ring->taken >= ring->wake_after)) {
            ring->taker_waits = false;
            pthread_cond_broadcast(&ring->changed);
        }
        pthread_mutex_unlock(&ring->lock);
    }
    return NULL;
}

bool batch_ring_start(struct batch_ring *ring)
{
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->changed, NULL);
    if (thread_run(&ring->thread, run, ring))
        return true;
    pthread_mutex_destroy(&ring->lock);
    pthread_cond_destroy(&ring->changed);
    return false;
}

bool batch_ring_next(struct batch_ring *ring, unsigned *batch)
{
    pthread_mutex_lock(&ring->lock);
    ring->taken += ring->holds;
    ring->holds = false;
    if (ring->filler_waits && ring->filled - ring->taken <= ring->batches - ring->wake_after) {
        ring->filler_waits = false;
        pthread_cond_broadcast(&ring->changed);
    }
    ring->taker_waits = ring->filled == ring->taken && !ring->ended;
    while (ring->taker_waits)
        pthread_cond_wait(&ring->changed, &ring->lock);
    ring->holds = ring->filled != ring->taken;
    *batch = ring->taken % ring->batches;
    bool holds = ring->holds;
    pthread_mutex_unlock(&ring->lock);
    return holds;
}

void batch_ring_stop(struct batch_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->cancelled = true;
    pthread_cond_broadcast(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
    pthread_join(ring->thread, NULL);
    pthread_mutex_destroy(&ring->lock);
    pthread_cond_destroy(&ring->changed);
}
