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

/* A wire that gathers frames does so while fewer than this came between two sleeps.
 * Unit: frames. Source: the ring has room for about 2500. Effect: a smaller number wakes the process more often; a
 * larger one may lose frames of a burst. */
#define FRAMES_GATHERED 100

#define HELD_PORTS_MOST 256 /* ports held at a time; the next one fails with EMFILE */

/* A socket that holds a port. */
struct held {
    int fd; /* owned; -1: a connection that was closed, or could not be held: */
    int failure;
    uint16_t port; /* of a connection; 0: it holds the port only */
};

struct live_wire {
    struct wire wire; /* first: a struct wire * is one of these */
    struct capture_clock clock;
    struct capture capture;
    struct injector injector;
    nstime drained;
    bool gathers;   /* live_options.gathers_frames */
    unsigned taken; /* frames since the last sleep */
    struct held held[HELD_PORTS_MOST];
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

/* Waits for a frame, or until the ring holds some. False if the capture failed; `err` is then set. */
static bool live_sleep(struct live_wire *live, nstime span, bool *interrupted, struct err *err)
{
    bool sleeps_on = live->gathers && live->taken < FRAMES_GATHERED;
    struct pollfd poll_fd = {.fd = pcap_get_selectable_fd(live->capture.pcap), .events = sleeps_on ? 0 : POLLIN};
    live->taken = 0;
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
            live->taken++;
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

static struct held *held_by(struct live_wire *live, uint16_t port)
{
    for (unsigned i = 0; i < live->held_count; i++)
        if (live->held[i].port == port)
            return &live->held[i];
    return NULL;
}

static int live_connect(struct wire *wire, const struct flow *flow)
{
    struct live_wire *live = live_of(wire);
    const struct held *held = held_by(live, flow->source_port);
    union endpoint to;
    socklen_t length = endpoint_init(&to, &flow->target, flow->target_port, live->injector.scope);
    if (!held || held->fd < 0)
        return held ? held->failure : EMFILE;
    return connect(held->fd, &to.any, length) == 0 || errno == EINPROGRESS ? 0 : errno;
}

static void live_disconnect(struct wire *wire, const struct flow *flow)
{
    struct held *held = held_by(live_of(wire), flow->source_port);
    if (held && held->fd >= 0)
        close(held->fd);
    if (held)
        held->fd = -1;
}

static void live_close(struct wire *wire)
{
    struct live_wire *live = live_of(wire);
    for (unsigned i = 0; i < live->held_count; i++)
        if (live->held[i].fd >= 0)
            close(live->held[i].fd);
    injector_close(&live->injector);
    capture_close(&live->capture);
    free(live);
}

static const struct wire_ops live_ops = {
    .receive = live_receive,
    .send = live_send,
    .connect = live_connect,
    .disconnect = live_disconnect,
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
    live->capture.waits = options->waits_for_interface;
    live->gathers = options->gathers_frames;
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

struct clock_look live_wire_clock(const struct wire *wire)
{
    const struct live_wire *live = (const struct live_wire *)(const void *)wire;
    return (struct clock_look){.step = capture_clock_step(&live->clock), .slept = capture_clock_slept()};
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

/* A closed socket with this option sends a RST, so that the target forgets the connection at once. */
static const struct linger reset_at_close = {.l_onoff = 1, .l_linger = 0};

static int prepare_connection(int fd, const struct live_options *options, const struct flow *flow, uint32_t scope)
{
    union endpoint local;
    socklen_t length = endpoint_init(&local, &flow->source, flow->source_port, scope);
    const int on = 1, tos = flow->tos;
    bool six = flow->target.family == 6, fails = false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_TCLASS : IP_TOS, &tos, sizeof tos);
    fails = setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_at_close, sizeof reset_at_close) != 0;
    if (options->egress)
        fails = fails || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options->egress,
                                    (socklen_t)strlen(options->egress) + 1) != 0;
    if (options->fwmark)
        fails = fails || setsockopt(fd, SOL_SOCKET, SO_MARK, &options->fwmark, sizeof options->fwmark) != 0;
    return fails || bind(fd, &local.any, length) != 0 ? errno : 0;
}

int live_wire_hold_connection(struct wire *wire, const struct live_options *options, const struct flow *flow)
{
    struct live_wire *live = live_of(wire);
    if (live->held_count == HELD_PORTS_MOST)
        return EMFILE;
    struct held *held = &live->held[live->held_count++];
    *held = (struct held){.port = flow->source_port};
    held->fd =
        socket(flow->target.family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    held->failure = held->fd < 0 ? errno : prepare_connection(held->fd, options, flow, live->injector.scope);
    if (held->fd >= 0 && held->failure) {
        close(held->fd);
        held->fd = -1;
    }
    return held->failure;
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
    live->held[live->held_count++] = (struct held){.fd = fd};
    return 0;
}
