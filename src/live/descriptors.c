/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "live/descriptors.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST 3 /* the first descriptor behind the standard ones */

/* Descriptors that the command line names.
 * Unit: descriptors. Source: chosen; a command line names 64 captures and some outputs. Effect: further ones are
 * closed. */
#define NAMED_MOST 128

struct named {
    unsigned fds[NAMED_MOST]; /* in rising order */
    unsigned count;
};

bool descriptors_fill_standard(void)
{
    for (int fd = 0; fd < FIRST; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            return false;
    return true;
}

static void add_named(struct named *named, unsigned fd)
{
    unsigned at = named->count;
    if (named->count == NAMED_MOST)
        return;
    for (; at > 0 && named->fds[at - 1] > fd; at--)
        named->fds[at] = named->fds[at - 1];
    named->fds[at] = fd;
    named->count++;
}

static void find_named(struct named *named, const char *word)
{
    static const char folder[] = "/fd/";
    for (const char *at = word; (at = strstr(at, folder)); at += strlen(folder)) {
        const char *number = at + strlen(folder);
        unsigned long fd = isdigit((unsigned char)*number) ? strtoul(number, NULL, 10) : 0;
        if (fd >= FIRST && fd <= INT_MAX)
            add_named(named, (unsigned)fd);
    }
}

/* Linux 5.9. False: the kernel does not have it. */
static bool close_range_of(unsigned first, unsigned last)
{
#ifdef SYS_close_range
    return syscall(SYS_close_range, first, last, 0) == 0;
#else
    (void)first, (void)last;
    return false;
#endif
}

/* Without close_range(): those that /proc shows. */
static void close_listed(unsigned first, unsigned last)
{
    DIR *list = opendir("/proc/self/fd");
    if (!list)
        return;
    for (const struct dirent *entry; (entry = readdir(list));) {
        unsigned long fd = isdigit((unsigned char)entry->d_name[0]) ? strtoul(entry->d_name, NULL, 10) : 0;
        if (fd >= first && fd <= last && fd != (unsigned long)dirfd(list))
            close((int)fd);
    }
    closedir(list);
}

static void close_between(unsigned first, unsigned last)
{
    if (first <= last && !close_range_of(first, last))
        close_listed(first, last);
}

void descriptors_close_inherited(const char *const *words)
{
    struct named named = {.count = 0};
    unsigned first = FIRST;
    for (; *words; words++)
        find_named(&named, *words);
    for (unsigned i = 0; i < named.count; i++) {
        if (named.fds[i] > first)
            close_between(first, named.fds[i] - 1);
        first = named.fds[i] + 1;
    }
    close_between(first, UINT_MAX);
}
