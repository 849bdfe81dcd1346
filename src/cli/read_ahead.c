/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "cli/read_ahead.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#define FRAMES_MOST 512 /* of a batch: to hand one over may cost as much as to fill it, where processors are shared */
#define FRAMES_NOW 128  /* without a thread: a batch is soon filled, and stays in the processor's cache */
#define SLOTS 16
#define THREAD_FROM (4u << 20) /* bytes of all files: below that a thread is hardly started before all is read */

struct slot {
    struct digest *looks;              /* owned; FRAMES_MOST of them */
    struct icmp_extension *extensions; /* owned; as many, the first of them those of the looks */
    struct read_ahead_batch batch;
};

struct read_ahead {
    struct read_ahead_source from;
    nstime since, until; /* meaningful from the first frame on */
    uint64_t read;
    struct frame pending; /* read, and not yet in a batch; its bytes are the merge's */
    unsigned pending_file;
    bool has_pending, over;

    struct slot slots[SLOTS];
    bool threaded;
    unsigned frames_most; /* of a batch */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    unsigned filled, taken; /* counts of batches: filled - taken of them wait, or are at hand */
    bool ended, cancelled;
    bool holds; /* the other thread has a batch at hand */
    bool reader_waits, taker_waits;
};

/* --- filling a batch --- */

static bool is_chosen(struct read_ahead *a, const struct frame *frame)
{
    if (a->read++ == 0)
        replay_filter_window(a->from.choice, frame->time, &a->since, &a->until);
    return frame->time >= a->since && frame->time < a->until &&
           (!a->from.filter || bpf_filter_passes(a->from.filter, frame));
}

/* The next chosen frame becomes the pending one. False: there is none now. */
static bool read_one(struct read_ahead *a)
{
    while (!a->has_pending) {
        enum wire_event event = merge_next(a->from.merge, &a->pending, &a->pending_file);
        if (event != WIRE_FRAME) {
            a->over = event != WIRE_QUIET;
            return false;
        }
        a->has_pending = is_chosen(a, &a->pending);
    }
    return true;
}

/* Only what is taken over changes hands between the processors: decoded packets are large. */
static void put(struct read_ahead *a, struct slot *slot, unsigned *extensions)
{
    struct packet packet;
    struct digest *look = &slot->looks[slot->batch.count++];
    packet_decode(&a->pending, &packet);
    recogniser_digest(a->from.recogniser, a->pending_file, &a->pending, &packet, look);
    if (packet.kind == PACKET_ICMP_ERROR && look->extension) {
        struct icmp_extension *extension = &slot->extensions[(*extensions)++];
        icmp_extension_copy(extension, look->extension);
        look->extension = extension;
    }
    a->has_pending = false;
}

static void fill(struct read_ahead *a, struct slot *slot)
{
    unsigned extensions = 0;
    slot->batch = (struct read_ahead_batch){.looks = slot->looks};
    while (slot->batch.count < a->frames_most && read_one(a))
        put(a, slot, &extensions);
    slot->batch.read = a->read;
    if (!merge_progress(a->from.merge, &slot->batch.done, &slot->batch.total))
        slot->batch.total = 0;
}

/* --- the thread --- */

/* Whoever must wait, waits until half of the slots are as he wants them: to sleep and to be woken for each costs both
 * threads more than to fill it does. */

/* For a free slot. False: nobody wants more. */
static bool wait_for_slot(struct read_ahead *a)
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
    struct read_ahead *a = context;
    while (!a->over && wait_for_slot(a)) {
        fill(a, &a->slots[a->filled % SLOTS]);
        pthread_mutex_lock(&a->lock);
        a->filled++;
        a->ended = a->over;
        if (a->taker_waits && (a->ended || a->filled - a->taken >= SLOTS / 2)) {
            a->taker_waits = false;
            pthread_cond_broadcast(&a->changed);
        }
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

/* Signals are the other thread's. */
static bool start_thread(struct read_ahead *a)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    a->threaded = pthread_create(&a->thread, NULL, run, a) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return a->threaded;
}

/* --- for others --- */

static bool init_slots(struct read_ahead *a, unsigned count, unsigned frames_most)
{
    bool ok = true;
    a->frames_most = frames_most;
    for (unsigned i = 0; ok && i < count; i++) {
        struct slot *slot = &a->slots[i];
        slot->looks = malloc(frames_most * sizeof *slot->looks);
        slot->extensions = malloc(frames_most * sizeof *slot->extensions);
        ok = slot->looks && slot->extensions;
    }
    return ok;
}

/* More processors than fit into the set are more than one, too. */
static bool has_two_processors(void)
{
    cpu_set_t allowed;
    return sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) > 1;
}

static bool is_worth_a_thread(const struct merge *merge)
{
    uint64_t done, total;
    return merge_progress(merge, &done, &total) && total >= THREAD_FROM && has_two_processors();
}

struct read_ahead *read_ahead_start(const struct read_ahead_source *source)
{
    struct read_ahead *a = calloc(1, sizeof *a);
    bool threaded = is_worth_a_thread(source->merge);
    if (!a || !init_slots(a, threaded ? SLOTS : 1, threaded ? FRAMES_MOST : FRAMES_NOW)) {
        read_ahead_stop(a);
        return NULL;
    }
    a->from = *source;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    if (threaded)
        (void)start_thread(a);
    return a;
}

/* Gives back the batch at hand and waits for the next. NULL: the end. */
static const struct slot *take(struct read_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->taken += a->holds;
    a->holds = false;
    if (a->reader_waits && a->filled - a->taken <= SLOTS / 2) {
        a->reader_waits = false;
        pthread_cond_broadcast(&a->changed);
    }
    a->taker_waits = a->filled == a->taken && !a->ended;
    while (a->taker_waits)
        pthread_cond_wait(&a->changed, &a->lock);
    a->holds = a->filled != a->taken;
    pthread_mutex_unlock(&a->lock);
    return a->holds ? &a->slots[a->taken % SLOTS] : NULL;
}

bool read_ahead_next(struct read_ahead *a, struct read_ahead_batch *out)
{
    const struct slot *slot = &a->slots[0];
    if (a->threaded)
        slot = take(a);
    else if (a->over)
        slot = NULL;
    else
        fill(a, &a->slots[0]);
    if (slot)
        *out = slot->batch;
    return slot != NULL;
}

void read_ahead_stop(struct read_ahead *a)
{
    if (!a)
        return;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->cancelled = true;
        pthread_cond_broadcast(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        free(a->slots[i].looks);
        free(a->slots[i].extensions);
    }
    free(a);
}
