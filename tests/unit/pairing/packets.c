/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/pairing/packets.h"

#include <stdlib.h>
#include <string.h>

struct point points[TRANSIT_POINTS];
nstime far_ahead; /* the far clock */
struct overview_result first_reading;
const struct transit_result *result;
struct pairing *pairing;

void put_address(uint8_t *at, const char *text)
{
    struct addr address;
    if (!addr_parse(text, &address))
        abort();
    memcpy(at, address.bytes, 4);
}

void see(enum transit_point point, nstime at, struct sent sent)
{
    struct seen *seen = &points[point].seen[points[point].count++];
    bool is_tcp = sent.protocol == IP_TCP;
    unsigned options = sent.timestamp ? 12 : sent.sacked ? 4 + 8 * sent.sacked : 0;
    unsigned header = is_tcp ? 20 + options : 8, kept = sent.payload < 64 ? sent.payload : 64;
    *seen = (struct seen){.time = START + at + (point == TRANSIT_FAR ? far_ahead : 0)};
    seen->length = 20 + header + kept;
    seen->on_wire = 20 + header + sent.payload;
    uint8_t *ip = seen->bytes, *transport = ip + 20;
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)seen->on_wire);
    put16(ip + 4, sent.id);
    put16(ip + 6, 0x4000);
    ip[8] = sent.ttl;
    ip[9] = sent.protocol;
    put_address(ip + 12, sent.from);
    put_address(ip + 16, sent.to);
    put16(transport, sent.from_port);
    put16(transport + 2, sent.to_port);
    if (is_tcp) {
        put32(transport + 4, sent.seq);
        put32(transport + 8, sent.ack);
        transport[12] = (uint8_t)(header / 4 << 4);
        transport[13] = sent.flags;
        put16(transport + 14, 64240);
        if (sent.timestamp) {
            memcpy(transport + 20, (const uint8_t[]){1, 1, 8, 10}, 4);
            put32(transport + 24, sent.timestamp);
        } else if (sent.sacked) {
            memcpy(transport + 20, (const uint8_t[]){1, 1, 5, (uint8_t)(2 + 8 * sent.sacked)}, 4);
            for (unsigned i = 0; i < 2 * sent.sacked; i++)
                put32(transport + 24 + 4 * i, sent.ack + 1000 * (i + 1));
        }
    } else {
        put16(transport + 4, (uint16_t)(8 + sent.payload));
    }
    for (unsigned i = 0; i < kept; i++)
        transport[header + i] = (uint8_t)((sent.first + i) * 2654435761u >> 13 ^ sent.first);
}

/* --- a run --- */

static void take_all(bool (*take)(enum transit_point point, const struct frame *frame, const struct packet *packet))
{
    unsigned next[TRANSIT_POINTS] = {0};
    while (next[0] < points[0].count || next[1] < points[1].count) {
        bool is_near =
            next[1] == points[1].count ||
            (next[0] < points[0].count && points[0].seen[next[0]].time <= points[1].seen[next[1]].time - far_ahead);
        enum transit_point point = is_near ? TRANSIT_NEAR : TRANSIT_FAR;
        const struct seen *seen = &points[point].seen[next[point]++];
        struct packet packet;
        const struct frame frame = {.bytes = seen->bytes,
                                    .captured = (uint32_t)seen->length,
                                    .length = seen->on_wire,
                                    .linktype = LINKTYPE_RAW,
                                    .number = next[point],
                                    .time = seen->time};
        packet_decode(&frame, &packet);
        if (!take(point, &frame, &packet))
            abort();
    }
}

static struct overview *overview;

static bool overview_one(enum transit_point point, const struct frame *frame, const struct packet *packet)
{
    overview_take(overview, point, frame, packet);
    return true;
}

static bool pair_one(enum transit_point point, const struct frame *frame, const struct packet *packet)
{
    return pairing_take(pairing, point, 0, frame, packet);
}

void begin(nstime ahead)
{
    points[0].count = points[1].count = 0;
    far_ahead = ahead;
}

void finish(void)
{
    struct pairing_config config = {.secret = 1};
    overview = overview_new();
    take_all(overview_one);
    if (!overview || !overview_finish(overview, &first_reading))
        abort();
    config.overview = first_reading;
    overview_free(overview);
    pairing = pairing_new(&config);
    if (!pairing)
        abort();
    take_all(pair_one);
    if (!pairing_finish(pairing, &result))
        abort();
}

/* --- a connection behind a NAT --- */

struct sent up(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload)
{
    return (struct sent){.from = CLIENT,
                         .to = SERVER,
                         .from_port = 40000,
                         .to_port = 443,
                         .id = id,
                         .ttl = 64,
                         .flags = flags,
                         .protocol = IP_TCP,
                         .seq = seq,
                         .ack = ack,
                         .timestamp = 1000u + id,
                         .payload = payload,
                         .first = seq};
}

struct sent down(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload)
{
    struct sent sent = up(id, flags, seq, ack, payload);
    sent.from = SERVER;
    sent.to = CLIENT;
    sent.from_port = 443;
    sent.to_port = 40000;
    sent.ttl = 61;
    sent.timestamp = 9000u + id;
    return sent;
}

struct sent up_far(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload)
{
    struct sent sent = up(id, flags, seq, ack, payload);
    sent.from = PUBLIC;
    sent.from_port = 61000;
    sent.ttl = 61;
    return sent;
}

struct sent down_far(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload)
{
    struct sent sent = down(id, flags, seq, ack, payload);
    sent.to = PUBLIC;
    sent.to_port = 61000;
    sent.ttl = 64;
    return sent;
}

void handshake(nstime at)
{
    see(TRANSIT_NEAR, at, up(1, TCP_SYN, 1000, 0, 0));
    see(TRANSIT_FAR, at + DELAY, up_far(1, TCP_SYN, 1000, 0, 0));
    see(TRANSIT_FAR, at + DELAY, down_far(2, TCP_SYN | TCP_ACK, 5000, 1001, 0));
    see(TRANSIT_NEAR, at + 2 * DELAY, down(2, TCP_SYN | TCP_ACK, 5000, 1001, 0));
}

void exchange(nstime at, unsigned number)
{
    uint32_t seq = 1001 + 500 * number;
    uint16_t id = (uint16_t)(10 + number);
    see(TRANSIT_NEAR, at, up(id, TCP_ACK, seq, 5001, 500));
    see(TRANSIT_FAR, at + DELAY, up_far(id, TCP_ACK, seq, 5001, 500));
    see(TRANSIT_FAR, at + DELAY, down_far(id, TCP_ACK, 5001, seq + 500, 0));
    see(TRANSIT_NEAR, at + 2 * DELAY, down(id, TCP_ACK, 5001, seq + 500, 0));
}

void frame_it(void)
{
    handshake(0);
    for (unsigned i = 0; i < 4; i++)
        exchange(100 * MS * (i + 1), i);
}

void end_it(void)
{
    for (unsigned i = 4; i < 8; i++)
        exchange(3000 * MS + 100 * MS * i, i);
}

unsigned count_fate(enum transit_fate fate, enum transit_reason reason)
{
    unsigned count = 0;
    for (uint64_t i = 0; i < result->alone_count; i++)
        count += result->alone[i].fate == fate && result->alone[i].reason == reason;
    return count;
}

void see_datagram(enum transit_point point, nstime at, unsigned payload, uint32_t first)
{
    bool is_near = point == TRANSIT_NEAR;
    see(point, at + (is_near ? 0 : DELAY),
        (struct sent){.from = is_near ? CLIENT : PUBLIC,
                      .to = SERVER,
                      .from_port = 45177,
                      .to_port = 7000,
                      .ttl = is_near ? 64 : 61,
                      .protocol = IP_UDP,
                      .payload = payload,
                      .first = first});
}

void see_other(enum transit_point point, nstime at)
{
    static uint16_t id;
    id++;
    see(point, at,
        (struct sent){.from = point == TRANSIT_NEAR ? "10.0.0.77" : "203.0.113.5",
                      .to = "203.0.113.99",
                      .from_port = 5000,
                      .to_port = 6000,
                      .id = id,
                      .ttl = 64,
                      .protocol = 17,
                      .payload = 32,
                      .first = id});
}
