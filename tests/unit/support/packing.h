/* SPDX-License-Identifier: BSD-2-Clause */
/* packing: makes the compressed files that the tests of io/ read. */
#ifndef HOPSONDE_TESTS_PACKING_H
#define HOPSONDE_TESTS_PACKING_H

#include <stdint.h>

#include "capture/unpack.h"

struct packed_bytes {
    uint8_t bytes[1 << 19];
    size_t length;
};

/* Appends a gzip member, or a Zstandard frame with a checksum, that holds `count` bytes. */
void packing_add(struct packed_bytes *p, enum packing packing, const void *bytes, size_t count);
/* Appends bytes as they are. */
void packing_add_plain(struct packed_bytes *p, const void *bytes, size_t count);

#endif
