/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/serial_index.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_AT_FIRST 8

static struct serial_cell *cell_of(const struct serial_index *index, uint16_t serial)
{
    return index->size ? &index->cells[serial & (index->size - 1)] : NULL;
}

/* Doubles it. Serials that have different cells have different ones in the larger index, too. */
static bool grow(struct serial_index *index)
{
    struct serial_index larger = {.size = index->size ? 2 * index->size : SIZE_AT_FIRST};
    larger.cells = calloc(larger.size, sizeof *larger.cells);
    if (!larger.cells)
        return false;
    for (size_t i = 0; i < index->size; i++)
        if (index->cells[i].serial)
            *cell_of(&larger, index->cells[i].serial) = index->cells[i];
    free(index->cells);
    *index = larger;
    return true;
}

bool serial_index_set(struct serial_index *index, uint16_t serial, uint32_t number)
{
    struct serial_cell *cell = cell_of(index, serial);
    while (!cell || (cell->serial && cell->serial != serial)) {
        if (!grow(index))
            return false;
        cell = cell_of(index, serial);
    }
    *cell = (struct serial_cell){.serial = serial, .number = number};
    return true;
}

bool serial_index_find(const struct serial_index *index, uint16_t serial, uint32_t *number)
{
    const struct serial_cell *cell = cell_of(index, serial);
    if (!serial || !cell || cell->serial != serial)
        return false;
    *number = cell->number;
    return true;
}

void serial_index_drop(struct serial_index *index, uint16_t serial)
{
    struct serial_cell *cell = cell_of(index, serial);
    if (cell && cell->serial == serial)
        cell->serial = 0;
}

void serial_index_clear(struct serial_index *index)
{
    if (index->size)
        memset(index->cells, 0, index->size * sizeof *index->cells);
}

void serial_index_free(struct serial_index *index)
{
    free(index->cells);
    *index = (struct serial_index){0};
}
