/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed bytes come out again, given and taken in pieces of any size; cut, damaged and padded files. */
#include "config.h"

#include "capture/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "unit/support/packing.h"

static const enum packing packings[] = {PACKING_GZIP, PACKING_ZSTD};
static const char *const names[] = {"gzip", "zstd"};

/* A file that hands over at most `most` bytes at once and fails at `fails_at`, 0: nowhere. */
struct source {
    const uint8_t *bytes;
    size_t length, position, most, fails_at;
};

static ssize_t source_read(void *context, char *bytes, size_t count)
{
    struct source *s = context;
    size_t left = s->length - s->position;
    count = count < left ? count : left;
    count = count < s->most ? count : s->most;
    if (s->fails_at && s->position + count > s->fails_at) {
        errno = EIO;
        return -1;
    }
    memcpy(bytes, s->bytes + s->position, count);
    s->position += count;
    return (ssize_t)count;
}

struct result {
    uint8_t bytes[1 << 20];
    size_t length;
    bool failed, cut;
    char problem[128];
};

static void unpack(enum packing packing, struct source source, size_t piece, struct result *out)
{
    struct unpacker *u = unpack_new(packing, source_read, &source);
    out->length = 0;
    ssize_t got = -1;
    if (u)
        while ((got = unpack_read(u, (char *)out->bytes + out->length, piece)) > 0)
            out->length += (size_t)got;
    const char *problem = u ? unpack_problem(u) : "no memory";
    out->failed = got < 0;
    out->cut = u && unpack_is_cut(u);
    snprintf(out->problem, sizeof out->problem, "%s", problem ? problem : "");
    unpack_free(u);
}

static void unpack_whole(enum packing packing, const struct packed_bytes *p, size_t length, struct result *out)
{
    unpack(packing, (struct source){.bytes = p->bytes, .length = length, .most = SIZE_MAX}, 4096, out);
}

/* Partly like text, partly like noise. */
static void make_plain(uint8_t *bytes, size_t count)
{
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = i / 1000 % 2 ? (uint8_t)(state >> 24) : (uint8_t) "packets and more "[i % 17];
    }
}

static bool holds(const struct result *r, const uint8_t *plain, size_t length)
{
    return r->length == length && memcmp(r->bytes, plain, length) == 0;
}

static uint8_t plain[300000];
static struct packed_bytes packed;
static struct result result;

static void test_pieces(int k)
{
    static const size_t lengths[] = {0, 1, 5000, 300000}, given[] = {1, 7, SIZE_MAX}, taken[] = {1, 100, 4096, 400000};
    for (size_t i = 0; i < 4; i++) {
        packed.length = 0;
        packing_add(&packed, packings[k], plain, lengths[i]);
        for (size_t g = 0; g < 3; g++) {
            for (size_t t = 0; t < 4; t++) {
                struct source source = {.bytes = packed.bytes, .length = packed.length, .most = given[g]};
                unpack(packings[k], source, taken[t], &result);
                ok(holds(&result, plain, lengths[i]) && !result.failed && !result.cut && !result.problem[0],
                   "%s: %zu bytes, given by %zu, taken by %zu", names[k], lengths[i], given[g], taken[t]);
            }
        }
    }
}

/* Where a member has ended nothing tells that there were more. */
static void test_members_and_cuts(int k)
{
    static const size_t parts[] = {2500, 0, 1, 2499};
    size_t ends[5] = {0}, position = 0, before = 0;
    packed.length = 0;
    for (size_t i = 0; i < 4; i++) {
        packing_add(&packed, packings[k], plain + position, parts[i]);
        position += parts[i];
        ends[i + 1] = packed.length;
    }
    size_t wrong = 0, short_ones = 0;
    for (size_t length = 0, member = 0; length <= packed.length; length++) {
        uint8_t *exact = malloc(length + 1);
        memcpy(exact, packed.bytes, length);
        unpack(packings[k], (struct source){.bytes = exact, .length = length, .most = SIZE_MAX}, 4096, &result);
        member += length > ends[member];
        bool clean = length == 0 || length == ends[member];
        if (result.cut == clean || result.failed || result.problem[0] || result.length < before ||
            memcmp(result.bytes, plain, result.length) != 0)
            if (wrong++ == 0)
                printf("# %s: cut at %zu: %zu bytes, cut %d, %s\n", names[k], length, result.length, result.cut,
                       result.problem);
        if (length == packed.length - 1)
            short_ones += result.length != 5000; /* only the checksum is incomplete */
        before = result.length;
        free(exact);
    }
    is_num((long)wrong, 0, "%s: several members, cut at each of %zu lengths", names[k], packed.length);
    is_num((long)short_ones, 0, "%s: all is there before the checksum is cut", names[k]);
    ok(holds(&result, plain, 5000), "%s: members one after the other", names[k]);
}

static void test_garbage(int k)
{
    static const struct {
        const char *bytes;
        size_t count;
    } rows[] = {{"\n", 1}, {"\0\0\0\0\0\0\0\0", 8}, {"no member\n", 10}, {"\xff", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        packed.length = 0;
        packing_add(&packed, packings[k], plain, 5000);
        packing_add_plain(&packed, rows[i].bytes, rows[i].count);
        unpack_whole(packings[k], &packed, packed.length, &result);
        ok(holds(&result, plain, 5000) && !result.cut && !result.problem[0], "%s: garbage %zu at the end", names[k], i);
    }
}

static void test_damage(int k)
{
    static const char *const wrong_sums[] = {"its gzip data are damaged: incorrect data check",
                                             "its zstd data are damaged: Restored data doesn't match checksum"};
    size_t sum_at = k == 0 ? 8 : 4, silent = 0, first;
    packed.length = 0;
    packing_add(&packed, packings[k], plain, 5000);
    first = packed.length;
    packed.bytes[first - sum_at] ^= 1;
    unpack_whole(packings[k], &packed, first, &result);
    ok(holds(&result, plain, 5000), "%s: a wrong checksum: its data are given out", names[k]);
    is_text(result.problem, wrong_sums[k], "%s: and it is told", names[k]);
    ok(!result.cut, "%s: it is not cut", names[k]);
    packed.bytes[first - sum_at] ^= 1;

    packing_add(&packed, packings[k], plain + 5000, 5000);
    memset(packed.bytes + first + 10, 0xff, 8);
    unpack_whole(packings[k], &packed, packed.length, &result);
    ok(result.length >= 5000 && memcmp(result.bytes, plain, 5000) == 0, "%s: the second member is damaged", names[k]);
    ok(strncmp(result.problem, k == 0 ? "its gzip data are damaged: " : "its zstd data are damaged: ", 27) == 0,
       "%s: it says %s", names[k], result.problem);

    for (size_t i = 0; i < first; i++) {
        packed.bytes[i] ^= 0x41;
        unpack_whole(packings[k], &packed, first, &result);
        silent += !result.problem[0] && !result.cut && !holds(&result, plain, 5000);
        packed.bytes[i] ^= 0x41;
    }
    ok(silent <= 4, "%s: of %zu damaged bytes, %zu are not told", names[k], first, silent); /* those of the magic */
}

static void test_source_error(int k)
{
    packed.length = 0;
    packing_add(&packed, packings[k], plain, 300000);
    struct source source = {.bytes = packed.bytes, .length = packed.length, .most = 1000, .fails_at = 100000};
    unpack(packings[k], source, 4096, &result);
    ok(result.failed && !result.cut && result.length > 0, "%s: the file cannot be read any more", names[k]);
}

/* Frames made by hand: a window of a size, and one empty block. */
static void test_window(void)
{
    static const struct {
        const char *bytes;
        const char *problem;
    } rows[] = {
        {"\x28\xb5\x2f\xfd\x00\x88\x01\x00", ""}, /* 128 MiB */
        {"\x28\xb5\x2f\xfd\x00\x89\x01\x00", "its zstd window is larger than 128 MiB"},
        {"\x28\xb5\x2f\xfd\x00\xff\x01\x00", "its zstd window is larger than 128 MiB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        packed.length = 0;
        packing_add_plain(&packed, rows[i].bytes, 8);
        packing_add_plain(&packed, "", 1);
        unpack_whole(PACKING_ZSTD, &packed, packed.length, &result);
        is_text(result.problem, rows[i].problem, "window %zu", i);
        ok(result.length == 0 && !result.cut, "and nothing comes out");
    }
}

/* A block of "hello", and one of a type that is none: by hand, so that it is clear where the damage starts. */
static void test_damage_between_blocks(void)
{
    static const char frame[] = "\x28\xb5\x2f\xfd\x00\x00\x28\x00\x00hello\x2f\x00\x00world";
    static const size_t taken[] = {1, 3, 5, 4096};
    for (size_t i = 0; i < 4; i++) {
        struct source source = {.bytes = (const uint8_t *)frame, .length = sizeof frame - 1, .most = SIZE_MAX};
        unpack(PACKING_ZSTD, source, taken[i], &result);
        ok(holds(&result, (const uint8_t *)"hello", 5), "zstd: what comes before a damaged block, taken by %zu",
           taken[i]);
        ok(result.problem[0] && !result.cut, "and that it is damaged");
    }
}

static void test_skipped_frames(void)
{
    packed.length = 0;
    packing_add_plain(&packed, "\x50\x2a\x4d\x18\x04\0\0\0abcd", 12);
    packing_add(&packed, PACKING_ZSTD, plain, 5000);
    packing_add_plain(&packed, "\x5f\x2a\x4d\x18\x00\0\0\0", 8);
    unpack_whole(PACKING_ZSTD, &packed, packed.length, &result);
    ok(holds(&result, plain, 5000) && !result.cut && !result.problem[0], "frames to be skipped");
    unpack_whole(PACKING_ZSTD, &packed, packed.length - 1, &result);
    ok(holds(&result, plain, 5000) && result.cut, "cut within one");
}

int main(void)
{
    make_plain(plain, sizeof plain);
    for (int k = 0; k < 2; k++) {
        test_pieces(k);
        test_members_and_cuts(k);
        test_garbage(k);
        test_damage(k);
        test_source_error(k);
    }
    test_window();
    test_damage_between_blocks();
    test_skipped_frames();
    return tap_done();
}
