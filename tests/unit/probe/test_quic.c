/* SPDX-License-Identifier: BSD-2-Clause */
/* QUIC Initials: the keys of RFC 9001 A.1, its packet of A.2, and our own packets decrypted again. */
#include <stdlib.h>

#include "probe/types/quic_keys.h"
#include "tap.h"
#include "unit/support/probe_flows.h"
#include "unit/support/quic_open.h"

static const uint8_t rfc_id[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static void check_rfc_keys(void)
{
    static const struct quic_keys want = {
        {0x1f, 0x36, 0x96, 0x13, 0xdd, 0x76, 0xd5, 0x46, 0x77, 0x30, 0xef, 0xcb, 0xe3, 0xb1, 0xa2, 0x2d},
        {0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46, 0xfb, 0x25, 0x5c},
        {0x9f, 0x50, 0x44, 0x9e, 0x04, 0xa0, 0xe8, 0x10, 0x28, 0x3a, 0x1e, 0x99, 0x33, 0xad, 0xed, 0xd2},
    };
    struct quic_keys got;
    ok(quic_keys_client(rfc_id, sizeof rfc_id, &got), "keys are derived");
    ok(memcmp(got.key, want.key, sizeof got.key) == 0, "RFC 9001 A.1: key");
    ok(memcmp(got.iv, want.iv, sizeof got.iv) == 0, "RFC 9001 A.1: iv");
    ok(memcmp(got.header, want.header, sizeof got.header) == 0, "RFC 9001 A.1: header protection key");
}

/* Finds an extension of a ClientHello; its length in `*length`. */
static const uint8_t *extension(const uint8_t *hello, uint16_t type, size_t *length)
{
    size_t at = 4 + 2 + 32;
    at += 1u + hello[at];
    at += 2u + word_at(hello + at);
    at += 1u + hello[at];
    size_t end = at + 2 + word_at(hello + at);
    if (end != 4u + word_at(hello + 2))
        return NULL;
    for (at += 2; at + 4 <= end; at += 4u + word_at(hello + at + 2)) {
        *length = word_at(hello + at + 2);
        if (word_at(hello + at) == type)
            return hello + at + 4;
    }
    return NULL;
}

static void check_hello(const uint8_t *hello, const uint8_t *source_id, uint16_t serial)
{
    static const uint16_t types[] = {43, 10, 13, 45, 16, 51, 57};
    size_t length = 0;
    bool all = true;
    ok(hello[0] == 1 && hello[1] == 0, "serial %u: a ClientHello", serial);
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
        all = all && extension(hello, types[i], &length);
    ok(all, "serial %u: its extensions fill its length and all are there", serial);
    const uint8_t *parameters = extension(hello, 57, &length);
    ok(parameters && length > 10 && memcmp(parameters + length - 8, source_id, 8) == 0 &&
           word_at(parameters + length - 10) == 0x0f08,
       "serial %u: initial_source_connection_id is the packet's", serial);
}

static void check_own(uint16_t serial, uint8_t family, uint16_t size)
{
    struct err err;
    struct flow flow = flow_of("udp/443", family);
    flow.size = size;
    if (flow_build(&flow, &err) != STATUS_OK)
        abort();
    uint8_t *bytes = stamped(&flow, serial, 9), *quic = bytes + ip_header_size(&flow) + 8;
    size_t length = (size_t)(bytes + flow.size - quic), header = 1 + 4 + 9 + 9 + 1 + 2 + 1;
    ok(length >= 1200, "serial %u: %zu bytes of UDP payload", serial, length);
    ok((quic[0] & 0xf0) == 0xc0 && word_at(quic + 3) == 1 && quic[5] == 8 && quic[14] == 8 && quic[23] == 0,
       "serial %u: header of an Initial", serial);
    is_num(word_at(quic + 24) & 0x3fff, length - 26, "serial %u: the length field takes all", serial);
    ok(quic_open(quic, header, length), "serial %u: decrypts, IPv%u, %u bytes", serial, family, flow.size);
    ok(quic[0] == 0xc0 && quic[header - 1] == 0 && quic[header] == 0x06 && quic[header + 1] == 0,
       "serial %u: packet number 0, and a CRYPTO frame from offset 0", serial);
    check_hello(quic + header + 4, quic + 15, serial);
    size_t end = header + 4 + (word_at(quic + header + 2) & 0x3fff);
    bool padding = end < length - QUIC_TAG_BYTES;
    for (size_t i = end; i < length - QUIC_TAG_BYTES; i++)
        padding = padding && quic[i] == 0;
    ok(padding, "serial %u: the rest is PADDING", serial);
    free(bytes);
    flow_free(&flow);
}

static void check_ids_differ(void)
{
    struct flow flow = built_flow("udp/443", 4);
    uint8_t *a = stamped(&flow, 1, 9), *b = stamped(&flow, 2, 9);
    ok(memcmp(a + 28 + 6, b + 28 + 6, 8) != 0, "each probe opens a connection of its own");
    ok(memcmp(a + 28 + 15, b + 28 + 15, 8) != 0, "each has a source connection id of its own");
    free(a);
    free(b);
    flow_free(&flow);
}

/* The checksum follows from the ciphertext. If it comes out as 0, the packet must have 0xffff (RFC 768). The test
 * chooses a source address for which it does: no key depends on that address. */
static void check_zero_checksum(uint8_t family)
{
    struct err err;
    struct flow flow = built_flow("udp/443", family);
    size_t last = family == 6 ? 14 : 2;
    uint8_t *bytes = stamped(&flow, 777, 9);
    uint32_t sum = transport_checksum(bytes, flow.size) + (uint32_t)word_at(flow.source.bytes + last);
    free(bytes);
    flow_free(&flow);
    set_word(flow.source.bytes + last, (uint16_t)(sum % 0xffff));
    if (flow_build(&flow, &err) != STATUS_OK)
        abort();
    bytes = stamped(&flow, 777, 9);
    is_num(right_checksum(bytes, flow.size), 0, "IPv%u: a checksum that comes out as 0", family);
    is_num(transport_checksum(bytes, flow.size), 0xffff, "IPv%u: is sent as 0xffff", family);
    free(bytes);
    flow_free(&flow);
}

int main(void)
{
    check_rfc_keys();
    check_own(1, 4, 0);
    check_own(60000, 6, 0);
    check_own(777, 4, 1500);
    check_ids_differ();
    check_zero_checksum(4);
    check_zero_checksum(6);
    return tap_done();
}
