/* SPDX-License-Identifier: BSD-2-Clause */
/* The live wire between two network namespaces of its own: needs root. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/live.h"
#include "live/privileges.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "tap.h"

#define BURST 500

static pid_t far_pid;

__attribute__((format(printf, 1, 2))) static bool run(const char *format, ...)
{
    char command[512];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int status = system(command);
    if (status != 0)
        printf("# %s: status %d\n", command, status);
    return status == 0;
}

static void echo_for_ever(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(7)}, peer;
    bind(fd, (const struct sockaddr *)&local, sizeof local);
    for (;;) {
        char bytes[2048];
        socklen_t length = sizeof peer;
        ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &length);
        if (got >= 0)
            sendto(fd, bytes, (size_t)got, 0, (const struct sockaddr *)&peer, length);
    }
}

/* The other end: a namespace that lives as long as this child, with an echo service on UDP port 7. */
static bool make_far(void)
{
    int ready[2];
    char byte;
    if (pipe(ready) != 0)
        return false;
    far_pid = fork();
    if (far_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "x", 1) == 1)
            echo_for_ever();
        _exit(1);
    }
    close(ready[1]);
    bool made = far_pid > 0 && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    return made;
}

static bool make_link(void)
{
    return run("ip link set lo up && ip link add va type veth peer name vb netns %d", (int)far_pid) &&
           run("ip addr add 10.9.0.1/24 dev va && ip addr add fd09::1/64 dev va nodad && ip link set va up") &&
           run("nsenter -t %d -n sh -c 'ip link set lo up; ip addr add 10.9.0.2/24 dev vb; ip addr add fd09::2/64 dev "
               "vb nodad; ip link set vb up; sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 "
               "net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=10000'",
               (int)far_pid);
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A UDP packet of `size` bytes in all from port 40000; returns size. */
static size_t make_udp(uint8_t *out, const char *from, const char *to, unsigned port, size_t size)
{
    struct addr source, target;
    addr_parse(from, &source);
    addr_parse(to, &target);
    size_t header = source.family == 4 ? 20 : 40, addresses = source.family == 4 ? 12 : 8;
    memset(out, 0, size);
    out[0] = source.family == 4 ? 0x45 : 0x60;
    put16(out + (source.family == 4 ? 2 : 4), (unsigned)(source.family == 4 ? size : size - 40));
    if (source.family == 4) {
        put16(out + 4, 0x1234);
        out[6] = 0x40; /* DF */
    }
    out[source.family == 4 ? 8 : 7] = 64;
    out[source.family == 4 ? 9 : 6] = IP_UDP;
    memcpy(out + addresses, source.bytes, addr_length(&source));
    memcpy(out + addresses + addr_length(&source), target.bytes, addr_length(&target));
    put16(out + header, 40000);
    put16(out + header + 2, port);
    put16(out + header + 4, (unsigned)(size - header));
    uint32_t sum = checksum_pseudo(&source, &target, IP_UDP, (uint32_t)(size - header));
    put16(out + header + 6, checksum_finish(checksum_add(sum, out + header, size - header)));
    return size;
}

static struct wire *open_wire(struct live_options options, struct err *err)
{
    struct wire *wire = NULL;
    if (options.family == 0)
        options.family = 4;
    live_wire_open(&options, &wire, err);
    return wire;
}

static int send_udp(struct wire *wire, const char *from, const char *to, unsigned port, size_t size)
{
    uint8_t bytes[70000];
    struct addr target;
    addr_parse(to, &target);
    return wire->ops->send(wire, &target, bytes, make_udp(bytes, from, to, port, size));
}

struct seen {
    unsigned frames, probes, errors, other;
    uint16_t linktype;
    nstime first_probe, first_error;
    uint8_t probe_direction;
    uint32_t probe_interface;
    bool tagged;
    enum wire_event last;
};

/* What a test waits for: so many frames of each kind, or the end of the capture. */
struct expected {
    unsigned probes, errors, other;
    bool end;
};

#define PATIENCE (60 * NS_PER_S) /* only a test that has failed waits so long */

static bool is_expected(const struct seen *seen, const struct expected *expected)
{
    return !expected->end && seen->probes >= expected->probes && seen->errors >= expected->errors &&
           seen->other >= expected->other;
}

/* What comes until all that is expected is there, and within `span` after that. */
static struct seen watch(struct wire *wire, struct expected expected, nstime span, struct err *err)
{
    struct seen seen = {0};
    bool complete = is_expected(&seen, &expected);
    nstime until = wire->ops->now(wire) + (complete ? span : PATIENCE);
    for (;;) {
        if (!complete && is_expected(&seen, &expected)) {
            complete = true;
            until = wire->ops->now(wire) + span;
        }
        struct frame frame;
        struct session_claim claim;
        struct packet packet;
        seen.last = wire->ops->receive(wire, until, &frame, &claim, err);
        if (seen.last == WIRE_QUIET && wire->ops->now(wire) < until)
            continue;
        if (seen.last != WIRE_FRAME)
            return seen;
        packet_decode(&frame, &packet);
        seen.frames++;
        seen.linktype = frame.linktype;
        seen.tagged |= frame.linktype == LINKTYPE_ETHERNET && frame.captured > 13 && frame.bytes[12] == 0x81;
        if (packet.kind == PACKET_ICMP_ERROR) {
            seen.first_error = seen.errors++ ? seen.first_error : frame.time;
        } else if (packet.outer.ip.protocol == IP_UDP && packet.outer.transport.source_port == 40000) {
            seen.first_probe = seen.probes++ ? seen.first_probe : frame.time;
            seen.probe_direction = packet.direction;
            seen.probe_interface = packet.interface;
        } else {
            seen.other++;
        }
    }
}

static void test_round_trip(struct live_options options, const char *from, const char *to, unsigned linktype,
                            const char *name)
{
    struct err err = {0};
    struct wire *wire = open_wire(options, &err);
    if (!ok(wire != NULL, "%s: opens %s", name, err.message))
        return;
    nstime before = wire->ops->now(wire);
    is_num(send_udp(wire, from, to, 33434, 80), 0, "%s: is sent", name);
    nstime after = wire->ops->now(wire);
    struct seen seen = watch(wire, (struct expected){.probes = 1, .errors = 1}, 30 * NS_PER_MS, &err);
    nstime end = wire->ops->now(wire);
    is_num(seen.probes, 1, "%s: our own frame is captured once", name);
    is_num(seen.errors, 1, "%s: so is the port unreachable", name);
    is_num(seen.linktype, linktype, "%s: link type", name);
    is_num(live_wire_linktype(wire), linktype, "%s: link type as told", name);
    ok(seen.first_probe >= before - NS_PER_MS && seen.first_probe <= after + NS_PER_MS, "%s: its stamp is of the send",
       name);
    ok(seen.first_error > seen.first_probe && seen.first_error < end, "%s: stamps are in order", name);
    is_num(seen.last, WIRE_QUIET, "%s: then it is quiet", name);
    printf("# %s: RTT %.3f ms, stamp %.3f ms after the call\n", name, nstime_ms(seen.first_error - seen.first_probe),
           nstime_ms(seen.first_probe - before));
    wire->ops->close(wire);
}

/* IPv6 becomes usable some time after the link is up. */
static void wait_for_v6(void)
{
    struct err err = {0};
    struct wire *wire = open_wire((struct live_options){.family = 6, .filter = "icmp6"}, &err);
    for (int i = 0; wire && i < 50; i++) {
        send_udp(wire, "fd09::1", "fd09::2", 9, 80);
        if (watch(wire, (struct expected){0}, 60 * NS_PER_MS, &err).errors)
            break;
    }
    if (wire)
        wire->ops->close(wire);
}

static void test_burst(void)
{
    struct err err = {0};
    struct wire *wire = open_wire((struct live_options){.filter = "udp port 40000 or icmp"}, &err);
    for (unsigned i = 0; i < BURST; i++)
        send_udp(wire, "10.9.0.1", "10.9.0.2", 33434, 60);
    struct seen seen = watch(wire, (struct expected){.probes = BURST, .errors = BURST}, 30 * NS_PER_MS, &err);
    is_num(seen.probes, BURST, "burst: every frame that left is seen");
    is_num(seen.errors, BURST, "burst: every answer is seen");
    is_num(wire->ops->dropped(wire), 0, "burst: the kernel dropped none");
    wire->ops->close(wire);
}

#define WAITS 50

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

static void test_waiting(void)
{
    struct err err = {0};
    struct frame frame;
    struct session_claim claim;
    struct wire *wire = open_wire((struct live_options){.filter = "udp port 9"}, &err);
    /* The best of many: a busy machine delays some, a coarse timer all. */
    nstime best = NSTIME_NEVER;
    bool early = false;
    for (int i = 0; i < WAITS; i++) {
        nstime until = wire->ops->now(wire) + NS_PER_MS / 2;
        wire->ops->receive(wire, until, &frame, &claim, &err);
        nstime over = wire->ops->now(wire) - until;
        best = over < best ? over : best;
        early = early || over < 0;
    }
    ok(!early && best < 5 * NS_PER_MS, "waiting: half a millisecond is kept (%.3f ms late)", nstime_ms(best));

    nstime past = wire->ops->now(wire);
    is_num(wire->ops->receive(wire, past, &frame, &claim, &err), WIRE_QUIET, "waiting: a time that is past");
    ok(wire->ops->drained(wire) >= past, "waiting: ... is drained afterwards");
    best = NSTIME_NEVER;
    for (int i = 0; i < WAITS; i++) {
        nstime start = wire->ops->now(wire);
        wire->ops->receive(wire, past - NS_PER_S, &frame, &claim, &err);
        nstime took = wire->ops->now(wire) - start;
        best = took < best ? took : best;
    }
    ok(best < 2 * NS_PER_MS, "waiting: a time long past is no wait");

    struct sigaction action = {.sa_handler = on_alarm};
    /* Again and again: a busy machine may let the first one come before the wait. */
    struct itimerval timer = {.it_value.tv_usec = 10000, .it_interval.tv_usec = 10000}, none = {0};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    is_num(wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err), WIRE_QUIET, "waiting: a signal ends it");
    setitimer(ITIMER_REAL, &none, NULL);
    ok(alarms > 0, "waiting: ... that very signal");
    wire->ops->close(wire);
}

static void test_open_errors(void)
{
    static const struct {
        const char *interface, *want;
    } rows[] = {
        {"nosuch0", "nosuch0: cannot open capture: no such interface (`ip link` lists them)"},
        {"down0", "down0: cannot open capture: the interface is down (ip link set down0 up)"},
    };
    run("ip link add down0 type veth peer name down1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        ok(!open_wire((struct live_options){.interface = rows[i].interface}, &err), "%s does not open",
           rows[i].interface);
        is_text(err.message, rows[i].want, "%s: message", rows[i].interface);
    }
    struct err err = {0};
    ok(!open_wire((struct live_options){.egress = "nosuch0"}, &err), "an egress that does not exist");
    is_text(err.message, "nosuch0: cannot send by this interface: No such device", "its message");
}

static void test_send_errors(void)
{
    struct err err = {0};
    struct wire *wire = open_wire((struct live_options){.filter = "udp"}, &err);
    is_num(send_udp(wire, "10.9.0.1", "203.0.113.1", 9, 60), ENETUNREACH, "no route is told by send");
    is_num(send_udp(wire, "10.9.0.1", "10.9.0.2", 9, 1501), EMSGSIZE, "so is a packet over the MTU");
    struct addr six = {.family = 6};
    is_num(wire->ops->send(wire, &six, (const uint8_t *)"", 1), EAFNOSUPPORT, "so is the other family");
    if (run("nft add table ip t && nft 'add chain ip t o { type filter hook output priority 0; }' && "
            "nft add rule ip t o udp dport 9 drop")) {
        is_num(send_udp(wire, "10.9.0.1", "10.9.0.2", 9, 60), EPERM, "so is the local firewall");
        is_num(watch(wire, (struct expected){0}, 20 * NS_PER_MS, &err).frames, 0, "a refused packet is not captured");
        run("nft delete table ip t");
    }
    wire->ops->close(wire);
}

/* libpcap would warn on stderr and filter in our process. */
static void test_long_filter(void)
{
    size_t capacity = 40000, used = 0;
    char *text = malloc(capacity), path[] = "/tmp/test_wire.XXXXXX", said[256];
    used += (size_t)snprintf(text, capacity, "udp port 9999");
    for (unsigned i = 0; i < 400; i++)
        used += (size_t)snprintf(text + used, capacity - used, " or (host 192.0.%u.%u and udp port %u)", i / 250,
                                 i % 250, i + 1);
    int capture = mkstemp(path), old = dup(STDERR_FILENO);
    dup2(capture, STDERR_FILENO);
    struct err err = {0};
    struct wire *wire = open_wire((struct live_options){.filter = text, .short_filter = "udp or icmp"}, &err);
    struct wire *none = open_wire((struct live_options){.filter = text}, &err);
    dup2(old, STDERR_FILENO);
    close(old);
    is_num(pread(capture, said, sizeof said, 0), 0, "long filter: nothing on stderr");
    ok(!none, "long filter: without a short one it is refused");
    is_text(err.message, "any: cannot set the capture filter: the kernel rejects it as too long (use fewer -P)",
            "its message");
    if (ok(wire != NULL, "long filter: the short one is used")) {
        send_udp(wire, "10.9.0.1", "10.9.0.2", 33434, 60);
        struct seen seen = watch(wire, (struct expected){.probes = 1, .errors = 1}, 30 * NS_PER_MS, &err);
        ok(seen.probes == 1 && seen.errors == 1, "long filter: and passes what it should");
        wire->ops->close(wire);
    }
    close(capture);
    unlink(path);
    free(text);
}

static void test_held_port(void)
{
    struct err err = {0};
    struct wire *wire = open_wire((struct live_options){.filter = "udp port 40000 or icmp"}, &err);
    send_udp(wire, "10.9.0.1", "10.9.0.2", 7, 60);
    struct seen seen = watch(wire, (struct expected){.errors = 1, .other = 1}, 30 * NS_PER_MS, &err);
    ok(seen.errors == 1 && seen.other == 1, "port not held: our kernel answers the answer");
    is_num(live_wire_hold_port(wire, IP_UDP, 40000), 0, "port is held");
    is_num(live_wire_hold_port(wire, IP_UDP, 40000), EADDRINUSE, "port is held: no other socket can have it");
    is_num(live_wire_hold_port(wire, IP_ICMP, 40000), 0, "icmp has nothing to hold");
    is_num(live_wire_hold_port(wire, IP_TCP, 40000), 0, "a tcp port is held");
    send_udp(wire, "10.9.0.1", "10.9.0.2", 7, 60);
    seen = watch(wire, (struct expected){.probes = 1, .other = 1}, 30 * NS_PER_MS, &err);
    ok(seen.errors == 0 && seen.probes == 1 && seen.other == 1, "port held: our kernel is silent");
    wire->ops->close(wire);
    wire = open_wire((struct live_options){.filter = "udp"}, &err);
    is_num(live_wire_hold_port(wire, IP_UDP, 40000), 0, "closing lets it go");
    wire->ops->close(wire);
}

static void send_tagged(const char *interface)
{
    uint8_t bytes[18 + 60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 5, 8, 0};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface), .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    make_udp(bytes + 18, "10.5.0.1", "10.5.0.2", 33434, 60);
    sendto(fd, bytes, sizeof bytes, 0, (const struct sockaddr *)&to, sizeof to);
    close(fd);
}

/* Of a frame that arrives the kernel takes the tag off before the filter runs; in one that leaves it stands in the
 * bytes. */
static void test_vlan(void)
{
    static const char *const names[] = {"leaving", "arriving"};
    static const char *const senders[] = {"tag0", "tag1"};
    run("ip link add tag0 type veth peer name tag1 && ip link set tag1 up && ip link set tag0 up");
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        struct wire *wire = open_wire((struct live_options){.interface = "tag0", .filter = "udp src port 40000"}, &err);
        send_tagged(senders[i]);
        struct seen seen = watch(wire, (struct expected){.probes = 1}, 20 * NS_PER_MS, &err);
        ok(seen.tagged && seen.probes == 1, "vlan: a tagged frame %s passes the filter", names[i]);
        wire->ops->close(wire);
    }
}

static void test_tun(void)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strcpy(request.ifr_name, "tun9");
    int fd = open("/dev/net/tun", O_RDWR);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0 ||
        !run("ip addr add 10.8.0.1/24 dev tun9 && ip link set tun9 up")) {
        printf("ok %d - # SKIP no tun device here\n", ++tap_count);
        return;
    }
    struct err err = {0};
    struct wire *wire = open_wire((struct live_options){.interface = "tun9", .filter = "udp"}, &err);
    send_udp(wire, "10.8.0.1", "10.8.0.2", 33434, 60);
    struct seen seen = watch(wire, (struct expected){.probes = 1}, 30 * NS_PER_MS, &err);
    ok(seen.linktype == LINKTYPE_RAW && seen.probes == 1, "tun: raw IP frames");
    wire->ops->close(wire);
    close(fd);
}

/* `change` runs while the wire waits. */
static void test_interface_ends(const char *interface, const char *change, const char *want, const char *name)
{
    struct err err = {0};
    run("ip link add gone0 type veth peer name gone1 && ip link set gone1 up && ip link set gone0 up");
    struct wire *wire = open_wire((struct live_options){.interface = interface, .filter = "udp port 9"}, &err);
    if (!ok(wire != NULL, "%s: opens %s", name, err.message))
        return;
    pid_t child = fork();
    if (child == 0) {
        usleep(20000); /* the wire waits by then; if it does not yet, it finds the interface gone */
        _exit(system(change) != 0);
    }
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    struct seen seen = watch(wire, (struct expected){.end = want != NULL}, 400 * NS_PER_MS, &err);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    waitpid(child, NULL, 0);
    if (!want)
        seen = watch(wire, (struct expected){0}, 30 * NS_PER_MS, &err);
    is_num(seen.last, want ? WIRE_FAILED : WIRE_QUIET, "%s: how it ends", name);
    is_text(err.message, want ? want : "", "%s: message", name);
    ok((end.tv_sec - start.tv_sec) * NS_PER_S + end.tv_nsec - start.tv_nsec < 100 * NS_PER_MS, "%s: no busy waiting",
       name);
    wire->ops->close(wire);
    if (want && strstr(change, " down"))
        run("ip link del gone0");
}

/* As a run does it: the capture and the injector outlive every privilege, and the sealed process can use and close
 * them. */
static void test_sealed(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        struct wire *wire = NULL;
        bool good = privileges_reduce(false, &err) == STATUS_OK &&
                    (wire = open_wire((struct live_options){.filter = "udp port 40000 or icmp"}, &err)) != NULL &&
                    privileges_drop(&err) == STATUS_OK;
        printf("# sealed: %s\n", privileges_seal(SEAL_WIRE) == SEAL_DONE ? "yes" : "no, a sanitizer is in");
        if (good) {
            good = send_udp(wire, "10.9.0.1", "10.9.0.2", 33434, 60) == 0;
            struct seen seen = watch(wire, (struct expected){.probes = 1, .errors = 1}, 30 * NS_PER_MS, &err);
            good = good && seen.probes == 1 && seen.errors == 1 && seen.last == WIRE_QUIET &&
                   wire->ops->dropped(wire) == 0;
            wire->ops->close(wire);
        }
        printf("# %s\n", err.message);
        fflush(stdout);
        _exit(!good);
    }
    waitpid(child, &status, 0);
    is_num(status, 0, "without any privilege, sealed: frames go out and come in");
}

/* Tries to see all traffic: to remove the filter of each packet socket, and to replace it. */
static void test_locked(void)
{
    struct err err = {0};
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
    const struct sock_fprog program = {.len = 1, .filter = &all};
    unsigned captures = 0, refused = 0;
    struct wire *wire = open_wire((struct live_options){.filter = "udp port 9"}, &err);
    if (!ok(wire != NULL, "a capture whose filter is locked %s", err.message))
        return;
    for (int fd = 3; fd < 64; fd++) {
        int domain = 0, none = 0;
        socklen_t length = sizeof domain;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 || domain != AF_PACKET)
            continue;
        captures++;
        refused += setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) != 0 && errno == EPERM;
        refused += setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 && errno == EPERM;
    }
    is_num(captures, 1, "one packet socket");
    is_num(refused, 2, "its filter is neither removed nor replaced");
    wire->ops->close(wire);
}

static void report_start(void)
{
    struct err err = {0};
    struct timespec start, opened, sent;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct wire *wire = open_wire((struct live_options){.filter = "udp port 40000 or icmp"}, &err);
    clock_gettime(CLOCK_MONOTONIC, &opened);
    send_udp(wire, "10.9.0.1", "10.9.0.2", 33434, 60);
    clock_gettime(CLOCK_MONOTONIC, &sent);
    double open_ms = (double)(opened.tv_sec - start.tv_sec) * 1e3 + (double)(opened.tv_nsec - start.tv_nsec) / 1e6;
    double send_ms = (double)(sent.tv_sec - opened.tv_sec) * 1e3 + (double)(sent.tv_nsec - opened.tv_nsec) / 1e6;
    printf("# opening %.1f ms, first send %.3f ms\n", open_ms, send_ms);
    wire->ops->close(wire);
}

int main(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
        printf("1..0 # SKIP needs root, for network namespaces of its own\n");
        return 0;
    }
    if (!ok(make_far() && make_link(), "two namespaces and a link"))
        return tap_done();
    wait_for_v6();
    const struct addr source = {.family = 4, .bytes = {10, 9, 0, 1}};
    test_round_trip((struct live_options){.filter = "udp or icmp"}, "10.9.0.1", "10.9.0.2", LINKTYPE_LINUX_SLL2, "any");
    test_round_trip((struct live_options){.family = 6, .filter = "ip6"}, "fd09::1", "fd09::2", LINKTYPE_LINUX_SLL2,
                    "any v6");
    test_round_trip(
        (struct live_options){
            .interface = "va", .egress = "va", .source = &source, .fwmark = 7, .filter = "udp or icmp"},
        "10.9.0.1", "10.9.0.2", LINKTYPE_ETHERNET, "-i va");
    test_round_trip((struct live_options){.interface = "lo", .filter = "udp or icmp"}, "127.0.0.1", "127.0.0.1",
                    LINKTYPE_ETHERNET, "-i lo");
    test_burst();
    test_waiting();
    test_open_errors();
    test_send_errors();
    test_long_filter();
    test_held_port();
    test_vlan();
    test_tun();
    static const char ended[] = "gone0: the capture ended: the interface went down or was removed";
    test_interface_ends("gone0", "ip link del gone0", ended, "-i, deleted");
    test_interface_ends("gone0", "ip link set gone0 down", ended, "-i, set down");
    test_interface_ends(NULL, "ip link del gone0", NULL, "any, one deleted");
    test_sealed();
    test_locked();
    report_start();
    kill(far_pid, SIGKILL);
    waitpid(far_pid, NULL, 0);
    return tap_done();
}
