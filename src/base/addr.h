/* SPDX-License-Identifier: BSD-2-Clause */
/* addr: an IPv4 or IPv6 address as a value. Floor 0; libc only; never resolves a name. */
#ifndef HOPSONDE_BASE_ADDR_H
#define HOPSONDE_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct addr {
    uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest are zero */
    uint8_t family;    /* 4, 6, or 0 for no address */
};

/* Bytes of the longest text: 45 characters (RFC 4291 2.2, embedded IPv4) and the NUL. */
#define ADDR_TEXT_BYTES 46

struct addr addr_from_bytes(uint8_t family, const uint8_t *bytes); /* reads 4 or 16 bytes by family */

/* Sets an address in place, for decoders. It writes all bytes in one store. Several small stores followed by one
 * large load, as in a copy, would stall the processor. */
static inline void addr_set(struct addr *a, uint8_t family, const uint8_t *bytes)
{
    typedef uint32_t words __attribute__((vector_size(16)));
    words all = {0};
    memcpy(&all, bytes, family == 4 ? 4 : sizeof all);
    memcpy(a->bytes, &all, sizeof all);
    a->family = family;
}

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
    return memcmp(a, b, sizeof *a) == 0; /* the struct has only byte fields, hence no padding */
}
int addr_compare(const struct addr *a, const struct addr *b); /* total order: family, then bytes */
static inline bool addr_is_none(const struct addr *a)
{
    return a->family != 4 && a->family != 6;
}
size_t addr_length(const struct addr *a); /* 4, 16, or 0 for no address */
/* Writes RFC 5952 text for IPv6 and "" for no address. Returns the text's length. */
size_t addr_format(const struct addr *a, char text[ADDR_TEXT_BYTES]);
/* Parses strictly: a dotted quad of four decimal parts, or RFC 4291 text without a zone. `out` is set on success
 * only. */
bool addr_parse(const char *text, struct addr *out);
static inline bool addr_is_multicast(const struct addr *a)
{
    return a->family == 4 ? (a->bytes[0] & 0xf0) == 0xe0 : a->family == 6 && a->bytes[0] == 0xff;
}
bool addr_is_link_local(const struct addr *a);
bool addr_is_loopback(const struct addr *a);

#endif
