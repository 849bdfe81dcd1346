/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that opens files for a sealed run: names of parts, and which files it removes. */
#include "live/keeper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static void test_names(void)
{
    static const struct {
        const char *path;
        unsigned part;
        const char *want;
    } rows[] = {
        {"run.pcapng", 1, "run-00001.pcapng"},       {"/var/log.d/run", 12, "/var/log.d/run-00012"},
        {"a.b/.hidden", 3, "a.b/.hidden-00003"},     {"two.dots.pcap", 4, "two.dots-00004.pcap"},
        {"run.pcapng", 123456, "run-123456.pcapng"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *name = keeper_part_name(rows[i].path, rows[i].part);
        is_text(name ? name : "", rows[i].want, "part %u of %s", rows[i].part, rows[i].path);
        free(name);
    }
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static int open_part(struct keeper *keeper, unsigned part)
{
    int fd = keeper_open_part(keeper, 0, part, 2);
    bool good = fd >= 0 && write(fd, "x", 1) == 1;
    if (fd >= 0)
        close(fd);
    return good;
}

static void test_files(void)
{
    const char *path = "run.pcapng";
    struct keeper *keeper = NULL;
    struct err err;
    create("run.pcapng.tmp");
    create("run-00001.pcapng");
    is_num(keeper_start(&path, 1, &keeper, &err), STATUS_OK, "it starts");
    ok(open_part(keeper, 2) && exists("run-00001.pcapng"), "the second part is opened, and the first stays");
    ok(open_part(keeper, 3) && exists("run-00002.pcapng") && !exists("run-00001.pcapng"), "with the third, it goes");
    keeper_end(keeper);
    wait(NULL);
    ok(exists("run.pcapng.tmp"), "a file that it did not open stays");
    ok(exists("run-00002.pcapng") && exists("run-00003.pcapng"), "and so do the last parts");
    unlink("run.pcapng.tmp");
    unlink("run-00002.pcapng");
    unlink("run-00003.pcapng");
}

int main(void)
{
    char folder[] = "/tmp/test_keeper.XXXXXX";
    test_names();
    if (ok(mkdtemp(folder) && chdir(folder) == 0, "a folder for files")) {
        test_files();
        rmdir(folder);
    }
    return tap_done();
}
