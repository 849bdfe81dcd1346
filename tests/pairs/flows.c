/* SPDX-License-Identifier: BSD-2-Clause */
/* The flows of a plan: how many of each kind, their addresses and ports; and datagrams of many protocols. */
#include "pairs/flows.h"

#include <stdlib.h>

#include "pairs/world.h"

#define DNS_RETRY (2 * NS_PER_S)
#define DNS_TRIES 3
#define STREAM_MOST 400 /* packets of one stream each way */

struct datagrams {
    nstime interval;
    unsigned left[2]; /* packets that A and B still send of themselves */
    unsigned sent[2];
    uint32_t key[2]; /* SSRC, SPI, connection id ... toward far, toward near */
    bool answered;
};

static struct datagrams *datagrams_of(struct flow *flow)
{
    return flow->state;
}

static struct datagrams *datagrams_new(struct flow *flow)
{
    struct datagrams *datagrams = calloc(1, sizeof *datagrams);
    if (!datagrams)
        abort();
    datagrams->key[0] = rng_u32(&flow->rng);
    datagrams->key[1] = rng_u32(&flow->rng);
    flow->state = datagrams;
    return datagrams;
}

static void fill(struct rng *rng, uint8_t *at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        at[i] = (uint8_t)rng_u32(rng);
}

static size_t make_udp(struct flow *flow, int side, uint8_t *bytes, size_t data)
{
    int view = flow->aside ? 0 : side;
    pkt_put16(bytes, flow->ports[view][side]);
    pkt_put16(bytes + 2, flow->ports[view][!side]);
    pkt_put16(bytes + 4, (uint16_t)(8 + data));
    pkt_put16(bytes + 6, 0);
    return 8 + data;
}

static void send_bytes(struct flow *flow, int side, const uint8_t *bytes, size_t length, size_t data,
                       struct message message)
{
    world_send(flow, (enum pair_side)side,
               &(struct sending){.payload = bytes, .length = length, .data = data, .message = message});
}

/* ---- DNS: a query from a port of its own, tried again ---- */

static size_t make_dns(struct flow *flow, int side, bool answer, const uint8_t address[4], uint8_t *bytes)
{
    static const uint8_t name[] = "\7example\3org";
    uint8_t *dns = bytes + 8;
    size_t length = 12;
    pkt_put16(dns, (uint16_t)datagrams_of(flow)->key[0]);
    pkt_put16(dns + 2, answer ? 0x8180 : 0x0100);
    memset(dns + 4, 0, 8);
    pkt_put16(dns + 4, 1);
    pkt_put16(dns + 6, answer);
    memcpy(dns + length, name, sizeof name);
    length += sizeof name;
    pkt_put32(dns + length, 0x00010001);
    length += 4;
    if (answer) {
        const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
        memcpy(dns + length, record, sizeof record);
        memcpy(dns + length + sizeof record, address, 4);
        length += sizeof record + 4;
    }
    return make_udp(flow, side, bytes, length);
}

static void ask(struct flow *flow)
{
    uint8_t bytes[256];
    struct datagrams *dns = datagrams_of(flow);
    size_t length = make_dns(flow, 0, false, NULL, bytes);
    dns->left[0]--;
    send_bytes(flow, 0, bytes, length, length - 8, (struct message){0});
    if (dns->left[0] > 0)
        world_timer(flow, flow->world->now + DNS_RETRY, 0);
}

static void start_dns(struct flow *flow)
{
    datagrams_new(flow)->left[0] = DNS_TRIES;
    ask(flow);
}

/* A device between answers before B does. */
static void forge_answer(struct flow *flow)
{
    uint8_t bytes[256];
    size_t length = make_dns(flow, 1, true, (const uint8_t[]){127, 0, 0, 1}, bytes);
    pkt_put16(bytes, flow->ports[PAIR_NEAR][1]);
    pkt_put16(bytes + 2, flow->ports[PAIR_NEAR][0]);
    world_forge(flow, PAIR_NEAR,
                &(struct sending){.payload = bytes, .length = length, .data = length - 8, .message = {.reply = true}});
}

static void receive_dns(struct flow *flow, enum pair_side at, const struct message *message)
{
    uint8_t bytes[256];
    if (at == PAIR_NEAR) {
        datagrams_of(flow)->answered = true;
        return;
    }
    (void)message;
    size_t length = make_dns(flow, 1, true, (const uint8_t[]){192, 0, 2, 80}, bytes);
    send_bytes(flow, 1, bytes, length, length - 8, (struct message){.reply = true});
    if (flow->world->plan->forgery == PAIR_FORGES_DNS && !flow->aside && world_chance(&flow->rng, 0.5))
        forge_answer(flow);
}

static void retry_dns(struct flow *flow, unsigned token)
{
    (void)token;
    if (!datagrams_of(flow)->answered)
        ask(flow);
}

static const struct flow_kind flow_dns = {"dns", IP_UDP, start_dns, receive_dns, retry_dns};

/* ---- streams: packets at an interval, A's and B's apart ---- */

static void send_next(struct flow *flow, int side)
{
    struct datagrams *stream = datagrams_of(flow);
    uint8_t bytes[WORLD_MESSAGE_MOST];
    size_t data = 0, header = 8;
    unsigned number = stream->sent[side]++;
    const struct flow_kind *kind = flow->kind;
    if (kind == &flow_rtp) { /* RFC 3550 */
        data = 172;
        pkt_put16(bytes + 8, 0x8000);
        pkt_put16(bytes + 10, (uint16_t)(number + stream->key[side]));
        pkt_put32(bytes + 12, number * 160);
        pkt_put32(bytes + 16, stream->key[side]);
        fill(&flow->rng, bytes + 20, data - 12);
    } else if (kind == &flow_quic) { /* RFC 9000 17.3: the header is protected */
        data = 30 + rng_below(&flow->rng, 1200);
        bytes[8] = (uint8_t)(0x40 | (rng_u32(&flow->rng) & 0x3f));
        pkt_put32(bytes + 9, stream->key[side]);
        pkt_put32(bytes + 13, ~stream->key[side]);
        fill(&flow->rng, bytes + 17, data - 9);
    } else if (kind == &flow_wireguard) { /* a data message: receiver, counter, sealed */
        data = 32 + 16 * rng_below(&flow->rng, 80);
        pkt_put32(bytes + 8, 0x04000000);
        pkt_put32(bytes + 12, stream->key[side]);
        memset(bytes + 16, 0, 8);
        bytes[16] = (uint8_t)number;
        bytes[17] = (uint8_t)(number >> 8);
        fill(&flow->rng, bytes + 24, data - 16);
    } else if (kind == &flow_esp) { /* RFC 4303 */
        header = 0;
        data = 88;
        pkt_put32(bytes, stream->key[side]);
        pkt_put32(bytes + 4, number + 1);
        fill(&flow->rng, bytes + 8, data - 8);
    } else if (kind == &flow_large) { /* datagrams that must be fragmented */
        data = flow->hosts[0][0].family == 6 ? 1200 : 3000 + rng_below(&flow->rng, 2000);
        fill(&flow->rng, bytes + 8, data);
    } else { /* the same bytes each time */
        data = 24;
        memset(bytes + 8, 'k', data);
    }
    send_bytes(flow, side, bytes, header ? make_udp(flow, side, bytes, data) : data, data, (struct message){0});
}

static void start_stream(struct flow *flow)
{
    struct datagrams *stream = datagrams_new(flow);
    static const nstime intervals[] = {20 * NS_PER_MS, 50 * NS_PER_MS, 200 * NS_PER_MS, NS_PER_S};
    const struct flow_kind *kind = flow->kind;
    stream->interval = intervals[rng_below(&flow->rng, 4)];
    if (kind == &flow_rtp)
        stream->interval = intervals[0];
    if (kind == &flow_heartbeat && stream->interval < intervals[2]) /* nothing but its time tells one from the next */
        stream->interval = intervals[2];
    uint64_t room = (uint64_t)(flow->world->plan->duration / stream->interval);
    for (int side = 0; side < 2; side++)
        stream->left[side] = 1 + rng_below(&flow->rng, room < STREAM_MOST ? (uint32_t)room + 1 : STREAM_MOST);
    if (rng_below(&flow->rng, 4) == 0)
        stream->left[1] = 0; /* one way only */
    world_timer(flow, flow->world->now, 0);
    world_timer(flow, flow->world->now + stream->interval / 3, 1);
}

static void tick(struct flow *flow, unsigned side)
{
    struct datagrams *stream = datagrams_of(flow);
    if (stream->left[side] == 0)
        return;
    stream->left[side]--;
    send_next(flow, (int)side);
    world_timer(flow, flow->world->now + stream->interval + world_span(&flow->rng, stream->interval / 20), side);
}

static void ignore(struct flow *flow, enum pair_side at, const struct message *message)
{
    (void)flow;
    (void)at;
    (void)message;
}

const struct flow_kind flow_rtp = {"rtp", IP_UDP, start_stream, ignore, tick};
const struct flow_kind flow_quic = {"quic", IP_UDP, start_stream, ignore, tick};
const struct flow_kind flow_wireguard = {"wireguard", IP_UDP, start_stream, ignore, tick};
const struct flow_kind flow_large = {"large", IP_UDP, start_stream, ignore, tick};
const struct flow_kind flow_heartbeat = {"heartbeat", IP_UDP, start_stream, ignore, tick};
const struct flow_kind flow_esp = {"esp", 50, start_stream, ignore, tick};

/* ---- ping ---- */

static void send_echo(struct flow *flow, int side, uint16_t number)
{
    int view = flow->aside ? 0 : side;
    bool six = flow->hosts[view][0].family == 6;
    uint8_t bytes[64] = {(uint8_t)(six ? 128 + side : side ? 0 : 8)};
    pkt_put16(bytes + 4, flow->ports[view][0]);
    pkt_put16(bytes + 6, number);
    for (unsigned i = 16; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    send_bytes(flow, side, bytes, sizeof bytes, sizeof bytes - 8, (struct message){.length = number, .reply = side});
}

static void start_echo(struct flow *flow)
{
    struct datagrams *echo = datagrams_new(flow);
    echo->left[0] = 5 + rng_below(&flow->rng, 30);
    echo->interval = (200 + rng_below(&flow->rng, 800)) * NS_PER_MS;
    world_timer(flow, flow->world->now, 0);
}

static void receive_echo(struct flow *flow, enum pair_side at, const struct message *message)
{
    if (at == PAIR_FAR)
        send_echo(flow, 1, (uint16_t)message->length);
}

static void tick_echo(struct flow *flow, unsigned token)
{
    struct datagrams *echo = datagrams_of(flow);
    (void)token;
    send_echo(flow, 0, (uint16_t)++echo->sent[0]);
    if (--echo->left[0] > 0)
        world_timer(flow, flow->world->now + echo->interval, 0);
}

static const struct flow_kind flow_echo_4 = {"echo", IP_ICMP, start_echo, receive_echo, tick_echo};
static const struct flow_kind flow_echo_6 = {"echo", IP_ICMP6, start_echo, receive_echo, tick_echo};

/* ---- all of them ---- */

static const struct flow_kind *kind_of(enum flow_row row, uint8_t family)
{
    static const struct flow_kind *const kinds[FLOW_ROWS] = {
        [FLOW_TCP] = &flow_tcp,     [FLOW_BULK] = &flow_tcp,  [FLOW_DNS] = &flow_dns,
        [FLOW_RTP] = &flow_rtp,     [FLOW_QUIC] = &flow_quic, [FLOW_WIREGUARD] = &flow_wireguard,
        [FLOW_LARGE] = &flow_large, [FLOW_ESP] = &flow_esp,   [FLOW_HEARTBEAT] = &flow_heartbeat,
        [FLOW_ECHO] = &flow_echo_4,
    };
    return row == FLOW_ECHO && family == 6 ? &flow_echo_6 : kinds[row];
}

static struct addr address(uint8_t family, const char *four, const char *six, unsigned more)
{
    struct addr out;
    addr_parse(family == 6 ? six : four, &out);
    size_t last = addr_length(&out) - 1;
    out.bytes[last] = (uint8_t)(out.bytes[last] + more);
    return out;
}

static uint16_t service_port(enum flow_row row, struct rng *rng)
{
    static const uint16_t tcp[] = {443, 80, 22, 5201};
    switch (row) {
    case FLOW_TCP:
    case FLOW_BULK:
        return tcp[rng_below(rng, 4)];
    case FLOW_DNS:
        return 53;
    case FLOW_QUIC:
        return 443;
    case FLOW_WIREGUARD:
        return 51820;
    default:
        return (uint16_t)(16384 + rng_below(rng, 100));
    }
}

/* A's port is a number of its own for each flow, so that a translator needs no state. */
static void set_addresses(struct flow *flow, enum flow_row row)
{
    const struct pair_plan *plan = flow->world->plan;
    unsigned host = rng_below(&flow->rng, plan->points[PAIR_NEAR].at_host ? 1 : 3);
    uint8_t far = plan->rewrites.nat64 ? 4 : plan->family;
    struct addr a = address(plan->family, "192.168.1.10", "fd00:1::10", host);
    struct addr b = address(plan->family, "203.0.113.80", "2001:db8:b::80", flow->aside ? 100 : 0);
    uint16_t port = (uint16_t)(32768 + flow->number * 7), service = service_port(row, &flow->rng);
    flow->hosts[PAIR_NEAR][0] = a;
    flow->hosts[PAIR_FAR][0] = plan->rewrites.source ? address(far, "198.51.100.7", "2001:db8:a::7", 0) : a;
    flow->hosts[PAIR_NEAR][1] = b;
    flow->hosts[PAIR_FAR][1] = plan->rewrites.target ? address(far, "10.9.0.5", "fd00:9::5", 0) : b;
    flow->ports[PAIR_NEAR][0] = port;
    flow->ports[PAIR_FAR][0] = plan->rewrites.source ? (uint16_t)(1024 + flow->number * 3) : port;
    flow->ports[PAIR_NEAR][1] = service;
    flow->ports[PAIR_FAR][1] = plan->rewrites.target && service == 443 ? 8443 : service;
}

static void plan_tcp(struct flow *flow, enum flow_row row, nstime at)
{
    struct rng *rng = &flow->rng;
    bool down = rng_below(rng, 2);
    uint32_t much = 20000 + rng_below(rng, 180000);
    const struct pair_plan *plan = flow->world->plan;
    struct tcp_plan tcp = {.exchanges = 1 + rng_below(rng, 12),
                           .request = 100 + rng_below(rng, 900),
                           .response = 50 + rng_below(rng, 9000),
                           .think = plan->duration / 10,
                           .timestamps = rng_below(rng, 4) > 0,
                           .sack = rng_below(rng, 4) > 0,
                           .keepalive = rng_below(rng, 2),
                           .keeps_open = rng_below(rng, 4) == 0,
                           .forge_at = NSTIME_NEVER};
    if (row == FLOW_BULK) {
        tcp.exchanges = 1;
        tcp.request = down ? 200 : much;
        tcp.response = down ? much : 200;
    }
    if (plan->forgery != PAIR_FORGES_NOTHING && plan->forgery != PAIR_FORGES_DNS && !flow->aside)
        tcp.forge_at = at + 50 * NS_PER_MS + world_span(rng, plan->duration / 3);
    tcp_set_plan(flow, &tcp);
}

static void add_one(struct world *world, enum flow_row row, bool aside)
{
    nstime at = world_span(&world->rng, world->plan->duration * 3 / 4);
    struct flow *flow = world_add_flow(world, kind_of(row, world->plan->family), at);
    flow->aside = aside;
    set_addresses(flow, row);
    if (flow->kind == &flow_tcp)
        plan_tcp(flow, row, at);
}

void flows_add(struct world *world)
{
    for (unsigned row = 0; row < FLOW_ROWS; row++)
        for (unsigned i = 0; i < world->plan->flows[row]; i++)
            add_one(world, (enum flow_row)row, false);
    for (unsigned i = 0; i < world->plan->aside_flows; i++)
        add_one(world, i % 2 ? FLOW_DNS : FLOW_TCP, true);
}
