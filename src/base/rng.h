/* SPDX-License-Identifier: BSD-2-Clause */
/* rng: all random choices of a run, from one seed. Floor 0; reads no entropy.
 *
 * xoshiro256** seeded through splitmix64 (Blackman, Vigna, 2018). Not for secrets: it chooses ports and nonces. They
 * differ between runs and are the same for the same seed. */
#ifndef HOPSONDE_BASE_RNG_H
#define HOPSONDE_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

struct rng rng_init(uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint32_t rng_u32(struct rng *r);
/* Uniform over 0 .. bound-1; bound 0 gives 0. */
uint32_t rng_below(struct rng *r, uint32_t bound);

#endif
