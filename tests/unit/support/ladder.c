/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/ladder.h"

#include <stdio.h>

const char *router(unsigned hop)
{
    static char text[32];
    snprintf(text, sizeof text, "10.9.%u.1", hop);
    return text;
}

const char *router6(unsigned hop)
{
    static char text[32];
    snprintf(text, sizeof text, "2001:db8:9:%x::1", hop);
    return text;
}

uint16_t some_port(unsigned n)
{
    return (uint16_t)(32768 + n * 7919 % 28000);
}

struct made linux_udp(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){.source = some_port(n * 2 + run),
                         .target = (uint16_t)(33434 + n),
                         .ttl = ttl,
                         .id = (uint16_t)(n * 31337 + run * 77),
                         .payload = LINUX_PAYLOAD};
}

struct made echo(uint16_t id, uint16_t seq, uint8_t ttl)
{
    return (struct made){.protocol = IP_ICMP, .source = id, .target = seq, .ttl = ttl, .id = (uint16_t)(id + seq)};
}

struct made linux_syn(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){.protocol = IP_TCP,
                         .source = some_port(n * 2 + run),
                         .target = 80,
                         .seq = n * 0x9e3779b9 + run,
                         .flags = TCP_SYN,
                         .window = 5840,
                         .has_options = true,
                         .ttl = ttl,
                         .id = (uint16_t)(n + run * 1000)};
}

struct made udp(uint16_t n, uint8_t ttl)
{
    return (struct made){.source = 40000, .target = (uint16_t)(33434 + n), .ttl = ttl, .id = (uint16_t)(700 + n)};
}

void hop(double ms, const struct made *made)
{
    scene_see(ms, made);
    error_of(ms + RTT, made, .from = made->from ? router6(made->ttl) : router(made->ttl), .id = made->target);
}

void target_ttl(double ms, const struct made *made)
{
    scene_see(ms, made);
    error_of(ms + RTT, made, .from = made->to ? made->to : T4, .type = made->to ? 1 : 3, .code = made->to ? 4 : 3);
}

void pong(double ms, const struct made *made)
{
    scene_see(ms, made);
    see(ms + RTT, .from = made->to ? made->to : T4, .to = made->from ? made->from : S4, .protocol = made->protocol,
        .source = made->source, .target = made->target, .is_reply = true, .ttl = 60);
}

struct made syn(uint16_t n, uint8_t ttl)
{
    return (struct made){.protocol = IP_TCP,
                         .source = 47001,
                         .target = 80,
                         .seq = 0x1234567,
                         .flags = TCP_SYN,
                         .ttl = ttl,
                         .id = (uint16_t)(n * 40503 + 11)};
}

void pass(double ms)
{
    see(ms, .source = 1, .target = 2, .ttl = 64);
}
