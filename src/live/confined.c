/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "live/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/privileges.h"

/* After privileges_drop(), because a change of ids clears the parent-death signal (prctl(2)). */
static void end_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
}

_Noreturn static void run_child(pid_t parent, int out, confined_work *work, const void *context, void *answer,
                                size_t size)
{
    struct err err;
    if (privileges_drop(&err) != STATUS_OK)
        _exit(EXIT_FAILURE);
    end_with(parent);
    (void)privileges_seal(SEAL_PREPARE); /* the caller tells a failure when it seals itself */
    work(context, answer);
    _exit(write(out, answer, size) == (ssize_t)size ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool read_whole(int fd, char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, bytes + done, size - done);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

enum status confined_run(confined_work *work, const void *context, void *answer, size_t size, struct err *err)
{
    int pipe_fds[2];
    memset(answer, 0, size);
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return err_set(err, STATUS_SYSTEM, "cannot start a process: %s", strerror(errno));
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        run_child(parent, pipe_fds[1], work, context, answer, size);
    int code = errno;
    close(pipe_fds[1]);
    bool got = child > 0 && read_whole(pipe_fds[0], answer, size);
    close(pipe_fds[0]);
    if (child < 0)
        return err_set(err, STATUS_SYSTEM, "cannot start a process: %s", strerror(code));
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    return got ? STATUS_OK : err_set(err, STATUS_SYSTEM, "the confined process ended early");
}
