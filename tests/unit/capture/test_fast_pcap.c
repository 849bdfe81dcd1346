/* SPDX-License-Identifier: BSD-2-Clause */
/* The quick reader of classic pcap against libpcap: both say the same of any file. Captures made by hand in
 * every byte order, then cut everywhere and damaged at random. */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/rng.h"
#include "capture/classic_pcap.h"
#include "capture/fast_pcap.h"
#include "capture/file.h"
#include "tap.h"

#define FILE_HEADER_BYTES 24
#define PACKET_HEADER_BYTES 16
#define MOST ((size_t)4 << 20)

static int memory_fd;
static char memory_path[64];
static uint8_t bytes[MOST];
static size_t length;
static bool big;

/* ---- making captures ---- */

static void put(uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bytes[length++] = (uint8_t)(value >> 8 * (big ? count - 1 - i : i));
}

static void put_header(uint32_t magic, uint32_t version, uint32_t snaplen, uint32_t linktype)
{
    length = 0;
    put(magic, 4);
    put(version >> 16, 2);
    put(version & 0xffff, 2);
    put(0, 8);
    put(snaplen, 4);
    put(linktype, 4);
}

static void put_packet(uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t sent, size_t there)
{
    put(seconds, 4);
    put(fraction, 4);
    put(captured, 4);
    put(sent, 4);
    for (size_t i = 0; i < there; i++)
        bytes[length++] = (uint8_t)(i * 7 + sent);
}

static void put_packets(struct rng *rng, unsigned count, uint32_t bytes_most)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t captured = rng_below(rng, bytes_most + 1);
        put_packet(1700000000 + i, rng_below(rng, NS_PER_S), captured, captured + rng_below(rng, 40), captured);
    }
}

/* ---- reading them ---- */

struct both {
    struct input inputs[2];
    struct reader *classic, *fast; /* `fast` NULL: libpcap alone reads this */
    unsigned frames, mismatches;
    enum record_kind end;
    char cause[256];
};

static void memory_write(size_t count)
{
    if (ftruncate(memory_fd, 0) != 0 || pwrite(memory_fd, bytes, count, 0) != (ssize_t)count)
        abort();
}

static struct capture_file memory_file; /* all inputs read it */

static struct reader *open_reader(struct input *input)
{
    struct err err;
    char cause[CLASSIC_PCAP_ERROR_BYTES];
    memory_file = (struct capture_file){.path = memory_path, .fd = memory_fd};
    if (input_open(input, &memory_file, &err) != STATUS_OK)
        return NULL;
    struct reader *reader = input->format == INPUT_PCAPNG ? NULL : classic_pcap_reader_new(input, cause);
    if (!reader)
        input_close(input);
    return reader;
}

/* False: libpcap does not read the file. */
static bool open_both(struct both *both)
{
    *both = (struct both){0};
    both->classic = open_reader(&both->inputs[0]);
    struct reader *second = both->classic ? open_reader(&both->inputs[1]) : NULL;
    if (!second)
        return false;
    both->fast = fast_pcap_reader_new(&both->inputs[1], second);
    if (!both->fast) {
        second->ops->close(second);
        input_close(&both->inputs[1]);
    }
    return true;
}

static void close_both(struct both *both)
{
    both->classic->ops->close(both->classic);
    input_close(&both->inputs[0]);
    if (!both->fast)
        return;
    both->fast->ops->close(both->fast);
    input_close(&both->inputs[1]);
}

static bool equal_frames(const struct frame *a, const struct frame *b)
{
    return a->captured == b->captured && a->length == b->length && a->linktype == b->linktype &&
           a->clamped == b->clamped && a->direction == b->direction && a->interface == b->interface &&
           a->time == b->time && memcmp(a->bytes, b->bytes, a->captured) == 0;
}

static bool read_one(struct both *both)
{
    struct frame frames[2];
    struct record records[2] = {0};
    enum record_kind kind = both->classic->ops->next(both->classic, &frames[0], &records[0]);
    enum record_kind other = both->fast->ops->next(both->fast, &frames[1], &records[1]);
    bool equal = kind == other;
    if (equal && kind == RECORD_FRAME)
        equal = equal_frames(&frames[0], &frames[1]);
    if (equal && kind == RECORD_DAMAGED)
        equal = strcmp(records[0].cause, records[1].cause) == 0;
    if (kind == RECORD_DAMAGED)
        snprintf(both->cause, sizeof both->cause, "%s", records[0].cause);
    both->mismatches += !equal;
    both->frames += kind == RECORD_FRAME;
    both->end = kind;
    return equal && kind == RECORD_FRAME;
}

/* How the first `count` bytes fare with both; `fast` NULL where there was nothing to compare. */
static struct both compare(size_t count)
{
    struct both both;
    memory_write(count);
    if (!open_both(&both))
        return both;
    while (both.fast && read_one(&both))
        continue;
    close_both(&both);
    return both;
}

static void check_whole(unsigned frames, enum record_kind end, const char *cause, const char *name)
{
    struct both both = compare(length);
    if (!ok(both.fast != NULL, "%s: taken", name))
        return;
    is_num(both.mismatches, 0, "%s: as libpcap reads it", name);
    is_num(both.frames, frames, "%s: frames", name);
    is_num(both.end, end, "%s: end", name);
    is_text(both.cause, cause, "%s: cause", name);
}

/* ---- what is taken, and what is left to libpcap ---- */

static void test_kinds(void)
{
    static const struct {
        uint32_t magic, version, linktype;
        bool big, taken;
        const char *name;
    } rows[] = {
        {0xa1b2c3d4, 0x20004, LINKTYPE_ETHERNET, false, true, "microseconds"},
        {0xa1b2c3d4, 0x20004, LINKTYPE_ETHERNET, true, true, "microseconds, big-endian"},
        {0xa1b23c4d, 0x20004, LINKTYPE_RAW, false, true, "nanoseconds"},
        {0xa1b23c4d, 0x20004, 12, true, true, "nanoseconds, big-endian, DLT_RAW"},
        {0xa1b2c3d4, 0x20004, LINKTYPE_LINUX_SLL, false, true, "cooked"},
        {0xa1b2c3d4, 0x20004, LINKTYPE_LINUX_SLL, true, false, "cooked, big-endian: CAN frames are turned"},
        {0xa1b2c3d4, 0x20004, LINKTYPE_LINUX_SLL2, true, false, "cooked version 2, big-endian"},
        {0xa1b2cd34, 0x20004, LINKTYPE_ETHERNET, false, false, "Kuznetzov's format"},
        {0xa1b2c3d4, 0x20003, LINKTYPE_ETHERNET, false, false, "version 2.3: lengths may be swapped"},
        {0xa1b2c3d4, 0x20002, LINKTYPE_ETHERNET, true, false, "version 2.2: lengths are swapped"},
        {0xa1b2c3d4, 0x21f0000, LINKTYPE_ETHERNET, false, false, "version 543.0"},
        {0xa1b2c3d4, 0x20004, 220, false, false, "USB, whose lengths libpcap mends"},
        {0xa1b2c3d4, 0x20004, 231, false, false, "D-Bus, with its own limit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        big = rows[i].big;
        put_header(rows[i].magic, rows[i].version, 65535, rows[i].linktype);
        put_packet(1, 2, 40, 40, 40);
        struct both both = compare(length);
        is_num(both.fast != NULL, rows[i].taken, "%s", rows[i].name);
        is_num(both.mismatches, 0, "%s: alike", rows[i].name);
    }
    big = false;
}

/* The frame check sequence's bits above the link type, which newer libpcaps refuse in part. */
static void test_linktype_bits(void)
{
    for (unsigned bit = 16; bit < 32; bit++) {
        put_header(0xa1b2c3d4, 0x20004, 65535, 1u << bit | LINKTYPE_ETHERNET);
        put_packet(1, 2, 40, 40, 40);
        is_num(compare(length).mismatches, 0, "bit %u above the link type", bit);
    }
}

static void test_lengths(void)
{
    static const struct {
        uint32_t snaplen, captured, sent;
        size_t there;
        unsigned frames;
        enum record_kind end;
        const char *cause, *name;
    } rows[] = {
        {65535, 0, 0, 0, 2, RECORD_END, "", "nothing captured"},
        {65535, 0, 60, 0, 2, RECORD_END, "", "nothing captured of something"},
        {65535, 60, 40, 60, 2, RECORD_END, "", "more captured than sent"},
        {65535, 60, 0, 60, 2, RECORD_END, "", "captured, but not sent"},
        {40, 60, 60, 60, 2, RECORD_END, "", "beyond the snaplen"},
        {40, 60, 30, 60, 2, RECORD_END, "", "beyond the snaplen, and more than sent"},
        {1, 262144, 262144, 262144, 2, RECORD_END, "", "far beyond the snaplen"},
        {0, 262144, 262144, 262144, 2, RECORD_END, "", "as long as may be, no snaplen"},
        {0, 262145, 262145, 262145, 1, RECORD_DAMAGED,
         "invalid packet capture length 262145, bigger than snaplen of 262144", "too long, no snaplen"},
        {0x80000000, 262145, 262145, 262145, 1, RECORD_DAMAGED,
         "invalid packet capture length 262145, bigger than snaplen of 262144", "too long, snaplen below zero"},
        {0x7fffffff, 262145, 262145, 262145, 1, RECORD_DAMAGED,
         "invalid packet capture length 262145, bigger than maximum of 262144", "too long, largest snaplen"},
        {65535, 0xffffffff, 60, 60, 1, RECORD_DAMAGED,
         "invalid packet capture length 4294967295, bigger than snaplen of 65535", "absurd"},
        {65535, 60, 60, 59, 1, RECORD_CUT, "", "cut"},
        {40, 60, 60, 59, 1, RECORD_CUT, "", "cut beyond the snaplen"},
        {40, 60, 60, 39, 1, RECORD_CUT, "", "cut before the snaplen"},
        {65535, 262144, 262144, 0, 1, RECORD_CUT, "", "nothing of much"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_header(0xa1b2c3d4, 0x20004, rows[i].snaplen, LINKTYPE_ETHERNET);
        put_packet(1, 2, 0, 0, 0);
        put_packet(1, 2, rows[i].captured, rows[i].sent, rows[i].there);
        check_whole(rows[i].frames, rows[i].end, rows[i].cause, rows[i].name);
    }
}

static void test_times(void)
{
    static const uint32_t values[] = {0, 1, 999999, 1000000, 999999999, 1000000000, 0x7fffffff, 0x80000000, 0xffffffff};
    static const size_t count = sizeof values / sizeof *values;
    for (int nanoseconds = 0; nanoseconds < 2; nanoseconds++) {
        put_header(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 0x20004, 65535, LINKTYPE_ETHERNET);
        for (size_t i = 0; i < count * count; i++)
            put_packet(values[i / count], values[i % count], 4, 4, 4);
        check_whole((unsigned)(count * count), RECORD_END, "", nanoseconds ? "nanoseconds" : "microseconds");
    }
}

/* ---- cut and damaged ---- */

static void test_cuts(void)
{
    unsigned compared = 0, mismatches = 0;
    struct rng rng = rng_init(1);
    put_header(0xa1b2c3d4, 0x20004, 65535, LINKTYPE_ETHERNET);
    put_packets(&rng, 8, 60);
    for (size_t count = 4; count <= length; count++) {
        struct both both = compare(count);
        compared += both.fast != NULL;
        mismatches += both.mismatches;
    }
    is_num(compared, length + 1 - FILE_HEADER_BYTES, "cut at every byte");
    is_num(mismatches, 0, "cut at every byte: alike");
}

/* Small captures with some bytes changed, more often in what has a meaning than in the packets' data. */
static void test_mutations(uint32_t magic, uint64_t seed)
{
    unsigned compared = 0, mismatches = 0, frames = 0, ends[RECORD_DAMAGED + 1] = {0};
    struct rng rng = rng_init(seed);
    for (unsigned round = 0; round < 3000; round++) {
        put_header(magic, 0x20004, round % 3 ? 65535 : 50, LINKTYPE_ETHERNET);
        put_packets(&rng, 6, 30);
        for (unsigned changes = 1 + rng_below(&rng, 4); changes > 0; changes--) {
            size_t at = rng_below(&rng, 4) ? FILE_HEADER_BYTES + rng_below(&rng, (uint32_t)length - FILE_HEADER_BYTES)
                                           : rng_below(&rng, FILE_HEADER_BYTES);
            uint32_t flipped = bytes[at] ^ 1u << rng_below(&rng, 8);
            bytes[at] = (uint8_t)(rng_below(&rng, 2) ? rng_u32(&rng) : flipped);
        }
        struct both both = compare(rng_below(&rng, 3) ? length : 1 + rng_below(&rng, (uint32_t)length));
        compared += both.fast != NULL;
        mismatches += both.mismatches;
        frames += both.frames;
        ends[both.end] += both.fast != NULL;
    }
    is_num(mismatches, 0, "damaged at random, magic %08x: alike", magic);
    ok(compared > 1000 && frames > 1000, "%u files with %u frames were compared", compared, frames);
    ok(ends[RECORD_END] && ends[RECORD_CUT] && ends[RECORD_DAMAGED], "of every end: whole %u, cut %u, damaged %u",
       ends[RECORD_END], ends[RECORD_CUT], ends[RECORD_DAMAGED]);
}

/* Longer than the reader's buffer, so that packets lie across its end; all sizes of packets. */
static void test_long(uint32_t bytes_most, unsigned packets)
{
    unsigned mismatches = 0;
    struct rng rng = rng_init(bytes_most);
    put_header(0xa1b23c4d, 0x20004, 262144, LINKTYPE_ETHERNET);
    put_packets(&rng, packets, bytes_most);
    struct both whole = compare(length);
    is_num(whole.frames, packets, "%zu bytes", length);
    is_num(whole.mismatches, 0, "%zu bytes: alike", length);
    for (unsigned round = 0; round < 20; round++)
        mismatches += compare(length - rng_below(&rng, (uint32_t)length - FILE_HEADER_BYTES)).mismatches;
    is_num(mismatches, 0, "%zu bytes, cut: alike", length);
}

/* A file that shrinks while it is read ends, and nothing worse. */
static void test_shrinking(void)
{
    struct rng rng = rng_init(7);
    struct frame frame;
    struct record record = {0};
    struct input input;
    put_header(0xa1b23c4d, 0x20004, 262144, LINKTYPE_ETHERNET);
    put_packets(&rng, 20000, 200);
    memory_write(length);
    struct reader *classic = open_reader(&input), *fast = classic ? fast_pcap_reader_new(&input, classic) : NULL;
    if (!ok(fast != NULL, "a file that will shrink"))
        return;
    unsigned frames = 0;
    while (fast->ops->next(fast, &frame, &record) == RECORD_FRAME)
        if (++frames == 100 && ftruncate(memory_fd, 5000) != 0)
            abort();
    ok(frames >= 100 && frames < 20000, "%u frames were read before its end", frames);
    fast->ops->close(fast);
    input_close(&input);
}

/* ---- the wire above ---- */

static void test_progress(void)
{
    struct wire *wire;
    const struct saved_run *saved;
    struct frame frame;
    struct session_claim claim;
    struct err err = {0};
    struct rng rng = rng_init(3);
    uint64_t done = 0, total = 0, before = 0;
    unsigned steps = 0, backwards = 0;
    put_header(0xa1b23c4d, 0x20004, 262144, LINKTYPE_ETHERNET);
    put_packets(&rng, 20000, 200);
    memory_write(length);
    if (!ok(file_wire_open(memory_path, &wire, &saved, &err) == STATUS_OK, "progress %s", err.message))
        return;
    ok(file_wire_progress(wire, &done, &total) && done < 10000, "at the start %llu are read", (unsigned long long)done);
    is_num(total, length, "of all");
    while (wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err) == WIRE_FRAME) {
        file_wire_progress(wire, &done, &total);
        steps += done > before;
        backwards += done < before;
        before = done;
    }
    is_num(done, length, "and all at the end");
    ok(steps > 5 && backwards == 0, "in %u steps", steps);
    wire->ops->close(wire);
}

int main(void)
{
    static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};
    memory_fd = memfd_create("capture", MFD_CLOEXEC);
    snprintf(memory_path, sizeof memory_path, "/proc/self/fd/%d", memory_fd);
    test_kinds();
    test_linktype_bits();
    for (int i = 0; i < 2; i++) {
        big = i;
        test_lengths();
        test_times();
        test_cuts();
        for (unsigned k = 0; k < 2; k++)
            test_mutations(magics[k], 10 * k + (unsigned)i);
        test_long(60, 20000);
        test_long(2000, 2000);
        test_long(262144, 20);
    }
    big = false;
    test_shrinking();
    test_progress();
    return tap_done();
}
