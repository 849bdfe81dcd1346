/* SPDX-License-Identifier: BSD-2-Clause */
/* array: room in arrays that grow. Floor 0. */
#ifndef HOPSONDE_BASE_ARRAY_H
#define HOPSONDE_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Grows `*array` (malloc'ed, or NULL) so that it holds at least `need` elements, to twice its capacity where that is
 * more: one element is not paid for with room for eight. False, and all as before, where memory is short. */
bool array_reserve(void **array, size_t *capacity, size_t need, size_t element_bytes);

#endif
