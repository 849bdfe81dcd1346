/* SPDX-License-Identifier: BSD-2-Clause */
/* flood: captures that are made to cost much, a frame at a time. For tests and benches of recognise/; no capture is
 * ever written. */
#ifndef HOPSONDE_TESTS_FLOOD_H
#define HOPSONDE_TESTS_FLOOD_H

#include "packet/frame.h"

#define FLOOD_BYTES 256

struct flood {
    const char *name;
    /* Writes frame `n`, an IP packet, and returns its length. `bytes` are those of the frame before. */
    size_t (*make)(uint32_t n, uint8_t *bytes);
    nstime step; /* from frame to frame */
};

extern const struct flood floods[]; /* ends with a name of NULL */
/* Frame `n` of a flood, whose packet it writes to `bytes`: FLOOD_BYTES, zeros before the first. */
struct frame flood_frame(const struct flood *flood, uint32_t n, uint8_t *bytes);

#endif
