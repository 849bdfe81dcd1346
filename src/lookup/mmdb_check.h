/* SPDX-License-Identifier: BSD-2-Clause */
/* mmdb_check: checks that libmaxminddb can safely read a value of a MaxMind DB. Floor 5; internal to lookup/.
 *
 * The library checks every bound, but up to 1.12 it has two weaknesses:
 * - It recurses into nested values without a limit. A file of a few MB can exhaust the stack.
 * - It expands metadata again at every pointer to them. A small file can exhaust memory.
 *
 * This check therefore walks through a value first. Its limits are far above those of any real database. */
#ifndef HOPSONDE_LOOKUP_MMDB_CHECK_H
#define HOPSONDE_LOOKUP_MMDB_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns true if the value at `offset` and all nested values lie within the section, and depth and number stay
 * below the limits. The walk follows pointers; a pointer counts from the start of the section. */
bool mmdb_value_is_sound(const uint8_t *section, size_t bytes, size_t offset);

#endif
