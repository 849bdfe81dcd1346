/* SPDX-License-Identifier: BSD-2-Clause */
/* mmdb_check: checks that libmaxminddb can safely read a value of a MaxMind DB. Floor 5; internal to lookup/.
 *
 * The library checks every bound, but up to 1.12 it steps over nested values with a call a level, however deep they
 * are, which a file of a few MB exhausts the stack with; and it lists metadata anew at every pointer to them, with
 * which a small one exhausts the memory. So a value is walked through before, within limits that no true database comes
 * near.
 */
#ifndef HOPSONDE_LOOKUP_MMDB_CHECK_H
#define HOPSONDE_LOOKUP_MMDB_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value at `offset` and all in it, pointers followed: whether it is within the section, and neither deep nor large.
 * A pointer counts from the start of the section. */
bool mmdb_value_is_sound(const uint8_t *section, size_t bytes, size_t offset);

#endif
