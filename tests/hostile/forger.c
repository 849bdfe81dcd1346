/* SPDX-License-Identifier: BSD-2-Clause */
/* forger: `forger INTERFACE MAC KIND RATE SOURCE TARGET SENDER SPEC...` floods SOURCE, which has this MAC on the link
 * of the interface, with forged replies to probes of the specs, RATE a second, by turns, until a signal ends it. Then
 * it prints how many it sent, and how many a second. For tests, in a network namespace.
 *
 * It sends frames past the queues of the interface: routing each packet takes longer than making it. */
#define _GNU_SOURCE /* sendmmsg() */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
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

/* A packet socket whose frames take no queue. */
static int open_link(const char *interface, const char *mac, uint8_t family, struct sockaddr_ll *to)
{
    int fd = socket(AF_PACKET, SOCK_DGRAM, 0), size = 1 << 20, on = 1;
    const struct ether_addr *address = ether_aton(mac);
    *to = (struct sockaddr_ll){.sll_family = AF_PACKET,
                               .sll_protocol = htons(family == 6 ? ETH_P_IPV6 : ETH_P_IP),
                               .sll_ifindex = (int)if_nametoindex(interface),
                               .sll_halen = ETH_ALEN};
    if (fd < 0)
        die(strerror(errno));
    if (!address || !to->sll_ifindex)
        die("bad interface or MAC");
    memcpy(to->sll_addr, address, ETH_ALEN);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    return fd;
}

/* Sends one batch, by turns of the forgers. */
static unsigned send_batch(int fd, struct forger *forgers, unsigned count, struct sockaddr_ll *to)
{
    static uint8_t bytes[BATCH][FORGE_BYTES];
    static unsigned turn;
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH] = {0};
    for (unsigned i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){bytes[i], forge_next(&forgers[turn++ % count], bytes[i])};
        messages[i].msg_hdr =
            (struct msghdr){.msg_name = to, .msg_namelen = sizeof *to, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int sent = sendmmsg(fd, messages, BATCH, 0);
    return sent > 0 ? (unsigned)sent : 0;
}

int main(int argc, char **argv)
{
    struct forger forgers[SPECS_OF_FORGER_MOST] = {0};
    unsigned count = 0;
    struct err err;
    if (argc < 9 || argc - 8 > SPECS_OF_FORGER_MOST)
        die("usage: forger INTERFACE MAC KIND RATE SOURCE TARGET SENDER SPEC...");
    for (int i = 8; i < argc; i++, count++) {
        struct forger *f = &forgers[count];
        f->kind = forge_kind_of(argv[3]);
        f->rng = rng_init((uint64_t)now() + count);
        if (f->kind == FORGE_KINDS || !addr_parse(argv[5], &f->source) || !addr_parse(argv[6], &f->target) ||
            !addr_parse(argv[7], &f->sender) || probe_spec_parse(argv[i], &f->spec, &err) != STATUS_OK)
            die("bad kind, address or spec");
    }
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    struct sockaddr_ll to;
    int fd = open_link(argv[1], argv[2], forgers[0].source.family, &to);
    double rate = strtod(argv[4], NULL);
    nstime gap = (nstime)(BATCH / (rate > 0 ? rate : 1e9) * 1e9), start = now(), due = start;
    uint64_t sent = 0;
    puts("ready");
    fflush(stdout);
    while (!stopped) {
        sent += send_batch(fd, forgers, count, &to);
        keep_rate(&due, gap);
    }
    printf("sent %" PRIu64 ", %.0f a second\n", sent, (double)sent * 1e9 / (double)(now() - start));
    close(fd);
    return 0;
}
