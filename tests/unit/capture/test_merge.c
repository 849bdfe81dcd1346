/* SPDX-License-Identifier: BSD-2-Clause */
/* Several capture files as one stream: the order, each file's numbers, and files that end badly. */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capture/file.h"
#include "capture/merge.h"
#include "tap.h"

#define FILES_MOST 64

static int files[FILES_MOST];
static char paths[FILES_MOST][64];
static unsigned file_count;

/* ---- classic captures in this machine's order, a packet of four bytes a stamp ---- */

struct capture {
    uint8_t bytes[4096];
    size_t length;
};

static void put(struct capture *c, uint32_t value)
{
    memcpy(c->bytes + c->length, &value, 4);
    c->length += 4;
}

static struct capture begin(void)
{
    static const uint32_t header[] = {0xa1b23c4d, 4 << 16 | 2, 0, 0, 65535, LINKTYPE_RAW};
    struct capture c = {.length = 0};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        put(&c, header[i]);
    return c;
}

/* One digit a stamp, in seconds. */
static struct capture capture_of(const char *stamps)
{
    struct capture c = begin();
    for (; *stamps; stamps++) {
        put(&c, (uint32_t)(*stamps - '0'));
        put(&c, 0);
        put(&c, 4);
        put(&c, 4);
        put(&c, (uint32_t)*stamps);
    }
    return c;
}

/* A new file that holds `c`, opened. */
static struct wire *open_capture(const struct capture *c)
{
    struct wire *wire = NULL;
    const struct saved_run *saved;
    struct err err = {0};
    char *path = paths[file_count];
    int fd = memfd_create("capture", MFD_CLOEXEC);
    if (write(fd, c->bytes, c->length) != (ssize_t)c->length)
        abort();
    files[file_count++] = fd;
    snprintf(path, sizeof *paths, "/proc/self/fd/%d", fd);
    is_num(file_wire_open(path, &wire, &saved, &err), STATUS_OK, "a file opens %s", err.message);
    return wire;
}

static void close_files(void)
{
    while (file_count > 0)
        close(files[--file_count]);
}

static struct merge *merge_of(const char *const *stamps)
{
    unsigned count = 0;
    while (stamps[count])
        count++;
    struct merge *merge = merge_new(count);
    for (unsigned i = 0; i < count; i++) {
        struct capture c = capture_of(stamps[i]);
        merge_add(merge, open_capture(&c));
    }
    return merge;
}

/* ---- what comes out ---- */

/* "0:1 1:2 ...": file and stamp. Checks the frames' bytes and numbers as well. */
static void read_all(struct merge *merge, char *text, size_t size)
{
    uint64_t numbers[FILES_MOST] = {0};
    struct frame frame = {0};
    unsigned file = 0, wrong = 0;
    size_t length = 0;
    text[0] = 0;
    while (merge_next(merge, &frame, &file) == WIRE_FRAME) {
        int stamp = (int)(frame.time / NS_PER_S);
        wrong += frame.captured != 4 || frame.bytes[0] != '0' + stamp || frame.number != ++numbers[file];
        length += (size_t)snprintf(text + length, size - length, "%s%u:%d", length ? " " : "", file, stamp);
    }
    is_num(wrong, 0, "frames with their bytes and numbers");
    is_num(merge_next(merge, &frame, &file), WIRE_END, "nothing after the end");
}

static void test_order(void)
{
    static const struct {
        const char *stamps[6];
        const char *want;
    } rows[] = {
        {{"12345"}, "0:1 0:2 0:3 0:4 0:5"},
        {{"135", "246"}, "0:1 1:2 0:3 1:4 0:5 1:6"},
        {{"456", "123"}, "1:1 1:2 1:3 0:4 0:5 0:6"},
        {{"123", "456"}, "0:1 0:2 0:3 1:4 1:5 1:6"},
        {{"22", "22", "2"}, "0:2 0:2 1:2 1:2 2:2"},
        {{"", "1", "", "0"}, "3:0 1:1"},
        {{"", ""}, ""},
        {{"5142", "3"}, "1:3 0:5 0:1 0:4 0:2"}, /* stamps that run backwards stay where they are */
        {{"9", "8", "7", "56", "4"}, "4:4 3:5 3:6 2:7 1:8 0:9"},
        {{"159", "26", "37", "48", "0"}, "4:0 0:1 1:2 2:3 3:4 0:5 1:6 2:7 3:8 0:9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct merge *merge = merge_of(rows[i].stamps);
        char got[256];
        read_all(merge, got, sizeof got);
        is_text(got, rows[i].want, "order %d", (int)i);
        for (unsigned k = 0; rows[i].stamps[k]; k++)
            is_num(merge_file(merge, k)->frames, strlen(rows[i].stamps[k]), "order %d: frames of file %u", (int)i, k);
        merge_free(merge);
        close_files();
    }
    struct frame frame;
    unsigned file;
    struct merge *none = merge_new(0);
    is_num(merge_next(none, &frame, &file), WIRE_END, "no file at all");
    merge_free(none);
}

/* A file that is sorted, within a bound of bytes or of stamps. */
static void test_sorting(void)
{
    static const struct {
        const char *stamps;
        size_t bytes_most;
        nstime window;
        const char *want;
        uint64_t late;
        unsigned late_most_s;
    } rows[] = {
        {"12345", 10000, NSTIME_NEVER, "12345", 0, 0},
        {"54321", 10000, NSTIME_NEVER, "12345", 0, 0},
        {"123451234512345", 100000, NSTIME_NEVER, "111222333444555", 0, 0},
        {"2143658709", 100000, 2 * NS_PER_S, "1234506789", 1, 5},
        {"213243546576879", 100000, NS_PER_S, "122334455667789", 0, 0},
        {"9876543210", 1, NSTIME_NEVER, "9876543210", 9, 9},
        {"", 100, NSTIME_NEVER, "", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *stamps[] = {rows[i].stamps, NULL};
        struct merge *merge = merge_of(stamps);
        struct frame frame;
        unsigned file;
        char got[64] = "";
        ok(merge_sort(merge, 0, rows[i].bytes_most, rows[i].window), "sorting %s", rows[i].stamps);
        for (size_t at = 0; merge_next(merge, &frame, &file) == WIRE_FRAME; at++) {
            got[at] = (char)frame.bytes[0];
            got[at + 1] = '\0';
            if (frame.number == 0 || rows[i].stamps[frame.number - 1] != got[at])
                ok(false, "its number is that of the file");
        }
        is_text(got, rows[i].want, "sorted");
        const struct merge_file *facts = merge_file(merge, 0);
        is_num(facts->late, rows[i].late, "late frames");
        is_num(facts->late_most, rows[i].late_most_s * NS_PER_S, "how late");
        is_num(facts->frames, strlen(rows[i].stamps), "its frames");
        merge_free(merge);
        close_files();
    }
}

/* Without sorting, late frames are counted. */
static void test_late(void)
{
    static const char *const stamps[] = {"15263", "0479", NULL};
    struct merge *merge = merge_of(stamps);
    struct frame frame;
    unsigned file;
    while (merge_next(merge, &frame, &file) == WIRE_FRAME)
        continue;
    is_num(merge_file(merge, 0)->late, 2, "two are late");
    is_num(merge_file(merge, 0)->late_most, 3 * NS_PER_S, "by up to 3 s");
    is_num(merge_file(merge, 1)->late, 0, "the other file is in order");
    merge_free(merge);
    close_files();
}

static nstime six_back(const void *context, unsigned file, const struct frame *frame)
{
    (void)context;
    return file == 1 ? frame->time - 6 * NS_PER_S : frame->time;
}

/* One file is sorted and corrected, and freed in the middle. */
static void test_correction(void)
{
    static const char *const stamps[] = {"135", "9687", NULL};
    struct merge *merge = merge_of(stamps);
    struct frame frame;
    unsigned file;
    char got[16] = "";
    ok(merge_sort(merge, 1, 1000, NSTIME_NEVER), "sorted");
    merge_correct(merge, 1, six_back, NULL);
    for (size_t at = 0; at < 6 && merge_next(merge, &frame, &file) == WIRE_FRAME; at++) {
        got[at] = (char)frame.bytes[0];
        got[at + 1] = '\0';
        ok(frame.time == (frame.bytes[0] - '0') * NS_PER_S - (file ? 6 * NS_PER_S : 0), "its corrected time");
    }
    is_text(got, "617839", "merged by corrected times");
    merge_free(merge);
    close_files();
}

/* One file is cut, one damaged, one of a link type that cannot be decoded: the others go on. */
static void test_bad_files(void)
{
    struct capture cut = capture_of("147"), damaged = capture_of("25"), foreign = capture_of("3");
    struct capture sound = capture_of("0689");
    struct merge *merge = merge_new(4);
    char got[256];
    uint32_t absurd = 1u << 30, usb = 189;
    cut.length--;
    memcpy(damaged.bytes + damaged.length - 12, &absurd, 4);
    memcpy(foreign.bytes + 20, &usb, 4);
    merge_add(merge, open_capture(&cut));
    merge_add(merge, open_capture(&damaged));
    merge_add(merge, open_capture(&foreign));
    merge_add(merge, open_capture(&sound));
    read_all(merge, got, sizeof got);
    is_text(got, "3:0 0:1 1:2 2:3 0:4 3:6 3:8 3:9", "what could be read");
    ok(merge_file(merge, 0)->truncated && merge_file(merge, 0)->status == STATUS_OK, "one is cut");
    is_num(merge_file(merge, 1)->status, STATUS_SYSTEM, "one failed");
    ok(strstr(merge_file(merge, 1)->message, "cannot read beyond frame 1: invalid packet capture length 1073741824"),
       "which is told: %s", merge_file(merge, 1)->message);
    is_num(merge_file(merge, 2)->status, STATUS_SYSTEM, "one is foreign");
    ok(strstr(merge_file(merge, 2)->message, "link type 189 (USB_LINUX) is not supported"), "which is told: %s",
       merge_file(merge, 2)->message);
    ok(!merge_file(merge, 3)->truncated && merge_file(merge, 3)->status == STATUS_OK, "one is sound");
    merge_free(merge);
    close_files();
}

static void test_progress(void)
{
    static const char *const stamps[] = {"123", "456", NULL};
    struct merge *merge = merge_of(stamps);
    struct frame frame;
    unsigned file;
    uint64_t done, total, all = 2 * (24 + 3 * 20);
    ok(merge_progress(merge, &done, &total), "files have a length");
    is_num(total, all, "the sum of theirs");
    while (merge_next(merge, &frame, &file) == WIRE_FRAME)
        continue;
    ok(merge_progress(merge, &done, &total) && done == all && total == all, "all is read at the end");
    merge_free(merge);
    close_files();
}

/* A frame that is held ahead keeps its bytes while other files are read on, past the ends of their buffers. */
static void test_held(void)
{
    struct merge *merge = merge_new(2);
    struct capture held = capture_of("19");
    static struct capture many;
    struct frame frame;
    unsigned file, count = 0;
    many = begin();
    for (int i = 0; i < 150; i++) {
        put(&many, 2);
        put(&many, 0);
        put(&many, 4);
        put(&many, 4);
        put(&many, 2);
    }
    merge_add(merge, open_capture(&held));
    merge_add(merge, open_capture(&many));
    while (merge_next(merge, &frame, &file) == WIRE_FRAME && frame.time < 9 * NS_PER_S)
        count++;
    is_num(count, 151, "frames before it");
    ok(file == 0 && frame.bytes[0] == '9', "the frame that was held");
    merge_free(merge); /* with files that are still open */
    close_files();
}

static void test_limit(void)
{
    struct rlimit before, after;
    getrlimit(RLIMIT_NOFILE, &before);
    struct rlimit low = {.rlim_cur = 32, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    capture_file_raise_limit(100);
    getrlimit(RLIMIT_NOFILE, &after);
    ok(after.rlim_cur >= 100, "room for 100 files");
    capture_file_raise_limit(1);
    getrlimit(RLIMIT_NOFILE, &low);
    is_num(low.rlim_cur, after.rlim_cur, "which is not taken back");
    setrlimit(RLIMIT_NOFILE, &before);
}

int main(void)
{
    test_order();
    test_sorting();
    test_late();
    test_correction();
    test_bad_files();
    test_progress();
    test_held();
    test_limit();
    return tap_done();
}
