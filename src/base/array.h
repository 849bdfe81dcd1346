/* SPDX-License-Identifier: BSD-2-Clause */
/* array: growth of dynamic arrays. Floor 0. */
#ifndef HOPSONDE_BASE_ARRAY_H
#define HOPSONDE_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Grows `*array` (malloc'ed, or NULL) to at least `need` elements, or to twice its capacity if that is more. A first
 * element allocates room for one only. Returns false if out of memory; array and capacity are then unchanged. */
bool array_reserve(void **array, size_t *capacity, size_t need, size_t element_bytes);

#endif
