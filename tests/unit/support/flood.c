/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/flood.h"

#include <string.h>

#include "packet/packet.h"

#define US NS_PER_US

/* --- packets: no checksum is right, and none matters --- */

static void set16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void set32(uint8_t *at, uint32_t value)
{
    set16(at, value >> 16);
    set16(at + 2, value);
}

/* Numbers without any order (Weyl sequence and finalizer of MurmurHash3). */
static uint32_t some(uint32_t n, uint32_t which)
{
    uint32_t x = (n + 1) * 0x9e3779b9 + which * 0x85ebca6b;
    x = (x ^ x >> 16) * 0x85ebca6b;
    x = (x ^ x >> 13) * 0xc2b2ae35;
    return x ^ x >> 16;
}

static uint8_t *put_ip(uint8_t *at, uint8_t protocol, uint8_t ttl, uint32_t source, uint32_t target, size_t inside)
{
    memset(at, 0, 20);
    at[0] = 0x45;
    set16(at + 2, (uint32_t)(20 + inside));
    at[8] = ttl;
    at[9] = protocol;
    set32(at + 12, source);
    set32(at + 16, target);
    return at + 20;
}

static size_t put_udp(uint8_t *at, uint8_t ttl, uint32_t source, uint32_t target, uint32_t ports)
{
    uint8_t *udp = put_ip(at, IP_UDP, ttl, source, target, 8);
    set32(udp, ports);
    set32(udp + 4, 8U << 16);
    return 28;
}

/* Turns the packet at hand into an ICMP error about it, which quotes it. */
static size_t quote_udp(uint8_t *at, uint32_t from, uint8_t type, uint8_t code)
{
    uint8_t quote[28];
    memcpy(quote, at, sizeof quote);
    uint32_t to = (uint32_t)quote[12] << 24 | (uint32_t)quote[13] << 16 | (uint32_t)quote[14] << 8 | quote[15];
    uint8_t *icmp = put_ip(at, IP_ICMP, 60, from, to, 8 + sizeof quote);
    memset(icmp, 0, 8);
    icmp[0] = type;
    icmp[1] = code;
    memcpy(icmp + 8, quote, sizeof quote);
    return 56;
}

/* The same with an MPLS label (RFC 4950); a checksum of 0 is none. */
static size_t quote_with_label(uint8_t *at, uint32_t from, uint32_t label)
{
    quote_udp(at, from, 11, 0);
    set16(at + 2, 20 + 8 + 128 + 12);
    at[20 + 5] = 32;
    memset(at + 56, 0, 100);
    uint8_t *extension = at + 20 + 8 + 128;
    set32(extension, UINT32_C(0x20000000));
    set32(extension + 4, 8U << 16 | 0x0101);
    set32(extension + 8, label << 12 | 0x101);
    return 20 + 8 + 128 + 12;
}

#define TARGET UINT32_C(0xc0000209)
#define SOURCE UINT32_C(0x0a000002)
#define TRACEROUTE (40000U << 16 | 33434)

/* --- floods --- */

static size_t many_flows(uint32_t n, uint8_t *at)
{
    return put_udp(at, (uint8_t)(1 + n % 30), some(n, 0), some(n, 1), some(n, 2));
}

static size_t one_flow(uint32_t n, uint8_t *at)
{
    size_t length = put_udp(at, (uint8_t)(1 + n % 30), SOURCE, TARGET, TRACEROUTE);
    set16(at + 4, n);
    return length;
}

/* Its probes are answered, but all have one TTL. */
static size_t one_ttl(uint32_t n, uint8_t *at)
{
    size_t length = put_udp(at, 5, SOURCE, TARGET, TRACEROUTE);
    set16(at + 4, n / 2);
    return n % 2 ? quote_udp(at, some(n, 0), 11, 0) : length;
}

static size_t all_alike(uint32_t n, uint8_t *at)
{
    (void)n;
    return put_udp(at, 7, SOURCE, TARGET, TRACEROUTE);
}

/* Alike but for what no key covers. */
static size_t same_key(uint32_t n, uint8_t *at)
{
    size_t length = put_udp(at, (uint8_t)(1 + n % 30), SOURCE, TARGET, TRACEROUTE);
    set16(at + 26, n);
    return length;
}

static size_t same_key_answered(uint32_t n, uint8_t *at)
{
    size_t length = same_key(n / 2, at);
    return n % 2 ? quote_udp(at, some(n, 0), 11, 0) : length;
}

/* SYNs with one sequence number, and segments that look like the rest of their connections. */
static size_t same_connection(uint32_t n, uint8_t *at)
{
    uint8_t *tcp = put_ip(at, IP_TCP, (uint8_t)(1 + n % 30), SOURCE, TARGET, 20);
    memset(tcp, 0, 20);
    set32(tcp, TRACEROUTE);
    set32(tcp + 4, 1000 + n % 2 * 2);
    set16(tcp + 12, n % 2 ? 0x5010 : 0x5002);
    set16(tcp + 16, n);
    return 40;
}

static size_t errors_of_many(uint32_t n, uint8_t *at)
{
    put_udp(at, 1, some(n, 0), some(n, 1), some(n, 2));
    return quote_udp(at, some(n, 3), 11, 0);
}

static size_t errors_of_one(uint32_t n, uint8_t *at)
{
    put_udp(at, 1, SOURCE, TARGET, some(n, 2));
    return quote_udp(at, some(n, 3), 11, 0);
}

/* A trace whose probes are not captured, from endless routers. */
static size_t errors_in_order(uint32_t n, uint8_t *at)
{
    put_udp(at, 1, SOURCE, TARGET, 40000U << 16 | (uint16_t)(n / 3));
    return quote_udp(at, some(n, 3), 11, 0);
}

static size_t errors_of_echo(uint32_t n, uint8_t *at)
{
    put_udp(at, 1, SOURCE, TARGET, 8U << 24);
    at[9] = IP_ICMP;
    set32(at + 24, n << 16 | 1);
    return quote_udp(at, some(n, 3), 11, 0);
}

static size_t errors_with_labels(uint32_t n, uint8_t *at)
{
    put_udp(at, 1, some(n, 0), some(n, 1), some(n, 2));
    return quote_with_label(at, some(n, 3), n);
}

/* Errors that fill what is kept of them, and answers that could be an end of theirs. */
static size_t errors_and_answers(uint32_t n, uint8_t *at)
{
    if (n % 1000 != 999) {
        put_udp(at, 1, some(n, 0), TARGET + n % 64, 9U << 16 | 53);
        return quote_udp(at, some(n, 3), 11, 0);
    }
    uint8_t *tcp = put_ip(at, IP_TCP, 60, TARGET + n % 64, some(n - 1, 0), 20);
    memset(tcp, 0, 20);
    set32(tcp, 53U << 16 | 9);
    set16(tcp + 12, 0x5014);
    return 40;
}

/* One error, and answers to its sender without end. */
static size_t answers_to_unmatched(uint32_t n, uint8_t *at)
{
    uint32_t source = n / 512;
    if (n % 512 == 0) {
        put_udp(at, 1, source, TARGET, 9U << 16 | 53);
        at[9] = IP_TCP;
        return quote_udp(at, some(n, 3), 11, 0);
    }
    uint8_t *tcp = put_ip(at, IP_TCP, 60, TARGET, source, 20);
    memset(tcp, 0, 20);
    set32(tcp, 53U << 16 | 9);
    set16(tcp + 12, 0x5014);
    return 40;
}

static size_t many_sources(uint32_t n, uint8_t *at)
{
    return put_udp(at, (uint8_t)(1 + n % 30), some(n, 0), TARGET, TRACEROUTE);
}

static size_t many_sources_answered(uint32_t n, uint8_t *at)
{
    many_sources(n / 2, at);
    if (n % 2) {
        set32(at + 12, some(n, 1)); /* translated, so that no pair is found */
        return quote_udp(at, some(n, 3), 11, 0);
    }
    return 28;
}

static size_t endless_rises(uint32_t n, uint8_t *at)
{
    uint32_t source = n % 8000, ttl = n / 8000;
    return put_udp(at, (uint8_t)(1 + ttl % 255), source, TARGET, 40000U << 16 | (33434 + ttl % 255));
}

static size_t endless_traces(uint32_t n, uint8_t *at)
{
    size_t length = endless_rises(n / 2, at);
    return n % 2 ? quote_udp(at, some(n, 3), 11, 0) : length;
}

static size_t many_runs(uint32_t n, uint8_t *at)
{
    return put_udp(at, (uint8_t)(1 + some(n, 0) % 30), SOURCE, TARGET, some(n, 1));
}

/* Each probe draws as many answers as are kept, each with a label. */
static size_t many_answers(uint32_t n, uint8_t *at)
{
    uint32_t probe = n / 65;
    put_udp(at, (uint8_t)(3 + probe % 2), some(probe, 0), TARGET, TRACEROUTE);
    if (n % 65 == 0)
        return 28;
    return quote_with_label(at, some(n, 3), n);
}

/* The same, rewritten beyond recognition, about one flow. */
static size_t many_rewrites(uint32_t n, uint8_t *at)
{
    uint32_t probe = n / 33;
    put_udp(at, (uint8_t)(1 + probe % 30), SOURCE, TARGET, TRACEROUTE);
    set16(at + 4, probe);
    if (n % 33 == 0)
        return 28;
    at[1] = (uint8_t)n;
    return quote_with_label(at, some(n, 3), n);
}

static size_t answers_by_port(uint32_t n, uint8_t *at)
{
    if (n % 2)
        return put_udp(at, 60, TARGET, SOURCE, 33434U << 16 | 40000);
    return one_flow(n / 2, at);
}

static size_t bare(uint32_t n, uint8_t *at)
{
    put_ip(at, 50, (uint8_t)(1 + n % 30), n % 2 ? SOURCE : TARGET, n % 2 ? TARGET : SOURCE, 8);
    set16(at + 4, n);
    return 28;
}

/* IPv6 targets that make one factor of a multiplied hash known; the sources differ in the other. */
static size_t one_hash(uint32_t n, uint8_t *at)
{
    static const uint64_t first = UINT64_C(0x9e3779b97f4a7c15) ^ IP_UDP;
    memset(at, 0, 48);
    at[0] = 0x60;
    set16(at + 4, 8);
    at[6] = IP_UDP;
    at[7] = (uint8_t)(1 + n % 30);
    set32(at + 8, n);
    memcpy(at + 24, &first, sizeof first);
    set32(at + 40, TRACEROUTE);
    set16(at + 44, 8);
    return 48;
}

/* Stamps at one point, then far ahead, again and again. */
static size_t by_leaps(uint32_t n, uint8_t *at)
{
    return many_sources(n, at);
}

const struct flood floods[] = {
    {"flows without end", many_flows, US},
    {"one flow, no answer", one_flow, US},
    {"one flow, one TTL", one_ttl, US},
    {"all alike", all_alike, US},
    {"one key", same_key, US},
    {"one key, answered", same_key_answered, US},
    {"one connection", same_connection, US},
    {"errors about anybody", errors_of_many, US},
    {"errors about one pair", errors_of_one, US},
    {"errors about one pair, in order", errors_in_order, US},
    {"errors about echo requests", errors_of_echo, US},
    {"errors with labels", errors_with_labels, US},
    {"errors and answers", errors_and_answers, US},
    {"answers beside errors", answers_to_unmatched, US},
    {"sources without end", many_sources, US},
    {"sources without end, translated", many_sources_answered, US},
    {"TTLs that rise without end", endless_rises, US},
    {"TTLs that rise without end, answered", endless_traces, US},
    {"runs without end", many_runs, US},
    {"answers without end", many_answers, US},
    {"answers without end, to one flow", many_rewrites, US},
    {"answers by ports alone", answers_by_port, US},
    {"a bare protocol both ways", bare, US},
    {"one hash", one_hash, US},
    {"sources without end, by leaps", by_leaps, 700 * NS_PER_MS},
    {"flows without end, at once", many_flows, 0},
    {NULL, NULL, 0},
};

struct frame flood_frame(const struct flood *flood, uint32_t n, uint8_t *bytes)
{
    size_t length = flood->make(n, bytes);
    return (struct frame){
        .bytes = bytes,
        .captured = (uint32_t)length,
        .length = (uint32_t)length,
        .linktype = LINKTYPE_RAW,
        .number = n + 1,
        .time = INT64_C(1700000000) * NS_PER_S + n * flood->step,
    };
}
