/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices between the points: what they rewrite in a packet. */
#include "pairs/middle.h"
#include "pairs/world.h"

#define OPTION_MSS 2
#define OPTION_SACK_PERMITTED 4
#define OPTION_SACK 5

static size_t ip_length(const struct pkt *packet)
{
    return packet->bytes[0] >> 4 == 6 ? 40 : 20;
}

/* IPv4: offset and the flag of more fragments; 0: the packet is whole. */
static unsigned fragment_of(const struct pkt *packet)
{
    return packet->bytes[0] >> 4 == 4 ? pkt_get16(packet->bytes + 6) & 0x3fffU : 0;
}

static void set_word(struct pkt *packet, size_t at, uint16_t value)
{
    pkt_set_word(packet->bytes, packet->length, at, value, true);
}

/* A 32-bit number of the transport header. */
static void add_to_number(struct pkt *packet, size_t at, uint32_t more)
{
    const uint8_t *field = packet->bytes + ip_length(packet) + at;
    uint32_t value = ((uint32_t)pkt_get16(field) << 16 | pkt_get16(field + 2)) + more;
    set_word(packet, at, (uint16_t)(value >> 16));
    set_word(packet, at + 2, (uint16_t)value);
}

struct option {
    size_t at; /* in the TCP header */
    uint8_t kind, length;
};

/* The next option behind `option`; start with one that ends at 20. */
static bool next_option(const struct pkt *packet, struct option *option)
{
    const uint8_t *tcp = packet->bytes + ip_length(packet);
    size_t end = (size_t)(tcp[12] >> 4) * 4;
    option->at += option->length;
    if (option->at >= end || tcp[option->at] == 0)
        return false;
    option->kind = tcp[option->at];
    option->length = option->kind == 1 ? 1 : tcp[option->at + 1];
    return option->length > 0 && option->at + option->length <= end;
}

void middle_shift(struct pkt *packet, uint32_t sent, uint32_t acknowledged)
{
    struct option option = {.at = 20};
    if (sent)
        add_to_number(packet, 4, sent);
    if (acknowledged && packet->bytes[ip_length(packet) + 13] & TCP_ACK)
        add_to_number(packet, 8, 0U - acknowledged);
    while (acknowledged && next_option(packet, &option))
        for (size_t block = option.at + 2; option.kind == OPTION_SACK && block < option.at + option.length; block += 4)
            add_to_number(packet, block, 0U - acknowledged);
}

static void rewrite_options(const struct pair_rewrites *rewrites, struct pkt *packet)
{
    const uint8_t *tcp = packet->bytes + ip_length(packet);
    struct option option = {.at = 20};
    while (next_option(packet, &option)) {
        if (option.kind == OPTION_MSS && rewrites->mss && pkt_get16(tcp + option.at + 2) > rewrites->mss)
            set_word(packet, option.at + 2, rewrites->mss);
        if (option.kind == OPTION_SACK_PERMITTED && rewrites->strips_sack)
            set_word(packet, option.at, 0x0101);
    }
}

static uint8_t translated_type(uint8_t type, bool to_six)
{
    if (to_six)
        return type == 8 ? 128 : 129;
    return type == 128 ? 8 : 0;
}

/* RFC 7915: another IP header. Transport checksums are made anew at the end. */
static void translate(struct flow *flow, enum pair_side to, struct pkt *packet)
{
    struct pkt old = *packet;
    bool from_six = old.bytes[0] >> 4 == 6;
    size_t header = ip_length(&old);
    uint8_t protocol = from_six ? old.bytes[6] : old.bytes[9];
    struct pkt_ip ip = {.source = flow->hosts[to][!to],
                        .target = flow->hosts[to][to],
                        .ttl = from_six ? old.bytes[7] : old.bytes[8],
                        .protocol = protocol,
                        .tos = (uint8_t)(from_six ? old.bytes[0] << 4 | old.bytes[1] >> 4 : old.bytes[1]),
                        .id = (uint16_t)rng_u32(&flow->rng),
                        .dont_fragment = true};
    if (protocol == IP_ICMP || protocol == IP_ICMP6) {
        ip.protocol = from_six ? IP_ICMP : IP_ICMP6;
        old.bytes[header] = translated_type(old.bytes[header], !from_six);
    }
    pkt_build(packet, &ip, old.bytes + header, old.length - header);
    pkt_sum(packet);
}

void middle_rewrite(struct flow *flow, enum pair_way way, struct pkt *packet)
{
    const struct pair_rewrites *rewrites = &flow->world->plan->rewrites;
    enum pair_side to = way == PAIR_TOWARD_FAR ? PAIR_FAR : PAIR_NEAR, from = !to;
    uint8_t protocol = flow->kind->protocol;
    if (flow->hosts[PAIR_NEAR][0].family != flow->hosts[PAIR_FAR][0].family)
        translate(flow, to, packet);
    uint8_t *bytes = packet->bytes;
    uint8_t ttl = bytes[0] >> 4 == 6 ? bytes[7] : bytes[8];
    pkt_set_ttl(bytes, (uint8_t)(ttl - rewrites->hops));
    pkt_set_address(bytes, packet->length, false, &flow->hosts[to][from], true);
    pkt_set_address(bytes, packet->length, true, &flow->hosts[to][to], true);
    if (way == PAIR_TOWARD_FAR && rewrites->tos >= 0)
        pkt_set_tos(bytes, (uint8_t)rewrites->tos);
    if (rewrites->ids && fragment_of(packet) == 0)
        pkt_set_id(bytes, (uint16_t)rng_u32(&flow->rng));
    if ((fragment_of(packet) & 0x1fff) != 0)
        return;
    if (protocol == IP_TCP || protocol == IP_UDP) {
        pkt_set_port(bytes, packet->length, false, flow->ports[to][from], true);
        pkt_set_port(bytes, packet->length, true, flow->ports[to][to], true);
    }
    if (protocol == IP_ICMP || protocol == IP_ICMP6)
        set_word(packet, 4, flow->ports[to][0]);
    if (protocol == IP_TCP) {
        middle_shift(packet, rewrites->sequence[way], rewrites->sequence[!way]);
        rewrite_options(rewrites, packet);
    }
}
