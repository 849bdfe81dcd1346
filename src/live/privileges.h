/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges: gives up root in three steps, each verified. Floor 5; libcap-ng and libseccomp.
 *
 *   1. privileges_become_user(): acts as the invoking user to open output files: they belong to who ran sudo;
 *   2. privileges_reduce():      groups, gid, uid of that user (nobody where root itself ran us) for good, but
 * CAP_NET_RAW (and what `keep` adds);
 *   3. privileges_drop():        that last capability too, after capture and injector are open; then privileges_seal().
 *
 * replay, --dry-run and help call privileges_drop() first of all. Root then becomes the user who ran sudo, for good;
 * where root itself ran us the uid stays 0, without any capability: its own files can still be read.
 *
 * The invoking user is the real uid, or where that is root SUDO_UID and SUDO_GID. Where those ids are not mapped in our
 * user namespace (unshare -Urn) the uid steps fall away and the capabilities alone go. */
#ifndef HOPSONDE_LIVE_PRIVILEGES_H
#define HOPSONDE_LIVE_PRIVILEGES_H

#include <stdbool.h>

#include "base/err.h"

struct privileges_user {
    bool switched; /* an invoking user is known and is not root */
    unsigned uid, gid;
};

/* Whether a live run has a chance: CAP_NET_RAW is permitted (privileges_reduce() makes it effective). The error names
 * the remedy with the exact setcap command; `program_path` is argv[0], used where /proc does not tell the path. */
enum status privileges_check(const char *program_path, struct err *err);
/* Effective uid, gid and groups become the invoking user's until privileges_resume(): opening files in between obeys
 * his rights. Nothing happens where we are not root or no such user is known: `switched` says. */
enum status privileges_become_user(struct privileges_user *user, struct err *err);
enum status privileges_resume(const struct privileges_user *user, struct err *err);
/* Also sets no_new_privs. Where we are not root, only trims the capabilities. */
enum status privileges_reduce(bool keep_net_admin, struct err *err);
enum status privileges_drop(struct err *err);
/* A seccomp filter on top: what a running capture needs is allowed (descriptors that are open can be read, written and
 * closed, be stdout a terminal, a pipe or a file); any other system call (open, exec, socket) fails with EPERM, so that
 * nothing is lost for it. With `sockets`, UDP and TCP sockets over IP can be opened and connected too, as dns.h needs.
 * Failing to install is no error: false; so it is under a sanitizer or where DISABLE_SEAL is defined (coverage writes
 * files at exit). */
bool privileges_seal(bool sockets);

#endif
