/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host records that measures paths to many targets: Paris traces over UDP, whose ports are constant and whose IP
 * id is the TTL, one probe a hop. Routers near the source are the same for all. */
#include <stdlib.h>
#include <string.h>

#include "bench/events.h"
#include "bench/scene.h"

#define TRACES 1000          /* at once */
#define GAP (60 * NS_PER_MS) /* between two probes of a trace, give or take a half: longer than a round trip */
#define SILENT_END 5         /* probes behind the last router if the target is silent */
#define PAYLOAD_BYTES 12

struct trace {
    struct craft_address target;
    uint16_t port; /* of the source */
    uint8_t hops;  /* where the target is */
    uint8_t last_ttl;
    bool answers; /* the target does */
    uint64_t seed;
};

struct scene {
    struct rng rng;
    struct events events;
    struct trace traces[TRACES];
    struct craft_address source;
    uint64_t begun;
};

/* A number that belongs to one TTL of one trace. */
static uint32_t choice(const struct trace *t, unsigned ttl)
{
    uint64_t value = (t->seed + ttl) * UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(value >> 32);
}

static void begin(struct scene *s, uint32_t which, nstime now)
{
    struct trace *t = &s->traces[which];
    *t = (struct trace){
        .target = scene_address(false, 45 + rng_below(&s->rng, 50), rng_u32(&s->rng)),
        .port = (uint16_t)(24000 + rng_below(&s->rng, 8000)),
        .hops = (uint8_t)(12 + rng_below(&s->rng, 14)),
        .answers = rng_below(&s->rng, 3) != 0,
        .seed = rng_u64(&s->rng),
    };
    t->last_ttl = (uint8_t)(t->answers ? t->hops : t->hops - 1 + SILENT_END);
    events_push(&s->events,
                (struct event){.time = now + rng_below(&s->rng, 1000) * NS_PER_MS, .who = which, .what = 1});
    s->begun++;
}

static size_t make_probe(const struct scene *s, const struct trace *t, unsigned ttl, uint8_t *out)
{
    struct craft_ip ip = {
        .source = s->source, .target = t->target, .ttl = (uint8_t)ttl, .protocol = CRAFT_UDP, .id = (uint16_t)ttl};
    uint8_t *at = out + craft_ip_bytes(&ip);
    size_t length = craft_udp(at, t->port, 33434, PAYLOAD_BYTES);
    memset(at + length, 0, PAYLOAD_BYTES);
    at[length] = (uint8_t)ttl; /* another checksum for each TTL */
    return craft_ip(out, &ip, length + PAYLOAD_BYTES);
}

static struct craft_address router(const struct trace *t, unsigned ttl)
{
    uint32_t where = ttl <= 4 ? ttl : choice(t, 1000 + ttl) % 50000 + 256;
    return scene_address(false, 100, ttl << 16 | where);
}

static bool is_silent(const struct trace *t, unsigned ttl)
{
    return ttl >= t->hops ? !t->answers : ttl > 2 && choice(t, 2000 + ttl) % 12 == 0;
}

static size_t make_reply(const struct scene *s, const struct trace *t, unsigned ttl, uint8_t *out)
{
    bool at_target = ttl >= t->hops;
    uint8_t probe[CRAFT_BYTES_MOST];
    struct craft_ip ip = {
        .source = at_target ? t->target : router(t, ttl),
        .target = s->source,
        .ttl = (uint8_t)((at_target ? 64 : 255) - ttl + 1),
        .protocol = CRAFT_ICMP,
        .id = (uint16_t)choice(t, 4000 + ttl),
    };
    enum craft_quote quote = at_target ? CRAFT_QUOTE_LONG : (enum craft_quote)(ip.source.bytes[3] % 3);
    size_t length = make_probe(s, t, ttl, probe);
    uint8_t type = at_target ? 3 : 11, code = at_target ? 3 : 0;
    return craft_ip(out, &ip, craft_error(out + craft_ip_bytes(&ip), type, code, probe, length, quote));
}

static void send_probe(struct scene *s, const struct event *e, struct output *o)
{
    const struct trace *t = &s->traces[e->who];
    uint8_t packet[CRAFT_BYTES_MOST];
    nstime next = e->time + GAP / 2 + rng_below(&s->rng, GAP);
    output_packet(o, e->time, true, packet, make_probe(s, t, e->what, packet));
    if (!is_silent(t, e->what))
        events_push(&s->events, (struct event){.time = e->time + e->what * NS_PER_MS + rng_below(&s->rng, NS_PER_MS),
                                               .who = e->who,
                                               .what = e->what,
                                               .is_reply = true});
    events_push(&s->events, (struct event){.time = next, .who = e->who, .what = e->what + 1});
}

uint64_t scene_mass(struct output *o, struct rng rng)
{
    static struct scene scene;
    struct scene *s = &scene;
    s->rng = rng;
    s->source = scene_address(false, 10, 0x010001);
    for (uint32_t i = 0; i < TRACES; i++)
        begin(s, i, START_S * NS_PER_S);
    while (!output_is_full(o)) {
        struct event e = events_pop(&s->events);
        uint8_t packet[CRAFT_BYTES_MOST];
        if (e.is_reply)
            output_packet(o, e.time, false, packet, make_reply(s, &s->traces[e.who], e.what, packet));
        else if (e.what <= s->traces[e.who].last_ttl)
            send_probe(s, &e, o);
        else
            begin(s, e.who, e.time);
    }
    free(s->events.heap);
    return s->begun;
}
