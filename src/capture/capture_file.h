/* SPDX-License-Identifier: BSD-2-Clause */
/* capture_file: a capture file that is open and not yet read. Floor 5.
 *
 * A process opens its files with the rights of the user who called it, and reads them when it has no rights any more.
 * Several wires (file.h) may read a file side by side, each from its start, unless it is a pipe. */
#ifndef HOPSONDE_CAPTURE_CAPTURE_FILE_H
#define HOPSONDE_CAPTURE_CAPTURE_FILE_H

#include <signal.h>

struct capture_file {
    const char *path; /* borrowed; "-" is standard input */
    int fd;           /* -1: it could not be opened, and a wire reports that */
    int code;         /* errno if it could not */
    /* Nonzero: each read ends the file, as a signal does. Set by a signal handler; NULL: never. Without it a file that
     * unpacks to endless blocks of no interest could not be left. */
    const volatile sig_atomic_t *stop;
};

/* Raises the soft limit of open descriptors for so many files, as far as allowed. */
void capture_file_raise_limit(unsigned files);
/* Opens the file with the process's present rights. It waits for a writer if the file is a named pipe. */
void capture_file_open(struct capture_file *file, const char *path, const volatile sig_atomic_t *stop);
/* Standard input stays open. */
void capture_file_close(struct capture_file *file);

#endif
