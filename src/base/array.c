/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/array.h"

#include <stdlib.h>

bool array_reserve(void **array, size_t *capacity, size_t need, size_t element_bytes)
{
    if (need <= *capacity)
        return true;
    size_t larger = *capacity * 2 > need ? *capacity * 2 : need;
    void *moved = realloc(*array, larger * element_bytes);
    if (!moved)
        return false;
    *array = moved;
    *capacity = larger;
    return true;
}
