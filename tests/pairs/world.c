/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairs/world.h"

#include <stdlib.h>

#include "base/array.h"
#include "packet/checksum.h"

#define WIRE_NS_PER_BYTE 8 /* 1 Gbit/s */

enum event_kind { EVENT_START, EVENT_TIMER, EVENT_ARRIVAL };

struct event {
    nstime at;
    uint64_t order;
    enum event_kind kind;
    size_t flow;
    unsigned token; /* TIMER; ARRIVAL: the host */
    struct message message;
};

bool world_chance(struct rng *rng, double chance)
{
    return (double)(rng_u64(rng) >> 11) * 0x1p-53 < chance;
}

nstime world_span(struct rng *rng, nstime most)
{
    return most > 0 ? (nstime)(rng_u64(rng) % (uint64_t)(most + 1)) : 0;
}

static void *grown(void *array, size_t *capacity, size_t need, size_t element)
{
    if (!array_reserve(&array, capacity, need, element))
        abort();
    return array;
}

/* ---- events ---- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void add_event(struct world *world, struct event event)
{
    world->events = grown(world->events, &world->event_capacity, world->event_count + 1, sizeof event);
    event.order = world->event_order++;
    size_t i = world->event_count++;
    for (; i > 0 && is_before(&event, &world->events[(i - 1) / 2]); i = (i - 1) / 2)
        world->events[i] = world->events[(i - 1) / 2];
    world->events[i] = event;
}

static struct event take_event(struct world *world)
{
    struct event first = world->events[0], last = world->events[--world->event_count];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < world->event_count) {
        if (child + 1 < world->event_count && is_before(&world->events[child + 1], &world->events[child]))
            child++;
        if (!is_before(&world->events[child], &last))
            break;
        world->events[i] = world->events[child];
        i = child;
    }
    world->events[i] = last;
    return first;
}

struct flow *world_add_flow(struct world *world, const struct flow_kind *kind, nstime at)
{
    world->flows = grown(world->flows, &world->flow_capacity, world->flow_count + 1, sizeof *world->flows);
    struct flow *flow = &world->flows[world->flow_count];
    *flow = (struct flow){
        .world = world, .kind = kind, .number = (uint16_t)world->flow_count, .rng = rng_init(rng_u64(&world->rng))};
    flow->next_id[0] = (uint16_t)rng_u32(&flow->rng);
    flow->next_id[1] = (uint16_t)rng_u32(&flow->rng);
    add_event(world, (struct event){.at = at, .kind = EVENT_START, .flow = world->flow_count++});
    return flow;
}

void world_timer(struct flow *flow, nstime at, unsigned token)
{
    add_event(flow->world, (struct event){.at = at, .kind = EVENT_TIMER, .flow = flow->number, .token = token});
}

void world_run(struct world *world)
{
    while (world->event_count > 0) {
        struct event event = take_event(world);
        struct flow *flow = &world->flows[event.flow];
        world->now = event.at;
        if (event.kind == EVENT_START)
            flow->kind->start(flow);
        else if (event.kind == EVENT_TIMER)
            flow->kind->timer(flow, event.token);
        else
            flow->kind->receive(flow, (enum pair_side)event.token, &event.message);
    }
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->flow_count; i++)
        free(world->flows[i].state);
    free(world->flows);
    free(world->events);
    free(world->bytes);
    free(world->seen[0]);
    free(world->seen[1]);
}

/* ---- packets ---- */

/* Bytes of the header before the field, as pkt_sum() has them; -1: the protocol has no checksum. */
static int checksum_at(uint8_t protocol)
{
    return protocol == IP_TCP ? 16 : protocol == IP_UDP ? 6 : protocol == IP_ICMP || protocol == IP_ICMP6 ? 2 : -1;
}

/* Fragments are summed as a whole, before they are cut. */
static void sum_payload(uint8_t *payload, size_t length, const struct addr *from, const struct addr *to,
                        uint8_t protocol)
{
    int at = checksum_at(protocol);
    if (at < 0)
        return;
    pkt_put16(payload + at, 0);
    uint32_t sum = protocol == IP_ICMP ? 0 : checksum_pseudo(from, to, protocol, (uint32_t)length);
    uint16_t value = checksum_finish(checksum_add(sum, payload, length));
    pkt_put16(payload + at, protocol == IP_UDP && value == 0 ? 0xffff : value);
}

static uint16_t next_id(struct flow *flow, enum pair_side side)
{
    switch (flow->world->plan->ids[side]) {
    case PAIR_IDS_OF_FLOW:
        return flow->next_id[side]++;
    case PAIR_IDS_OF_HOST:
        return flow->world->host_id[side]++;
    case PAIR_IDS_RANDOM:
        return (uint16_t)rng_u32(&flow->rng);
    default:
        return 0;
    }
}

static uint32_t add_crossing(struct flow *flow, enum pair_way way, enum pair_origin origin,
                             const struct sending *sending)
{
    struct pair *pair = flow->world->pair;
    pair->crossings = grown(pair->crossings, &pair->capacity, pair->count + 1, sizeof *pair->crossings);
    pair->crossings[pair->count] = (struct pair_crossing){.way = (uint8_t)way,
                                                          .origin = (uint8_t)origin,
                                                          .protocol = flow->kind->protocol,
                                                          .kind = flow->kind->name,
                                                          .flow = flow->number,
                                                          .payload = (uint16_t)sending->data,
                                                          .no_id = sending->no_id,
                                                          .sequence = sending->sequence,
                                                          .from = sending->message.from,
                                                          .acked = sending->message.acked,
                                                          .at = {NSTIME_NONE, NSTIME_NONE}};
    return (uint32_t)pair->count++;
}

static void see(struct world *world, enum pair_side side, nstime at, const struct pkt *packet, struct seen seen)
{
    struct pair_crossing *crossing = &world->pair->crossings[seen.crossing];
    world->bytes = grown(world->bytes, &world->byte_capacity, world->byte_count + packet->length, 1);
    memcpy(world->bytes + world->byte_count, packet->bytes, packet->length);
    seen.at = at;
    seen.offset = world->byte_count;
    seen.length = packet->length;
    world->byte_count += packet->length;
    world->seen[side] = grown(world->seen[side], &world->seen_capacity[side], world->seen_count[side] + 1, sizeof seen);
    world->seen[side][world->seen_count[side]++] = seen;
    if (crossing->at[side] == NSTIME_NONE)
        crossing->at[side] = at;
}

static bool is_lost_between(struct world *world, enum pair_way way)
{
    const struct pair_way_plan *plan = &world->plan->ways[way];
    if (world->burst_left[way] > 0) {
        world->burst_left[way]--;
        return true;
    }
    if (!world_chance(&world->rng, plan->loss / plan->burst))
        return false;
    world->burst_left[way] = plan->burst - 1;
    return true;
}

/* When a packet that passes the first point at `at` passes the second one. Packets keep their order, unless they are
 * held back. */
static nstime arrival_between(struct world *world, enum pair_way way, nstime at, bool *held)
{
    const struct pair_way_plan *plan = &world->plan->ways[way];
    nstime arrival = at + plan->delay + world_span(&world->rng, plan->jitter);
    *held = world_chance(&world->rng, plan->reorder);
    if (*held)
        return arrival + plan->reorder_by;
    if (arrival <= world->last_arrival[way])
        arrival = world->last_arrival[way] + NS_PER_US;
    world->last_arrival[way] = arrival;
    return arrival;
}

static void deliver(struct flow *flow, enum pair_side to, nstime at, const struct message *message)
{
    struct world *world = flow->world;
    if (!world->plan->points[to].at_host) {
        if (world_chance(&world->rng, world->plan->aside_loss))
            return;
        at += world->plan->aside_delay;
    }
    add_event(world,
              (struct event){.at = at, .kind = EVENT_ARRIVAL, .flow = flow->number, .token = to, .message = *message});
}

/* A router between tells A that it dropped the packet: time exceeded, with a quote. */
static void report_loss(struct flow *flow, nstime at, const struct pkt *packet)
{
    struct world *world = flow->world;
    bool six = flow->hosts[0][0].family == 6;
    size_t quote = packet->length < 128 ? packet->length : 128;
    uint8_t payload[8 + 128] = {six ? 3 : 11};
    struct pkt error;
    struct pkt_ip ip = {.target = flow->hosts[PAIR_NEAR][0], .protocol = six ? IP_ICMP6 : IP_ICMP, .ttl = 63};
    addr_parse(six ? "2001:db8:aa::1" : "100.64.3.1", &ip.source);
    ip.id = (uint16_t)rng_u32(&world->rng);
    memcpy(payload + 8, packet->bytes, quote);
    pkt_build(&error, &ip, payload, 8 + quote);
    pkt_sum(&error);
    uint32_t crossing = add_crossing(flow, PAIR_TOWARD_NEAR, PAIR_OF_ROUTER, &(struct sending){.data = quote});
    world->pair->crossings[crossing].protocol = ip.protocol;
    see(world, PAIR_NEAR, at + NS_PER_MS, &error, (struct seen){.crossing = crossing});
}

/* From the first point to the second, and to the other host. */
static void cross(struct flow *flow, enum pair_way way, uint32_t number, nstime at, struct pkt *packet,
                  const struct message *message)
{
    struct world *world = flow->world;
    enum pair_side to = way == PAIR_TOWARD_FAR ? PAIR_FAR : PAIR_NEAR;
    struct pair_crossing *crossing = &world->pair->crossings[number];
    bool held = false;
    crossing->lost = is_lost_between(world, way);
    if (crossing->lost) {
        if (way == PAIR_TOWARD_FAR && world_chance(&world->rng, world->plan->router_errors))
            report_loss(flow, at, packet);
        return;
    }
    nstime arrival = arrival_between(world, way, at, &held);
    crossing->reordered = held;
    middle_rewrite(flow, way, packet);
    see(world, to, arrival, packet, (struct seen){.crossing = number});
    if (message)
        deliver(flow, to, arrival, message);
    if (world_chance(&world->rng, world->plan->ways[way].duplicate)) {
        arrival = arrival_between(world, way, at, &held);
        see(world, to, arrival, packet, (struct seen){.crossing = number, .again = true});
        world->pair->crossings[number].copies[to]++;
        if (message)
            deliver(flow, to, arrival, message);
    }
}

/* One IP packet leaves a host. `message`: NULL for all fragments but the last. */
static void send_packet(struct flow *flow, enum pair_side side, const struct sending *sending, struct pkt *packet,
                        const struct message *message)
{
    struct world *world = flow->world;
    enum pair_way way = side == PAIR_NEAR ? PAIR_TOWARD_FAR : PAIR_TOWARD_NEAR;
    nstime at = world->now > world->free_at[side] ? world->now : world->free_at[side];
    world->free_at[side] = at + packet->length * WIRE_NS_PER_BYTE;
    if (!world->plan->points[side].at_host) {
        if (world_chance(&world->rng, world->plan->aside_loss))
            return;
        at += world->plan->aside_delay;
        pkt_set_ttl(packet->bytes, 63);
    }
    if (flow->aside) {
        uint32_t number = add_crossing(flow, way, PAIR_ELSEWHERE, sending);
        see(world, PAIR_NEAR, at, packet, (struct seen){.crossing = number, .outgoing = side == PAIR_NEAR});
        deliver(flow, side == PAIR_NEAR ? PAIR_FAR : PAIR_NEAR, at + NS_PER_MS, message);
        return;
    }
    uint32_t number = add_crossing(flow, way, PAIR_OF_HOST, sending);
    see(world, side, at, packet, (struct seen){.crossing = number, .burst = sending->burst, .outgoing = true});
    cross(flow, way, number, at, packet, message);
}

static struct pkt_ip ip_of(struct flow *flow, enum pair_side side, uint8_t tos)
{
    enum pair_side view = flow->aside ? PAIR_NEAR : side;
    uint8_t protocol = flow->kind->protocol;
    if (protocol == IP_ICMP6 && flow->hosts[view][0].family == 4)
        protocol = IP_ICMP;
    return (struct pkt_ip){.source = flow->hosts[view][side],
                           .target = flow->hosts[view][!side],
                           .protocol = protocol,
                           .ttl = 64,
                           .tos = tos};
}

/* RFC 791: pieces of a multiple of 8 bytes. Over IPv6 the applications send no more than fits. */
static void send_fragments(struct flow *flow, enum pair_side side, const struct sending *sending, struct pkt_ip *ip,
                           const uint8_t *payload)
{
    size_t piece = (WORLD_PACKET_MOST - 20) / 8 * 8;
    for (size_t at = 0; at < sending->length; at += piece) {
        size_t length = sending->length - at < piece ? sending->length - at : piece;
        bool last = at + length == sending->length;
        struct pkt packet;
        pkt_build(&packet, ip, payload + at, length);
        pkt_put16(packet.bytes + 6, (uint16_t)(at / 8 | (last ? 0 : 0x2000)));
        pkt_put16(packet.bytes + 10, 0);
        pkt_put16(packet.bytes + 10, checksum_finish(checksum_add(0, packet.bytes, 20)));
        send_packet(flow, side, sending, &packet, last ? &sending->message : NULL);
    }
}

void world_send(struct flow *flow, enum pair_side side, const struct sending *sending)
{
    uint8_t payload[WORLD_MESSAGE_MOST];
    struct pkt_ip ip = ip_of(flow, side, sending->tos);
    struct pkt packet;
    memcpy(payload, sending->payload, sending->length);
    sum_payload(payload, sending->length, &ip.source, &ip.target, ip.protocol);
    ip.id = sending->no_id ? 0 : next_id(flow, side);
    if (sending->length + 20 > WORLD_PACKET_MOST && ip.source.family == 4) {
        ip.id =
            (uint16_t)(ip.id ? ip.id : 1 + rng_below(&flow->rng, 65535)); /* RFC 6864 4.3: of fragments it is unique */
        send_fragments(flow, side, sending, &ip, payload);
        return;
    }
    ip.dont_fragment = true;
    pkt_build(&packet, &ip, payload, sending->length);
    send_packet(flow, side, sending, &packet, &sending->message);
}

void world_forge(struct flow *flow, enum pair_side side, const struct sending *sending)
{
    struct world *world = flow->world;
    uint8_t payload[WORLD_MESSAGE_MOST];
    struct pkt packet;
    struct pkt_ip ip = {.source = flow->hosts[side][!side],
                        .target = flow->hosts[side][side],
                        .protocol = flow->kind->protocol,
                        .ttl = (uint8_t)(40 + rng_below(&flow->rng, 80)),
                        .id = (uint16_t)rng_u32(&flow->rng)};
    memcpy(payload, sending->payload, sending->length);
    sum_payload(payload, sending->length, &ip.source, &ip.target, ip.protocol);
    pkt_build(&packet, &ip, payload, sending->length);
    enum pair_way way = side == PAIR_NEAR ? PAIR_TOWARD_NEAR : PAIR_TOWARD_FAR;
    uint32_t number = add_crossing(flow, way, PAIR_FORGED, sending);
    nstime at = world->now + NS_PER_MS;
    see(world, side, at, &packet, (struct seen){.crossing = number});
    deliver(flow, side, at, &sending->message);
}
