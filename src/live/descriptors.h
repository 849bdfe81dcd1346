/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors: the file descriptors that the process inherits. Floor 5; no library. */
#ifndef HOPSONDE_LIVE_DESCRIPTORS_H
#define HOPSONDE_LIVE_DESCRIPTORS_H

#include <stdbool.h>

/* Fills descriptors 0, 1 and 2 if the caller closed them. Otherwise a file opened later could become one of them,
 * and the report would be written into it. The wrong open mode makes every use fail, as on a closed descriptor.
 * Returns false if this is not possible. */
bool descriptors_fill_standard(void);

/* Closes all inherited descriptors from 3 on, except those that one of `words` names by number, as /dev/fd/63 or
 * /proc/self/fd/63: a shell passes a pipe that way. Call it before the process opens anything. `words` ends with
 * NULL. */
void descriptors_close_inherited(const char *const *words);

#endif
