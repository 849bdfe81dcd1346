/* SPDX-License-Identifier: BSD-2-Clause */
/* minmax: the smaller and the larger of two numbers. Floor 0. */
#ifndef HOPSONDE_BASE_MINMAX_H
#define HOPSONDE_BASE_MINMAX_H

#include <stdint.h>

static inline unsigned uint_min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static inline unsigned uint_max(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* For TTLs: both arguments fit into a byte. */
static inline uint8_t uint8_min(unsigned a, unsigned b)
{
    return (uint8_t)uint_min(a, b);
}

static inline uint8_t uint8_max(unsigned a, unsigned b)
{
    return (uint8_t)uint_max(a, b);
}

#endif
