/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rng.h"

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t rotate_left(uint64_t x, int count)
{
    return x << count | x >> (64 - count);
}

struct rng rng_init(uint64_t seed)
{
    struct rng r;
    for (int i = 0; i < 4; i++)
        r.state[i] = splitmix64(&seed);
    return r;
}

uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint32_t rng_u32(struct rng *r)
{
    return (uint32_t)(rng_u64(r) >> 32);
}

uint32_t rng_below(struct rng *r, uint32_t bound)
{
    if (bound == 0)
        return 0;
    /* Most bounds do not divide 2^32. Values of the incomplete last turn are drawn again, so that all results are
     * equally likely. */
    uint32_t incomplete = (UINT32_MAX % bound + 1) % bound;
    uint32_t value;
    do
        value = rng_u32(r);
    while (value > UINT32_MAX - incomplete);
    return value % bound;
}
