/* SPDX-License-Identifier: BSD-2-Clause */
/* events: what happens when in a scene, the earliest first. */
#ifndef HOPSONDE_TESTS_EVENTS_H
#define HOPSONDE_TESTS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/nstime.h"

struct event {
    nstime time;
    uint32_t who, what; /* the trace and its probe; the flow and its packet */
    bool is_reply;
};

struct events {
    struct event *heap; /* owned; the earliest on top */
    size_t count, capacity;
};

void events_push(struct events *events, struct event event);
/* There must be one. */
struct event events_pop(struct events *events);

#endif
