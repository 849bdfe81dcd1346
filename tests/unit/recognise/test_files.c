/* SPDX-License-Identifier: BSD-2-Clause */
/* The recogniser on every capture in pcaps/, and in the folders that HOPSONDE_FIELD_PCAPS names: what must hold of any
 * result, and that keeping and telling at once give the same. What the captures hold is checked elsewhere (tests/tools,
 * tests/replay). */
#include "config.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

#include "capture/file.h"
#include "tap.h"
#include "unit/support/scene.h"

static bool feed(const char *path, unsigned file)
{
    struct wire *wire;
    const struct saved_run *saved;
    struct err err;
    if (file_wire_open(path, &wire, &saved, &err) != STATUS_OK) {
        printf("# %s\n", err.message);
        return false;
    }
    enum wire_event event;
    do {
        struct frame frame;
        struct session_claim claim;
        event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
        if (event == WIRE_FRAME)
            scene_frame(file, &frame);
    } while (event != WIRE_END && event != WIRE_FAILED);
    wire->ops->close(wire);
    return true;
}

static int is_capture(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".pcapng") == 0);
}

static void test_one(const char *path, const char *name)
{
    scene_begin(NULL);
    bool fed = feed(path, 0);
    scene_result();
    ok(fed && strncmp(scene_text(), "UNSOUND", 7) != 0, "%s", name);
    scene_end();
}

/* All of a folder as one capture, each file after the one before, then all of them again: old stamps. */
static void test_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_capture, alphasort);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX + NAME_MAX + 2];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        test_one(path, entries[i]->d_name);
    }
    scene_begin(NULL);
    for (int i = 0; i < 2 * count; i++) {
        char path[PATH_MAX + NAME_MAX + 2];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i % count]->d_name);
        feed(path, (unsigned)i % 256);
    }
    scene_result();
    ok(count > 0 && strncmp(scene_text(), "UNSOUND", 7) != 0, "%s: all of them, twice", folder);
    scene_end();
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0)
        free(entries);
}

int main(void)
{
    static const char *const folders[] = {"", "/tools"};
    const char *top = getenv("top_srcdir");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s/pcaps%s", top ? top : ".", folders[i]);
        test_folder(folder);
    }
    char *field = getenv("HOPSONDE_FIELD_PCAPS");
    for (char *folder = field ? strtok(field, ":") : NULL; folder; folder = strtok(NULL, ":"))
        test_folder(folder);
    return tap_done();
}
