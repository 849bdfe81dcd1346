/* SPDX-License-Identifier: BSD-2-Clause */
#include "hostile/transit_costs.h"

#include <stdlib.h>

#include "pairing/pairing.h"
#include "sim/pkt.h"

#define START (INT64_C(1700000000) * NS_PER_S)
#define DELAY (5 * NS_PER_MS)

/* What one packet of a case is. */
struct made {
    uint8_t protocol;
    uint16_t source_port, target_port, id;
    uint32_t host; /* added to the source address */
    uint32_t seq, flags, mark;
    size_t bytes; /* of payload, made of `mark` */
    nstime at;    /* at the near point, after START */
    nstime later; /* at the far point, beyond DELAY */
    bool near, far;
};

typedef struct made (*maker)(unsigned n);

static size_t add_header(const struct made *made, uint8_t *out)
{
    memset(out, 0, 20);
    pkt_put16(out, made->source_port);
    pkt_put16(out + 2, made->target_port);
    if (made->protocol == IP_UDP) {
        pkt_put16(out + 4, (uint16_t)(8 + made->bytes));
        return 8;
    }
    pkt_put32(out + 4, made->seq);
    out[12] = 0x50;
    out[13] = (uint8_t)made->flags;
    pkt_put16(out + 14, 1000);
    return 20;
}

static void build(const struct made *made, bool is_far, struct pkt *out)
{
    uint8_t payload[PKT_MOST];
    struct pkt_ip ip = {.protocol = made->protocol, .ttl = is_far ? 60 : 64, .id = made->id, .dont_fragment = true};
    size_t header = add_header(made, payload);
    addr_parse("10.0.0.1", &ip.source);
    addr_parse("192.0.2.1", &ip.target);
    pkt_put32(ip.source.bytes, (uint32_t)10 << 24 | (made->host & 0xffffff));
    for (size_t i = 0; i < made->bytes; i += 4)
        pkt_put32(payload + header + i, made->mark * 2654435761U + (uint32_t)i);
    pkt_build(out, &ip, payload, header + made->bytes);
}

/* The packet of a point, decoded; false: it is not there. */
static bool take(maker make, unsigned n, bool is_far, struct pkt *pkt, struct frame *frame, struct packet *packet)
{
    const struct made made = make(n);
    if (!(is_far ? made.far : made.near))
        return false;
    build(&made, is_far, pkt);
    *frame = (struct frame){.bytes = pkt->bytes,
                            .captured = pkt->length,
                            .length = pkt->length,
                            .linktype = LINKTYPE_RAW,
                            .number = n + 1U,
                            .time = START + made.at + (is_far ? DELAY + made.later : 0)};
    packet_decode(frame, packet);
    return true;
}

static void overview_all(maker make, unsigned count, struct overview_result *out)
{
    struct overview *overview = overview_new();
    struct pkt pkt;
    struct frame frame;
    struct packet packet;
    if (!overview)
        abort();
    for (int point = 0; point < 2; point++)
        for (unsigned n = 0; n < count; n++)
            if (take(make, n, point, &pkt, &frame, &packet))
                overview_take(overview, point ? TRANSIT_FAR : TRANSIT_NEAR, &frame, &packet);
    if (!overview_finish(overview, out))
        abort();
    overview_free(overview);
}

/* The far packet of a number follows its near one. */
static void pair_all(maker make, unsigned count)
{
    struct pairing_config config = {.secret = 1};
    const struct transit_result *result;
    struct pkt pkt;
    struct frame frame;
    struct packet packet;
    overview_all(make, count, &config.overview);
    struct pairing *pairing = pairing_new(&config);
    if (!pairing)
        abort();
    for (unsigned n = 0; n < count; n++)
        for (int point = 0; point < 2; point++)
            if (take(make, n, point, &pkt, &frame, &packet) &&
                !pairing_take(pairing, point ? TRANSIT_FAR : TRANSIT_NEAR, 0, &frame, &packet))
                abort();
    if (!pairing_finish(pairing, &result))
        abort();
    pairing_free(pairing);
}

static struct made datagram(unsigned n)
{
    return (struct made){.protocol = IP_UDP,
                         .source_port = 4000,
                         .target_port = 53,
                         .id = (uint16_t)(n + 1),
                         .mark = n,
                         .bytes = 40,
                         .at = n * 100 * NS_PER_US,
                         .near = true,
                         .far = true};
}

static struct made segment(unsigned n)
{
    struct made made = datagram(n);
    made.protocol = IP_TCP;
    made.flags = TCP_ACK;
    made.seq = 1000 + n * 40;
    return made;
}

static struct made conversation(unsigned n)
{
    struct made made = datagram(n);
    made.host = n / 1000;
    made.source_port = (uint16_t)(10000 + n % 1000);
    return made;
}

void transit_conversations(unsigned count)
{
    pair_all(conversation, count);
}

static struct made stranger(unsigned n)
{
    struct made made = conversation(n);
    made.far = n % 2;
    made.near = !made.far;
    return made;
}

void transit_strangers(unsigned count)
{
    pair_all(stranger, count);
}

static struct made same(unsigned n)
{
    struct made made = datagram(n);
    made.mark = 1;
    made.id = 0;
    return made;
}

void transit_alike(unsigned count)
{
    pair_all(same, count);
}

static struct made often_lost(unsigned n)
{
    struct made made = datagram(n);
    made.far = n % 2;
    return made;
}

void transit_losses(unsigned count)
{
    pair_all(often_lost, count);
}

static struct made holed(unsigned n)
{
    return segment(2 * n);
}

void transit_holes(unsigned count)
{
    pair_all(holed, count);
}

static struct made repeat(unsigned n)
{
    struct made made = segment(0);
    made.at = n * 100 * NS_PER_US;
    made.id = (uint16_t)(n + 1);
    made.far = n == 0;
    return made;
}

void transit_repeats(unsigned count)
{
    pair_all(repeat, count);
}

static struct made backward(unsigned n)
{
    struct made made = segment(n);
    made.seq = UINT32_C(0x7fffffff) - n * 40;
    return made;
}

void transit_backward(unsigned count)
{
    pair_all(backward, count);
}

static struct made cut_otherwise(unsigned n)
{
    struct made made = segment(n / 2);
    made.near = n % 2 == 0;
    made.far = !made.near;
    made.seq += made.far ? 20 : 0;
    made.at = n * 100 * NS_PER_US;
    return made;
}

void transit_cuts(unsigned count)
{
    pair_all(cut_otherwise, count);
}

static struct made syn(unsigned n)
{
    struct made made = segment(n);
    made.flags = n % 2 ? TCP_RST : TCP_SYN;
    made.bytes = 0;
    made.seq = n * 7919;
    return made;
}

void transit_syns(unsigned count)
{
    pair_all(syn, count);
}

static struct made reset(unsigned n)
{
    struct made made = segment(n);
    if (n < 100)
        return made;
    made.flags = TCP_RST;
    made.bytes = 0;
    made.near = false;
    return made;
}

void transit_resets(unsigned count)
{
    pair_all(reset, count);
}

static struct made jumping(unsigned n)
{
    struct made made = datagram(n);
    made.later = (n * 7919U % 1000) * 50 * NS_PER_MS;
    return made;
}

void transit_clocks(unsigned count)
{
    pair_all(jumping, count);
}
