/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "live/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY 65534 /* uid and gid if the system has no user "nobody"; the kernel's overflow id */

/* The user ids and capabilities that a process is to have. */
struct identity {
    bool change; /* change uid and gid */
    uid_t uid;
    gid_t gid;
    bool net_raw, net_admin;
};

/* True if our user namespace maps `id` (user_namespaces(7)). Without /proc we assume that it does. */
static bool id_is_mapped(const char *map_path, unsigned id)
{
    FILE *map = fopen(map_path, "re");
    if (!map)
        return true;
    unsigned inside, outside, count;
    bool mapped = false;
    while (!mapped && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3)
        mapped = id >= inside && id - inside < count;
    fclose(map);
    return mapped;
}

static bool identity_is_mapped(uid_t uid, gid_t gid)
{
    return id_is_mapped("/proc/self/uid_map", uid) && id_is_mapped("/proc/self/gid_map", gid);
}

static bool id_from_environment(const char *name, unsigned *out)
{
    const char *text = getenv(name);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    *out = (unsigned)value;
    return errno == 0 && *end == '\0' && value < UINT32_MAX;
}

/* Finds the user who ran sudo, or the real user. False if there is none, it is root, or our user namespace does not
 * map it. */
static bool invoking_user(uid_t *uid, gid_t *gid)
{
    *uid = getuid();
    *gid = getgid();
    if (*uid == 0 && !(id_from_environment("SUDO_UID", uid) && id_from_environment("SUDO_GID", gid)))
        return false;
    return *uid != 0 && identity_is_mapped(*uid, *gid);
}

static void nobody(uid_t *uid, gid_t *gid)
{
    const struct passwd *entry = getpwnam("nobody");
    *uid = entry ? entry->pw_uid : NOBODY;
    *gid = entry ? entry->pw_gid : NOBODY;
}

static enum status privileges_fail(const char *action, struct err *err)
{
    return err_set(err, STATUS_SYSTEM, "cannot give up privileges: %s: %s", action, strerror(errno));
}

static void program_name(const char *program_path, char *out, size_t size)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    const char *name = length > 0 ? path : program_path;
    bool quote = strpbrk(name, " \t'\"\\$&;()<>|*?[]#~`!{}") != NULL;
    snprintf(out, size, quote ? "'%s'" : "%s", name);
}

enum status privileges_check(const char *program_path, struct err *err)
{
    if (capng_get_caps_process() == 0 && capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW))
        return STATUS_OK;
    if (geteuid() == 0)
        return err_set(
            err, STATUS_SYSTEM,
            "cannot open raw sockets: Operation not permitted (this container or service lacks CAP_NET_RAW: grant it "
            "there)");
    char name[4200];
    program_name(program_path, name, sizeof name);
    return err_set(
        err, STATUS_SYSTEM,
        "cannot open raw sockets: Operation not permitted (run it with sudo, or once: sudo setcap cap_net_raw+ep %s)",
        name);
}

enum status privileges_become_user(struct privileges_user *user, struct err *err)
{
    uid_t uid;
    gid_t gid;
    *user = (struct privileges_user){0};
    if (geteuid() != 0 || !invoking_user(&uid, &gid))
        return STATUS_OK;
    const struct passwd *entry = getpwuid(uid);
    if ((entry ? initgroups(entry->pw_name, gid) : setgroups(1, &gid)) != 0)
        return privileges_fail("groups of the invoking user", err);
    if (setegid(gid) != 0 || seteuid(uid) != 0 || geteuid() != uid || getegid() != gid)
        return privileges_fail("ids of the invoking user", err);
    *user = (struct privileges_user){.switched = true, .uid = uid, .gid = gid};
    return STATUS_OK;
}

enum status privileges_resume(const struct privileges_user *user, struct err *err)
{
    if (user->switched && (seteuid(0) != 0 || setegid(0) != 0))
        return err_set(err, STATUS_SYSTEM, "cannot regain privileges: %s", strerror(errno));
    return STATUS_OK;
}

/* True if, of all capabilities that the running kernel knows, the process has exactly the wanted ones. */
static bool capabilities_are(const struct identity *want)
{
    if (capng_get_caps_process() != 0)
        return false;
    for (unsigned capability = 0; prctl(PR_CAPBSET_READ, (unsigned long)capability) >= 0; capability++) {
        bool kept = (capability == CAP_NET_RAW && want->net_raw) || (capability == CAP_NET_ADMIN && want->net_admin);
        if ((capng_have_capability(CAPNG_EFFECTIVE, capability) != 0) != kept ||
            (capng_have_capability(CAPNG_PERMITTED, capability) != 0) != kept ||
            capng_have_capability(CAPNG_INHERITABLE, capability))
            return false;
    }
    return true;
}

static bool ids_are(const struct identity *want)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    if (getresuid(&real, &effective, &saved) != 0 || getresgid(&real_group, &effective_group, &saved_group) != 0)
        return false;
    return real == want->uid && effective == want->uid && saved == want->uid && real_group == want->gid &&
           effective_group == want->gid && saved_group == want->gid && getgroups(0, NULL) == 0;
}

static bool can_become_root(const struct identity *want)
{
    return (want->uid != 0 && setuid(0) == 0) || (want->gid != 0 && setgid(0) == 0);
}

static enum status privileges_verify(const struct identity *want, struct err *err)
{
    errno = 0;
    if (!capabilities_are(want))
        return err_set(err, STATUS_SYSTEM,
                       "cannot give up privileges: the kernel kept other capabilities than requested");
    if (want->change && !ids_are(want))
        return err_set(err, STATUS_SYSTEM, "cannot give up privileges: the kernel kept other ids than requested");
    if (want->change && can_become_root(want))
        return err_set(err, STATUS_SYSTEM, "cannot give up privileges: the process can still become root");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) != 1)
        return err_set(err, STATUS_SYSTEM, "cannot give up privileges: no_new_privs is not set");
    return STATUS_OK;
}

/* Changes to exactly `want`, permanently. */
static enum status privileges_settle(const struct identity *want, struct err *err)
{
    if (capng_get_caps_process() != 0)
        return privileges_fail("reading capabilities", err);
    bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    capng_clear(CAPNG_SELECT_ALL);
    if (want->net_raw)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
    if (want->net_admin)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
    if (want->change) {
        if (capng_change_id((int)want->uid, (int)want->gid,
                            CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_AMBIENT |
                                (may_bound ? CAPNG_CLEAR_BOUNDING : CAPNG_NO_FLAG)) != 0)
            return privileges_fail("changing user", err);
    } else if (capng_apply(may_bound ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS) != 0) {
        return privileges_fail("dropping capabilities", err);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0)
        return privileges_fail("no_new_privs", err);
    return privileges_verify(want, err);
}

/* Root switches to the invoking user, or to nobody. It stays root if our user namespace maps neither, or if a container
 * has taken away the capabilities to change ids. */
static void choose_user(struct identity *want)
{
    if (geteuid() != 0 || !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) ||
        !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID))
        return;
    want->change = invoking_user(&want->uid, &want->gid);
    if (want->change)
        return;
    nobody(&want->uid, &want->gid);
    want->change = identity_is_mapped(want->uid, want->gid);
}

enum status privileges_reduce(bool keep_net_admin, struct err *err)
{
    if (capng_get_caps_process() != 0)
        return privileges_fail("reading capabilities", err);
    struct identity want = {
        .net_raw = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW) != 0,
        .net_admin = keep_net_admin && capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN) != 0,
    };
    choose_user(&want);
    return privileges_settle(&want, err);
}

enum status privileges_drop(struct err *err)
{
    struct identity want = {0};
    if (capng_get_caps_process() != 0)
        return privileges_fail("reading capabilities", err);
    choose_user(&want);
    return privileges_settle(&want, err);
}

bool privileges_are_of_root(void)
{
    return geteuid() == 0;
}
