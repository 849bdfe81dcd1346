/* inflate: the plain bytes of a compressed file, as they are asked for. Floor 5; zlib and libzstd; internal to io/.
 *
 * gzip (RFC 1952) and Zstandard (RFC 8878): any number of members or frames one after the other. What follows them and
 * starts no other is ignored, as gzip(1) does. Memory is bounded whatever the file says: a window of at most
 * INFLATE_WINDOW_MOST bytes and a buffer. Everything that comes before a cut or a damage is given out first. */
#ifndef HOPSONDE_IO_INFLATE_H
#define HOPSONDE_IO_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define INFLATE_WINDOW_MOST (128u << 20)

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

/* As read(2). */
typedef ssize_t inflate_source(void *context, char *bytes, size_t count);

struct inflate;

/* `context` must outlive it. NULL: no memory. */
struct inflate *inflate_new(enum packing packing, inflate_source *source, void *context);
/* As read(2): -1 and errno where the source says so, 0 at the end, at a cut and at a damage alike. */
ssize_t inflate_read(struct inflate *inflate, char *bytes, size_t count);
/* After that 0: whether the source ended within a member or frame; */
bool inflate_cut(const struct inflate *inflate);
/* and why there is no going on, without a remedy; NULL: nothing is wrong. Valid until inflate_free(). */
const char *inflate_problem(const struct inflate *inflate);
void inflate_free(struct inflate *inflate);

#endif
