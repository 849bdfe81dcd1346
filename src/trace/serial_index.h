/* SPDX-License-Identifier: BSD-2-Clause */
/* serial_index: finds what belongs to a serial. Floor 3; pure.
 *
 * It takes as much room as the serials that it holds lie apart, rounded up to a power of two. So an endless run, whose
 * serials start again and again while old ones are dropped, keeps it small. All zero is an empty index. */
#ifndef HOPSONDE_TRACE_SERIAL_INDEX_H
#define HOPSONDE_TRACE_SERIAL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct serial_cell {
    uint16_t serial; /* 0: the cell is free */
    uint32_t number;
};

struct serial_index {
    struct serial_cell *cells; /* owned; a serial has cell serial % size */
    size_t size;               /* 0, or a power of two */
};

/* The serial, which is not 0, gets this number, in place of one that it may have. False: memory is short, and nothing
 * has changed. */
bool serial_index_set(struct serial_index *index, uint16_t serial, uint32_t number);
/* False: the index does not hold the serial. */
bool serial_index_find(const struct serial_index *index, uint16_t serial, uint32_t *number);
/* The index holds the serial no more. */
void serial_index_drop(struct serial_index *index, uint16_t serial);
/* Drops all serials. The room stays, so that setting any of them again needs no memory. */
void serial_index_clear(struct serial_index *index);
void serial_index_free(struct serial_index *index);

#endif
