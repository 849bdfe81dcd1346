/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "cli/reading/read_ahead.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "cli/reading/batch_ring.h"

/* Frames per batch with a thread. Batches are large, because a handover on shared processors may cost as much as
 * filling one. */
#define FRAMES_MOST 512
/* Frames per batch without a thread. Batches are small, so that one stays in the processor's cache. */
#define FRAMES_NOW 128
/* Batches that the thread reads ahead at most. Together they are larger than the caches, so that those of the other
 * processor have long dropped what the thread overwrites. Else each write waits until it is taken from there, and the
 * thread needs twice the time if the processors share no cache. */
#define SLOTS 64
/* Batches after which a thread that waits is woken. Sleeping and waking for each batch would cost more than filling it.
 */
#define WAKE_AFTER 8
/* Packets with an extension, and packets in tunnels, after which a batch ends: bounds the memory. */
#define EXTENSIONS_MOST 128
#define TUNNELED_MOST 128
#define NAMED_MOST 128 /* likewise, packets that bear a name */
/* Bytes of all files from which on a thread is used. Fewer bytes are read before a thread has started. */
#define THREAD_FROM (4u << 20)

struct slot {
    struct digest *looks;              /* owned; FRAMES_MOST of them */
    struct icmp_extension *extensions; /* owned; EXTENSIONS_MOST of them; looks with an extension use the first ones */
    struct tunnels *tunnels;           /* owned; TUNNELED_MOST of them; likewise */
    struct carried_name *names;        /* owned; NAMED_MOST of them; likewise */
    struct read_ahead_batch batch;
};

struct read_ahead {
    struct read_ahead_source from;
    nstime since, until; /* set from the first frame on */
    uint64_t read;
    struct frame pending; /* read, but not yet in a batch; the merge owns its bytes */
    unsigned pending_file;
    bool has_pending, over;

    struct slot slots[SLOTS];
    unsigned frames_most; /* per batch */
    bool threaded;
    struct batch_ring ring; /* with a thread */
};

/* --- filling a batch --- */

static bool is_chosen(struct read_ahead *a, const struct frame *frame)
{
    if (a->read++ == 0)
        replay_filter_window(a->from.choice, frame->time, &a->since, &a->until);
    return frame->time >= a->since && frame->time < a->until &&
           (!a->from.filter || bpf_filter_passes(a->from.filter, frame));
}

/* Reads until a chosen frame is pending. Returns false if there is none now. */
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

/* How many of a slot's arrays are in use. */
struct used {
    unsigned extensions, tunnels, names;
};

static void keep_tunnels(struct slot *slot, struct used *used, struct digest *look)
{
    struct tunnels *tunnels = &slot->tunnels[used->tunnels++];
    tunnels->count = look->inside->count;
    memcpy(tunnels->at, look->inside->at, look->inside->count * sizeof *look->inside->at);
    look->inside = tunnels;
}

/* Only the digest passes from one processor to the other, because decoded packets are large. */
static void put(struct read_ahead *a, struct slot *slot, struct used *used)
{
    struct packet packet;
    struct digest *look = &slot->looks[slot->batch.count++];
    packet_decode(&a->pending, &packet);
    if (a->from.opens_tunnels)
        packet_open_tunnels(&packet);
    recogniser_digest(a->from.recogniser, a->pending_file, &a->pending, &packet, &slot->names[used->names], look);
    used->names += look->name != NULL;
    if (packet.kind == PACKET_ICMP_ERROR && look->extension) {
        struct icmp_extension *extension = &slot->extensions[used->extensions++];
        icmp_extension_copy(extension, look->extension);
        look->extension = extension;
    }
    if (look->inside)
        keep_tunnels(slot, used, look);
    a->has_pending = false;
}

static bool has_room(const struct read_ahead *a, const struct slot *slot, const struct used *used)
{
    return slot->batch.count < a->frames_most && used->extensions < EXTENSIONS_MOST && used->tunnels < TUNNELED_MOST &&
           used->names < NAMED_MOST;
}

static void fill(struct read_ahead *a, struct slot *slot)
{
    struct used used = {0};
    slot->batch = (struct read_ahead_batch){.looks = slot->looks};
    while (has_room(a, slot, &used) && read_one(a))
        put(a, slot, &used);
    slot->batch.read = a->read;
    if (!merge_progress(a->from.merge, &slot->batch.done, &slot->batch.total))
        slot->batch.total = 0;
}

static bool fill_next(void *context, unsigned batch)
{
    struct read_ahead *a = context;
    fill(a, &a->slots[batch]);
    return !a->over;
}

/* --- for the caller --- */

static bool init_slots(struct read_ahead *a, unsigned count, unsigned frames_most)
{
    bool ok = true;
    a->frames_most = frames_most;
    for (unsigned i = 0; ok && i < count; i++) {
        struct slot *slot = &a->slots[i];
        slot->looks = malloc(frames_most * sizeof *slot->looks);
        slot->extensions = malloc(EXTENSIONS_MOST * sizeof *slot->extensions);
        slot->tunnels = malloc(TUNNELED_MOST * sizeof *slot->tunnels);
        slot->names = malloc(NAMED_MOST * sizeof *slot->names);
        ok = slot->looks && slot->extensions && slot->tunnels && slot->names;
    }
    return ok;
}

/* sched_getaffinity() fails if the processors exceed the set: then there is more than one, too. */
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
    a->ring = (struct batch_ring){.batches = SLOTS, .wake_after = WAKE_AFTER, .fill = fill_next, .context = a};
    a->threaded = threaded && batch_ring_start(&a->ring);
    return a;
}

bool read_ahead_next(struct read_ahead *a, struct read_ahead_batch *out)
{
    unsigned batch = 0;
    if (a->threaded ? !batch_ring_next(&a->ring, &batch) : a->over)
        return false;
    if (!a->threaded)
        fill(a, &a->slots[0]);
    *out = a->slots[batch].batch;
    return true;
}

void read_ahead_stop(struct read_ahead *a)
{
    if (!a)
        return;
    if (a->threaded)
        batch_ring_stop(&a->ring);
    for (unsigned i = 0; i < SLOTS; i++) {
        free(a->slots[i].looks);
        free(a->slots[i].extensions);
        free(a->slots[i].tunnels);
        free(a->slots[i].names);
    }
    free(a);
}
