/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/addr.h"

#include <arpa/inet.h>
#include <string.h>

struct addr addr_from_bytes(uint8_t family, const uint8_t *bytes)
{
    struct addr a;
    addr_set(&a, family, bytes);
    return a;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    int order = memcmp(a->bytes, b->bytes, addr_length(a));
    return (order > 0) - (order < 0);
}

size_t addr_length(const struct addr *a)
{
    if (a->family == 4)
        return 4;
    return a->family == 6 ? 16 : 0;
}

/* Writes a byte in decimal at `at`; returns the position after it. */
static char *put_byte(char *at, uint8_t byte)
{
    if (byte >= 100)
        *at++ = (char)('0' + byte / 100);
    if (byte >= 10)
        *at++ = (char)('0' + byte / 10 % 10);
    *at++ = (char)('0' + byte % 10);
    return at;
}

/* Hand-written for speed: a report holds millions of addresses, and inet_ntop() goes through printf(). */
static size_t format_v4(const uint8_t bytes[4], char *text)
{
    char *at = put_byte(text, bytes[0]);
    for (unsigned i = 1; i < 4; i++) {
        *at++ = '.';
        at = put_byte(at, bytes[i]);
    }
    *at = '\0';
    return (size_t)(at - text);
}

/* A run of words in an IPv6 address: the index of its first word, and their count. */
struct zeros {
    unsigned start, count;
};

/* Returns the longest run of zero words, the first of equals. A single zero word is not shortened (RFC 5952 4.2). */
static struct zeros longest_zeros(const uint16_t words[8])
{
    struct zeros best = {.start = 8};
    for (unsigned i = 0, start = 0; i < 8; i++) {
        if (words[i])
            start = i + 1;
        else if (i + 1 - start > best.count)
            best = (struct zeros){start, i + 1 - start};
    }
    return best.count > 1 ? best : (struct zeros){.start = 8};
}

/* Writes a word in hexadecimal without leading zeros; returns the position after it. */
static char *put_word(char *at, uint16_t word)
{
    static const char digits[] = "0123456789abcdef";
    unsigned shift = word >= 0x1000 ? 12 : word >= 0x100 ? 8 : word >= 0x10 ? 4 : 0;
    for (; shift; shift -= 4)
        *at++ = digits[word >> shift & 15];
    *at++ = digits[word & 15];
    return at;
}

/* Writes RFC 5952 text. IPv4-mapped and IPv4-compatible addresses end in a dotted quad, as inet_ntop() writes them. */
static size_t format_v6(const uint8_t bytes[16], char *text)
{
    uint16_t words[8];
    for (unsigned i = 0; i < 8; i++)
        words[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    struct zeros zeros = longest_zeros(words);
    bool is_v4 = zeros.start == 0 && (zeros.count == 6 || (zeros.count == 5 && words[5] == 0xffff));
    char *at = text;
    for (unsigned i = 0; i < (is_v4 ? 6 : 8); i++) {
        if (i == zeros.start) {
            *at++ = ':';
            i += zeros.count - 1;
            continue;
        }
        if (i > 0)
            *at++ = ':';
        at = put_word(at, words[i]);
    }
    if (is_v4 || (zeros.count && zeros.start + zeros.count == 8))
        *at++ = ':';
    if (is_v4)
        return (size_t)(at - text) + format_v4(bytes + 12, at);
    *at = '\0';
    return (size_t)(at - text);
}

size_t addr_format(const struct addr *a, char text[ADDR_TEXT_BYTES])
{
    if (a->family == 4)
        return format_v4(a->bytes, text);
    if (a->family == 6)
        return format_v6(a->bytes, text);
    text[0] = '\0';
    return 0;
}

bool addr_parse(const char *text, struct addr *out)
{
    struct addr a = {.family = strchr(text, ':') ? 6 : 4};
    if (inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.bytes) != 1)
        return false;
    *out = a;
    return true;
}

bool addr_is_link_local(const struct addr *a)
{
    if (a->family == 4)
        return a->bytes[0] == 169 && a->bytes[1] == 254;
    return a->family == 6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

bool addr_is_loopback(const struct addr *a)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    if (a->family == 4)
        return a->bytes[0] == 127;
    return a->family == 6 && memcmp(a->bytes, loopback6, sizeof loopback6) == 0;
}
