/* SPDX-License-Identifier: BSD-2-Clause */
/* counters: what became of the frames of a capture. Floor 3; pure. */
#ifndef HOPSONDE_TRACE_COUNTERS_H
#define HOPSONDE_TRACE_COUNTERS_H

#include <stdint.h>

#define STRAY_KINDS_MOST 24

struct stray_count {
    const char *reason; /* constant text */
    uint64_t count;
};

struct frame_counters {
    uint64_t frames; /* frames taken */
    uint64_t malformed;
    struct stray_count strays[STRAY_KINDS_MOST];
    unsigned stray_kinds;
    uint64_t dropped_by_kernel; /* as the capture handle reports at the end */
};

#endif
