/* ahead: frames of a capture read, chosen, decoded and looked at before they are asked for. Floor 6.
 *
 * Of large files that is done by a thread of its own, some batches ahead; of others, and of pipes, which a signal must
 * be able to interrupt, when a batch is asked for. Either way the same frames come in the same order. */
#ifndef HOPSONDE_CLI_AHEAD_H
#define HOPSONDE_CLI_AHEAD_H

#include "cli/choice.h"
#include "io/merge.h"
#include "io/sieve.h"

struct ahead_batch {
    const struct look *looks; /* what they point to is the batch's */
    unsigned count;           /* of frames that were chosen; may be 0 */
    uint64_t read;            /* frames read so far, chosen or not */
    uint64_t done, total;     /* bytes, of all the files; total 0: not known */
};

struct ahead;

struct ahead_source {
    struct merge *merge;
    struct sieve *sieve; /* NULL: every frame passes */
    const struct choice *choice;
    const struct recogniser *recogniser; /* for recogniser_look() */
};

/* Takes over reading until ahead_stop(). NULL: no memory. */
struct ahead *ahead_start(const struct ahead_source *source);
/* The next batch, valid until the next call. False: there is none. */
bool ahead_next(struct ahead *ahead, struct ahead_batch *out);
void ahead_stop(struct ahead *ahead); /* may be NULL */

#endif
