/* SPDX-License-Identifier: BSD-2-Clause */
/* unpack: decompresses a file while it is read. Floor 5; zlib and libzstd; internal to capture/.
 *
 * It reads gzip (RFC 1952) and Zstandard (RFC 8878), with any number of members or frames in sequence. It ignores
 * other bytes after the last one, as gzip(1) does. Memory is bounded for any file: a window of at most
 * UNPACK_WINDOW_MOST bytes and a buffer. All data before a cut or damage are returned first. */
#ifndef HOPSONDE_CAPTURE_UNPACK_H
#define HOPSONDE_CAPTURE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define UNPACK_WINDOW_MOST (128u << 20) /* bytes; the default limit of zstd(1); larger windows are rejected */

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct unpacker;

/* As read(2). */
typedef ssize_t unpack_source(void *context, char *bytes, size_t count);

/* `context` must outlive the unpacker. NULL: no memory. */
struct unpacker *unpack_new(enum packing packing, unpack_source *source, void *context);
/* As read(2), for a `count` above 0: -1 with errno from the source, 0 at the end, a cut or damage. */
ssize_t unpack_read(struct unpacker *u, char *bytes, size_t count);
/* After that 0: true if the source ended within a member or frame. */
bool unpack_is_cut(const struct unpacker *u);
/* The reason why unpacking stopped, without a remedy, or NULL. Valid until unpack_free(). */
const char *unpack_problem(const struct unpacker *u);
/* Accepts NULL. */
void unpack_free(struct unpacker *u);

#endif
