/* SPDX-License-Identifier: BSD-2-Clause */
/* err: how a function reports failure. Floor 0; prints nothing.
 *
 * A message is one line without a full stop: subject, action, cause, remedy. Only main prints it and turns the
 * status into an exit code. */
#ifndef HOPSONDE_BASE_ERR_H
#define HOPSONDE_BASE_ERR_H

#include <stdbool.h>

enum status {
    STATUS_OK = 0,
    STATUS_USAGE = 2,  /* the caller's request makes no sense: exit code 2 */
    STATUS_SYSTEM = 3, /* the program could not run: exit code 3 */
};

#define ERR_MESSAGE_BYTES 512 /* bytes of a message with its NUL; longer ones are cut */

struct err {
    enum status status;
    char message[ERR_MESSAGE_BYTES];
};

/* Fills `err` (which may be NULL) and returns `status`, for `return err_set(...)`. Cuts a message that is too long, and
 * escapes foreign text in it (escape.h); escapes that the caller made stay as they are. */
enum status err_set(struct err *err, enum status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Returns a remedy for a message: what to do if an output could not be opened or written with this errno. */
const char *err_write_remedy(int code);

#endif
