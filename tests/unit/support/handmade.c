/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/handmade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "strategies/strategies.h"

struct addr handmade_address(const char *text)
{
    struct addr address = {0};
    if (!addr_parse(text, &address))
        printf("Bail out! bad address %s\n", text);
    return address;
}

struct session_config handmade_config(const char *const *specs)
{
    struct session_config config = {.strategy = &strategy_trace,
                                    .first_ttl = 1,
                                    .max_ttl = 30,
                                    .queries = 1,
                                    .gap = 8,
                                    .max_wait = 3200 * MS,
                                    .send_gap = MS / 2,
                                    .dont_fragment = true,
                                    .flow_label = -1,
                                    .seed = 7};
    struct err err;
    config.source = handmade_address("10.0.0.2");
    config.target = handmade_address("10.0.9.9");
    for (; specs[config.spec_count]; config.spec_count++)
        if (probe_spec_parse(specs[config.spec_count], &config.specs[config.spec_count], &err) != STATUS_OK)
            printf("Bail out! %s\n", err.message);
    return config;
}

static uint32_t current_interface;

void see_on_interface(uint32_t interface)
{
    current_interface = interface;
}

struct frame_note see_bytes(struct session *session, const uint8_t *bytes, size_t length, nstime at)
{
    static uint64_t number;
    struct frame frame = {.bytes = bytes,
                          .captured = (uint32_t)length,
                          .length = (uint32_t)length,
                          .linktype = LINKTYPE_RAW,
                          .number = ++number,
                          .interface = current_interface,
                          .time = START + at};
    struct packet packet;
    packet_decode(&frame, &packet);
    return session_frame(session, &frame, &packet);
}

struct frame_note see_probe(struct session *session, unsigned trace, uint16_t serial, uint8_t ttl, nstime at)
{
    const struct flow *flow = &session_trace(session, trace)->flow;
    uint8_t *bytes = malloc(flow->size);
    flow_stamp(flow, serial, ttl, bytes);
    struct frame_note note = see_bytes(session, bytes, flow->size, at);
    free(bytes);
    return note;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* What the quote has in place of what was sent. */
struct translated {
    const char *source; /* NULL: as sent */
    uint16_t port;      /* 0: as sent */
    uint8_t ttl;        /* 0: 1 */
    uint16_t mtu;       /* of the error itself */
};

static struct frame_note see_error_about(struct session *session, const char *from, uint8_t type, uint8_t code,
                                         const struct flow *flow, uint16_t serial, const struct translated *quoted,
                                         nstime at)
{
    uint8_t *probe = malloc(flow->size);
    uint8_t bytes[56] = {0x45, 0, 0, 56, 0, 1, 0, 0, 64, 1};
    struct addr source = handmade_address(from);
    flow_stamp(flow, serial, quoted->ttl ? quoted->ttl : 1, probe);
    memcpy(bytes + 12, source.bytes, 4);
    memcpy(bytes + 16, flow->source.bytes, 4);
    put16(bytes + 10, checksum_finish(checksum_add(0, bytes, 20)));
    bytes[20] = type;
    bytes[21] = code;
    put16(bytes + 26, quoted->mtu);
    memcpy(bytes + 28, probe, 28);
    if (quoted->source) {
        struct addr other = handmade_address(quoted->source);
        memcpy(bytes + 28 + 12, other.bytes, 4);
    }
    if (quoted->port) { /* of UDP, as a NAT does it: with the checksum */
        uint8_t *udp = bytes + 28 + 20;
        uint16_t port = (uint16_t)(udp[0] << 8 | udp[1]), sum = (uint16_t)(udp[6] << 8 | udp[7]);
        put16(udp + 6, checksum_update(sum, port, quoted->port));
        put16(udp, quoted->port);
    }
    put16(bytes + 22, checksum_finish(checksum_add(0, bytes + 20, 36)));
    free(probe);
    return see_bytes(session, bytes, sizeof bytes, at);
}

struct frame_note see_error(struct session *session, const char *from, uint8_t type, uint8_t code, unsigned trace,
                            uint16_t serial, const char *quoted_from, nstime at)
{
    const struct translated quoted = {.source = quoted_from};
    return see_error_about(session, from, type, code, &session_trace(session, trace)->flow, serial, &quoted, at);
}

struct frame_note see_prohibition(struct session *session, const char *from, unsigned trace, uint16_t serial,
                                  uint8_t quoted_ttl, nstime at)
{
    const struct translated quoted = {.ttl = quoted_ttl};
    return see_error_about(session, from, 3, 13, &session_trace(session, trace)->flow, serial, &quoted, at);
}

struct frame_note see_too_big(struct session *session, const char *from, unsigned trace, uint16_t serial, uint16_t mtu,
                              nstime at)
{
    const struct translated quoted = {.mtu = mtu};
    return see_error_about(session, from, 3, 4, &session_trace(session, trace)->flow, serial, &quoted, at);
}

struct frame_note see_error_of_flow(struct session *session, const char *from, unsigned trace, unsigned flow,
                                    uint16_t serial, uint16_t quoted_port, nstime at)
{
    const struct translated quoted = {.port = quoted_port};
    return see_error_about(session, from, 11, 0, trace_flow(session_trace(session, trace), flow), serial, &quoted, at);
}

struct frame_note see_goal_of_flow(struct session *session, unsigned trace, unsigned flow, uint16_t serial, nstime at)
{
    const struct translated quoted = {0};
    return see_error_about(session, "10.0.9.9", 3, 3, trace_flow(session_trace(session, trace), flow), serial, &quoted,
                           at);
}

/* An IPv4 TCP segment from the target's address that answers SYN `serial`: SYN/ACK or RST/ACK. */
struct frame_note see_tcp(struct session *session, uint8_t flags, uint8_t ttl, unsigned trace, uint16_t serial,
                          nstime at)
{
    const struct flow *flow = &session_trace(session, trace)->flow;
    uint8_t *probe = malloc(flow->size);
    uint8_t bytes[40] = {0x45, 0, 0, 40, 0, 0, 0x40, 0, ttl, 6};
    flow_stamp(flow, serial, 1, probe);
    memcpy(bytes + 12, flow->target.bytes, 4);
    memcpy(bytes + 16, flow->source.bytes, 4);
    put16(bytes + 10, checksum_finish(checksum_add(0, bytes, 20)));
    memcpy(bytes + 20, probe + 22, 2);
    memcpy(bytes + 22, probe + 20, 2);
    memcpy(bytes + 28, probe + 24, 4);
    for (unsigned i = 31; i >= 28 && ++bytes[i] == 0; i--) /* ack = seq + 1 */
        ;
    bytes[32] = 0x50;
    bytes[33] = flags;
    uint32_t sum = checksum_pseudo(&flow->target, &flow->source, IP_TCP, 20);
    put16(bytes + 36, checksum_finish(checksum_add(sum, bytes + 20, 20)));
    free(probe);
    return see_bytes(session, bytes, sizeof bytes, at);
}
