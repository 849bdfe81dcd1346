/* SPDX-License-Identifier: BSD-2-Clause */
/* unpack: the plain bytes of a compressed file, as they are asked for. Floor 5; zlib and libzstd; internal to capture/.
 *
 * gzip (RFC 1952) and Zstandard (RFC 8878): any number of members or frames one after the other. What follows them and
 * starts no other is ignored, as gzip(1) does. Memory is bounded whatever the file says: a window of at most
 * UNPACK_WINDOW_MOST bytes and a buffer. Everything that comes before a cut or a damage is given out first. */
#ifndef HOPSONDE_CAPTURE_UNPACK_H
#define HOPSONDE_CAPTURE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define UNPACK_WINDOW_MOST (128u << 20)

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct unpacker;

/* As read(2). */
typedef ssize_t unpack_source(void *context, char *bytes, size_t count);

/* `context` must outlive it. NULL: no memory. */
struct unpacker *unpack_new(enum packing packing, unpack_source *source, void *context);
/* As read(2), with a `count` above 0: -1 and errno where the source says so, 0 at the end, a cut or a damage. */
ssize_t unpack_read(struct unpacker *u, char *bytes, size_t count);
/* After that 0: whether the source ended within a member or frame; */
bool unpack_is_cut(const struct unpacker *u);
/* and why there is no going on, without a remedy; NULL: nothing is wrong. Valid until unpack_free(). */
const char *unpack_problem(const struct unpacker *u);
/* NULL is allowed. */
void unpack_free(struct unpacker *u);

#endif
