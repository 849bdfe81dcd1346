/* SPDX-License-Identifier: BSD-2-Clause */
/* first_look: reads capture files of any origin before they are merged. It finds which of them are out of order, and
 * how far their clocks are apart. Top floor. It must not report anything.
 *
 * Files are read twice, so standard input and pipes get no look, and their clocks are not corrected. A pipe is sorted
 * within two seconds of its own stamps, because it may be a live capture. A single large file gets only a short look.
 */
#ifndef HOPSONDE_CLI_READING_FIRST_LOOK_H
#define HOPSONDE_CLI_READING_FIRST_LOOK_H

#include <signal.h>

#include "capture/merge.h"
#include "recognise/recognise.h"
#include "transit/clock.h"

/* The command warns of frames that come later than this after others: the file was not sorted far enough. The
 * recogniser copes with less. */
#define LATE_TOLD (2 * NS_PER_MS)

struct first_look;

struct look_file {
    const struct capture_file *file; /* borrowed */
    uint64_t bytes;                  /* its length, as stored; 0: unknown */
    bool is_once;                    /* it can be read only once */
    bool is_live;                    /* so it is, and its end is not known: a pipe */
};

struct look_input {
    const struct look_file *files; /* in the order of the merge; borrowed */
    unsigned count;
    const struct recogniser *recogniser; /* for recogniser_digest() */
    volatile sig_atomic_t *stop;         /* nonzero: look no further */
};

/* Looks at the files. The merge reports files that cannot be read. NULL: out of memory. */
struct first_look *first_look_new(const struct look_input *input);
void first_look_free(struct first_look *look); /* may be NULL */
/* Lets the merge sort and correct what needs it, as long as the look lives. False: out of memory. */
bool first_look_apply(const struct first_look *look, struct merge *merge);
/* How far the clock of a file was off that is corrected; NULL: it is not corrected. */
const struct clock_estimate *first_look_clock(const struct first_look *look, unsigned file);
/* The same of the second machine whose capture was merged into the file. */
const struct clock_estimate *first_look_second_clock(const struct first_look *look, unsigned file);

/* True if digests of the only reading are needed: one of several files can be read only once. */
bool first_look_watches(const struct first_look *look);
void first_look_take(struct first_look *look, const struct digest *digest);
/* After all is read: the clock of a file that should have been corrected, but could not. False: there is none. */
bool first_look_uncorrected(struct first_look *look, unsigned *file, struct clock_estimate *out);

#endif
