/* SPDX-License-Identifier: BSD-2-Clause */
/* input_file: the input as a file, for targets that open files. */
#ifndef HOPSONDE_TESTS_FUZZ_INPUT_FILE_H
#define HOPSONDE_TESTS_FUZZ_INPUT_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Writes the input to a file in memory. Returns its path, which is the same for all inputs: the next one overwrites the
 * file, since a file of its own for each would take longer. */
static inline const char *input_file(const uint8_t *data, size_t size)
{
    static char path[64];
    static int file = -1;
    if (file < 0) {
        file = memfd_create("input", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (file < 0 || ftruncate(file, (off_t)size) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

#endif
