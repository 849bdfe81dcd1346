/* SPDX-License-Identifier: BSD-2-Clause */
/* device: `device INTERFACE ACTION TEXT [SECONDS]` is a device beside the path. It reads a packet socket on INTERFACE
 * of a router, and injects packets when a packet to one of its ports holds TEXT. The packet itself goes on. ACTION is
 *
 *   reset    a RST to each side, in the other's name
 *   client   a RST to the sender alone, which acknowledges nothing
 *   fin      a FIN to the sender
 *   page     a page of its own to the sender, and a FIN
 *   dns      a DNS answer with an address of its own
 *
 * For SECONDS after each hit it also resets what else the sender sends to that host by TCP. It writes "ready" when the
 * socket is open, and a line for each injection. For tests, in a network namespace; a signal ends it. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include "netns/hurry.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "probe/identity.h"

#define PACKET_MOST 2048
#define TTL 64
#define WINDOW 1200
#define PAGE "HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\n\r\nblocked\n"
#define TYPE_AAAA 28

struct device {
    const char *text;
    int raw[2]; /* IPv4, IPv6 */
    unsigned seconds;
    struct addr client, server; /* of the last hit */
    time_t until;               /* the end of its residual blocking */
};

/* What is injected: from whom, to whom. */
struct injection {
    const struct addr *source, *target;
    uint16_t source_port, target_port;
    uint32_t seq, ack;
    uint8_t flags;
    const uint8_t *data;
    size_t length;
};

static void die(const char *what)
{
    fprintf(stderr, "device: %s: %s\n", what, strerror(errno));
    exit(2);
}

static time_t seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* --- sending --- */

/* The IP header of `size` bytes behind it; returns its own length. */
static size_t write_ip(uint8_t *at, const struct injection *in, uint8_t protocol, size_t size)
{
    memset(at, 0, 40);
    if (in->source->family == 6) {
        at[0] = 0x60;
        put16(at + 4, (uint16_t)size);
        at[6] = protocol;
        at[7] = TTL;
        memcpy(at + 8, in->source->bytes, 16);
        memcpy(at + 24, in->target->bytes, 16);
        return 40;
    }
    at[0] = 0x45;
    put16(at + 2, (uint16_t)(20 + size));
    put16(at + 4, (uint16_t)(size + 1));
    at[8] = TTL;
    at[9] = protocol;
    memcpy(at + 12, in->source->bytes, 4);
    memcpy(at + 16, in->target->bytes, 4);
    put16(at + 10, checksum_finish(checksum_add(0, at, 20)));
    return 20;
}

static void send_out(const struct device *device, const struct injection *in, const uint8_t *packet, size_t length)
{
    bool six = in->target->family == 6;
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
    memcpy(&four.sin_addr, in->target->bytes, sizeof four.sin_addr);
    memcpy(&to6.sin6_addr, in->target->bytes, sizeof to6.sin6_addr);
    const struct sockaddr *to = six ? (const void *)&to6 : (const void *)&four;
    if (sendto(device->raw[six], packet, length, 0, to, six ? sizeof to6 : sizeof four) < 0)
        die("send");
}

static void inject(const struct device *device, const struct injection *in, uint8_t protocol)
{
    uint8_t packet[PACKET_MOST];
    size_t header = protocol == IP_TCP ? 20 : 8, size = header + in->length;
    uint8_t *transport = packet + write_ip(packet, in, protocol, size);
    memset(transport, 0, header);
    put16(transport, in->source_port);
    put16(transport + 2, in->target_port);
    if (protocol == IP_TCP) {
        put32(transport + 4, in->seq);
        put32(transport + 8, in->ack);
        put16(transport + 12, (uint16_t)(0x5000 | in->flags));
        put16(transport + 14, WINDOW);
    } else {
        put16(transport + 4, (uint16_t)size);
    }
    if (in->length)
        memcpy(transport + header, in->data, in->length);
    uint32_t sum = checksum_pseudo(in->source, in->target, protocol, (uint32_t)size);
    put16(transport + (protocol == IP_TCP ? 16 : 6), checksum_finish(checksum_add(sum, transport, size)));
    send_out(device, in, packet, (size_t)(transport - packet) + size);
}

/* --- actions --- */

static struct injection to_sender(const struct headers *seen, uint32_t data)
{
    const struct transport *t = &seen->transport;
    return (struct injection){.source = &seen->ip.target,
                              .target = &seen->ip.source,
                              .source_port = t->target_port,
                              .target_port = t->source_port,
                              .seq = (uint32_t)t->ack,
                              .ack = (uint32_t)t->seq + data,
                              .flags = TCP_ACK};
}

static uint32_t sequence_length(const struct transport *t)
{
    return t->size - t->header_length + (t->flags & TCP_SYN ? 1U : 0U) + (t->flags & TCP_FIN ? 1U : 0U);
}

static void reset_sender(const struct device *device, const struct headers *seen)
{
    struct injection in = to_sender(seen, sequence_length(&seen->transport));
    in.flags = TCP_RST | TCP_ACK;
    inject(device, &in, IP_TCP);
}

static void cut_sender(const struct device *device, const struct headers *seen)
{
    struct injection in = to_sender(seen, 0);
    in.ack = 0;
    in.flags = TCP_RST;
    inject(device, &in, IP_TCP);
}

/* The receiver may have got the data already, or not: a RST for each case. */
static void reset_both(const struct device *device, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    struct injection in = {.source = &seen->ip.source,
                           .target = &seen->ip.target,
                           .source_port = t->source_port,
                           .target_port = t->target_port,
                           .seq = (uint32_t)t->seq,
                           .flags = TCP_RST};
    reset_sender(device, seen);
    inject(device, &in, IP_TCP);
    in.seq += sequence_length(t);
    inject(device, &in, IP_TCP);
}

static void finish(const struct device *device, const struct headers *seen)
{
    struct injection in = to_sender(seen, sequence_length(&seen->transport));
    in.flags = TCP_FIN | TCP_ACK;
    inject(device, &in, IP_TCP);
}

static void send_page(const struct device *device, const struct headers *seen)
{
    struct injection in = to_sender(seen, sequence_length(&seen->transport));
    in.flags = TCP_PSH | TCP_ACK;
    in.data = (const uint8_t *)PAGE;
    in.length = strlen(PAGE);
    inject(device, &in, IP_TCP);
    in.seq += (uint32_t)in.length;
    in.length = 0;
    in.flags = TCP_FIN | TCP_ACK;
    inject(device, &in, IP_TCP);
}

/* RFC 1035 4.1: the query, with an answer of the queried type (A or AAAA) behind its question. */
static void answer_dns(const struct device *device, const struct headers *seen)
{
    static const uint8_t address[16] = {192, 0, 2, 66};
    uint8_t message[PACKET_MOST / 2];
    struct injection in = to_sender(seen, 0);
    const struct transport *t = &seen->transport;
    size_t length = t->captured - t->header_length, end = 12;
    const uint8_t *query = t->bytes + t->header_length;
    while (end < length && query[end])
        end += query[end] + 1U;
    end += 5; /* the root, type and class */
    if (end > length || end + 28 > sizeof message)
        return;
    bool six = query[end - 3] == TYPE_AAAA;
    memcpy(message, query, end);
    put16(message + 2, 0x8180);
    put16(message + 6, 1);
    put32(message + 8, 0);
    put16(message + end, 0xc00c);
    memcpy(message + end + 2, query + end - 4, 4);
    put32(message + end + 6, 60);
    put16(message + end + 10, six ? 16 : 4);
    memcpy(message + end + 12, address, six ? 16 : 4);
    in.data = message;
    in.length = end + 12 + (six ? 16 : 4);
    inject(device, &in, IP_UDP);
}

static const struct action {
    const char *name;
    uint8_t protocol;
    void (*act)(const struct device *device, const struct headers *seen);
} actions[] = {
    {"reset", IP_TCP, reset_both}, {"client", IP_TCP, cut_sender}, {"fin", IP_TCP, finish},
    {"page", IP_TCP, send_page},   {"dns", IP_UDP, answer_dns},
};

static const struct action *action_of(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    fprintf(stderr, "device: %s: no such action\n", name);
    exit(2);
}

/* --- receiving --- */

static bool holds_text(const struct transport *t, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = t->header_length; at + length <= t->captured; at++)
        if (memcmp(t->bytes + at, text, length) == 0)
            return true;
    return false;
}

static bool is_residual(const struct device *device, const struct headers *seen)
{
    return seen->ip.protocol == IP_TCP && !(seen->transport.flags & TCP_RST) && seconds_now() < device->until &&
           addr_equal(&device->client, &seen->ip.source) && addr_equal(&device->server, &seen->ip.target);
}

static void take(struct device *device, const struct action *action, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    if (!t->bytes || !(t->have & HAVE_PORTS))
        return;
    if (seen->ip.protocol == action->protocol && holds_text(t, device->text)) {
        action->act(device, seen);
        device->client = seen->ip.source;
        device->server = seen->ip.target;
        device->until = seconds_now() + (time_t)device->seconds;
        printf("hit port %u ttl %u\n", t->source_port, seen->ip.ttl);
    } else if (is_residual(device, seen)) {
        reset_sender(device, seen);
        printf("residual port %u ttl %u\n", t->source_port, seen->ip.ttl);
    }
    fflush(stdout);
}

/* What goes out of the router: behind its filter and its TTL check. Else: what comes in. */
static bool is_egress(const char *interface)
{
    return strcmp(interface, "to-target") == 0;
}

static void run(struct device *device, const struct action *action, int fd, bool egress)
{
    uint8_t bytes[PACKET_MOST];
    struct sockaddr_ll from;
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t length = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
        if (length < 0)
            die("receive");
        struct frame frame = {
            .bytes = bytes, .captured = (uint32_t)length, .length = (uint32_t)length, .linktype = LINKTYPE_RAW};
        struct packet packet;
        packet_decode(&frame, &packet);
        if (packet.kind == PACKET_PLAIN && (from.sll_pkttype == PACKET_OUTGOING) == egress)
            take(device, action, &packet.outer);
    }
}

static int open_tap(const char *interface)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
    at.sll_ifindex = (int)if_nametoindex(interface);
    if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof at))
        die(interface);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: device INTERFACE reset|client|fin|page|dns TEXT [SECONDS]\n");
        return 2;
    }
    struct device device = {.text = argv[3], .seconds = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0};
    const struct action *action = action_of(argv[2]);
    device.raw[0] = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    device.raw[1] = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
    if (device.raw[0] < 0 || device.raw[1] < 0)
        die("raw socket");
    int tap = open_tap(argv[1]);
    hurry();
    puts("ready");
    fflush(stdout);
    run(&device, action, tap, is_egress(argv[1]));
    return 0;
}
