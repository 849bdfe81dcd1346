/* SPDX-License-Identifier: BSD-2-Clause */
#define ZLIB_CONST
#include "unit/support/packing.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static void add_gzip(struct packed_bytes *p, const void *bytes, size_t count)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    stream.next_in = bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = p->bytes + p->length;
    stream.avail_out = (uInt)(sizeof p->bytes - p->length);
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        abort();
    p->length += stream.total_out;
    deflateEnd(&stream);
}

static void add_zstd(struct packed_bytes *p, const void *bytes, size_t count)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t length = ZSTD_compress2(context, p->bytes + p->length, sizeof p->bytes - p->length, bytes, count);
    if (ZSTD_isError(length))
        abort();
    p->length += length;
    ZSTD_freeCCtx(context);
}

void packing_add(struct packed_bytes *p, enum packing packing, const void *bytes, size_t count)
{
    if (packing == PACKING_GZIP)
        add_gzip(p, bytes, count);
    else
        add_zstd(p, bytes, count);
}

void packing_add_plain(struct packed_bytes *p, const void *bytes, size_t count)
{
    if (count > sizeof p->bytes - p->length)
        abort();
    memcpy(p->bytes + p->length, bytes, count);
    p->length += count;
}
