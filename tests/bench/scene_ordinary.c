/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host of an office records that traces nothing: connections, queries, calls and pings, whose TTLs hardly
 * change; ICMP errors about some of them; and routing protocols and discovery, which send with low TTLs on purpose. */
#include <stdlib.h>
#include <string.h>

#include "bench/events.h"
#include "bench/scene.h"

#define FLOWS 2000 /* at once */
#define HOSTS 40   /* of ours */
#define SERVERS 20000

enum { PROTOCOL_IGMP = 2, PROTOCOL_OSPF = 89, PROTOCOL_VRRP = 112 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_PSH = 8, TCP_ACK = 16 };

struct flow {
    const struct kind *kind;
    bool v6;
    uint16_t port, number; /* of our end; an id, or the first of several */
    uint8_t their_ttl;
    struct craft_address ours, theirs;
    uint32_t packets;
};

struct kind {
    const char *name;
    uint16_t percent;     /* of the flows */
    uint8_t protocol;     /* of IPv4 */
    uint8_t ttl;          /* of what we send */
    uint16_t port;        /* of their end */
    uint16_t least, more; /* packets */
    nstime gap;           /* between two packets */
    uint32_t group;       /* IPv4 address of a multicast group; 0: the flow has two ends, which take turns */
    /* Writes the transport part of packet `n`; returns its length. */
    size_t (*make)(const struct flow *f, uint32_t n, uint8_t *at);
    /* Not NULL: each second packet is an ICMP error about the one before. */
    void (*error)(const struct flow *f, struct craft_ip *ip, uint8_t *type, uint8_t *code);
};

static bool leaves(const struct flow *f, uint32_t n)
{
    return f->kind->group || n % 2 == 0;
}

static size_t tcp(const struct flow *f, uint32_t n, uint8_t *at)
{
    bool out = leaves(f, n);
    uint8_t flags = n == 0 ? TCP_SYN : n == 1 ? TCP_SYN | TCP_ACK : n + 2 >= f->packets ? TCP_FIN | TCP_ACK : TCP_ACK;
    uint32_t ours = f->number * 65537u + n / 2 * 100, theirs = f->number * 40503u + n / 2 * 400;
    size_t payload = n < 3 || n % 5 < 2 ? 0 : out ? 100 : 400 - n % 7 * 40;
    size_t length = craft_tcp(at, out ? f->port : f->kind->port, out ? f->kind->port : f->port, out ? ours : theirs,
                              n == 0 ? 0 : (out ? theirs : ours) + 1, payload ? flags | TCP_PSH : flags, n < 2);
    return length + scene_fill(at + length, payload, 0x17);
}

static size_t udp(const struct flow *f, uint32_t n, uint8_t *at)
{
    bool out = leaves(f, n);
    size_t payload = 30 + (f->number + n) % 11 * 20;
    size_t length = craft_udp(at, out ? f->port : f->kind->port, out ? f->kind->port : f->port, payload);
    return length + scene_fill(at + length, payload, 0x40);
}

static size_t dns(const struct flow *f, uint32_t n, uint8_t *at)
{
    static const char query[] = "\0\0\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"; /* A of www.example.com */
    size_t bytes = sizeof query - 1;
    bool out = leaves(f, n);
    size_t length = craft_udp(at, out ? f->port : 53, out ? 53 : f->port, bytes);
    memcpy(at + length, query, bytes);
    at[length] = (uint8_t)(f->number >> 8);
    at[length + 1] = (uint8_t)(f->number + n / 2);
    at[length + 2] = out ? 1 : 0x81;
    return length + bytes;
}

static size_t ping(const struct flow *f, uint32_t n, uint8_t *at)
{
    uint8_t request = f->v6 ? 128 : 8, reply = f->v6 ? 129 : 0;
    size_t length = craft_echo(at, leaves(f, n) ? request : reply, f->number, (uint16_t)(n / 2 + 1));
    return length + scene_fill(at + length, 56, 8);
}

static size_t bare(const struct flow *f, uint32_t n, uint8_t *at)
{
    (void)n;
    return scene_fill(at, 32, (uint8_t)f->number);
}

/* A router on the way is in a loop. */
static void time_exceeded(const struct flow *f, struct craft_ip *ip, uint8_t *type, uint8_t *code)
{
    ip->source = scene_address(f->v6, 100, 7 + f->number % 5);
    ip->ttl = (uint8_t)(250 - f->number % 5);
    *type = f->v6 ? 3 : 11;
    *code = 0;
}

static void port_unreachable(const struct flow *f, struct craft_ip *ip, uint8_t *type, uint8_t *code)
{
    ip->source = f->theirs;
    ip->ttl = f->their_ttl;
    *type = f->v6 ? 1 : 3;
    *code = f->v6 ? 4 : 3;
}

#define GROUP(last) (0xe0000000u + (last))
#define S NS_PER_S
#define MS NS_PER_MS
static const struct kind kinds[] = {
    {"HTTPS", 40, CRAFT_TCP, 64, 443, 12, 120, 20 * MS, 0, tcp, NULL},
    {"SSH", 4, CRAFT_TCP, 64, 22, 40, 200, 40 * MS, 0, tcp, NULL},
    {"QUIC", 14, CRAFT_UDP, 64, 443, 10, 100, 15 * MS, 0, udp, NULL},
    {"DNS", 22, CRAFT_UDP, 64, 53, 2, 3, 10 * MS, 0, dns, NULL},
    {"ping", 6, CRAFT_ICMP, 64, 0, 4, 40, 500 * MS, 0, ping, NULL},
    {"a closed port", 4, CRAFT_UDP, 64, 161, 2, 6, 300 * MS, 0, udp, port_unreachable},
    {"a loop", 3, CRAFT_TCP, 64, 80, 4, 8, 700 * MS, 0, tcp, time_exceeded},
    {"BGP", 1, CRAFT_TCP, 1, 179, 20, 40, 400 * MS, 0, tcp, NULL},
    {"OSPF", 1, PROTOCOL_OSPF, 1, 0, 10, 20, S, GROUP(5), bare, NULL},
    {"IGMP", 1, PROTOCOL_IGMP, 1, 0, 2, 6, S, GROUP(22), bare, NULL},
    {"VRRP", 1, PROTOCOL_VRRP, 255, 0, 10, 20, S, GROUP(18), bare, NULL},
    {"RIP", 1, CRAFT_UDP, 1, 520, 2, 10, 3 * S, GROUP(9), udp, NULL},
    {"mDNS", 1, CRAFT_UDP, 255, 5353, 1, 4, S, GROUP(251), udp, NULL},
    {"SSDP", 1, CRAFT_UDP, 4, 1900, 3, 4, S, 0xeffffffa, udp, NULL},
};
#define KINDS (sizeof kinds / sizeof *kinds)

struct scene {
    struct rng rng;
    struct events events;
    struct flow flows[FLOWS];
    uint64_t begun;
};

static const struct kind *choose_kind(struct rng *rng)
{
    uint32_t chosen = rng_below(rng, 100);
    size_t i = 0;
    for (; i + 1 < KINDS && chosen >= kinds[i].percent; i++)
        chosen -= kinds[i].percent;
    return &kinds[i];
}

static void begin(struct scene *s, uint32_t which, nstime now)
{
    struct flow *f = &s->flows[which];
    *f = (struct flow){.kind = choose_kind(&s->rng), .number = (uint16_t)rng_u32(&s->rng)};
    f->v6 = !f->kind->group && rng_below(&s->rng, 4) == 0;
    f->port = (uint16_t)(32768 + rng_below(&s->rng, 28000));
    f->their_ttl = (uint8_t)(f->kind->ttl == 64 ? 44 + rng_below(&s->rng, 20) : f->kind->ttl);
    f->ours = scene_address(f->v6, 10, 0x010000 + rng_below(&s->rng, HOSTS));
    f->theirs = f->kind->group ? scene_address(false, f->kind->group >> 24, f->kind->group)
                               : scene_address(f->v6, 142, rng_below(&s->rng, SERVERS));
    f->packets = f->kind->least + rng_below(&s->rng, f->kind->more);
    events_push(&s->events, (struct event){.time = now + rng_below(&s->rng, 2000) * MS, .who = which});
    s->begun++;
}

static size_t make_packet(const struct flow *f, uint32_t n, uint8_t *out)
{
    bool out_of_us = leaves(f, n);
    uint8_t protocol = f->v6 && f->kind->protocol == CRAFT_ICMP ? CRAFT_ICMP6 : f->kind->protocol;
    struct craft_ip ip = {
        .source = out_of_us ? f->ours : f->theirs,
        .target = out_of_us ? f->theirs : f->ours,
        /* Balanced paths differ in length. */
        .ttl = (uint8_t)(out_of_us ? f->kind->ttl : f->their_ttl - (f->their_ttl > 1 && (f->number + n) % 16 == 0)),
        .protocol = protocol,
        .id = (uint16_t)(f->number + n),
        .df = f->kind->protocol == CRAFT_TCP,
        .flow = f->number,
    };
    return craft_ip(out, &ip, f->kind->make(f, n, out + craft_ip_bytes(&ip)));
}

static size_t make_error(const struct flow *f, uint32_t n, uint8_t *out)
{
    uint8_t about[CRAFT_BYTES_MOST], type, code;
    struct craft_ip ip = {.target = f->ours, .protocol = f->v6 ? CRAFT_ICMP6 : CRAFT_ICMP, .id = f->number};
    f->kind->error(f, &ip, &type, &code);
    size_t length = make_packet(f, n - 1, about);
    return craft_ip(out, &ip, craft_error(out + craft_ip_bytes(&ip), type, code, about, length, CRAFT_QUOTE_SHORT));
}

uint64_t scene_ordinary(struct output *o, struct rng rng)
{
    static struct scene scene;
    struct scene *s = &scene;
    s->rng = rng;
    for (uint32_t i = 0; i < FLOWS; i++)
        begin(s, i, START_S * NS_PER_S);
    while (!output_is_full(o)) {
        struct event e = events_pop(&s->events);
        const struct flow *f = &s->flows[e.who];
        uint8_t packet[CRAFT_BYTES_MOST];
        bool is_error = f->kind->error && e.what % 2;
        size_t length = is_error ? make_error(f, e.what, packet) : make_packet(f, e.what, packet);
        output_packet(o, e.time, !is_error && leaves(f, e.what), packet, length);
        if (++e.what < f->packets) {
            e.time += f->kind->gap / 2 + rng_below(&s->rng, (uint32_t)f->kind->gap);
            events_push(&s->events, e);
        } else {
            begin(s, e.who, e.time);
        }
    }
    free(s->events.heap);
    return s->begun;
}
