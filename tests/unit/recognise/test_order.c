/* SPDX-License-Identifier: BSD-2-Clause */
/* test_order: a capture may swap packets that were sent within a millisecond. The traces stay the same, but for times.
 * Each tool sends a burst, the burst is swapped in several ways, and the answers come afterwards. */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "unit/support/ladder.h"

#define BURST_MOST 64

struct burst {
    struct made probes[BURST_MOST];
    unsigned count;
    uint8_t hops;
    bool is_sweep; /* one probe a hop, again and again */
};

/* --- tools: the nth packet, with this TTL --- */

static struct made linux_udp_of(unsigned n, uint8_t ttl)
{
    return linux_udp(0, n, ttl);
}

static struct made linux_udp6_of(unsigned n, uint8_t ttl)
{
    struct made m = linux_udp(0, n, ttl);
    m.from = S6;
    m.to = T6;
    m.flow_label = n * 771;
    return m;
}

static struct made linux_syn_of(unsigned n, uint8_t ttl)
{
    struct made m = linux_syn(0, n, ttl);
    m.id = (uint16_t)(n * 40503 + 7); /* nothing counts */
    return m;
}

static struct made linux_service_of(unsigned n, uint8_t ttl)
{
    struct made m = linux_udp(0, n, ttl);
    m.target = 53;
    return m;
}

static struct made linux_echo_of(unsigned n, uint8_t ttl)
{
    struct made m = echo(4711, (uint16_t)(n + 1), ttl);
    m.payload = "HIJKLMNOPQRSTUVW";
    return m;
}

static struct made inetutils_of(unsigned n, uint8_t ttl)
{
    return (struct made){.source = 41000,
                         .target = (uint16_t)(33434 + ttl - 1),
                         .ttl = ttl,
                         .id = (uint16_t)(500 + n),
                         .dont_fragment = true,
                         .payload = "SUPERMAN"};
}

static struct made bsd_of(unsigned n, uint8_t ttl)
{
    struct made m = udp((uint16_t)(n + 1), ttl);
    m.payload = "data of a probe";
    return m;
}

static struct made mtr_of(unsigned n, uint8_t ttl)
{
    struct made m = echo(4242, (uint16_t)(33000 + n), ttl);
    m.payload_length = 36;
    return m;
}

static struct made mtr_syn_of(unsigned n, uint8_t ttl)
{
    struct made m = linux_syn(0, n, ttl);
    m.source = (uint16_t)(33000 + n);
    m.window = 64240;
    return m;
}

static struct made scamper_of(unsigned n, uint8_t ttl)
{
    return (struct made){.source = 40123,
                         .target = (uint16_t)(33435 + n),
                         .ttl = ttl,
                         .id = (uint16_t)(1 + n),
                         .dont_fragment = true,
                         .payload_length = 16};
}

static struct made tcptraceroute_of(unsigned n, uint8_t ttl)
{
    return syn((uint16_t)n, ttl);
}

/* A port for each probe, as flows of hopsonde: behind 65535 it goes on at the first dynamic port. */
static uint16_t flow_port(unsigned n)
{
    return (uint16_t)(n < 4 ? 65532 + n : EPHEMERAL_FIRST + n - 4);
}

static struct made flows_of(unsigned n, uint8_t ttl)
{
    static char payloads[BURST_MOST][16];
    snprintf(payloads[n], sizeof payloads[n], "serial%02uhops", n);
    return (struct made){
        .source = flow_port(n), .target = 33434, .ttl = ttl, .id = (uint16_t)(n * 40503 + 1), .payload = payloads[n]};
}

static struct made syn_flows_of(unsigned n, uint8_t ttl)
{
    struct made m = linux_syn(0, n, ttl);
    m.source = flow_port(n);
    m.window = 64240;
    return m;
}

/* The same ports for all, and no id: only the TTL is in order. */
static struct made paris6_of(unsigned n, uint8_t ttl)
{
    static char payloads[BURST_MOST][16];
    snprintf(payloads[n], sizeof payloads[n], "%02u probe", n * 37 % 97);
    return (struct made){.from = S6, .to = T6, .source = 40000, .target = 33434, .ttl = ttl, .payload = payloads[n]};
}

static const struct kind {
    const char *name;
    struct made (*make)(unsigned n, uint8_t ttl);
    bool is_sweep;
    const char *tool;
} kinds[] = {
    {"traceroute", linux_udp_of, false, "traceroute (Linux)"},
    {"traceroute over IPv6", linux_udp6_of, false, "traceroute (Linux)"},
    {"traceroute -T", linux_syn_of, false, "traceroute (Linux)"},
    {"traceroute -U", linux_service_of, false, "traceroute (Linux)"},
    {"traceroute -I", linux_echo_of, false, "traceroute (Linux)"},
    {"inetutils", inetutils_of, false, "inetutils-traceroute"},
    {"BSD", bsd_of, false, "traceroute (BSD)"},
    {"mtr", mtr_of, true, "mtr"},
    {"mtr -T", mtr_syn_of, true, "mtr"},
    {"scamper", scamper_of, true, "scamper"},
    {"tcptraceroute", tcptraceroute_of, false, "tcptraceroute"},
    {"flows of UDP", flows_of, false, "hopsonde"},
    {"flows of SYNs", syn_flows_of, false, NULL},
    {"constant ports over IPv6", paris6_of, false, NULL},
};

/* --- bursts --- */

static void fill(struct burst *burst, const struct kind *kind)
{
    burst->hops = 6;
    burst->count = 18;
    for (unsigned n = 0; n < burst->count; n++)
        burst->probes[n] = kind->make(n, (uint8_t)(1 + (kind->is_sweep ? n % 6 : n / 3)));
}

static void swap(struct burst *burst, unsigned a, unsigned b)
{
    struct made first = burst->probes[a];
    burst->probes[a] = burst->probes[b];
    burst->probes[b] = first;
}

static void swap_none(struct burst *burst, unsigned seed)
{
    (void)burst;
    (void)seed;
}

static void swap_all(struct burst *burst, unsigned seed)
{
    for (unsigned n = seed; n + 1 < burst->count; n += 2)
        swap(burst, n, n + 1);
}

static void swap_some(struct burst *burst, unsigned seed)
{
    uint32_t random = 12345 + seed * 7919;
    for (unsigned n = 0; n + 1 < burst->count; n++) {
        random = random * 1664525 + 1013904223;
        if (random >> 31)
            swap(burst, n, n + 1), n++;
    }
}

/* The packets of a hop come before those of the hop before it. */
static void swap_hops(struct burst *burst, unsigned seed)
{
    for (unsigned n = 3 * seed; n + 5 < burst->count; n += 6)
        for (unsigned k = 0; k < 3; k++)
            swap(burst, n + k, n + k + 3);
}

/* --- the scene --- */

static void answer(double ms, const struct made *probe, uint8_t hops)
{
    const char *target = probe->to ? probe->to : T4;
    if (probe->ttl < hops)
        error_of(ms, probe, .from = probe->to ? router6(probe->ttl) : router(probe->ttl), .quote_whole = true);
    else if (probe->protocol == IP_ICMP)
        see(ms, .from = target, .to = S4, .protocol = IP_ICMP, .source = probe->source, .target = probe->target,
            .is_reply = true, .ttl = 60);
    else if (probe->protocol == IP_TCP)
        see(ms, .from = target, .to = S4, .protocol = IP_TCP, .source = 80, .target = probe->source,
            .ack = probe->seq + 1, .flags = TCP_RST | TCP_ACK, .ttl = 60);
    else
        error_of(ms, probe, .from = target, .type = probe->to ? 1 : 3, .code = probe->to ? 4 : 3, .quote_whole = true);
}

/* What was found, as text with tool and grouping. */
static const char *play(const struct kind *kind, void (*change)(struct burst *, unsigned), unsigned seed)
{
    static char text[2][4096];
    static unsigned which;
    struct burst burst = {0};
    fill(&burst, kind);
    change(&burst, seed);
    scene_begin(NULL);
    for (unsigned n = 0; n < burst.count; n++)
        scene_see(n * 0.02, &burst.probes[n]);
    for (uint8_t ttl = 1; ttl <= burst.hops; ttl++)
        for (unsigned n = 0; n < burst.count; n++)
            if (burst.probes[n].ttl == ttl)
                answer(5 + ttl, &burst.probes[n], burst.hops);
    const struct recognition *found = scene_result();
    const struct trace_origin *origin = found->trace_count ? &found->traces[0]->origin : NULL;
    which = !which;
    snprintf(text[which], sizeof text[which], "%s %s %s", scene_text(), origin && origin->tool ? origin->tool : "-",
             origin ? origin->grouped_by : "-");
    scene_end();
    return text[which];
}

static void test_swapped(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct kind *kind = &kinds[i];
        char want[4096];
        snprintf(want, sizeof want, "%s", play(kind, swap_none, 0));
        ok(strstr(want, kind->tool ? kind->tool : " - "), "%s is told as such", kind->name);
        ok(!strchr(want, '|') && !strstr(want, "errors"), "%s: one trace", kind->name);
        for (unsigned seed = 0; seed < 2; seed++)
            is_text(play(kind, swap_all, seed), want, "%s: neighbours are swapped, from packet %u on", kind->name,
                    seed);
        for (unsigned seed = 0; seed < 8; seed++)
            is_text(play(kind, swap_some, seed), want, "%s: some neighbours are swapped (%u)", kind->name, seed);
        for (unsigned seed = 0; seed < 2 && !kind->is_sweep; seed++)
            is_text(play(kind, swap_hops, seed), want, "%s: hops are swapped, from hop %u on", kind->name, seed + 1);
    }
}

/* --- how far --- */

/* Hop 2 of a traceroute to one port comes so long after hop 3. */
static const char *hop_late_by(double ms)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 5; n++) {
        static const uint8_t ttls[] = {1, 3, 2, 4, 5};
        struct made m = linux_syn_of(n, ttls[n]);
        hop(n * 0.02 + (n > 1 ? ms : 0), &m);
    }
    scene_result();
    return scene_text();
}

static void test_within(void)
{
    is_text(hop_late_by(15), "tcp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; 5 r5;", "a probe 15 ms late is in its place");
    scene_end();
    is_text(hop_late_by(30),
            "tcp max-ttl: 1 r1; 3 r3; 4 r4; 5 r5; errors: r2 11/0 tcp 36444>80; other: 1 low TTL, not part of a trace;",
            "one 30 ms late is another's: two runs would be mixed");
    scene_end();
}

/* A traceroute to one port, in this order of TTLs. */
static void send_ttls(const uint8_t *ttls, unsigned count)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < count; n++) {
        struct made m = linux_syn_of(n, ttls[n]);
        hop(n * 0.02, &m);
    }
}

static void test_ttls_back(void)
{
    send_ttls((const uint8_t[]){1, 3, 4, 2, 5}, 5);
    scene_is("tcp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; 5 r5;", "a probe that comes two hops late is in its place");
    send_ttls((const uint8_t[]){1, 3, 4, 5, 2}, 5);
    scene_is(
        "tcp max-ttl: 1 r1; 3 r3; 4 r4; 5 r5; errors: r2 11/0 tcp 40120>80; other: 1 low TTL, not part of a trace;",
        "one that comes three hops late is another's: two runs at once would be mixed");
}

/* A traceroute whose first packet is this many packets late. */
static void first_late_by(unsigned packets)
{
    scene_begin(NULL);
    for (unsigned n = 1; n <= packets + 1; n++) {
        unsigned k = n == packets + 1 ? 0 : n;
        struct made m = linux_udp(0, k, (uint8_t)(1 + k / 3));
        hop(n * 0.02, &m);
    }
}

static void test_steps_back(void)
{
    first_late_by(8);
    scene_is("udp max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3;",
             "a probe that comes eight packets late is in its place");
    first_late_by(30);
    const struct recognition *found = scene_result();
    is_num(found->trace_count ? found->traces[0]->probe_count : 0, 30,
           "one that comes 30 late is another run's, which begins then");
    scene_end();
}

/* Large steps of sequence numbers, from one port. */
static void test_sequence(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 12; n++) {
        unsigned k = n ^ 1;
        struct made m = {.protocol = IP_TCP,
                         .source = 40000,
                         .target = 80,
                         .seq = 5000 + k * 1000,
                         .flags = TCP_SYN,
                         .ttl = (uint8_t)(1 + k / 2),
                         .id = (uint16_t)(k * 40503)};
        hop(n * 0.02, &m);
    }
    const struct recognition *found = scene_result();
    is_text(found->trace_count ? found->traces[0]->origin.grouped_by : NULL, "the same ports, rising sequence numbers",
            "swapped sequence numbers that rise by 1,000 still rise");
    scene_end();
}

/* Nothing counts, and probes are swapped over more than one place. */
static void test_far_swaps(void)
{
    static const uint8_t ttls[] = {1, 1, 2, 2, 1, 2, 3, 3, 3};
    scene_begin(NULL);
    for (unsigned n = 0; n < 9; n++) {
        struct made m = paris6_of(n, ttls[n]);
        hop(n * 0.02, &m);
    }
    const struct recognition *found = scene_result();
    is_num(found->trace_count, 1, "a probe of hop 1 that comes 20 us after hop 2 is no other run: %s", scene_text());
    scene_end();
}

int main(void)
{
    test_swapped();
    test_within();
    test_ttls_back();
    test_steps_back();
    test_sequence();
    test_far_swaps();
    return tap_done();
}
