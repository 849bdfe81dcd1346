/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture of several points, read back: interfaces, times, comments, frames. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/dump.h"
#include "capture/file.h"
#include "capture/pcapng.h"
#include "tap.h"

#define T0 (INT64_C(1767323045) * NS_PER_S + 123456789)

static const struct row {
    unsigned point;
    const char *name;
    uint16_t linktype;
    uint32_t captured, length;
    nstime time;
    const char *comment;
    uint32_t interface; /* that it must have */
} rows[] = {
    {0, "near", LINKTYPE_ETHERNET, 60, 60, T0, "pair: far frame 1", 0},
    {1, "far", LINKTYPE_RAW, 40, 1500, T0 + 5, "pair: near frame 1", 1},
    {0, "near", LINKTYPE_ETHERNET, 61, 61, T0 + 6, "lost", 0},
    {0, "near", LINKTYPE_LINUX_SLL, 62, 62, T0 + 7, "another file of the point has another link type", 2},
    {1, "far", LINKTYPE_RAW, 43, 43, T0 - 8, "a clock that was corrected may go back", 1},
};
#define ROWS (sizeof rows / sizeof *rows)

static uint8_t byte_of(size_t row, uint32_t i)
{
    return (uint8_t)(row * 31 + i);
}

static void write_rows(const char *path)
{
    struct dump *dump;
    struct err err = {0};
    uint8_t bytes[64];
    if (!ok(dump_open(path, &dump, &err) == STATUS_OK, "opens"))
        exit(tap_done());
    dump_begin_points(dump);
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        for (uint32_t k = 0; k < sizeof bytes; k++)
            bytes[k] = byte_of(i, k);
        const struct frame frame = {.bytes = bytes,
                                    .captured = row->captured,
                                    .length = row->length,
                                    .linktype = row->linktype,
                                    .interface = 77,
                                    .time = row->time};
        dump_point_frame(dump, row->point, row->name, &frame, row->comment);
    }
    ok(dump_close_points(dump, &err) == STATUS_OK, "closes");
}

static void check_frame(size_t i, const struct frame *frame, struct record *record)
{
    const struct row *row = &rows[i];
    const char *text;
    size_t length;
    char comment[128] = "";
    bool same = true;
    is_num(frame->interface, row->interface, "frame %d: its interface", (int)i);
    is_num(frame->time, row->time, "frame %d: its time", (int)i);
    is_num(frame->linktype, row->linktype, "frame %d: its link type", (int)i);
    is_num(frame->captured, row->captured, "frame %d: bytes captured", (int)i);
    is_num(frame->length, row->length, "frame %d: bytes on the wire", (int)i);
    for (uint32_t k = 0; k < frame->captured && k < row->captured; k++)
        same = same && frame->bytes[k] == byte_of(i, k);
    ok(same, "frame %d: its bytes", (int)i);
    if (record_comment_next(&record->options, &text, &length))
        snprintf(comment, sizeof comment, "%.*s", (int)length, text);
    is_text(comment, row->comment, "frame %d: its comment", (int)i);
}

static void read_rows(const char *path)
{
    struct capture_file file;
    struct input input;
    struct err err;
    size_t count = 0;
    enum record_kind kind;
    capture_file_open(&file, path, NULL);
    if (!ok(input_open(&input, &file, &err) == STATUS_OK, "opens to be read"))
        return;
    struct reader *reader = pcapng_reader_new(&input);
    do {
        struct frame frame;
        struct record record;
        kind = reader->ops->next(reader, &frame, &record);
        if (kind == RECORD_FRAME && count < ROWS)
            check_frame(count, &frame, &record);
        count += kind == RECORD_FRAME;
    } while (kind == RECORD_FRAME || kind == RECORD_SECTION);
    is_num(kind, RECORD_END, "the file is whole");
    is_num(count, ROWS, "it has all frames");
    reader->ops->close(reader);
    input_close(&input);
    capture_file_close(&file);
}

static void test_full_disk(void)
{
    struct dump *dump;
    struct err err = {0};
    uint8_t bytes[64] = {0};
    const struct frame frame = {.bytes = bytes, .captured = 64, .length = 64, .linktype = LINKTYPE_RAW, .time = T0};
    if (!ok(dump_open("/dev/full", &dump, &err) == STATUS_OK, "/dev/full opens"))
        return;
    dump_begin_points(dump);
    for (int i = 0; i < 10000; i++)
        dump_point_frame(dump, 0, "near", &frame, "lost");
    is_num(dump_close_points(dump, &err), STATUS_SYSTEM, "a full disk is an error");
    ok(strstr(err.message, strerror(ENOSPC)) != NULL, "which says so");
}

int main(void)
{
    char path[64];
    int fd = memfd_create("points", MFD_CLOEXEC);
    if (fd < 0)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    write_rows(path);
    read_rows(path);
    write_rows(path); /* what the file held is gone */
    read_rows(path);
    test_full_disk();
    close(fd);
    return tap_done();
}
