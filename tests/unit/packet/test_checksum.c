/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/checksum.h"

#include "tap.h"

static void test_sum(void)
{
    /* The example of RFC 1071 3. */
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    is_num(checksum_finish(checksum_add(0, bytes, sizeof bytes)), 0x220d, "RFC 1071 example");
    is_num(checksum_finish(checksum_add(checksum_add(0, bytes, 4), bytes + 4, 4)), 0x220d, "in two pieces");
    is_num(checksum_finish(checksum_add(0, bytes, 3)), 0xffff - 0xf201, "an odd count ends in a zero byte");
    is_num(checksum_finish(0x1ffff), 0xfffe, "a carry out of the folding is folded too");
    is_num(checksum_finish(checksum_add(0, NULL, 0)), 0xffff, "of nothing");
}

static void test_long_sum(void)
{
    static uint8_t ones[65536];
    memset(ones, 0xff, sizeof ones);
    uint32_t sum = 0;
    for (int i = 0; i < 64; i++)
        sum = checksum_add(sum, ones, sizeof ones);
    is_num(checksum_finish(sum), 0, "4 MiB of ones do not overflow");
}

static void test_pseudo(void)
{
    /* UDP 10.0.0.2:50000 > 192.0.2.80:33434 "hello", checksum as tshark finds it right. */
    static const uint8_t datagram[] = {0xc3, 0x50, 0x82, 0x9a, 0x00, 0x0d, 0xa9, 0xc4, 'h', 'e', 'l', 'l', 'o'};
    struct addr source, target;
    addr_parse("10.0.0.2", &source);
    addr_parse("192.0.2.80", &target);
    uint32_t sum = checksum_pseudo(&source, &target, 17, sizeof datagram);
    is_num(checksum_finish(checksum_add(sum, datagram, sizeof datagram)), 0, "IPv4 pseudo-header");
    /* The same ports and "q" from 2001:db8::2 to 2001:db8:80::80. */
    static const uint8_t datagram6[] = {0xc3, 0x50, 0x82, 0x9a, 0x00, 0x09, 0xec, 0x7c, 'q'};
    addr_parse("2001:db8::2", &source);
    addr_parse("2001:db8:80::80", &target);
    sum = checksum_pseudo(&source, &target, 17, sizeof datagram6);
    is_num(checksum_finish(checksum_add(sum, datagram6, sizeof datagram6)), 0, "IPv6 pseudo-header");
    sum = checksum_pseudo(&source, &target, 17, 0x20001);
    is_num(checksum_finish(sum), checksum_finish(checksum_pseudo(&source, &target, 17, 0x3)), "a length over 16 bits");
}

/* A changed word, updated and summed anew, gives the same, also around the two zeros of one's complement. */
static void test_update(void)
{
    static const uint16_t words[] = {0x0000, 0x0001, 0x00ff, 0x1234, 0x7fff, 0x8000, 0xabcd, 0xfffe, 0xffff};
    const size_t count = sizeof words / sizeof *words;
    unsigned wrong = 0;
    for (size_t i = 0; i < count * count * count; i++) {
        uint16_t from = words[i % count], to = words[i / count % count], other = words[i / count / count];
        uint8_t before[] = {0x45, 0x00, (uint8_t)(from >> 8), (uint8_t)from, (uint8_t)(other >> 8), (uint8_t)other};
        uint8_t after[] = {0x45, 0x00, (uint8_t)(to >> 8), (uint8_t)to, (uint8_t)(other >> 8), (uint8_t)other};
        uint16_t updated = checksum_update(checksum_finish(checksum_add(0, before, sizeof before)), from, to);
        if (updated != checksum_finish(checksum_add(0, after, sizeof after)) && wrong++ == 0)
            printf("# wrong: %04x to %04x beside %04x\n", from, to, other);
    }
    is_num(wrong, 0, "incremental update");
    is_num(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000, "RFC 1624 4");
}

int main(void)
{
    test_sum();
    test_long_sum();
    test_pseudo();
    test_update();
    return tap_done();
}
