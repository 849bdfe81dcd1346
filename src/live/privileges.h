/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges: gives up root in steps and verifies each. Floor 5; libcap-ng and libseccomp.
 *
 * A live run:
 * 1. privileges_become_user(): acts as the invoking user to open files, so that they belong to the user who ran sudo.
 * 2. privileges_reduce(): changes groups, gid and uid to that user permanently (to nobody if root itself ran us).
 *    Keeps CAP_NET_RAW (and CAP_NET_ADMIN if `keep_net_admin` is set).
 * 3. privileges_drop(): drops these capabilities too, after capture and injector are open. privileges_seal()
 *    follows, before the first frame. The resolver's answer is parsed earlier, in a process of its own (confined.h).
 *
 * replay and --dry-run open all files in step 1. privileges_drop() and privileges_seal() then come before the first
 * byte of a file is parsed.
 *
 * The invoking user is the real uid or, if that is root, SUDO_UID and SUDO_GID. The ids stay 0, and only the
 * capabilities are dropped, in two cases: our user namespace maps no other ids (unshare -Urn), or a container has
 * taken away CAP_SETUID or CAP_SETGID. */
#ifndef HOPSONDE_LIVE_PRIVILEGES_H
#define HOPSONDE_LIVE_PRIVILEGES_H

#include <stdbool.h>

#include "base/err.h"

struct privileges_user {
    bool switched; /* there is an invoking user other than root */
    unsigned uid, gid;
};

/* Checks that CAP_NET_RAW is permitted, so that a live run is possible (privileges_reduce() makes it effective). The
 * error gives the exact setcap command. `program_path` is argv[0], used if /proc does not give the path. */
enum status privileges_check(const char *program_path, struct err *err);
/* Changes the effective uid, gid and groups to the invoking user's until privileges_resume(). Files opened in
 * between are subject to that user's rights. Does nothing if we are not root or there is no such user; `switched` is
 * then false. */
enum status privileges_become_user(struct privileges_user *user, struct err *err);
enum status privileges_resume(const struct privileges_user *user, struct err *err);
/* Also sets no_new_privs. If we are not root, it only reduces the capabilities. */
enum status privileges_reduce(bool keep_net_admin, struct err *err);
enum status privileges_drop(struct err *err);
/* True if the process still has the uid of root, which may be no root outside of its user namespace. */
bool privileges_are_of_root(void);

/* What a sealed process may do. Each right is a bit. Without any, it can use open files and pipes, memory and time. */
enum seal_rights {
    SEAL_WIRE = 1,     /* use the open capture and the open raw socket */
    SEAL_ASK = 2,      /* open UDP and TCP sockets over IP and connect them, as dns.h and whois.h require */
    SEAL_THREADS = 4,  /* start threads */
    SEAL_PREPARE = 8,  /* open files for reading, use getaddrinfo(), and seal itself once more */
    SEAL_CONNECT = 16, /* connect the open sockets */
    SEAL_FILES = 32,   /* create and rename files, and hand them over: keeper.h */
    SEAL_KEEPER = 64,  /* ask such a process */
    SEAL_SCREEN = 128, /* set the modes of a terminal, and stop for Ctrl-Z: fullscreen.h */
};

enum seal_result {
    SEAL_DONE,
    SEAL_OMITTED,     /* this build needs other system calls: sanitizers, or DISABLE_SEAL (coverage writes at exit) */
    SEAL_UNSUPPORTED, /* the kernel has no seccomp filters */
    SEAL_FAILED,      /* errno has the cause */
};

/* Installs a seccomp filter that allows only the system calls that `rights`, of enum seal_rights, need. Any other
 * system call (open, exec, socket) fails with EPERM and does not kill the process, so no data are lost. A later seal
 * can only take more away. */
enum seal_result privileges_seal(unsigned rights);

#endif
