/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "cli/reading/packets_ahead.h"

#include <stdlib.h>

#include "cli/reading/batch_ring.h"
#include "pairing/pairing_packet.h"

/* Packets per batch. A handover on shared processors may cost as much as reading one. */
#define PACKETS_MOST 256
/* Batches that the thread reads ahead at most. */
#define BATCHES 16
/* Batches after which a thread that waits is woken. */
#define WAKE_AFTER 4

struct batch {
    struct pairing_packet packets[PACKETS_MOST];
    unsigned count;
};

struct packets_ahead {
    packet_reader reader;
    void *context;
    struct batch *batches; /* owned; BATCHES of them, without a thread one */
    unsigned batch, at;    /* the next packet is that of this batch */
    unsigned count;        /* of the batch; its own count is the thread's until it is taken */
    bool over;             /* the reader has come to the end; of the thread that reads */
    bool threaded;
    struct batch_ring ring; /* with a thread */
};

static bool fill(void *context, unsigned number)
{
    struct packets_ahead *a = context;
    struct batch *batch = &a->batches[number];
    batch->count = 0;
    while (!a->over && batch->count < PACKETS_MOST) {
        if (a->reader(a->context, &batch->packets[batch->count]))
            batch->count++;
        else
            a->over = true;
    }
    return !a->over;
}

struct packets_ahead *packets_ahead_start(packet_reader reader, void *context, bool threaded)
{
    struct packets_ahead *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->reader = reader;
    a->context = context;
    a->batches = malloc((threaded ? BATCHES : 1) * sizeof *a->batches);
    if (!a->batches) {
        free(a);
        return NULL;
    }
    a->ring = (struct batch_ring){.batches = BATCHES, .wake_after = WAKE_AFTER, .fill = fill, .context = a};
    a->threaded = threaded && batch_ring_start(&a->ring);
    return a;
}

/* False: the end. */
static bool next_batch(struct packets_ahead *a)
{
    unsigned batch = 0;
    bool more = a->threaded ? batch_ring_next(&a->ring, &batch) : !a->over;
    if (!more)
        return false;
    if (!a->threaded)
        fill(a, 0);
    a->batch = batch;
    a->count = a->batches[batch].count;
    a->at = 0;
    return true;
}

/* Valid until the call after. NULL: the end. */
static const struct pairing_packet *next_packet(struct packets_ahead *a)
{
    while (a->at >= a->count)
        if (!next_batch(a))
            return NULL;
    return &a->batches[a->batch].packets[a->at++];
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
    if (a->threaded)
        batch_ring_stop(&a->ring);
    free(a->batches);
    free(a);
}
