/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "capture/unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define PACKED_BYTES 65536           /* bytes; largest read of compressed data */
#define MAGIC_BYTES_MOST 4           /* bytes of the longest magic, of a Zstandard frame */
#define GZIP_WINDOW (16 + MAX_WBITS) /* 16: with a gzip header */
#define ZSTD_BLOCK_HEADER_BYTES 3    /* RFC 8878, section 3.1.1.2 */
#define ZSTD_WINDOW_LOG_MOST 27      /* power of two, in bytes; see UNPACK_WINDOW_MOST */
_Static_assert(UNPACK_WINDOW_MOST == 1u << ZSTD_WINDOW_LOG_MOST, "the window's limit and its logarithm");

/* Position in the file: between two members (frames), within one, or after the last one. */
enum place { BETWEEN, WITHIN, OVER };

struct unpacker {
    const struct format *format;
    unpack_source *source;
    void *context;
    enum place place;
    bool source_over, cut;
    char problem[128]; /* "": none */
    z_stream gzip;
    ZSTD_DStream *zstd;
    size_t zstd_wants;                  /* bytes that libzstd requests next */
    bool zstd_has_more;                 /* the last call filled the output; libzstd may hold more */
    size_t start, end;                  /* the unread bytes in `packed` */
    unsigned char packed[PACKED_BYTES]; /* compressed bytes from the file */
};

struct format {
    const char *name;
    size_t magic_length;
    /* True if a member starts with these bytes. If they are fewer than the magic: true if one could. */
    bool (*starts)(const unsigned char *bytes, size_t count);
    bool (*open)(struct unpacker *u);
    /* Unpacks at most `count` bytes from the unread ones. Changes `place` at a member's end and on damage. */
    size_t (*step)(struct unpacker *u, char *bytes, size_t count);
    void (*close)(struct unpacker *u);
};

static void give_up(struct unpacker *u, const char *problem)
{
    u->place = OVER;
    snprintf(u->problem, sizeof u->problem, "%s", problem);
}

static void give_up_damaged(struct unpacker *u, const char *cause)
{
    u->place = OVER;
    snprintf(u->problem, sizeof u->problem, "its %s data are damaged: %s", u->format->name, cause);
}

/* ---- gzip ---- */

static bool gzip_starts(const unsigned char *bytes, size_t count)
{
    static const unsigned char magic[] = {0x1f, 0x8b};
    return memcmp(bytes, magic, count) == 0;
}

static bool gzip_open(struct unpacker *u)
{
    return inflateInit2(&u->gzip, GZIP_WINDOW) == Z_OK;
}

static size_t gzip_step(struct unpacker *u, char *bytes, size_t count)
{
    uInt most = count < UINT_MAX ? (uInt)count : UINT_MAX;
    u->gzip.next_in = u->packed + u->start;
    u->gzip.avail_in = (uInt)(u->end - u->start);
    u->gzip.next_out = (Bytef *)bytes;
    u->gzip.avail_out = most;
    int result = inflate(&u->gzip, Z_NO_FLUSH);
    u->start = u->end - u->gzip.avail_in;
    if (result == Z_STREAM_END) {
        u->place = BETWEEN;
        inflateReset(&u->gzip);
    } else if (result == Z_MEM_ERROR) {
        give_up(u, strerror(ENOMEM));
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        give_up_damaged(u, u->gzip.msg ? u->gzip.msg : "zlib gives no reason");
    }
    return most - u->gzip.avail_out;
}

static void gzip_close(struct unpacker *u)
{
    inflateEnd(&u->gzip);
}

/* ---- Zstandard ---- */

/* True for a frame or a skippable frame, which pzstd puts before each frame. */
static bool zstd_starts(const unsigned char *bytes, size_t count)
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd}, skipped[] = {0x2a, 0x4d, 0x18};
    return memcmp(bytes, frame, count) == 0 || (bytes[0] >> 4 == 5 && memcmp(bytes + 1, skipped, count - 1) == 0);
}

static bool zstd_open(struct unpacker *u)
{
    u->zstd = ZSTD_createDStream();
    u->zstd_wants = 1;
    return u->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MOST));
}

/* Bytes of input for the next call. If a call fails, libzstd discards the output of that call. So one call never
 * gets the end of a block together with the next block's header, although libzstd requests both. It gets no input
 * while libzstd holds output. */
static size_t zstd_share(const struct unpacker *u)
{
    size_t unread = u->end - u->start, share = u->zstd_wants;
    if (u->zstd_has_more)
        return 0;
    if (share > ZSTD_BLOCK_HEADER_BYTES)
        share -= ZSTD_BLOCK_HEADER_BYTES;
    return share < unread ? share : unread;
}

static void zstd_fail(struct unpacker *u, size_t result)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_frameParameter_windowTooLarge)
        give_up(u, "its zstd window is larger than 128 MiB");
    else if (code == ZSTD_error_memory_allocation)
        give_up(u, strerror(ENOMEM));
    else
        give_up_damaged(u, ZSTD_getErrorString(code));
}

static size_t zstd_step(struct unpacker *u, char *bytes, size_t count)
{
    ZSTD_inBuffer in = {.src = u->packed + u->start, .size = zstd_share(u)};
    ZSTD_outBuffer out = {.dst = bytes, .size = count};
    size_t result = ZSTD_decompressStream(u->zstd, &out, &in);
    if (ZSTD_isError(result)) {
        zstd_fail(u, result);
        return 0;
    }
    bool at_end = result == 0;
    u->start += in.pos;
    u->zstd_wants = at_end ? 1 : result;
    u->zstd_has_more = !at_end && out.pos == out.size;
    if (at_end)
        u->place = BETWEEN;
    return out.pos;
}

static void zstd_close(struct unpacker *u)
{
    ZSTD_freeDStream(u->zstd);
}

/* ---- both ---- */

static const struct format formats[] = {
    [PACKING_GZIP] = {"gzip", 2, gzip_starts, gzip_open, gzip_step, gzip_close},
    [PACKING_ZSTD] = {"zstd", MAGIC_BYTES_MOST, zstd_starts, zstd_open, zstd_step, zstd_close},
};

struct unpacker *unpack_new(enum packing packing, unpack_source *source, void *context)
{
    struct unpacker *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->format = &formats[packing];
    u->source = source;
    u->context = context;
    if (!u->format->open(u)) {
        unpack_free(u);
        return NULL;
    }
    return u;
}

/* Reads until `count` unread bytes are available or the source ends. On failure returns false and sets errno. */
static bool fill(struct unpacker *u, size_t count)
{
    size_t unread = u->end - u->start;
    if (unread >= count || u->source_over)
        return true;
    memmove(u->packed, u->packed + u->start, unread);
    u->start = 0;
    u->end = unread;
    while (u->end < count && !u->source_over) {
        ssize_t got = u->source(u->context, (char *)u->packed + u->end, sizeof u->packed - u->end);
        if (got < 0)
            return false;
        u->end += (size_t)got;
        u->source_over = got == 0;
    }
    return true;
}

/* Finds the next member, possibly only its first bytes. Any other bytes count as the end. */
static bool find_member(struct unpacker *u)
{
    size_t length = u->format->magic_length;
    if (!fill(u, length))
        return false;
    size_t have = u->end - u->start < length ? u->end - u->start : length;
    bool starts = have > 0 && u->format->starts(u->packed + u->start, have);
    u->place = starts ? WITHIN : OVER;
    return true;
}

/* Unpacks the next bytes of a member. 0 if there are none yet. */
static ssize_t read_member(struct unpacker *u, char *bytes, size_t count)
{
    if (!fill(u, 1))
        return -1;
    bool starved = u->start == u->end;
    size_t got = u->format->step(u, bytes, count);
    if (got == 0 && starved && u->place == WITHIN) {
        u->cut = true;
        u->place = OVER;
    }
    return (ssize_t)got;
}

ssize_t unpack_read(struct unpacker *u, char *bytes, size_t count)
{
    ssize_t got = 0;
    while (got == 0 && u->place != OVER) {
        if (u->place == WITHIN)
            got = read_member(u, bytes, count);
        else if (!find_member(u))
            got = -1;
    }
    return got;
}

bool unpack_is_cut(const struct unpacker *u)
{
    return u->cut;
}

const char *unpack_problem(const struct unpacker *u)
{
    return u->problem[0] ? u->problem : NULL;
}

void unpack_free(struct unpacker *u)
{
    if (!u)
        return;
    u->format->close(u);
    free(u);
}
