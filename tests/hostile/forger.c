/* SPDX-License-Identifier: BSD-2-Clause */
/* forger: `forger KIND RATE SOURCE TARGET SENDER SPEC...` floods SOURCE with forged replies to probes of the specs,
 * RATE a second, by turns, until a signal ends it. Then it prints how many it sent, and how many a second. For tests,
 * in a network namespace. */
#define _GNU_SOURCE /* sendmmsg() */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/nstime.h"
#include "hostile/forge.h"

#define SPECS_OF_FORGER_MOST 16
#define BATCH 32

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void die(const char *what)
{
    fprintf(stderr, "forger: %s\n", what);
    exit(2);
}

static nstime now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (nstime)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Waits until the packets sent so far are due; never more than a second behind, so that a pause brings no burst. */
static void keep_rate(nstime *due, nstime gap)
{
    nstime ahead = *due - now();
    *due = ahead < -NS_PER_S ? now() : *due + gap;
    struct timespec pause = {.tv_sec = (time_t)(ahead / NS_PER_S), .tv_nsec = (long)(ahead % NS_PER_S)};
    if (ahead > 0)
        nanosleep(&pause, NULL);
}

static int open_raw(uint8_t family)
{
    int fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW), size = 1 << 20;
    if (fd < 0)
        die(strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return fd;
}

static socklen_t address_of(const struct addr *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == 6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
        six->sin6_family = AF_INET6;
        memcpy(&six->sin6_addr, address->bytes, sizeof six->sin6_addr);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    four->sin_family = AF_INET;
    memcpy(&four->sin_addr, address->bytes, sizeof four->sin_addr);
    return sizeof *four;
}

/* Sends one batch, by turns of the forgers. */
static unsigned send_batch(int fd, struct forger *forgers, unsigned count, struct sockaddr_storage *to,
                           socklen_t length)
{
    static uint8_t bytes[BATCH][FORGE_BYTES];
    static unsigned turn;
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH] = {0};
    for (unsigned i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){bytes[i], forge_next(&forgers[turn++ % count], bytes[i])};
        messages[i].msg_hdr =
            (struct msghdr){.msg_name = to, .msg_namelen = length, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int sent = sendmmsg(fd, messages, BATCH, 0);
    return sent > 0 ? (unsigned)sent : 0;
}

int main(int argc, char **argv)
{
    struct forger forgers[SPECS_OF_FORGER_MOST] = {0};
    unsigned count = 0;
    struct err err;
    if (argc < 7 || argc - 6 > SPECS_OF_FORGER_MOST)
        die("usage: forger KIND RATE SOURCE TARGET SENDER SPEC...");
    for (int i = 6; i < argc; i++, count++) {
        struct forger *f = &forgers[count];
        f->kind = forge_kind_of(argv[1]);
        f->rng = rng_init((uint64_t)now() + count);
        if (f->kind == FORGE_KINDS || !addr_parse(argv[3], &f->source) || !addr_parse(argv[4], &f->target) ||
            !addr_parse(argv[5], &f->sender) || probe_spec_parse(argv[i], &f->spec, &err) != STATUS_OK)
            die("bad kind, address or spec");
    }
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    struct sockaddr_storage to;
    socklen_t length = address_of(&forgers[0].source, &to);
    int fd = open_raw(forgers[0].source.family);
    double rate = strtod(argv[2], NULL);
    nstime gap = (nstime)(BATCH / (rate > 0 ? rate : 1e9) * 1e9), start = now(), due = start;
    uint64_t sent = 0;
    puts("ready");
    fflush(stdout);
    while (!stopped) {
        sent += send_batch(fd, forgers, count, &to, length);
        keep_rate(&due, gap);
    }
    printf("sent %" PRIu64 ", %.0f a second\n", sent, (double)sent * 1e9 / (double)(now() - start));
    close(fd);
    return 0;
}
