#include "cli/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MOST 128
#define BYTES_FIRST (64u << 10)
#define SLOTS 16
#define THREAD_FROM (4u << 20) /* bytes of all files: below that a thread is hardly started before all is read */

struct slot {
    struct ahead_frame *frames; /* owned; FRAMES_MOST of them */
    uint8_t *bytes;             /* owned; those of the frames */
    size_t size, used;
    struct ahead_batch batch;
};

struct ahead {
    struct ahead_source from;
    nstime since, until; /* meaningful from the first frame on */
    uint64_t read;
    struct frame pending; /* read, and not yet in a batch; its bytes are the merge's */
    unsigned pending_file;
    bool has_pending, over, short_of_memory;

    struct slot slots[SLOTS];
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    unsigned filled, taken; /* counts of batches: filled - taken of them wait, or are at hand */
    bool ended, cancelled;
    bool holds; /* the other thread has a batch at hand */
    bool reader_waits, taker_waits;
};

/* --- filling a batch --- */

static bool is_chosen(struct ahead *a, const struct frame *frame)
{
    if (a->read++ == 0)
        choice_window(a->from.choice, frame->time, &a->since, &a->until);
    return frame->time >= a->since && frame->time < a->until && (!a->from.sieve || sieve_passes(a->from.sieve, frame));
}

/* The next chosen frame becomes the pending one. False: there is none now. */
static bool read_one(struct ahead *a)
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

/* Room for `count` bytes more, which only an empty slot grows for: what points into it must stay. */
static bool has_room(struct slot *slot, size_t count)
{
    if (slot->size - slot->used >= count)
        return true;
    uint8_t *grown = slot->batch.count == 0 ? realloc(slot->bytes, count) : NULL;
    if (!grown)
        return false;
    slot->bytes = grown;
    slot->size = count;
    return true;
}

static void put(struct ahead *a, struct slot *slot)
{
    struct ahead_frame *to = &slot->frames[slot->batch.count++];
    to->frame = a->pending;
    to->file = a->pending_file;
    to->frame.bytes = slot->bytes + slot->used;
    memcpy(slot->bytes + slot->used, a->pending.bytes, a->pending.captured);
    slot->used += a->pending.captured;
    packet_decode(&to->frame, &to->packet);
    recogniser_look(a->from.recogniser, &to->packet, &to->look);
    a->has_pending = false;
}

static void fill(struct ahead *a, struct slot *slot)
{
    slot->used = 0;
    slot->batch = (struct ahead_batch){.frames = slot->frames};
    while (slot->batch.count < FRAMES_MOST && read_one(a)) {
        if (!has_room(slot, a->pending.captured)) {
            a->short_of_memory = slot->batch.count == 0;
            a->over = a->over || a->short_of_memory;
            break;
        }
        put(a, slot);
    }
    slot->batch.read = a->read;
    if (!merge_progress(a->from.merge, &slot->batch.done, &slot->batch.total))
        slot->batch.total = 0;
}

/* --- the thread --- */

/* Once all slots are full, waits until half of them are free: to wake up for each costs more than to fill it. False:
 * nobody wants more. */
static bool wait_for_slot(struct ahead *a)
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
    struct ahead *a = context;
    while (!a->over && wait_for_slot(a)) {
        fill(a, &a->slots[a->filled % SLOTS]);
        pthread_mutex_lock(&a->lock);
        a->filled++;
        a->ended = a->over;
        if (a->taker_waits)
            pthread_cond_broadcast(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

/* Signals are the other thread's. */
static bool start_thread(struct ahead *a)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    a->threaded = pthread_create(&a->thread, NULL, run, a) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return a->threaded;
}

/* --- for others --- */

static bool slot_init(struct slot *slot)
{
    slot->size = BYTES_FIRST;
    slot->bytes = malloc(slot->size);
    slot->frames = malloc(FRAMES_MOST * sizeof *slot->frames);
    return slot->bytes && slot->frames;
}

struct ahead *ahead_start(const struct ahead_source *source)
{
    struct ahead *a = calloc(1, sizeof *a);
    uint64_t done, total;
    bool ok = a != NULL;
    for (unsigned i = 0; ok && i < SLOTS; i++)
        ok = slot_init(&a->slots[i]);
    if (!ok) {
        ahead_stop(a);
        return NULL;
    }
    a->from = *source;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    if (merge_progress(source->merge, &done, &total) && total >= THREAD_FROM)
        (void)start_thread(a);
    return a;
}

/* Gives back the batch at hand and waits for the next. NULL: the end. */
static const struct slot *take(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->taken += a->holds;
    a->holds = false;
    if (a->reader_waits && a->filled - a->taken <= SLOTS / 2) {
        a->reader_waits = false;
        pthread_cond_broadcast(&a->changed);
    }
    a->taker_waits = a->filled == a->taken && !a->ended;
    while (a->filled == a->taken && !a->ended)
        pthread_cond_wait(&a->changed, &a->lock);
    a->taker_waits = false;
    a->holds = a->filled != a->taken;
    pthread_mutex_unlock(&a->lock);
    return a->holds ? &a->slots[a->taken % SLOTS] : NULL;
}

bool ahead_next(struct ahead *a, struct ahead_batch *out)
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

bool ahead_stop(struct ahead *a)
{
    if (!a)
        return false;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->cancelled = true;
        pthread_cond_broadcast(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        free(a->slots[i].bytes);
        free(a->slots[i].frames);
    }
    bool complete = !a->short_of_memory;
    free(a);
    return complete;
}
