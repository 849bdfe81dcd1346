/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "cli/reading/packets_ahead.h"

#include <signal.h>
#include <stdlib.h>

#include "pairing/pairing_packet.h"

/* Packets per batch. A handover on shared processors may cost as much as reading one. */
#define PACKETS_MOST 256
/* Batches that the thread reads ahead at most. */
#define SLOTS 16
/* Batches after which a thread that waits is woken. */
#define WAKE_AFTER 4

struct batch {
    struct pairing_packet packets[PACKETS_MOST];
    unsigned count;
};

struct packets_ahead {
    packet_reader reader;
    void *context;
    struct batch *batches; /* owned; SLOTS of them, without a thread one */
    unsigned at;           /* the next packet of the batch in use */
    bool over;             /* the reader has come to the end; of the reading thread */
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t changed;
    unsigned filled, taken; /* counts of batches: filled - taken of them are waiting or in use */
    bool ended, cancelled, reader_waits, taker_waits;
};

static void fill(struct packets_ahead *a, struct batch *batch)
{
    batch->count = 0;
    while (!a->over && batch->count < PACKETS_MOST) {
        if (a->reader(a->context, &batch->packets[batch->count]))
            batch->count++;
        else
            a->over = true;
    }
}

/* Waits for a free slot. Returns false if reading was cancelled. */
static bool wait_for_slot(struct packets_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->reader_waits = a->filled - a->taken == SLOTS;
    while (a->reader_waits && !a->cancelled)
        pthread_cond_wait(&a->changed, &a->lock);
    bool go_on = !a->cancelled;
    pthread_mutex_unlock(&a->lock);
    return go_on;
}

static void *run(void *context)
{
    struct packets_ahead *a = context;
    while (!a->over && wait_for_slot(a)) {
        fill(a, &a->batches[a->filled % SLOTS]);
        pthread_mutex_lock(&a->lock);
        a->filled++;
        a->ended = a->over;
        if (a->taker_waits && (a->ended || a->filled - a->taken >= WAKE_AFTER)) {
            a->taker_waits = false;
            pthread_cond_broadcast(&a->changed);
        }
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

bool packets_ahead_run(pthread_t *thread, void *(*function)(void *context), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = pthread_create(thread, NULL, function, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

struct packets_ahead *packets_ahead_start(packet_reader reader, void *context, bool threaded)
{
    struct packets_ahead *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->reader = reader;
    a->context = context;
    a->batches = malloc((threaded ? SLOTS : 1) * sizeof *a->batches);
    if (!a->batches) {
        free(a);
        return NULL;
    }
    a->batches[0].count = 0;
    if (threaded) {
        pthread_mutex_init(&a->lock, NULL);
        pthread_cond_init(&a->changed, NULL);
        a->threaded = packets_ahead_run(&a->thread, run, a);
        if (!a->threaded) {
            pthread_mutex_destroy(&a->lock);
            pthread_cond_destroy(&a->changed);
        }
    }
    return a;
}

/* Gives the batch in use back and waits for the next one. NULL: the end. */
static struct batch *next_batch(struct packets_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->filled == a->taken && !a->ended) {
        a->taker_waits = true;
        pthread_cond_wait(&a->changed, &a->lock);
    }
    struct batch *batch = a->filled != a->taken ? &a->batches[a->taken % SLOTS] : NULL;
    pthread_mutex_unlock(&a->lock);
    return batch;
}

static void give_back(struct packets_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->taken++;
    if (a->reader_waits && a->filled - a->taken <= SLOTS - WAKE_AFTER) {
        a->reader_waits = false;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
}

static const struct pairing_packet *next_of_thread(struct packets_ahead *a)
{
    for (;;) {
        if (!a->at) {
            struct batch *batch = next_batch(a);
            if (!batch)
                return NULL;
            if (batch->count)
                return &batch->packets[a->at++];
        } else if (a->at < a->batches[a->taken % SLOTS].count) {
            return &a->batches[a->taken % SLOTS].packets[a->at++];
        }
        give_back(a);
        a->at = 0;
    }
}

/* Valid until the call after. NULL: the end. */
static const struct pairing_packet *next_packet(struct packets_ahead *a)
{
    if (a->threaded)
        return next_of_thread(a);
    if (a->at == a->batches->count) {
        fill(a, a->batches);
        a->at = 0;
    }
    return a->at < a->batches->count ? &a->batches->packets[a->at++] : NULL;
}

bool packets_ahead_pair(struct packets_ahead *near_ahead, struct packets_ahead *far_ahead, struct pairing *pairing)
{
    const struct pairing_packet *near = next_packet(near_ahead), *far = next_packet(far_ahead);
    bool good = true;
    while (good && (near || far)) {
        bool is_near = near && (!far || near->common <= far->common);
        good = pairing_take_read(pairing, is_near ? near : far);
        if (is_near)
            near = next_packet(near_ahead);
        else
            far = next_packet(far_ahead);
    }
    return good;
}

void packets_ahead_stop(struct packets_ahead *a)
{
    if (!a)
        return;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->cancelled = true;
        a->reader_waits = false;
        pthread_cond_broadcast(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
        pthread_mutex_destroy(&a->lock);
        pthread_cond_destroy(&a->changed);
    }
    free(a->batches);
    free(a);
}
