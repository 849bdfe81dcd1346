/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_injector INTERFACE NAME: a device beside the path. It sees the packets that leave by the interface, and forges an
 * answer to each DNS query for NAME, in the name of the server. The query itself goes on. Prints a line when it is
 * ready. Needs root. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_BYTES 2048
#define UDP_BYTES 8
#define DNS_BYTES 12
#define PORT_DNS 53
#define HOPS 64

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36 /* linux/in6.h */
#endif

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t checksum(uint32_t sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum += (uint32_t)(i % 2 ? bytes[i] : bytes[i] << 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* The bytes of the question, if it is for the name; 0: it is not. */
static size_t question(const uint8_t *dns, size_t length, const char *name)
{
    size_t at = DNS_BYTES;
    for (const char *label = name; *label;) {
        size_t bytes = strcspn(label, ".");
        if (at + 1 + bytes > length || dns[at] != bytes || strncasecmp((const char *)dns + at + 1, label, bytes) != 0)
            return 0;
        at += 1 + bytes;
        label += bytes + (label[bytes] == '.');
    }
    return at + 5 <= length && dns[at] == 0 && get16(dns + 4) == 1 ? at + 5 - DNS_BYTES : 0;
}

/* Writes the forged datagram; returns its bytes. */
static size_t answer(const uint8_t *udp, size_t asked, uint8_t *out)
{
    static const uint8_t v4[] = {192, 0, 2, 66}, v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x66};
    bool six = get16(udp + UDP_BYTES + DNS_BYTES + asked - 4) == 28; /* AAAA */
    size_t data = six ? sizeof v6 : sizeof v4, length = UDP_BYTES + DNS_BYTES + asked + 12 + data;
    uint8_t *dns = out + UDP_BYTES, *record = dns + DNS_BYTES + asked;
    memset(out, 0, length);
    memcpy(out, udp + 2, 2);
    memcpy(out + 2, udp, 2);
    put16(out + 4, length);
    memcpy(dns, udp + UDP_BYTES, DNS_BYTES + asked);
    put16(dns + 2, 0x8180);
    put16(dns + 6, 1);
    memset(dns + 8, 0, 4);
    put16(record, 0xc000 | DNS_BYTES);
    memcpy(record + 2, record - 4, 4);
    put16(record + 8, 60); /* seconds to live */
    put16(record + 10, data);
    memcpy(record + 12, six ? v6 : v4, data);
    return length;
}

static void forge4(int raw, const uint8_t *packet, const uint8_t *udp, size_t asked)
{
    uint8_t out[PACKET_BYTES] = {0x45};
    size_t length = 20 + answer(udp, asked, out + 20);
    struct sockaddr_in to = {.sin_family = AF_INET};
    put16(out + 2, length);
    out[8] = HOPS;
    out[9] = IPPROTO_UDP;
    memcpy(out + 12, packet + 16, 4);
    memcpy(out + 16, packet + 12, 4);
    put16(out + 26, 0);
    put16(out + 26, checksum(IPPROTO_UDP + (uint32_t)length - 20, out + 12, length - 12));
    memcpy(&to.sin_addr, out + 16, 4);
    if (sendto(raw, out, length, 0, (struct sockaddr *)&to, sizeof to) < 0)
        perror("sendto");
}

static void forge6(int raw, const uint8_t *packet, const uint8_t *udp, size_t asked)
{
    uint8_t out[PACKET_BYTES] = {0x60};
    size_t length = answer(udp, asked, out + 40);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    put16(out + 4, length);
    out[6] = IPPROTO_UDP;
    out[7] = HOPS;
    memcpy(out + 8, packet + 24, 16);
    memcpy(out + 24, packet + 8, 16);
    put16(out + 46, checksum(IPPROTO_UDP + (uint32_t)length, out + 8, 32 + length));
    memcpy(&to.sin6_addr, out + 24, 16);
    if (sendto(raw, out, 40 + length, 0, (struct sockaddr *)&to, sizeof to) < 0)
        perror("sendto");
}

static void take(int raw4, int raw6, const uint8_t *packet, size_t length, const char *name)
{
    bool six = length && packet[0] >> 4 == 6;
    size_t header = six ? 40 : 20;
    if (length < header + UDP_BYTES + DNS_BYTES || packet[six ? 6 : 9] != IPPROTO_UDP)
        return;
    const uint8_t *udp = packet + header;
    size_t asked = question(udp + UDP_BYTES, length - header - UDP_BYTES, name);
    if (get16(udp + 2) != PORT_DNS || !asked)
        return;
    if (six)
        forge6(raw6, packet, udp, asked);
    else
        forge4(raw4, packet, udp, asked);
}

int main(int argc, char *argv[])
{
    const int on = 1;
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    if (argc != 3 || !(at.sll_ifindex = (int)if_nametoindex(argv[1]))) {
        fprintf(stderr, "usage: dns_injector INTERFACE NAME\n");
        return 2;
    }
    int tap = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL)), raw4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW),
        raw6 = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
    if (tap < 0 || raw4 < 0 || raw6 < 0 || setsockopt(raw6, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof on) < 0 ||
        bind(tap, (struct sockaddr *)&at, sizeof at) < 0) {
        perror("dns_injector");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        uint8_t packet[PACKET_BYTES];
        struct sockaddr_ll from;
        socklen_t size = sizeof from;
        ssize_t length = recvfrom(tap, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
        if (length > 0 && from.sll_pkttype == PACKET_OUTGOING)
            take(raw4, raw6, packet, (size_t)length, argv[2]);
    }
}
