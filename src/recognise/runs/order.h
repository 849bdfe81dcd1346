/* SPDX-License-Identifier: BSD-2-Clause */
/* order: where a packet stands among those of a run. Captures swap packets that were sent within milliseconds, and a
 * tool that is run again starts again. Floor 4; internal to recognise/. It must not choose a run. */
#ifndef HOPSONDE_RECOGNISE_RUNS_ORDER_H
#define HOPSONDE_RECOGNISE_RUNS_ORDER_H

#include "probe/flow.h"
#include "recognise/state.h"

enum order {
    ORDER_NEXT,   /* after the newest packet of the run */
    ORDER_BEFORE, /* sent before packets that the capture has in front of it */
    ORDER_FIRST,  /* the same, and sent before the first one of the run */
};

/* The values of a counter. */
enum range {
    RANGE_16,
    RANGE_32,
    RANGE_PORT, /* source ports: of 16 bits, but hopsonde goes on at EPHEMERAL_FIRST behind the last one */
};

/* How far `to` is above `from`. */
static inline int32_t order_step(uint32_t from, uint32_t to, enum range range)
{
    if (range == RANGE_PORT && from >= EPHEMERAL_FIRST && to >= EPHEMERAL_FIRST) {
        int32_t ahead = (int32_t)((to - from) % EPHEMERAL_COUNT);
        return ahead < EPHEMERAL_COUNT / 2 ? ahead : ahead - EPHEMERAL_COUNT;
    }
    return range == RANGE_32 ? (int32_t)(to - from) : (int16_t)(to - from);
}

enum order order_of(const struct run *run, const struct traits *traits, nstime now);
/* What a packet out of order changes, counted as if it had been in its place. */
struct place {
    int restarts;          /* so many sweeps more */
    unsigned steps_of_one; /* of the port that counts: so many more */
    bool is_target;        /* that is the target port */
};
struct place order_place(const struct run *run, const struct traits *traits, nstime now);
/* True if the TTLs start again, and with them what the tool counts or keeps: another run of the tool, however soon. For
 * packets in ORDER_NEXT. */
bool order_begins_anew(const struct run *run, const struct traits *traits, nstime now);

#endif
