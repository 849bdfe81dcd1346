/* SPDX-License-Identifier: BSD-2-Clause */
/* What a busy measuring host records: hundreds of traces at once by the tools that people use, each as it behaves, and
 * a tenth of ordinary traffic. */
#include <stdlib.h>
#include <string.h>

#include "bench/events.h"
#include "bench/scene.h"

#define TRACES 300 /* at once */
#define SOURCES 6
#define TTL_MOST 30
#define ROUNDS_MOST 60
#define BASE_PORT 33434
#define MTR_FIRST 33000

static const uint8_t tcp_syn = 2, tcp_syn_ack = 0x12, tcp_ack = 0x10;

/* ---- traces ---- */

struct trace {
    const struct tool *tool;
    uint64_t seed;
    struct craft_address source, target;
    uint16_t id;             /* of echo requests, or the first IP id, or the port */
    unsigned hops, last_ttl; /* of the target; the tool asks up to there */
    unsigned probes;         /* how many it sends */
    unsigned waiting;        /* for replies that are on their way */
    bool is_sending;
    bool answers; /* the target does */
    nstime rtt_a_hop;
};

struct tool {
    const char *name;
    uint8_t protocol; /* of IPv4 */
    bool in_rounds;   /* TTL by TTL again and again, in place of three a hop */
    nstime gap;       /* between two probes; in rounds: between two rounds */
    /* Writes the transport part of probe `n` and what is of the tool in the IP header. Returns its length. */
    size_t (*probe)(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out);
};

/* A number that belongs to one probe of one trace, for what tools choose at random: a reply needs it again. */
static uint32_t choice(const struct trace *t, unsigned n)
{
    uint64_t value = (t->seed + n) * UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(value >> 32);
}

static size_t traceroute_udp(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out)
{
    uint32_t chosen = choice(t, n);
    size_t length = craft_udp(out, (uint16_t)(32768 + chosen % 28000), (uint16_t)(BASE_PORT + n), 32);
    ip->id = (uint16_t)(chosen >> 16);
    ip->flow = chosen; /* the kernel's, which follows the ports */
    return length + scene_fill(out + length, 32, '@');
}

/* The id of IPv4 becomes the checksum: see make_probe(). Two bytes of the payload make it another one for each probe.
 */
static size_t scamper_paris(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out)
{
    size_t length = craft_udp(out, (uint16_t)(0x8000 | t->id), BASE_PORT + 1, 16);
    memset(out + length, 0, 16);
    out[length] = (uint8_t)(n >> 8);
    out[length + 1] = (uint8_t)n;
    ip->df = true;
    return length + 16;
}

static size_t put_echo(const struct trace *t, uint16_t sequence, size_t payload, uint8_t first, uint8_t *out)
{
    size_t length = craft_echo(out, t->source.v6 ? 128 : 8, t->id, sequence);
    if (first)
        return length + scene_fill(out + length, payload, first);
    memset(out + length, 0, payload);
    return length + payload;
}

static size_t traceroute_icmp(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out)
{
    ip->id = (uint16_t)(t->id + n);
    return put_echo(t, (uint16_t)(n + 1), 32, 'H', out);
}

static size_t mtr_icmp(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out)
{
    ip->id = (uint16_t)(t->id + n);
    return put_echo(t, (uint16_t)(MTR_FIRST + n), 36, 0, out);
}

static size_t traceroute_tcp(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out)
{
    uint32_t chosen = choice(t, n);
    ip->id = (uint16_t)(t->id + n);
    ip->flow = chosen;
    return craft_tcp(out, (uint16_t)(32768 + chosen % 28000), 80, chosen * 2654435761u, 0, tcp_syn, true);
}

static size_t mtr_tcp(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out)
{
    uint32_t chosen = choice(t, n);
    ip->id = (uint16_t)chosen;
    ip->df = true;
    return craft_tcp(out, (uint16_t)(MTR_FIRST + n), 80, chosen, 0, tcp_syn, true);
}

static const struct tool tools[] = {
    {"traceroute", CRAFT_UDP, false, 1500 * NS_PER_US, traceroute_udp},
    {"traceroute -I", CRAFT_ICMP, false, 1500 * NS_PER_US, traceroute_icmp},
    {"traceroute -T", CRAFT_TCP, false, 1500 * NS_PER_US, traceroute_tcp},
    {"scamper udp-paris", CRAFT_UDP, false, 50 * NS_PER_MS, scamper_paris},
    {"mtr", CRAFT_ICMP, true, NS_PER_S, mtr_icmp},
    {"mtr -T", CRAFT_TCP, true, NS_PER_S, mtr_tcp},
};
#define TOOLS (sizeof tools / sizeof *tools)

/* The router at a TTL: traces share those near the source. */
static struct craft_address router(const struct trace *t, unsigned ttl)
{
    uint32_t where = ttl <= 3 ? ttl : choice(t, 1000 + ttl) % 50000 + 256;
    return scene_address(t->source.v6, 100, ttl << 16 | where);
}

static enum craft_quote quote_of(const struct craft_address *router)
{
    return (enum craft_quote)((router->bytes[1] + router->bytes[3] + router->bytes[15]) % 3);
}

static bool is_silent(const struct trace *t, unsigned ttl)
{
    return ttl == t->hops ? !t->answers : ttl > 1 && choice(t, 2000 + ttl) % 10 == 0;
}

static unsigned ttl_of(const struct trace *t, unsigned n)
{
    return t->tool->in_rounds ? n % t->last_ttl + 1 : n / 3 + 1;
}

static void begin_trace(struct trace *t, struct rng *rng)
{
    bool v6 = rng_below(rng, 4) == 0;
    *t = (struct trace){
        .tool = &tools[rng_below(rng, TOOLS)],
        .seed = rng_u64(rng),
        .source = scene_address(v6, 10, 0x010000 + rng_below(rng, SOURCES)),
        .target = scene_address(v6, 45, rng_u32(rng)),
        .id = (uint16_t)(rng_u32(rng) & 0x7fff),
        .hops = 8 + rng_below(rng, 13),
        .answers = rng_below(rng, 5) != 0,
        .rtt_a_hop = NS_PER_MS + rng_below(rng, 3 * NS_PER_MS),
        .is_sending = true,
    };
    t->last_ttl = t->answers ? t->hops : t->tool->in_rounds ? t->hops + 4 : TTL_MOST;
    t->probes = t->last_ttl * (t->tool->in_rounds ? 5 + rng_below(rng, ROUNDS_MOST - 4) : 3);
}

static uint8_t protocol_of(const struct trace *t)
{
    return t->tool->protocol == CRAFT_ICMP && t->source.v6 ? CRAFT_ICMP6 : t->tool->protocol;
}

static size_t make_probe(const struct trace *t, unsigned n, uint8_t *out)
{
    struct craft_ip ip = {
        .source = t->source, .target = t->target, .ttl = (uint8_t)ttl_of(t, n), .protocol = protocol_of(t)};
    size_t length = craft_ip(out, &ip, t->tool->probe(t, n, &ip, out + craft_ip_bytes(&ip)));
    if (t->tool->probe == scamper_paris && !t->source.v6)
        craft_set_id(out, craft_checksum(out, CRAFT_UDP));
    return length;
}

/* ---- replies ---- */

static size_t make_error(const struct trace *t, unsigned n, bool at_target, uint8_t *out)
{
    uint8_t probe[CRAFT_BYTES_MOST];
    bool v6 = t->source.v6;
    unsigned ttl = at_target ? t->hops : ttl_of(t, n);
    uint8_t type = v6 ? (at_target ? 1 : 3) : (at_target ? 3 : 11);
    uint8_t code = !at_target ? 0 : v6 ? 4 : 3;
    struct craft_ip ip = {
        .source = at_target ? t->target : router(t, ttl),
        .target = t->source,
        .ttl = (uint8_t)((at_target ? 64 : 255) - ttl + 1),
        .protocol = v6 ? CRAFT_ICMP6 : CRAFT_ICMP,
        .id = (uint16_t)choice(t, 4000 + n),
    };
    enum craft_quote quote = at_target ? CRAFT_QUOTE_LONG : quote_of(&ip.source);
    size_t length = make_probe(t, n, probe);
    return craft_ip(out, &ip, craft_error(out + craft_ip_bytes(&ip), type, code, probe, length, quote));
}

/* What the target itself says to an echo request or a SYN: the probe's own bytes tell what to answer. */
static size_t make_answer(const struct trace *t, unsigned n, uint8_t *out)
{
    struct craft_ip ip = {.source = t->target,
                          .target = t->source,
                          .ttl = (uint8_t)(65 - t->hops),
                          .protocol = protocol_of(t),
                          .id = (uint16_t)choice(t, 4000 + n)};
    uint8_t *at = out + craft_ip_bytes(&ip);
    size_t length = make_probe(t, n, out) - craft_ip_bytes(&ip);
    if (t->tool->protocol == CRAFT_ICMP) {
        at[0] = t->source.v6 ? 129 : 0;
    } else {
        uint16_t port = (uint16_t)(at[0] << 8 | at[1]);
        uint32_t sequence = (uint32_t)at[4] << 24 | (uint32_t)at[5] << 16 | (uint32_t)at[6] << 8 | at[7];
        length = craft_tcp(at, 80, port, choice(t, 5000 + n), sequence + 1, tcp_syn_ack, true);
    }
    return craft_ip(out, &ip, length);
}

static size_t make_reply(const struct trace *t, unsigned n, uint8_t *out)
{
    bool at_target = ttl_of(t, n) >= t->hops;
    if (at_target && t->tool->protocol != CRAFT_UDP)
        return make_answer(t, n, out);
    return make_error(t, n, at_target, out);
}

/* ---- ordinary traffic ---- */

static size_t ordinary_tcp(struct rng *rng, uint8_t *at)
{
    size_t payload = rng_below(rng, 3) ? 0 : rng_below(rng, 1448);
    size_t length =
        craft_tcp(at, 443, (uint16_t)(32768 + rng_below(rng, 28000)), rng_u32(rng), rng_u32(rng), tcp_ack, false);
    return length + scene_fill(at + length, payload, 0x17);
}

static size_t ordinary_dns(struct rng *rng, uint8_t *at)
{
    static const char query[] = "\0\0\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"; /* A of www.example.com */
    size_t bytes = sizeof query - 1;
    size_t length = craft_udp(at, (uint16_t)(32768 + rng_below(rng, 28000)), 53, bytes);
    memcpy(at + length, query, bytes);
    at[length] = (uint8_t)rng_u32(rng);
    return length + bytes;
}

static size_t ordinary_quic(struct rng *rng, uint8_t *at)
{
    size_t payload = 30 + rng_below(rng, 1200);
    size_t length = craft_udp(at, (uint16_t)(32768 + rng_below(rng, 28000)), 443, payload);
    return length + scene_fill(at + length, payload, 0x40);
}

static size_t ordinary_ping(struct rng *rng, uint8_t *at)
{
    size_t length = craft_echo(at, rng_below(rng, 2) ? 8 : 0, (uint16_t)rng_below(rng, 100), (uint16_t)rng_u32(rng));
    return length + scene_fill(at + length, 56, 8);
}

/* A packet of a host's own, or one of those that it gets. */
static void write_ordinary(struct output *o, struct rng *rng, nstime now)
{
    static const struct {
        uint8_t protocol;
        size_t (*make)(struct rng *rng, uint8_t *at);
    } kinds[] = {
        {CRAFT_TCP, ordinary_tcp}, {CRAFT_UDP, ordinary_dns}, {CRAFT_UDP, ordinary_quic}, {CRAFT_ICMP, ordinary_ping}};
    uint8_t packet[CRAFT_BYTES_MOST];
    uint32_t kind = rng_below(rng, sizeof kinds / sizeof *kinds);
    bool leaves = rng_below(rng, 2);
    struct craft_address ours = scene_address(false, 10, 0x010000 + rng_below(rng, SOURCES));
    struct craft_address theirs = scene_address(false, 142, rng_below(rng, 5000));
    struct craft_ip ip = {
        .source = leaves ? ours : theirs,
        .target = leaves ? theirs : ours,
        .ttl = (uint8_t)(leaves ? 64 : 50 + rng_below(rng, 8)),
        .protocol = kinds[kind].protocol,
        .id = (uint16_t)rng_u32(rng),
        .df = true,
    };
    size_t length = kinds[kind].make(rng, packet + craft_ip_bytes(&ip));
    output_packet(o, now, leaves, packet, craft_ip(packet, &ip, length));
}

struct scene {
    struct rng rng;
    struct events events;
    struct trace traces[TRACES];
    uint64_t begun;
};

static void start(struct scene *s, uint32_t trace, nstime now)
{
    begin_trace(&s->traces[trace], &s->rng);
    events_push(&s->events, (struct event){.time = now + rng_below(&s->rng, NS_PER_S), .who = trace});
    s->begun++;
}

static nstime gap_after(struct scene *s, const struct trace *t)
{
    nstime gap = t->tool->in_rounds ? t->tool->gap / t->last_ttl : t->tool->gap;
    return gap / 2 + rng_below(&s->rng, (uint32_t)gap);
}

static void send_probe(struct scene *s, const struct event *e, struct output *o)
{
    struct trace *t = &s->traces[e->who];
    uint8_t packet[CRAFT_BYTES_MOST];
    unsigned ttl = ttl_of(t, e->what), hop = ttl < t->hops ? ttl : t->hops;
    output_packet(o, e->time, true, packet, make_probe(t, e->what, packet));
    if (!is_silent(t, hop)) {
        nstime rtt = hop * t->rtt_a_hop + rng_below(&s->rng, 500 * NS_PER_US);
        events_push(&s->events, (struct event){e->time + rtt, e->who, e->what, true});
        t->waiting++;
    }
    t->is_sending = e->what + 1 < t->probes;
    if (t->is_sending)
        events_push(&s->events, (struct event){e->time + gap_after(s, t), e->who, e->what + 1, false});
}

static void get_reply(struct scene *s, const struct event *e, struct output *o)
{
    struct trace *t = &s->traces[e->who];
    uint8_t packet[CRAFT_BYTES_MOST];
    output_packet(o, e->time, false, packet, make_reply(t, e->what, packet));
    t->waiting--;
}

uint64_t scene_tools(struct output *o, struct rng rng)
{
    static struct scene scene;
    struct scene *s = &scene;
    s->rng = rng;
    for (uint32_t i = 0; i < TRACES; i++)
        start(s, i, START_S * NS_PER_S);
    while (!output_is_full(o)) {
        struct event e = events_pop(&s->events);
        if (e.is_reply)
            get_reply(s, &e, o);
        else
            send_probe(s, &e, o);
        if (!s->traces[e.who].is_sending && s->traces[e.who].waiting == 0)
            start(s, e.who, e.time);
        if (!output_is_full(o) && rng_below(&s->rng, 9) == 0)
            write_ordinary(o, &s->rng, e.time);
    }
    free(s->events.heap);
    return s->begun;
}
