/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tools: a tool is named only if the packets are that tool's own. The tools of the lab are tested with what they
 * sent, in tests/replay; these are the others, and packets that are like those of a tool. */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "unit/support/ladder.h"

#define SPACES "                                                                "

static struct made echo_of(uint16_t id, uint16_t seq, uint8_t ttl, bool is_v6)
{
    struct made m = echo(id, seq, ttl);
    if (is_v6)
        return (struct made){.from = S6, .to = T6, .protocol = IP_ICMP6, .source = id, .target = seq, .ttl = ttl};
    return m;
}

static const char *tool_found(void)
{
    const struct recognition *found = scene_result();
    const char *tool = found->trace_count == 1 ? found->traces[0]->origin.tool : "not one trace";
    return tool ? tool : "none";
}

/* --- tools of Windows: the echo id is 1, and the sequence number counts for all programs --- */

/* WinMTR: a thread for each TTL. The first round goes out in any order. */
static void test_winmtr(void)
{
    static const uint8_t orders[][5] = {{1, 2, 3, 4, 5}, {5, 4, 3, 2, 1}, {3, 5, 1, 4, 2}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        for (unsigned six = 0; six < 2; six++) {
            scene_begin(NULL);
            for (unsigned n = 0; n < 15; n++) {
                struct made m = echo_of(1, (uint16_t)(700 + n), orders[i][n % 5], six);
                m.payload = SPACES;
                (m.ttl < 5 ? hop : pong)(n / 5 * 1000 + n % 5 * 30, &m);
            }
            is_text(tool_found(), "WinMTR", "WinMTR, order %u, IPv%u", (unsigned)i, six ? 6 : 4);
            scene_end();
        }
}

static void sweep_zeros(uint16_t id, uint16_t first, uint16_t payload_length, bool is_v6)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 9; n++) {
        struct made m = echo_of(id, (uint16_t)(first + n), (uint8_t)(1 + n % 3), is_v6);
        m.payload_length = payload_length;
        (m.ttl < 3 ? hop : pong)(n / 3 * 1000 + n % 3 * 50, &m);
    }
}

static void test_sweeps(void)
{
    sweep_zeros(777, 33434, 56, false);
    is_text(tool_found(), "trippy", "trippy");
    scene_end();
    sweep_zeros(777, 33434, 36, true);
    is_text(tool_found(), "trippy", "trippy over IPv6");
    scene_end();
    sweep_zeros(777, 33000, 56, false);
    is_text(tool_found(), "mtr", "mtr with packets of trippy's size");
    scene_end();
    sweep_zeros(777, 33434, 36, false);
    is_text(tool_found(), "mtr", "mtr, begun before the capture");
    scene_end();
    sweep_zeros(777, 50000, 56, false);
    is_text(tool_found(), "none", "mtr or trippy, begun before the capture");
    scene_end();
    sweep_zeros(777, 33000, 64, false);
    is_text(tool_found(), "none", "mtr with packets of tracert's size: both send such");
    scene_end();
    sweep_zeros(1, 500, 64, false);
    is_text(tool_found(), "tracert (Windows)", "tracert");
    scene_end();
}

static void test_trippy_udp(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 9; n++) {
        struct made m = {
            .source = 40777, .target = (uint16_t)(33434 + n), .ttl = (uint8_t)(1 + n % 3), .payload_length = 56};
        (m.ttl < 3 ? hop : target_ttl)(n * 50, &m);
    }
    is_text(tool_found(), "trippy", "trippy with UDP");
    scene_end();
}

static void test_pingplotter(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = echo(768, (uint16_t)(20483 + ttl * 256), ttl);
        m.payload = "72 \xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa";
        (m.ttl < 3 ? hop : pong)(ttl * 50, &m);
    }
    is_text(tool_found(), "PingPlotter", "PingPlotter");
    scene_end();
}

/* --- others --- */

/* Falling TTLs, from a source port near a base. */
static void fall(uint8_t from, uint8_t rising_to)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < rising_to; n++) {
        uint8_t ttl = (uint8_t)(n < from ? from - n : n + 1);
        struct made m = {.protocol = IP_TCP,
                         .source = (uint16_t)(57200 + (n ^ 1)),
                         .target = 443,
                         .seq = n * 0x9e3779b9,
                         .flags = TCP_SYN,
                         .window = 1024,
                         .ttl = ttl,
                         .id = (uint16_t)(n * 40503)};
        hop(n * 0.03, &m);
    }
}

static void test_nmap(void)
{
    fall(4, 4);
    is_text(tool_found(), "nmap", "nmap, four hops");
    scene_end();
    fall(6, 20);
    is_text(tool_found(), "nmap", "nmap that goes on beyond its first hop");
    scene_end();
    scene_begin(NULL);
    for (unsigned n = 0; n < 5; n++) {
        struct made m = echo(1, (uint16_t)(90 + n), (uint8_t)(5 - n));
        m.payload = "abcdefghijklmnopqrstuvwabcdefghi";
        (m.ttl < 5 ? hop : pong)(n * 30, &m);
    }
    is_text(tool_found(), "none", "pings with falling TTLs and a payload are not nmap's");
    scene_end();
}

/* SYNs of a kernel, whose source ports count; hops 1 to 6. */
static void sweep_syns(uint16_t base, unsigned from)
{
    scene_begin(NULL);
    for (unsigned n = from; n < 24; n++) {
        struct made m = linux_syn(0, n, (uint8_t)(1 + n % 6));
        m.source = (uint16_t)(base + n);
        m.window = 64240;
        hop(n * 50, &m);
    }
}

static void test_sweeps_of_syns(void)
{
    sweep_syns(33000, 5);
    is_text(tool_found(), "mtr", "mtr -T, from the end of a sweep on");
    scene_end();
    sweep_syns(33434, 0);
    is_text(tool_found(), "trippy", "trippy with TCP");
    scene_end();
    sweep_syns(33434, 2);
    is_text(tool_found(), "none", "mtr -T or trippy, begun before the capture");
    scene_end();
}

static void test_trace6(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = {.from = S6,
                         .to = T6,
                         .protocol = IP_TCP,
                         .source = (uint16_t)(1045 + ttl),
                         .target = 80,
                         .seq = 99,
                         .flags = TCP_SYN,
                         .window = 5760,
                         .ttl = ttl};
        hop(ttl, &m);
    }
    is_text(tool_found(), "trace6 (thc-ipv6)", "trace6 with TCP");
    scene_end();
}

static void test_yarrp(void)
{
    static const uint8_t ttls[] = {4, 1, 6, 2, 5, 3};
    for (unsigned six = 0; six < 2; six++) {
        scene_begin(NULL);
        for (unsigned n = 0; n < 6; n++) {
            struct made m = {.protocol = IP_TCP,
                             .source = 41234,
                             .target = 80,
                             .seq = 12 + n * 3,
                             .flags = TCP_ACK,
                             .window = 0xfffe,
                             .ttl = ttls[n],
                             .id = ttls[n]};
            if (six)
                m = (struct made){
                    .from = S6, .to = T6, .source = 41234, .target = 80, .ttl = ttls[n], .payload = "yrp6 data"};
            hop(n * 40, &m);
        }
        is_text(tool_found(), "yarrp", "yarrp, IPv%u", six ? 6 : 4);
        scene_end();
    }
}

/* xprobe2 and others send packets of scamper's sizes. */
static void test_like_scamper(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = {.protocol = IP_TCP,
                         .source = 40000,
                         .target = 80,
                         .flags = TCP_SYN,
                         .ttl = ttl,
                         .id = 23945,
                         .dont_fragment = true};
        hop(ttl * 30, &m);
    }
    is_text(tool_found(), "none", "SYNs with one id for all are not scamper's");
    scene_end();
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = echo(4242, ttl, ttl);
        m.payload = "0123456789abcdef";
        hop(ttl * 30, &m);
    }
    is_text(tool_found(), "none", "nor are pings of its size with another payload");
    scene_end();
}

static void test_like_others(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = udp((uint16_t)(ttl * 3), ttl);
        hop(ttl * 30, &m);
    }
    is_text(tool_found(), "none", "a router's traceroute has no payload: not BSD's");
    scene_end();
}

int main(void)
{
    test_winmtr();
    test_sweeps();
    test_trippy_udp();
    test_pingplotter();
    test_nmap();
    test_sweeps_of_syns();
    test_trace6();
    test_yarrp();
    test_like_scamper();
    test_like_others();
    return tap_done();
}
