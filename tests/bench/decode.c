/* SPDX-License-Identifier: BSD-2-Clause */
/* decode: what packet_decode() and packet_open_tunnels() take for a packet of each kind, in nanoseconds. The frames
 * stay in the cache, so this is the decoder alone; of several passes the fastest counts, which the machine's other work
 * disturbed least.
 *
 *   decode [PASSES] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "packet/packet.h"

#define FRAMES 2048u
#define FRAME_BYTES 256u
#define ROUNDS 100u /* over all frames, in one pass */

#define MACS "020000000001020000000002"
#define ETHERNET4 MACS "0800"
#define ETHERNET6 MACS "86dd"
#define SLL2_4 "0800000000000003000100060200000000010000"
#define IPV4(total, protocol) "4500" total "1234400040" protocol "0000c0000201c6336407"
#define IPV6(payload, next) "60012345" payload next "4020010db800000000000000000000000120010db8000000010000000000000007"
#define SOUND_IPV4                                                                                                     \
    "450000301234400040113c4d"                                                                                         \
    "c0000201c6336407"
#define UDP "c35082a0001c0000"
#define TCP "c350005000000001000000025010020000000000"
#define TCP_LONG "c350005000000001000000028010020000000000"
#define TIMESTAMPS "0101080a0000000100000002"
#define SYN "c3500050000000010000000060020200000000000204058c"
#define ECHO "0800123400010002"
#define ECHO6 "8000123400010002"
#define EXCEEDED "0b00123400000000"
#define EXCEEDED_EXTENDED "0b00123400200000"
#define EXCEEDED6 "0300123400000000"
#define PAYLOAD20 "0000000000000000000000000000000000000000"
#define PAYLOAD100 PAYLOAD20 PAYLOAD20 PAYLOAD20 PAYLOAD20 PAYLOAD20
#define MPLS_EXTENSION "2000edf3000801010001f101"
#define ARP_REQUEST "0001080006040001020000000001c0000201000000000000c6336407"

static const struct kind {
    const char *name;
    uint16_t linktype;
    const char *hex;
} kinds[] = {
    {"ipv4 udp", LINKTYPE_ETHERNET, ETHERNET4 IPV4("0030", "11") UDP PAYLOAD20},
    {"ipv4 udp, vlan", LINKTYPE_ETHERNET, MACS "810000070800" IPV4("0030", "11") UDP PAYLOAD20},
    {"ipv4 udp, sll2", LINKTYPE_LINUX_SLL2, SLL2_4 IPV4("0030", "11") UDP PAYLOAD20},
    {"ipv4 udp, raw", LINKTYPE_RAW, IPV4("0030", "11") UDP PAYLOAD20},
    {"ipv4 tcp", LINKTYPE_ETHERNET, ETHERNET4 IPV4("003c", "06") TCP PAYLOAD20},
    {"ipv4 tcp, timestamps", LINKTYPE_ETHERNET, ETHERNET4 IPV4("0048", "06") TCP_LONG TIMESTAMPS PAYLOAD20},
    {"ipv4 tcp syn", LINKTYPE_ETHERNET, ETHERNET4 IPV4("002c", "06") SYN},
    {"ipv4 echo", LINKTYPE_ETHERNET, ETHERNET4 IPV4("0030", "01") ECHO PAYLOAD20},
    {"ipv4 error, short quote", LINKTYPE_ETHERNET, ETHERNET4 IPV4("0038", "01") EXCEEDED IPV4("0030", "11") UDP},
    {"ipv4 error, tcp", LINKTYPE_ETHERNET, ETHERNET4 IPV4("0058", "01") EXCEEDED IPV4("003c", "06") TCP PAYLOAD20},
    {"ipv4 error, mpls", LINKTYPE_ETHERNET,
     ETHERNET4 IPV4("00a8", "01") EXCEEDED_EXTENDED IPV4("0080", "11") UDP PAYLOAD100 MPLS_EXTENSION},
    {"ipv6 udp", LINKTYPE_ETHERNET, ETHERNET6 IPV6("001c", "11") UDP PAYLOAD20},
    {"ipv6 tcp", LINKTYPE_ETHERNET, ETHERNET6 IPV6("0028", "06") TCP PAYLOAD20},
    {"ipv6 echo", LINKTYPE_ETHERNET, ETHERNET6 IPV6("001c", "3a") ECHO6 PAYLOAD20},
    {"ipv6 error", LINKTYPE_ETHERNET, ETHERNET6 IPV6("004c", "3a") EXCEEDED6 IPV6("001c", "11") UDP PAYLOAD20},
    {"ipv4 udp in vxlan", LINKTYPE_ETHERNET,
     ETHERNET4 IPV4("0062", "11") "c35012b5004e0000"
                                  "0800000000000100" ETHERNET4 SOUND_IPV4 UDP PAYLOAD20},
    {"arp", LINKTYPE_ETHERNET, MACS "0806" ARP_REQUEST},
};

#define KINDS (sizeof kinds / sizeof *kinds)

static uint8_t bytes[FRAMES][FRAME_BYTES];
static struct frame frames[FRAMES];

static uint32_t add_hex(const char *hex, uint8_t *out)
{
    uint32_t count = 0;
    unsigned byte;
    for (; count < FRAME_BYTES && sscanf(hex, "%2x", &byte) == 1; hex += 2)
        out[count++] = (uint8_t)byte;
    return count;
}

static void make_frame(const struct kind *kind, uint32_t i)
{
    uint32_t count = add_hex(kind->hex, bytes[i]);
    frames[i] = (struct frame){
        .bytes = bytes[i], .captured = count, .length = count, .linktype = kind->linktype, .number = i + 1};
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds a frame; `have` is gathered so that the work is for something. */
static double pass(uint64_t *have)
{
    struct packet packet;
    int64_t start = now_ns();
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < FRAMES; i++) {
            packet_decode(&frames[i], &packet);
            packet_open_tunnels(&packet);
            *have += packet.outer.transport.have + packet.quote.transport.have;
        }
    }
    return (double)(now_ns() - start) / (ROUNDS * (double)FRAMES);
}

static void measure(const char *name, unsigned passes)
{
    uint64_t have = 0;
    double best = pass(&have);
    for (unsigned i = 1; i < passes; i++) {
        double took = pass(&have);
        best = took < best ? took : best;
    }
    printf("%-26s %6.1f ns  (%" PRIx64 ")\n", name, best, have / passes / ROUNDS / FRAMES);
}

int main(int argc, char *argv[])
{
    unsigned passes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10;
    struct rng rng = rng_init(1);
    if (passes == 0) {
        fprintf(stderr, "usage: decode [PASSES]\n");
        return 2;
    }
    for (size_t k = 0; k < KINDS; k++) {
        for (uint32_t i = 0; i < FRAMES; i++)
            make_frame(&kinds[k], i);
        measure(kinds[k].name, passes);
    }
    for (uint32_t i = 0; i < FRAMES; i++)
        make_frame(&kinds[rng_below(&rng, KINDS)], i);
    measure("all kinds, shuffled", passes);
    return 0;
}
