/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "live/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/privileges.h"

#define BESIDE ".tmp" /* behind the path */

struct keeper {
    int socket;
};

enum request_kind { REQUEST_OPEN_BESIDE, REQUEST_REPLACE, REQUEST_OPEN_PART };

struct request {
    uint32_t kind; /* enum request_kind */
    uint32_t path;
    uint32_t part, keep;
};

/* A file, and where it is written until it is complete. */
struct kept_path {
    char *final, *beside;
    bool has_beside; /* that file may exist */
};

char *keeper_part_name(const char *path, unsigned part)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    size_t stem = dot && dot > name ? (size_t)(dot - path) : strlen(path), bytes = strlen(path) + 16;
    char *out = malloc(bytes);
    if (out)
        snprintf(out, bytes, "%.*s-%05u%s", (int)stem, path, part, path + stem);
    return out;
}

/* --- the keeper --- */

/* Sends the errno of a request, and a descriptor unless it is negative. */
static void answer(int socket, int code, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = &code, .iov_len = sizeof code};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    (void)sendmsg(socket, &message, MSG_NOSIGNAL);
}

static void answer_open(int socket, const char *path, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0666);
    answer(socket, fd < 0 ? errno : 0, fd);
    if (fd >= 0)
        close(fd);
}

static void serve_part(int socket, const struct request *request, const char *path)
{
    bool has_old = request->keep && request->part > request->keep;
    char *name = keeper_part_name(path, request->part);
    char *old = has_old ? keeper_part_name(path, request->part - request->keep) : NULL;
    if (old)
        unlink(old);
    if (name)
        answer_open(socket, name, 0);
    else
        answer(socket, ENOMEM, -1);
    free(name);
    free(old);
}

static void serve(int socket, const struct request *request, struct kept_path *path)
{
    if (request->kind == REQUEST_OPEN_PART) {
        serve_part(socket, request, path->final);
    } else if (request->kind == REQUEST_REPLACE) {
        answer(socket, rename(path->beside, path->final) == 0 ? 0 : errno, -1);
    } else {
        path->has_beside = true;
        answer_open(socket, path->beside, O_NOFOLLOW);
    }
}

_Noreturn static void keep(int socket, struct kept_path *paths, unsigned count)
{
    struct request request;
    (void)privileges_seal(SEAL_FILES); /* the caller tells a failure when it seals itself */
    while (recv(socket, &request, sizeof request, 0) == (ssize_t)sizeof request)
        if (request.path < count)
            serve(socket, &request, &paths[request.path]);
    for (unsigned i = 0; i < count; i++)
        if (paths[i].has_beside)
            unlink(paths[i].beside);
    _exit(EXIT_SUCCESS);
}

/* The signals of a terminal go to all its processes; the keeper stays until the run has ended. */
static void ignore_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_IGN);
}

/* --- the run --- */

static bool copy_path(const char *path, struct kept_path *out)
{
    size_t bytes = strlen(path) + sizeof BESIDE;
    out->final = strdup(path);
    out->beside = malloc(bytes);
    if (out->beside)
        snprintf(out->beside, bytes, "%s%s", path, BESIDE);
    return out->final && out->beside;
}

enum status keeper_start(const char *const *paths, unsigned count, struct keeper **out, struct err *err)
{
    int sockets[2];
    struct kept_path kept[KEEPER_PATHS_MOST] = {{0}};
    bool good = count <= KEEPER_PATHS_MOST;
    *out = calloc(1, sizeof **out);
    for (unsigned i = 0; i < count && good; i++)
        good = copy_path(paths[i], &kept[i]);
    if (!good || !*out || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return err_set(err, STATUS_SYSTEM, "cannot start a process: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        close(sockets[0]);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        ignore_signals();
        keep(sockets[1], kept, count);
    }
    int code = errno;
    close(sockets[1]);
    for (unsigned i = 0; i < count; i++) {
        free(kept[i].final);
        free(kept[i].beside);
    }
    **out = (struct keeper){.socket = sockets[0]};
    return child > 0 ? STATUS_OK : err_set(err, STATUS_SYSTEM, "cannot start a process: %s", strerror(code));
}

/* Returns the descriptor of the answer, or 0 if it has none; -1 with errno. */
static int ask(struct keeper *keeper, const struct request *request)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    int code = EIO, fd = 0;
    struct iovec part = {.iov_base = &code, .iov_len = sizeof code};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t got = -1;
    if (sendto(keeper->socket, request, sizeof *request, MSG_NOSIGNAL, NULL, 0) == (ssize_t)sizeof *request)
        while ((got = recvmsg(keeper->socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
            continue;
    const struct cmsghdr *header = got == (ssize_t)sizeof code ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    if (got == (ssize_t)sizeof code && code == 0)
        return fd;
    errno = got == (ssize_t)sizeof code ? code : EIO;
    return -1;
}

int keeper_open_beside(struct keeper *keeper, unsigned path)
{
    return ask(keeper, &(struct request){.kind = REQUEST_OPEN_BESIDE, .path = path});
}

int keeper_replace(struct keeper *keeper, unsigned path)
{
    return ask(keeper, &(struct request){.kind = REQUEST_REPLACE, .path = path});
}

int keeper_open_part(struct keeper *keeper, unsigned path, unsigned part, unsigned keep)
{
    return ask(keeper, &(struct request){.kind = REQUEST_OPEN_PART, .path = path, .part = part, .keep = keep});
}

void keeper_end(struct keeper *keeper)
{
    if (!keeper)
        return;
    close(keeper->socket);
    free(keeper);
}
