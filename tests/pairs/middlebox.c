/* SPDX-License-Identifier: BSD-2-Clause */
/* middlebox: a router of the lab that does to packets what it is told, and keeps the truth. For tests, in a network
 * namespace whose kernel forwards nothing.
 *
 *   middlebox NEAR-INTERFACE FAR-INTERFACE FOLDER [RULE=NUMBER]...
 *
 * RULE: lose=N        every Nth packet of each way, ICMP aside, is lost
 *       duplicate=N   every Nth packet is sent twice
 *       hold=N        every Nth packet leaves 5 ms later than others
 *       shift=N       N is added to the sequence numbers of TCP toward the far side
 *       reset-near=N  after N data segments of a connection a forged RST goes to its near end; reset-far=N likewise
 * FOLDER/lost.pcap and FOLDER/forged.pcap get each such packet as it came, or as it was sent. It prints "ready", and
 * runs until a signal ends it. The two ends of each link have MAC addresses that differ in the last bit pair: 01, 02.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pairs/middle.h"

#define HOLD (5 * NS_PER_MS)
#define HELD_MOST 64
#define BUFFER_BYTES (32 << 20) /* of a socket: what it has no room for is lost, and nothing says so */
#define CONNECTIONS_MOST 64
#define PCAP_RAW 101

struct rules {
    unsigned lose, duplicate, hold, reset[2]; /* 0: never */
    uint32_t shift;
};

struct port {
    int fd;
    struct sockaddr_ll address;
    uint8_t own[6], peer[6];
};

struct held {
    nstime due;
    int out;
    struct pkt packet;
};

/* By its ports, which the traffic of a test repeats rarely. */
struct connection {
    uint16_t ports[2];
    unsigned data;
    bool done;
};

struct box {
    struct rules rules;
    struct port ports[2];
    FILE *lost, *forged;
    unsigned count[2];
    struct held held[HELD_MOST];
    unsigned held_count;
    struct connection connections[CONNECTIONS_MOST];
    unsigned connection_count;
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "middlebox: %s: %s\n", what, strerror(errno));
    exit(2);
}

static nstime now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (nstime)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ---- the truth ---- */

static FILE *truth_open(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file)
        die(path);
    fwrite((const uint32_t[]){0xa1b23c4d, 4U << 16 | 2, 0, 0, 65535, PCAP_RAW}, 4, 6, file);
    fflush(file);
    return file;
}

static void truth_add(FILE *file, const struct pkt *packet)
{
    nstime at = now(CLOCK_REALTIME);
    fwrite((const uint32_t[]){(uint32_t)(at / NS_PER_S), (uint32_t)(at % NS_PER_S), packet->length, packet->length}, 4,
           4, file);
    fwrite(packet->bytes, 1, packet->length, file);
    fflush(file);
}

/* ---- the wire ---- */

static void port_open(struct port *port, const char *name)
{
    struct ifreq request = {0};
    int room = BUFFER_BYTES;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    port->fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
    if (port->fd < 0 || ioctl(port->fd, SIOCGIFHWADDR, &request) != 0)
        die(name);
    if (setsockopt(port->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(port->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    memcpy(port->own, request.ifr_hwaddr.sa_data, 6);
    memcpy(port->peer, port->own, 6);
    port->peer[5] ^= 3;
    port->address = (struct sockaddr_ll){.sll_family = AF_PACKET,
                                         .sll_protocol = htons(ETH_P_ALL),
                                         .sll_ifindex = (int)if_nametoindex(name),
                                         .sll_halen = 6};
    memcpy(port->address.sll_addr, port->peer, 6);
    if (bind(port->fd, (struct sockaddr *)&port->address, sizeof port->address) != 0)
        die(name);
}

/* Packets that the socket had no room for. The truth is not whole then. */
static bool missed(const struct port *port)
{
    struct tpacket_stats statistics = {0};
    socklen_t size = sizeof statistics;
    if (getsockopt(port->fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0 || statistics.tp_drops == 0)
        return false;
    printf("%u packets were missed\n", statistics.tp_drops);
    return true;
}

static void port_send(const struct port *port, const struct pkt *packet)
{
    struct sockaddr_ll to = port->address;
    to.sll_protocol = htons(packet->bytes[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
    sendto(port->fd, packet->bytes, packet->length, 0, (struct sockaddr *)&to, sizeof to);
}

/* Neighbours are static in the lab; packets of this host itself are no business of the router's. */
static bool port_receive(const struct port *port, struct pkt *packet)
{
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(port->fd, packet->bytes, sizeof packet->bytes, MSG_DONTWAIT | MSG_TRUNC,
                              (struct sockaddr *)&from, &size);
    if (length > (ssize_t)sizeof packet->bytes)
        die("a packet is larger than the links take: turn segmentation offload off");
    bool is_ip = from.sll_protocol == htons(ETH_P_IP) || from.sll_protocol == htons(ETH_P_IPV6);
    packet->length = (uint16_t)(length > 0 ? length : 0);
    return length >= 20 && is_ip && from.sll_pkttype == PACKET_HOST;
}

/* ---- what it does ---- */

static bool is_nth(unsigned count, unsigned n)
{
    return n > 0 && count % n == n - 1;
}

static struct connection *find_connection(struct box *box, const struct transport *tcp, int way)
{
    uint16_t near = way == 0 ? tcp->source_port : tcp->target_port,
             far = way == 0 ? tcp->target_port : tcp->source_port;
    for (unsigned i = 0; i < box->connection_count; i++)
        if (box->connections[i].ports[0] == near && box->connections[i].ports[1] == far)
            return &box->connections[i];
    if (box->connection_count == CONNECTIONS_MOST)
        return NULL;
    box->connections[box->connection_count] = (struct connection){.ports = {near, far}};
    return &box->connections[box->connection_count++];
}

/* An RST in the name of the receiver of `packet`, to its sender, with the number that is acknowledged. */
static void reset_sender(struct box *box, int side, const struct packet *packet)
{
    const struct headers *h = &packet->outer;
    uint8_t tcp[20] = {0};
    struct pkt reset;
    struct pkt_ip ip = {.source = h->ip.target, .target = h->ip.source, .protocol = IP_TCP, .ttl = 99, .id = 0x5e7};
    pkt_put16(tcp, h->transport.target_port);
    pkt_put16(tcp + 2, h->transport.source_port);
    pkt_put32(tcp + 4, (uint32_t)h->transport.ack);
    tcp[12] = 0x50;
    tcp[13] = TCP_RST;
    pkt_build(&reset, &ip, tcp, sizeof tcp);
    pkt_sum(&reset);
    truth_add(box->forged, &reset);
    port_send(&box->ports[side], &reset);
}

/* A packet as it came from `side`: once its connection has sent enough data, a reset follows. */
static void consider_reset(struct box *box, int side, const struct packet *packet)
{
    const struct transport *tcp = &packet->outer.transport;
    unsigned after = box->rules.reset[side];
    if (after == 0 || packet->outer.ip.protocol != IP_TCP || !(tcp->flags & TCP_ACK) || tcp->size <= tcp->header_length)
        return;
    struct connection *connection = find_connection(box, tcp, side);
    if (!connection || connection->done || ++connection->data < after)
        return;
    connection->done = true;
    reset_sender(box, side, packet);
}

static bool is_exempt(const struct packet *packet)
{
    return packet->outer.ip.protocol == IP_ICMP || packet->outer.ip.protocol == IP_ICMP6;
}

static void hold(struct box *box, int out, const struct pkt *packet)
{
    if (box->held_count == HELD_MOST) {
        port_send(&box->ports[out], packet);
        return;
    }
    box->held[box->held_count++] = (struct held){.due = now(CLOCK_MONOTONIC) + HOLD, .out = out, .packet = *packet};
}

static void forward(struct box *box, int side, struct pkt *packet)
{
    struct packet decoded;
    uint8_t ttl = packet->bytes[0] >> 4 == 6 ? packet->bytes[7] : packet->bytes[8];
    if (!pkt_decode(packet, &decoded) || ttl <= 1)
        return;
    if (!is_exempt(&decoded)) {
        unsigned count = box->count[side]++;
        if (is_nth(count, box->rules.lose)) {
            truth_add(box->lost, packet);
            return;
        }
        consider_reset(box, side, &decoded);
        pkt_set_ttl(packet->bytes, (uint8_t)(ttl - 1));
        if (decoded.outer.ip.protocol == IP_TCP && box->rules.shift)
            middle_shift(packet, side == 0 ? box->rules.shift : 0, side == 0 ? 0 : box->rules.shift);
        if (is_nth(count + 7, box->rules.hold)) {
            hold(box, !side, packet);
            return;
        }
        if (is_nth(count + 3, box->rules.duplicate))
            port_send(&box->ports[!side], packet);
    } else
        pkt_set_ttl(packet->bytes, (uint8_t)(ttl - 1));
    port_send(&box->ports[!side], packet);
}

/* Sends what is due; returns the milliseconds until the next is, or -1. */
static int release(struct box *box)
{
    nstime at = now(CLOCK_MONOTONIC);
    while (box->held_count > 0 && box->held[0].due <= at) {
        port_send(&box->ports[box->held[0].out], &box->held[0].packet);
        memmove(&box->held[0], &box->held[1], --box->held_count * sizeof box->held[0]);
    }
    return box->held_count > 0 ? (int)((box->held[0].due - at) / NS_PER_MS) + 1 : -1;
}

static void run(struct box *box)
{
    struct pollfd wanted[2] = {{.fd = box->ports[0].fd, .events = POLLIN}, {.fd = box->ports[1].fd, .events = POLLIN}};
    struct pkt packet;
    while (!stopped) {
        if (poll(wanted, 2, release(box)) < 0 && errno != EINTR)
            die("poll");
        for (int side = 0; side < 2; side++)
            if (wanted[side].revents && port_receive(&box->ports[side], &packet))
                forward(box, side, &packet);
    }
}

static void read_rule(struct rules *rules, const char *word)
{
    const struct {
        const char *name;
        unsigned *number;
    } rows[] = {{"lose", &rules->lose},           {"duplicate", &rules->duplicate}, {"hold", &rules->hold},
                {"reset-near", &rules->reset[0]}, {"reset-far", &rules->reset[1]},  {"shift", &rules->shift}};
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strlen(rows[i].name) == length && strncmp(rows[i].name, word, length) == 0 && word[length] == '=') {
            *rows[i].number = (unsigned)strtoul(word + length + 1, NULL, 10);
            return;
        }
    errno = EINVAL;
    die(word);
}

int main(int argc, char **argv)
{
    static struct box box; /* too large for the stack */
    struct sigaction action = {.sa_handler = stop};
    if (argc < 4) {
        fprintf(stderr, "usage: middlebox NEAR-INTERFACE FAR-INTERFACE FOLDER [RULE=NUMBER]...\n");
        return 2;
    }
    for (int i = 4; i < argc; i++)
        read_rule(&box.rules, argv[i]);
    box.lost = truth_open(argv[3], "lost.pcap");
    box.forged = truth_open(argv[3], "forged.pcap");
    port_open(&box.ports[0], argv[1]);
    port_open(&box.ports[1], argv[2]);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    puts("ready");
    fflush(stdout);
    run(&box);
    return missed(&box.ports[0]) || missed(&box.ports[1]) ? 1 : 0;
}
