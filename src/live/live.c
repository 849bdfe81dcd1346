/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "live/live.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "live/capture.h"
#include "live/clock.h"
#include "live/inject.h"

#define SNAPLEN_LEAST 1600          /* bytes; an IP packet of 1500 bytes with its link header */
#define LINK_HEADER_MOST 64         /* bytes; SLL2 has 20, Ethernet with two tags 22 */
#define DRAIN_LAG (2 * NS_PER_MS)   /* longest time from a frame's stamp to its place in the ring */
#define WAIT_MOST (100 * NS_PER_MS) /* longest sleep; bounds the delay of a signal that comes just before ppoll() */
#define HELD_PORTS_MOST 256         /* ports held at a time; the next one fails with EMFILE */

struct live_wire {
    struct wire wire; /* first: a struct wire * is one of these */
    struct capture_clock clock;
    struct capture capture;
    struct injector injector;
    nstime drained;
    int held[HELD_PORTS_MOST];
    unsigned held_count;
};

static struct live_wire *live_of(struct wire *wire)
{
    return (struct live_wire *)(void *)wire;
}

static nstime live_now(struct wire *wire)
{
    return capture_clock_now(&live_of(wire)->clock);
}

static nstime live_drained(struct wire *wire)
{
    return live_of(wire)->drained;
}

static uint64_t live_dropped(struct wire *wire)
{
    return capture_dropped(&live_of(wire)->capture);
}

static int live_send(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length)
{
    return injector_send(&live_of(wire)->injector, target, bytes, length);
}

/* Waits for a frame. False if the capture failed; `err` is then set. */
static bool live_sleep(struct live_wire *live, nstime span, bool *interrupted, struct err *err)
{
    struct pollfd poll_fd = {.fd = pcap_get_selectable_fd(live->capture.pcap), .events = POLLIN};
    const struct timespec wait = {.tv_sec = span / NS_PER_S, .tv_nsec = span % NS_PER_S};
    int ready = ppoll(&poll_fd, 1, &wait, NULL);
    *interrupted = ready < 0;
    return ready <= 0 || !(poll_fd.revents & ~POLLIN) || capture_survives(&live->capture, err);
}

static enum wire_event live_receive(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                                    struct err *err)
{
    (void)claim;
    struct live_wire *live = live_of(wire);
    nstime now = live_now(wire);
    nstime wake = until > now ? until : until + DRAIN_LAG;
    if (wake > now + WAIT_MOST)
        wake = now + WAIT_MOST;
    bool interrupted = false;
    for (;; now = live_now(wire)) {
        int got = capture_next(&live->capture, frame, err);
        if (got < 0)
            return WIRE_FAILED;
        if (got > 0) {
            frame->time = capture_clock_unstep(frame->time, now, capture_clock_step(&live->clock));
            return WIRE_FRAME;
        }
        live->drained = now - DRAIN_LAG;
        if (interrupted || now >= wake)
            return WIRE_QUIET;
        if (!live_sleep(live, wake - now, &interrupted, err))
            return WIRE_FAILED;
    }
}

static void live_close(struct wire *wire)
{
    struct live_wire *live = live_of(wire);
    for (unsigned i = 0; i < live->held_count; i++)
        close(live->held[i]);
    injector_close(&live->injector);
    capture_close(&live->capture);
    free(live);
}

static const struct wire_ops live_ops = {
    .receive = live_receive,
    .send = live_send,
    .now = live_now,
    .drained = live_drained,
    .dropped = live_dropped,
    .close = live_close,
};

enum status live_wire_open(const struct live_options *options, struct wire **out, struct err *err)
{
    struct live_wire *live = calloc(1, sizeof *live);
    if (!live)
        return err_set(err, STATUS_SYSTEM, "cannot open capture: out of memory");
    unsigned snaplen = options->largest_packet + LINK_HEADER_MOST;
    live->wire.ops = &live_ops;
    live->injector = (struct injector){.fd = -1, .family = options->family};
    live->clock = capture_clock_start();
    live->drained = live_now(&live->wire) - DRAIN_LAG;
    prctl(PR_SET_TIMERSLACK, 1UL);
    enum status status = capture_open(options->interface, snaplen > SNAPLEN_LEAST ? snaplen : SNAPLEN_LEAST,
                                      options->filter, options->short_filter, &live->capture, err);
    if (status == STATUS_OK)
        status = injector_open(options, &live->injector, err);
    if (status != STATUS_OK) {
        live_close(&live->wire);
        return status;
    }
    *out = &live->wire;
    return STATUS_OK;
}

uint16_t live_wire_linktype(const struct wire *wire)
{
    return ((const struct live_wire *)(const void *)wire)->capture.linktype;
}

static int bind_port(int fd, uint8_t family, uint16_t port)
{
    if (family == 4) {
        struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port)};
        return bind(fd, (const struct sockaddr *)&local, sizeof local);
    }
    const int only = 1;
    struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    return bind(fd, (const struct sockaddr *)&local, sizeof local);
}

int live_wire_hold_port(struct wire *wire, uint8_t protocol, uint16_t port)
{
    struct live_wire *live = live_of(wire);
    const int no_room = 1; /* the socket is never read: the kernel raises this to its minimum */
    if (protocol != IPPROTO_UDP && protocol != IPPROTO_UDPLITE && protocol != IPPROTO_TCP)
        return 0;
    if (live->held_count == HELD_PORTS_MOST)
        return EMFILE;
    int fd = socket(live->injector.family == 4 ? AF_INET : AF_INET6,
                    (protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, protocol);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &no_room, sizeof no_room);
    if (bind_port(fd, live->injector.family, port) != 0) {
        int failure = errno;
        close(fd);
        return failure;
    }
    live->held[live->held_count++] = fd;
    return 0;
}
