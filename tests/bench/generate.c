/* SPDX-License-Identifier: BSD-2-Clause */
/* generate: a large capture such as a busy measuring host makes, for the bench of replay: hundreds of traces at once by
 * the tools that people use, each as it behaves, and a tenth of ordinary traffic. Ethernet, nanoseconds, deterministic.
 *
 *   generate PACKETS SEED OUTPUT        prints what is in it: packets, bytes, traces */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nstime.h"
#include "base/rng.h"
#include "bench/craft.h"

#define TRACES 300 /* at once */
#define SOURCES 6
#define TTL_MOST 30
#define ROUNDS_MOST 60
#define BASE_PORT 33434
#define MTR_FIRST 33000
#define ETHERNET_BYTES 14
#define START_S 1700000000

static const uint8_t tcp_syn = 2, tcp_syn_ack = 0x12, tcp_ack = 0x10;

/* ---- the output ---- */

struct output {
    FILE *file;
    uint64_t packets, bytes, packets_most;
};

static void write_u32s(struct output *o, const uint32_t *values, size_t count)
{
    fwrite(values, sizeof *values, count, o->file);
    o->bytes += count * sizeof *values;
}

static void write_header(struct output *o)
{
    static const uint32_t header[] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, 262144, 1};
    write_u32s(o, header, sizeof header / sizeof *header);
}

static void write_packet(struct output *o, nstime time, bool leaves, const uint8_t *packet, size_t length)
{
    static const uint8_t addresses[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    uint8_t ethernet[ETHERNET_BYTES];
    bool v6 = packet[0] >> 4 == 6;
    uint32_t whole = (uint32_t)(ETHERNET_BYTES + length);
    uint32_t header[] = {(uint32_t)(time / NS_PER_S), (uint32_t)(time % NS_PER_S), whole, whole};
    memcpy(ethernet, addresses + (leaves ? 0 : 6), 12);
    ethernet[12] = v6 ? 0x86 : 0x08;
    ethernet[13] = v6 ? 0xdd : 0x00;
    write_u32s(o, header, 4);
    fwrite(ethernet, 1, sizeof ethernet, o->file);
    fwrite(packet, 1, length, o->file);
    o->bytes += whole;
    o->packets++;
}

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

static size_t fill(uint8_t *out, size_t length, uint8_t first)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(first + i);
    return length;
}

static size_t traceroute_udp(const struct trace *t, unsigned n, struct craft_ip *ip, uint8_t *out)
{
    uint32_t chosen = choice(t, n);
    size_t length = craft_udp(out, (uint16_t)(32768 + chosen % 28000), (uint16_t)(BASE_PORT + n), 32);
    ip->id = (uint16_t)(chosen >> 16);
    ip->flow = chosen; /* the kernel's, which follows the ports */
    return length + fill(out + length, 32, '@');
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
        return length + fill(out + length, payload, first);
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

static struct craft_address address(bool v6, uint32_t net, uint32_t host)
{
    struct craft_address a = {.v6 = v6};
    size_t at = 0;
    if (v6) {
        static const uint8_t prefix[] = {0x20, 0x01, 0x0d, 0xb8};
        memcpy(a.bytes, prefix, sizeof prefix);
        a.bytes[7] = (uint8_t)net;
        at = 12;
    }
    for (unsigned i = 0; i < 4; i++)
        a.bytes[at + i] = (uint8_t)((v6 ? host : net << 24 | (host & 0xffffff)) >> (24 - 8 * i));
    return a;
}

/* The router at a TTL: traces share those near the source. */
static struct craft_address router(const struct trace *t, unsigned ttl)
{
    uint32_t where = ttl <= 3 ? ttl : choice(t, 1000 + ttl) % 50000 + 256;
    return address(t->source.v6, 100, ttl << 16 | where);
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
        .source = address(v6, 10, 0x010000 + rng_below(rng, SOURCES)),
        .target = address(v6, 45, rng_u32(rng)),
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
    return length + fill(at + length, payload, 0x17);
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
    return length + fill(at + length, payload, 0x40);
}

static size_t ordinary_ping(struct rng *rng, uint8_t *at)
{
    size_t length = craft_echo(at, rng_below(rng, 2) ? 8 : 0, (uint16_t)rng_below(rng, 100), (uint16_t)rng_u32(rng));
    return length + fill(at + length, 56, 8);
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
    struct craft_address ours = address(false, 10, 0x010000 + rng_below(rng, SOURCES));
    struct craft_address theirs = address(false, 142, rng_below(rng, 5000));
    struct craft_ip ip = {
        .source = leaves ? ours : theirs,
        .target = leaves ? theirs : ours,
        .ttl = (uint8_t)(leaves ? 64 : 50 + rng_below(rng, 8)),
        .protocol = kinds[kind].protocol,
        .id = (uint16_t)rng_u32(rng),
        .df = true,
    };
    size_t length = kinds[kind].make(rng, packet + craft_ip_bytes(&ip));
    write_packet(o, now, leaves, packet, craft_ip(packet, &ip, length));
}

/* ---- what happens when ---- */

struct event {
    nstime time;
    uint32_t trace, probe;
    bool is_reply;
};

struct queue {
    struct event *events; /* a heap: the earliest on top */
    size_t count, capacity;
};

static void push(struct queue *q, struct event event)
{
    if (q->count == q->capacity) {
        q->capacity = q->capacity ? 2 * q->capacity : 1024;
        q->events = realloc(q->events, q->capacity * sizeof *q->events);
        if (!q->events)
            abort();
    }
    size_t at = q->count++;
    for (; at > 0 && q->events[(at - 1) / 2].time > event.time; at = (at - 1) / 2)
        q->events[at] = q->events[(at - 1) / 2];
    q->events[at] = event;
}

static struct event pop(struct queue *q)
{
    struct event top = q->events[0], last = q->events[--q->count];
    size_t at = 0;
    for (size_t next; (next = 2 * at + 1) < q->count; at = next) {
        if (next + 1 < q->count && q->events[next + 1].time < q->events[next].time)
            next++;
        if (q->events[next].time >= last.time)
            break;
        q->events[at] = q->events[next];
    }
    q->events[at] = last;
    return top;
}

struct scene {
    struct rng rng;
    struct queue queue;
    struct trace traces[TRACES];
    uint64_t begun;
};

static void start(struct scene *s, uint32_t trace, nstime now)
{
    begin_trace(&s->traces[trace], &s->rng);
    push(&s->queue, (struct event){.time = now + rng_below(&s->rng, NS_PER_S), .trace = trace});
    s->begun++;
}

static nstime gap_after(struct scene *s, const struct trace *t)
{
    nstime gap = t->tool->in_rounds ? t->tool->gap / t->last_ttl : t->tool->gap;
    return gap / 2 + rng_below(&s->rng, (uint32_t)gap);
}

static void send_probe(struct scene *s, const struct event *e, struct output *o)
{
    struct trace *t = &s->traces[e->trace];
    uint8_t packet[CRAFT_BYTES_MOST];
    unsigned ttl = ttl_of(t, e->probe), hop = ttl < t->hops ? ttl : t->hops;
    write_packet(o, e->time, true, packet, make_probe(t, e->probe, packet));
    if (!is_silent(t, hop)) {
        nstime rtt = hop * t->rtt_a_hop + rng_below(&s->rng, 500 * NS_PER_US);
        push(&s->queue, (struct event){e->time + rtt, e->trace, e->probe, true});
        t->waiting++;
    }
    t->is_sending = e->probe + 1 < t->probes;
    if (t->is_sending)
        push(&s->queue, (struct event){e->time + gap_after(s, t), e->trace, e->probe + 1, false});
}

static void get_reply(struct scene *s, const struct event *e, struct output *o)
{
    struct trace *t = &s->traces[e->trace];
    uint8_t packet[CRAFT_BYTES_MOST];
    write_packet(o, e->time, false, packet, make_reply(t, e->probe, packet));
    t->waiting--;
}

static void play(struct scene *s, struct output *o)
{
    for (uint32_t i = 0; i < TRACES; i++)
        start(s, i, START_S * NS_PER_S);
    while (o->packets < o->packets_most) {
        struct event e = pop(&s->queue);
        if (e.is_reply)
            get_reply(s, &e, o);
        else
            send_probe(s, &e, o);
        if (!s->traces[e.trace].is_sending && s->traces[e.trace].waiting == 0)
            start(s, e.trace, e.time);
        if (o->packets < o->packets_most && rng_below(&s->rng, 9) == 0)
            write_ordinary(o, &s->rng, e.time);
    }
}

int main(int argc, char *argv[])
{
    static struct scene scene;
    if (argc != 4) {
        fprintf(stderr, "usage: generate PACKETS SEED OUTPUT\n");
        return 2;
    }
    struct output output = {.file = fopen(argv[3], "wb"), .packets_most = strtoull(argv[1], NULL, 10)};
    if (!output.file) {
        fprintf(stderr, "generate: %s: %s\n", argv[3], strerror(errno));
        return 3;
    }
    setvbuf(output.file, NULL, _IOFBF, 1 << 20);
    scene.rng = rng_init(strtoull(argv[2], NULL, 10));
    write_header(&output);
    play(&scene, &output);
    free(scene.queue.events);
    bool failed = ferror(output.file);
    if (fclose(output.file) != 0 || failed) {
        fprintf(stderr, "generate: %s: cannot write: %s\n", argv[3], strerror(errno));
        return 3;
    }
    printf("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " traces\n", output.packets, output.bytes, scene.begun);
    return 0;
}
