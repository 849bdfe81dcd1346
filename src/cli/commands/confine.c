/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/confine.h"

#include <errno.h>
#include <string.h>

#include "cli/commands/run.h"
#include "live/privileges.h"

enum status confine_as_caller(enum status (*open)(void *context, struct err *err), void *context, struct err *err)
{
    struct privileges_user user;
    struct err resume_err;
    enum status status = privileges_become_user(&user, err);
    if (status != STATUS_OK)
        return status;
    status = open(context, err);
    if (privileges_resume(&user, &resume_err) != STATUS_OK && status == STATUS_OK) {
        *err = resume_err;
        status = resume_err.status;
    }
    return status;
}

enum status confine_drop(const struct options *options, struct err *err)
{
    enum status status = privileges_drop(err);
    struct err note;
    if (status != STATUS_OK || !privileges_are_of_root() || !options->verbose)
        return status;
    err_set(&note, STATUS_OK, "the uid stays that of root, without its rights: no other uid is possible here");
    run_complain(&note);
    return status;
}

void confine_prepare(void)
{
    (void)privileges_seal(SEAL_PREPARE); /* confine_seal() tells why not */
}

void confine_seal(const struct options *options, unsigned rights)
{
    struct err note;
    enum seal_result result = privileges_seal(rights);
    if (result == SEAL_FAILED)
        err_set(&note, STATUS_OK, "system calls are not restricted: %s (the run goes on)", strerror(errno));
    else if (result == SEAL_UNSUPPORTED && options->verbose)
        err_set(&note, STATUS_OK, "system calls are not restricted: the kernel has no seccomp filters");
    else
        return;
    run_complain(&note);
}
