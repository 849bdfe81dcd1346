/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/probe_flows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const every_spec[] = {
    "icmp",
    "udp",
    "udp/7",
    "udp/53",
    "udp/443",
    "udp/123",
    "udp:empty",
    "udp/53:empty",
    "udp/53:plain",
    "udp/5353:dns",
    "tcp/443",
    "tcp/80",
    "tcp/80:ack",
    "tcp/80:fin",
    "udplite",
    "dccp",
    "sctp",
    "ip/50",
    "ip/47",
    "tcp/443:data",
    "udp/53:name=blocked.example",
    "udp/443:sni=blocked.example",
    NULL,
};

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

struct flow flow_of(const char *spec, uint8_t family)
{
    struct err err;
    struct flow flow = {.source_port = 41022,
                        .dont_fragment = true,
                        .flow_label = 0x12345,
                        .nonce = 0xdecade,
                        .coding = CODING_EACH_FIELD};
    if (probe_spec_parse(spec, &flow.spec, &err) != STATUS_OK) {
        printf("Bail out! %s\n", err.message);
        abort();
    }
    flow.target_port = flow.spec.port;
    addr_parse(family == 6 ? "2001:db8::1" : "192.0.2.1", &flow.source);
    addr_parse(family == 6 ? "2001:db8:ffff::7" : "198.51.100.7", &flow.target);
    return flow;
}

/* As if its kernel had opened it. */
static void establish(struct connection *connection)
{
    *connection = (struct connection){.state = CONNECTION_ESTABLISHED,
                                      .has_timestamps = true,
                                      .window = 502,
                                      .flow_label = 0x12345,
                                      .snd_nxt = 0x89abcdef,
                                      .rcv_nxt = 0x13579bdf,
                                      .timestamp = 0x2468ace0,
                                      .echo = 0xdeadbeef};
}

struct flow built_flow(const char *spec, uint8_t family)
{
    struct err err;
    struct flow flow = flow_of(spec, family);
    if (flow_build(&flow, &err) != STATUS_OK) {
        printf("Bail out! %s\n", err.message);
        abort();
    }
    if (flow.connection)
        establish(flow.connection);
    return flow;
}

uint8_t *stamped(const struct flow *flow, uint16_t serial, uint8_t ttl)
{
    uint8_t *bytes = must(malloc(flow->size));
    flow_stamp(flow, serial, ttl, bytes);
    return bytes;
}

struct headers decoded(const uint8_t *bytes, size_t captured, bool quoted)
{
    struct headers out;
    const char *malformed = NULL;
    headers_decode(bytes, captured, quoted, &out, &malformed);
    return out;
}

struct flow_match recognise_quote(const struct flow *flow, const uint8_t *bytes, size_t captured)
{
    uint8_t *quote = must(malloc(captured ? captured : 1));
    memcpy(quote, bytes, captured);
    struct headers headers = decoded(quote, captured, true);
    struct flow_match match = flow_recognise(flow, &headers, true);
    free(quote);
    return match;
}

struct flow_match recognise_leaving(const struct flow *flow, const uint8_t *bytes, size_t size)
{
    struct headers headers = decoded(bytes, size, false);
    return flow_recognise(flow, &headers, false);
}

size_t ip_header_size(const struct flow *flow)
{
    return flow->target.family == 6 ? 40 : 20;
}

uint16_t word_at(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

void set_word(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static bool is_six(const uint8_t *packet)
{
    return packet[0] >> 4 == 6;
}

static uint8_t protocol_of(const uint8_t *packet)
{
    return packet[is_six(packet) ? 6 : 9];
}

/* Where the checksum stands, and how much of the transport it covers; offset 0: the protocol has none. */
struct sum_place {
    size_t offset, covered;
    bool pseudo;
};

static struct sum_place place_of(const uint8_t *packet, size_t length)
{
    size_t header = is_six(packet) ? 40 : 20;
    switch (protocol_of(packet)) {
    case 1:
        return (struct sum_place){2, length, false};
    case 58:
        return (struct sum_place){2, length, true};
    case 6:
        return (struct sum_place){16, length, true};
    case 17:
    case 33:
        return (struct sum_place){6, length, true};
    case 136:
        return (struct sum_place){6, word_at(packet + header + 4), true};
    default:
        return (struct sum_place){0};
    }
}

static uint64_t plain_sum(const uint8_t *bytes, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += i % 2 ? bytes[i] : (uint64_t)bytes[i] << 8;
    return sum;
}

static uint32_t crc32c_by_table(const uint8_t *bytes, size_t count)
{
    uint32_t table[256], crc = 0xffffffff;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78 : table[i] >> 1;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = i >= 8 && i < 12 ? 0 : bytes[i];
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xff];
    }
    return __builtin_bswap32(~crc);
}

uint32_t right_checksum(const uint8_t *packet, size_t size)
{
    size_t header = is_six(packet) ? 40 : 20, length = size - header;
    const uint8_t *transport = packet + header;
    if (protocol_of(packet) == 132)
        return crc32c_by_table(transport, length);
    struct sum_place place = place_of(packet, length);
    if (!place.offset)
        return 0;
    uint64_t sum = plain_sum(transport, place.covered) - word_at(transport + place.offset);
    if (place.pseudo) {
        size_t addresses = is_six(packet) ? 8 : 12;
        sum += plain_sum(packet + addresses, header - addresses) + length + protocol_of(packet);
    }
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

uint32_t transport_checksum(const uint8_t *packet, size_t size)
{
    size_t header = is_six(packet) ? 40 : 20;
    const uint8_t *transport = packet + header;
    if (protocol_of(packet) == 132)
        return (uint32_t)word_at(transport + 8) << 16 | word_at(transport + 10);
    struct sum_place place = place_of(packet, size - header);
    return place.offset ? word_at(transport + place.offset) : 0;
}

static void fix_ip_checksum(uint8_t *packet)
{
    if (is_six(packet))
        return;
    set_word(packet + 10, 0);
    uint64_t sum = plain_sum(packet, 20);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    set_word(packet + 10, (uint16_t)~sum);
}

void translate_word(uint8_t *packet, size_t size, size_t offset, uint16_t value)
{
    size_t header = is_six(packet) ? 40 : 20;
    struct sum_place place = place_of(packet, size - header);
    set_word(packet + offset, value);
    if (place.offset)
        set_word(packet + header + place.offset, (uint16_t)right_checksum(packet, size));
    fix_ip_checksum(packet);
}

uint8_t *answer_packet(const struct flow *flow, uint8_t protocol, const uint8_t *transport, size_t length, size_t *size)
{
    size_t header = ip_header_size(flow), address = addr_length(&flow->target);
    *size = header + length;
    uint8_t *packet = must(calloc(1, *size));
    uint8_t *addresses = packet + header - 2 * address;
    packet[0] = flow->target.family == 6 ? 0x60 : 0x45;
    set_word(packet + (flow->target.family == 6 ? 4 : 2), (uint16_t)(flow->target.family == 6 ? length : *size));
    packet[flow->target.family == 6 ? 7 : 8] = 57;
    packet[flow->target.family == 6 ? 6 : 9] = protocol;
    memcpy(addresses, flow->target.bytes, address);
    memcpy(addresses + address, flow->source.bytes, address);
    memcpy(packet + header, transport, length);
    fix_ip_checksum(packet);
    return packet;
}

struct flow_match answer_of(const struct flow *flow, const uint8_t *bytes, size_t size)
{
    struct packet packet;
    struct frame frame = {
        .bytes = bytes, .captured = (uint32_t)size, .length = (uint32_t)size, .linktype = LINKTYPE_RAW};
    packet_decode(&frame, &packet);
    return flow_answer(flow, &packet);
}
