/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges: gives up root in three steps and verifies each. Floor 5; libcap-ng and libseccomp.
 *
 * 1. privileges_become_user(): acts as the invoking user to open output files, so that they belong to the user who
 *    ran sudo.
 * 2. privileges_reduce(): changes groups, gid and uid to that user permanently (to nobody if root itself ran us).
 *    Keeps CAP_NET_RAW (and CAP_NET_ADMIN if `keep_net_admin` is set).
 * 3. privileges_drop(): drops these capabilities too, after capture and injector are open. privileges_seal()
 *    follows.
 *
 * replay, --dry-run and help call privileges_drop() first of all. Root then becomes the user who ran sudo,
 * permanently. If root itself ran us, the uid stays 0 without any capability, so that root's own files can still be
 * read.
 *
 * The invoking user is the real uid or, if that is root, SUDO_UID and SUDO_GID. If our user namespace does not map
 * those ids (unshare -Urn), only the capabilities are dropped. */
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
/* Installs a seccomp filter that allows only the system calls of a running capture. Open descriptors can be read,
 * written and closed; stdout may be a terminal, a pipe or a file. Any other system call (open, exec, socket) fails
 * with EPERM and does not kill the process, so no data are lost. With `sockets`, UDP and TCP sockets over IP can
 * also be opened and connected, as dns.h requires.
 *
 * Returns false, which is no error, if the filter cannot be installed. It also does so under a sanitizer or with
 * DISABLE_SEAL (coverage writes files at exit). */
bool privileges_seal(bool sockets);

#endif
