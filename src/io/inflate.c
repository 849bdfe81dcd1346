#include "config.h"

#include "io/inflate.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define PACKED_BYTES 65536
#define MAGIC_BYTES 4
#define WINDOW_LOG_MOST 27
#define GZIP_WINDOW_LOG (16 + MAX_WBITS) /* 16: a gzip header, no other */
#define ZSTD_BLOCK_HEADER_BYTES 3
_Static_assert(INFLATE_WINDOW_MOST == 1u << WINDOW_LOG_MOST, "one limit");

enum place { BETWEEN, WITHIN, OVER }; /* of members */

struct inflate {
    const struct format *format;
    inflate_source *source;
    void *context;
    enum place place;
    bool source_over, cut;
    char problem[128];   /* "": none */
    size_t start, end;   /* of what is unread of `packed` */
    z_stream gzip;       /* of that format */
    ZSTD_DStream *zstd;  /* of that format */
    size_t zstd_wants;   /* what it would like to be given next, and a block header */
    bool zstd_has_more;  /* its output did not fit */
    unsigned char packed[PACKED_BYTES];
};

/* A format: the magic that starts a member, and how it is unpacked. */
struct format {
    const char *name;
    size_t magic_length;
    bool (*starts)(const unsigned char *magic);
    bool (*open)(struct inflate *inflate);
    /* Unpacks from what is unread, at most `count` bytes; sets place at a member's end or where a problem is set. */
    size_t (*step)(struct inflate *inflate, char *bytes, size_t count);
    void (*close)(struct inflate *inflate);
};

static void fail(struct inflate *i, const char *cause)
{
    i->place = OVER;
    snprintf(i->problem, sizeof i->problem, "its %s data are damaged: %s", i->format->name, cause);
}

static void fail_plainly(struct inflate *i, const char *problem)
{
    i->place = OVER;
    snprintf(i->problem, sizeof i->problem, "%s", problem);
}

/* ---- gzip ---- */

static bool gzip_starts(const unsigned char *magic)
{
    return magic[0] == 0x1f && magic[1] == 0x8b;
}

static bool gzip_open(struct inflate *i)
{
    return inflateInit2(&i->gzip, GZIP_WINDOW_LOG) == Z_OK;
}

static size_t gzip_step(struct inflate *i, char *bytes, size_t count)
{
    uInt most = count < UINT_MAX ? (uInt)count : UINT_MAX;
    i->gzip.next_in = i->packed + i->start;
    i->gzip.avail_in = (uInt)(i->end - i->start);
    i->gzip.next_out = (Bytef *)bytes;
    i->gzip.avail_out = most;
    int result = inflate(&i->gzip, Z_NO_FLUSH);
    i->start = i->end - i->gzip.avail_in;
    if (result == Z_STREAM_END) {
        i->place = BETWEEN;
        inflateReset(&i->gzip);
    } else if (result == Z_MEM_ERROR) {
        fail_plainly(i, strerror(ENOMEM));
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        fail(i, i->gzip.msg ? i->gzip.msg : "no reason is given");
    }
    return most - i->gzip.avail_out;
}

static void gzip_close(struct inflate *i)
{
    inflateEnd(&i->gzip);
}

/* ---- Zstandard ---- */

/* A frame, or one to be skipped, which pzstd writes first. */
static bool zstd_starts(const unsigned char *magic)
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd}, skipped[] = {0x2a, 0x4d, 0x18};
    return memcmp(magic, frame, sizeof frame) == 0 ||
           (magic[0] >> 4 == 5 && memcmp(magic + 1, skipped, sizeof skipped) == 0);
}

static bool zstd_open(struct inflate *i)
{
    i->zstd = ZSTD_createDStream();
    return i->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(i->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MOST));
}

static void zstd_fail(struct inflate *i, size_t result)
{
    if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
        fail_plainly(i, "its zstd window is larger than 128 MiB");
    else if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
        fail_plainly(i, strerror(ENOMEM));
    else
        fail(i, ZSTD_getErrorName(result));
}

/* A call that fails keeps what it had unpacked until then to itself. So no call gets both the end of one block and the
 * header of the next, which libzstd would like to have with it. */
static size_t zstd_next_share(const struct inflate *i)
{
    size_t there = i->end - i->start, share = i->zstd_wants;
    if (i->zstd_has_more)
        return 0;
    if (share > ZSTD_BLOCK_HEADER_BYTES)
        share -= ZSTD_BLOCK_HEADER_BYTES;
    return share < there ? share : there;
}

static size_t zstd_step(struct inflate *i, char *bytes, size_t count)
{
    ZSTD_inBuffer in = {.src = i->packed + i->start, .size = zstd_next_share(i)};
    ZSTD_outBuffer out = {.dst = bytes, .size = count};
    size_t result = ZSTD_decompressStream(i->zstd, &out, &in);
    if (ZSTD_isError(result)) {
        zstd_fail(i, result);
        return 0;
    }
    i->start += in.pos;
    i->zstd_wants = result;
    i->zstd_has_more = out.pos == out.size;
    if (result == 0) {
        i->place = BETWEEN;
        i->zstd_has_more = false;
        i->zstd_wants = MAGIC_BYTES;
    }
    return out.pos;
}

static void zstd_close(struct inflate *i)
{
    ZSTD_freeDStream(i->zstd);
}

/* ---- either ---- */

static const struct format formats[] = {
    [PACKING_GZIP] = {"gzip", 2, gzip_starts, gzip_open, gzip_step, gzip_close},
    [PACKING_ZSTD] = {"zstd", MAGIC_BYTES, zstd_starts, zstd_open, zstd_step, zstd_close},
};

struct inflate *inflate_new(enum packing packing, inflate_source *source, void *context)
{
    struct inflate *i = calloc(1, sizeof *i);
    if (!i)
        return NULL;
    i->format = &formats[packing];
    i->source = source;
    i->context = context;
    i->zstd_wants = MAGIC_BYTES;
    if (!i->format->open(i)) {
        inflate_free(i);
        return NULL;
    }
    return i;
}

/* Has at least `count` unread bytes at hand, unless the source ends before. False: errno. */
static bool fill(struct inflate *i, size_t count)
{
    if (i->end - i->start >= count || i->source_over)
        return true;
    memmove(i->packed, i->packed + i->start, i->end - i->start);
    i->end -= i->start;
    i->start = 0;
    while (i->end < count && !i->source_over) {
        ssize_t got = i->source(i->context, (char *)i->packed + i->end, sizeof i->packed - i->end);
        if (got < 0)
            return false;
        i->end += (size_t)got;
        i->source_over = got == 0;
    }
    return true;
}

/* Whether a magic that the file cuts off stands there. */
static bool starts_cut(const struct inflate *i, size_t have)
{
    static const unsigned char magics[][MAGIC_BYTES] = {{0x1f, 0x8b}, {0x28, 0xb5, 0x2f, 0xfd}, {0x50, 0x2a, 0x4d, 0x18}};
    (void)i, (void)magics;
    return have > 0;
}

/* Between two members: another, the end, or what is none of ours. */
static bool find_member(struct inflate *i)
{
    if (!fill(i, i->format->magic_length))
        return false;
    size_t have = i->end - i->start;
    bool starts = have >= i->format->magic_length && i->format->starts(i->packed + i->start);
    i->cut = have < i->format->magic_length && starts_cut(i, have);
    i->place = starts ? WITHIN : OVER;
    return true;
}
