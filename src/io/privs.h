/* privs: how root is given up, in three steps, each verified. Floor 5; libcap-ng and libseccomp.
 *
 *   1. privs_become_user(): acts as the invoking user to open output files: they belong to who ran sudo;
 *   2. privs_reduce():      groups, gid, uid of that user (nobody where root itself ran us) for good, but CAP_NET_RAW
 *                           (and what `keep` adds);
 *   3. privs_drop():        that last capability too, after capture and injector are open; then privs_seal().
 *
 * replay, --dry-run and help call privs_drop() first of all. Root then becomes the user who ran sudo, for good; where
 * root itself ran us the uid stays 0, without any capability: its own files can still be read.
 *
 * The invoking user is the real uid, or where that is root SUDO_UID and SUDO_GID. Where those ids are not mapped in our
 * user namespace (unshare -Urn) the uid steps fall away and the capabilities alone go. */
#ifndef HOPSONDE_IO_PRIVS_H
#define HOPSONDE_IO_PRIVS_H

#include <stdbool.h>

#include "base/err.h"

struct privs_user {
    bool switched; /* an invoking user is known and is not root */
    unsigned uid, gid;
};

/* Whether a live run has a chance: CAP_NET_RAW is permitted (privs_reduce() makes it effective). The error names the
 * remedy with the exact setcap command; `program_path` is argv[0], used where /proc does not tell the path. */
enum status privs_check(const char *program_path, struct err *err);
/* Effective uid, gid and groups become the invoking user's until privs_resume(): opening files in between obeys his
 * rights. Nothing happens where we are not root or no such user is known: `switched` says. */
enum status privs_become_user(struct privs_user *user, struct err *err);
enum status privs_resume(const struct privs_user *user, struct err *err);
/* Also sets no_new_privs. Where we are not root, only trims the capabilities. */
enum status privs_reduce(bool keep_net_admin, struct err *err);
enum status privs_drop(struct err *err);
/* A seccomp filter on top: what a running capture needs is allowed (descriptors that are open can be read, written and
 * closed, be stdout a terminal, a pipe or a file); any other system call (open, exec, socket) fails with EPERM, so that
 * nothing is lost for it. With `sockets`, UDP and TCP sockets over IP can be opened and connected too, as dns.h needs.
 * Failing to install is no error: false; so it is under a sanitizer or where DISABLE_SEAL is defined (coverage writes
 * files at exit). */
bool privs_seal(bool sockets);

#endif
