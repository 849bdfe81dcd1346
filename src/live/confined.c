/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "live/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

/* --- a child that stays --- */

struct confined {
    int socket;
    size_t answer_bytes;
    unsigned char *message; /* owned: the request, then the answer */
};

#define REQUEST_BYTES sizeof(unsigned)

/* The signals of a terminal go to all its processes; this one ends with the run. */
static void ignore_terminal(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_IGN);
}

_Noreturn static void serve_child(pid_t parent, struct confined *confined, confined_server *work, const void *context)
{
    struct err err;
    unsigned request;
    ignore_terminal();
    if (privileges_drop(&err) != STATUS_OK)
        _exit(EXIT_FAILURE);
    end_with(parent);
    (void)privileges_seal(SEAL_PREPARE); /* the caller tells a failure when it seals itself */
    while (recv(confined->socket, &request, sizeof request, 0) == (ssize_t)sizeof request) {
        memset(confined->message, 0, REQUEST_BYTES + confined->answer_bytes);
        memcpy(confined->message, &request, sizeof request);
        work(context, request, confined->message + REQUEST_BYTES);
        if (send(confined->socket, confined->message, REQUEST_BYTES + confined->answer_bytes, MSG_NOSIGNAL) < 0)
            break;
    }
    _exit(EXIT_SUCCESS);
}

enum status confined_start(confined_server *work, const void *context, size_t answer_bytes, struct confined **out,
                           struct err *err)
{
    int sockets[2] = {-1, -1};
    struct confined *confined = calloc(1, sizeof *confined);
    pid_t parent = getpid(), child = -1;
    if (confined)
        *confined = (struct confined){.answer_bytes = answer_bytes, .message = malloc(REQUEST_BYTES + answer_bytes)};
    if (confined && confined->message && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0)
        child = fork();
    int code = errno;
    if (child == 0) {
        close(sockets[0]);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        confined->socket = sockets[1];
        serve_child(parent, confined, work, context);
    }
    if (sockets[1] >= 0)
        close(sockets[1]);
    if (confined)
        confined->socket = sockets[0];
    *out = confined;
    if (child > 0)
        return STATUS_OK;
    confined_end(confined);
    *out = NULL;
    return err_set(err, STATUS_SYSTEM, "cannot start a process: %s", strerror(code));
}

bool confined_ask(struct confined *confined, unsigned request)
{
    return send(confined->socket, &request, sizeof request, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof request;
}

bool confined_take(struct confined *confined, unsigned *request, void *answer)
{
    size_t bytes = REQUEST_BYTES + confined->answer_bytes;
    if (recv(confined->socket, confined->message, bytes, MSG_DONTWAIT) != (ssize_t)bytes)
        return false;
    memcpy(request, confined->message, REQUEST_BYTES);
    memcpy(answer, confined->message + REQUEST_BYTES, confined->answer_bytes);
    return true;
}

void confined_end(struct confined *confined)
{
    if (!confined)
        return;
    if (confined->socket >= 0)
        close(confined->socket);
    free(confined->message);
    free(confined);
}
