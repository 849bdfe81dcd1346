/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target over its corpus as an ordinary test: `replay_NAME [FOLDER...]`; without a folder it is
 * tests/fuzz/corpus/NAME. Each input sits in an allocation of its own size, for the address sanitizer. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *read_whole(const char *path, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    uint8_t *bytes = NULL;
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode)) {
        *size = (size_t)status.st_size;
        bytes = malloc(*size);
        if (bytes && fread(bytes, 1, *size, file) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    if (!ok(count > 0, "%s holds inputs", folder))
        return;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        size_t size = 0;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        uint8_t *bytes = read_whole(path, &size);
        if (ok(bytes != NULL, "%s", entries[i]->d_name))
            LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_folder(argv[i]);
    if (argc < 2) {
        const char *top = getenv("top_srcdir"), *slash = strrchr(argv[0], '/');
        const char *name = strstr(slash ? slash : argv[0], "replay_");
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", top ? top : ".",
                 name ? name + strlen("replay_") : "");
        run_folder(folder);
    }
    return tap_done();
}
