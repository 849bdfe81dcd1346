/* SPDX-License-Identifier: BSD-2-Clause */
/* err: how a function says that it could not. Floor 0.
 *
 * A message is one line without a full stop: subject, action, cause, remedy. Only main prints it
 * and turns the status into an exit code. */
#ifndef HOPSONDE_BASE_ERR_H
#define HOPSONDE_BASE_ERR_H

#include <stdbool.h>

enum status {
    STATUS_OK = 0,
    STATUS_USAGE = 2,  /* the caller asked for something that makes no sense: exit code 2 */
    STATUS_SYSTEM = 3, /* could not run: exit code 3 */
};

#define ERR_MESSAGE_BYTES 512

struct err {
    enum status status;
    char message[ERR_MESSAGE_BYTES];
};

/* Fills `err` (which may be NULL) and returns `status`, for `return err_set(...)`. Too long a message is
 * cut; control characters in it become '?'. */
enum status err_set(struct err *err, enum status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What to do about an output that could not be opened or written for this errno: a remedy for a message. */
const char *err_write_remedy(int code);

#endif
