/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/special.h"

#include <string.h>

#include "address/prefix_table.h"

struct block {
    struct addr network;
    uint8_t length; /* bits */
    struct special what;
};

/* clang-format off */
#define V4(a, b, c, d, bits) {.bytes = {a, b, c, d}, .family = 4}, bits
#define WORD(w) (w) >> 8, (w) & 0xff
/* The first four words of an address; the others are zero. */
#define V6(a, b, c, d, bits) {.bytes = {WORD(a), WORD(b), WORD(c), WORD(d)}, .family = 6}, bits
/* The first two words and the last two bytes of an address. */
#define V6_HOST(a, b, y, z) {.bytes = {WORD(a), WORD(b), [14] = y, [15] = z}, .family = 6}, 128

#define LOCAL(name, source) {name, source, false, false}
#define GLOBAL(name, source) {name, source, false, true}
#define IXP(name) {"IXP " name, "", true, true}
#define SOME_IXP(source) {"IXP", source, true, true}

static const struct block blocks[] = {
    /* IANA IPv4 Special-Purpose Address Registry, and multicast */
    {V4(0, 0, 0, 0, 8), LOCAL("this network", "RFC 791")},
    {V4(0, 0, 0, 0, 32), LOCAL("unspecified", "RFC 1122")},
    {V4(10, 0, 0, 0, 8), LOCAL("private", "RFC 1918")},
    {V4(100, 64, 0, 0, 10), LOCAL("shared (CGN)", "RFC 6598")},
    {V4(127, 0, 0, 0, 8), LOCAL("loopback", "RFC 1122")},
    {V4(169, 254, 0, 0, 16), LOCAL("link-local", "RFC 3927")},
    {V4(172, 16, 0, 0, 12), LOCAL("private", "RFC 1918")},
    {V4(192, 0, 0, 0, 24), LOCAL("protocol assignment", "RFC 6890")},
    {V4(192, 0, 0, 0, 29), LOCAL("IPv4 service continuity", "RFC 7335")},
    {V4(192, 0, 0, 8, 32), LOCAL("IPv4 dummy", "RFC 7600")},
    {V4(192, 0, 0, 9, 32), LOCAL("PCP anycast", "RFC 7723")},
    {V4(192, 0, 0, 10, 32), LOCAL("TURN anycast", "RFC 8155")},
    {V4(192, 0, 0, 170, 31), LOCAL("NAT64 discovery", "RFC 8880")},
    {V4(192, 0, 2, 0, 24), LOCAL("documentation", "RFC 5737")},
    {V4(192, 31, 196, 0, 24), GLOBAL("AS112", "RFC 7535")},
    {V4(192, 52, 193, 0, 24), GLOBAL("AMT", "RFC 7450")},
    {V4(192, 88, 99, 0, 24), LOCAL("6to4 relay (deprecated)", "RFC 7526")},
    {V4(192, 168, 0, 0, 16), LOCAL("private", "RFC 1918")},
    {V4(192, 175, 48, 0, 24), GLOBAL("AS112", "RFC 7534")},
    {V4(198, 18, 0, 0, 15), LOCAL("benchmarking", "RFC 2544")},
    {V4(198, 51, 100, 0, 24), LOCAL("documentation", "RFC 5737")},
    {V4(203, 0, 113, 0, 24), LOCAL("documentation", "RFC 5737")},
    {V4(224, 0, 0, 0, 4), LOCAL("multicast", "RFC 5771")},
    {V4(240, 0, 0, 0, 4), LOCAL("reserved", "RFC 1112")},
    {V4(255, 255, 255, 255, 32), LOCAL("broadcast", "RFC 919")},

    /* IANA IPv6 Special-Purpose Address Registry, and multicast. Registries assign unicast addresses from 2000::/3
     * only. */
    {V6(0, 0, 0, 0, 0), LOCAL("reserved", "RFC 4291")},
    {V6(0x2000, 0, 0, 0, 3), {0}},
    {V6_HOST(0, 0, 0, 0), LOCAL("unspecified", "RFC 4291")},
    {V6_HOST(0, 0, 0, 1), LOCAL("loopback", "RFC 4291")},
    {{.bytes = {[10] = 0xff, [11] = 0xff}, .family = 6}, 96, LOCAL("IPv4-mapped", "RFC 4291")},
    {V6(0x64, 0xff9b, 0, 0, 96), LOCAL("NAT64", "RFC 6052")},
    {V6(0x64, 0xff9b, 1, 0, 48), LOCAL("NAT64, local", "RFC 8215")},
    {V6(0x100, 0, 0, 0, 64), LOCAL("discard-only", "RFC 6666")},
    {V6(0x100, 0, 0, 1, 64), LOCAL("IPv6 dummy", "RFC 9780")},
    {V6(0x2001, 0, 0, 0, 23), LOCAL("protocol assignment", "RFC 2928")},
    {V6(0x2001, 0, 0, 0, 32), LOCAL("Teredo", "RFC 4380")},
    {V6_HOST(0x2001, 1, 0, 1), LOCAL("PCP anycast", "RFC 7723")},
    {V6_HOST(0x2001, 1, 0, 2), LOCAL("TURN anycast", "RFC 8155")},
    {V6_HOST(0x2001, 1, 0, 3), LOCAL("DNS-SD SRP anycast", "RFC 9665")},
    {V6(0x2001, 2, 0, 0, 48), LOCAL("benchmarking", "RFC 5180")},
    {V6(0x2001, 3, 0, 0, 32), GLOBAL("AMT", "RFC 7450")},
    {V6(0x2001, 4, 0x112, 0, 48), GLOBAL("AS112", "RFC 7535")},
    {V6(0x2001, 0x10, 0, 0, 28), LOCAL("ORCHID (deprecated)", "RFC 4843")},
    {V6(0x2001, 0x20, 0, 0, 28), LOCAL("ORCHIDv2", "RFC 7343")},
    {V6(0x2001, 0x30, 0, 0, 28), LOCAL("drone identity", "RFC 9374")},
    {V6(0x2001, 0xdb8, 0, 0, 32), LOCAL("documentation", "RFC 3849")},
    {V6(0x2002, 0, 0, 0, 16), LOCAL("6to4", "RFC 3056")},
    {V6(0x2620, 0x4f, 0x8000, 0, 48), GLOBAL("AS112", "RFC 7534")},
    {V6(0x3fff, 0, 0, 0, 20), LOCAL("documentation", "RFC 9637")},
    {V6(0x5f00, 0, 0, 0, 16), LOCAL("SRv6 SID", "RFC 9602")},
    {V6(0xfc00, 0, 0, 0, 7), LOCAL("unique local", "RFC 4193")},
    {V6(0xfe80, 0, 0, 0, 10), LOCAL("link-local", "RFC 4291")},
    {V6(0xfec0, 0, 0, 0, 10), LOCAL("site-local (deprecated)", "RFC 3879")},
    {V6(0xff00, 0, 0, 0, 8), LOCAL("multicast", "RFC 4291")},

    /* Blocks from which registries assign addresses to exchanges */
    {V6(0x2001, 0x504, 0, 0, 30), SOME_IXP("ARIN")},
    {V6(0x2001, 0x7f8, 0, 0, 32), SOME_IXP("RIPE NCC")},
    {V6(0x2001, 0x7fa, 0, 0, 32), SOME_IXP("APNIC")},
    {V6(0x2001, 0xde8, 0, 0, 29), SOME_IXP("APNIC")},
    {V4(218, 100, 0, 0, 16), SOME_IXP("APNIC")},

    /* Peering LANs of the largest exchanges, as PeeringDB and PCH listed them until July 2026 */
    {V4(5, 57, 80, 0, 22), IXP("LONAP")},
    {V6(0x2001, 0x7f8, 0x17, 0, 64), IXP("LONAP")},
    {V4(27, 111, 228, 0, 22), IXP("Equinix Singapore")},
    {V6(0x2001, 0xde8, 4, 0, 64), IXP("Equinix Singapore")},
    {V4(36, 255, 56, 0, 22), IXP("Equinix Hong Kong")},
    {V6(0x2001, 0xde8, 7, 0, 64), IXP("Equinix Hong Kong")},
    {V4(37, 49, 236, 0, 22), IXP("France-IX Paris")},
    {V6(0x2001, 0x7f8, 0x54, 0, 64), IXP("France-IX Paris")},
    {V4(45, 6, 52, 0, 22), IXP("IX.br Rio de Janeiro")},
    {V6(0x2001, 0x12f8, 0, 2, 64), IXP("IX.br Rio de Janeiro")},
    {V4(45, 127, 172, 0, 22), IXP("Equinix Sydney")},
    {V6(0x2001, 0xde8, 6, 0, 64), IXP("Equinix Sydney")},
    {V4(64, 191, 232, 0, 22), IXP("Equinix Sao Paulo")},
    {V6(0x2001, 0x504, 0, 7, 64), IXP("Equinix Sao Paulo")},
    {V4(80, 81, 192, 0, 21), IXP("DE-CIX Frankfurt")},
    {V6(0x2001, 0x7f8, 0, 0, 64), IXP("DE-CIX Frankfurt")},
    {V4(80, 249, 208, 0, 21), IXP("AMS-IX Amsterdam")},
    {V6(0x2001, 0x7f8, 1, 0, 64), IXP("AMS-IX Amsterdam")},
    {V4(91, 206, 52, 0, 23), IXP("SwissIX")},
    {V6(0x2001, 0x7f8, 0x24, 0, 64), IXP("SwissIX")},
    {V4(91, 210, 16, 0, 22), IXP("NIX.CZ Prague")},
    {V6(0x2001, 0x7f8, 0x14, 0, 64), IXP("NIX.CZ Prague")},
    {V4(101, 203, 88, 0, 22), IXP("BBIX Tokyo")},
    {V6(0x2001, 0xde8, 0xc, 0, 64), IXP("BBIX Tokyo")},
    {V4(103, 16, 102, 0, 23), IXP("SGIX Singapore")},
    {V6(0x2001, 0xde8, 0x12, 0x100, 64), IXP("SGIX Singapore")},
    {V4(123, 255, 88, 0, 21), IXP("HKIX Hong Kong")},
    {V6(0x2001, 0x7fa, 0, 1, 64), IXP("HKIX Hong Kong")},
    {V4(139, 150, 100, 0, 23), IXP("KINX Seoul")},
    {V6(0x2001, 0x7fa, 8, 0, 64), IXP("KINX Seoul")},
    {V4(185, 1, 170, 0, 23), IXP("DE-CIX Dusseldorf")},
    {V6(0x2001, 0x7f8, 0x9e, 0, 64), IXP("DE-CIX Dusseldorf")},
    {V4(185, 1, 192, 0, 23), IXP("DE-CIX Madrid")},
    {V6(0x2001, 0x7f8, 0xa0, 0, 64), IXP("DE-CIX Madrid")},
    {V4(187, 16, 208, 0, 20), IXP("IX.br Sao Paulo")},
    {V6(0x2001, 0x12f8, 0, 0, 64), IXP("IX.br Sao Paulo")},
    {V4(193, 178, 185, 0, 24), IXP("BCIX Berlin")},
    {V6(0x2001, 0x7f8, 0x19, 1, 64), IXP("BCIX Berlin")},
    {V4(193, 203, 0, 0, 23), IXP("VIX Vienna")},
    {V6(0x2001, 0x7f8, 0x30, 0, 64), IXP("VIX Vienna")},
    {V4(193, 239, 116, 0, 22), IXP("NL-ix")},
    {V6(0x2001, 0x7f8, 0x13, 0, 64), IXP("NL-ix")},
    {V4(195, 42, 144, 0, 23), IXP("Equinix Paris")},
    {V6(0x2001, 0x7f8, 0x43, 0, 64), IXP("Equinix Paris")},
    {V4(195, 66, 224, 0, 21), IXP("LINX LON1")},
    {V6(0x2001, 0x7f8, 4, 0, 64), IXP("LINX LON1")},
    {V4(195, 66, 236, 0, 22), IXP("LINX LON2")},
    {V6(0x2001, 0x7f8, 4, 1, 64), IXP("LINX LON2")},
    {V4(195, 208, 208, 0, 21), IXP("MSK-IX Moscow")},
    {V6(0x2001, 0x7f8, 0x20, 0x101, 64), IXP("MSK-IX Moscow")},
    {V4(196, 60, 8, 0, 22), IXP("NAPAfrica Johannesburg")},
    {V6(0x2001, 0x43f8, 0x6d0, 0, 64), IXP("NAPAfrica Johannesburg")},
    {V4(198, 32, 118, 0, 24), IXP("Equinix New York")},
    {V6(0x2001, 0x504, 0xf, 0, 64), IXP("Equinix New York")},
    {V4(198, 32, 160, 0, 24), IXP("NYIIX New York")},
    {V6(0x2001, 0x504, 1, 0, 64), IXP("NYIIX New York")},
    {V4(198, 32, 176, 0, 24), IXP("Equinix Palo Alto")},
    {V6(0x2001, 0x504, 0xd, 0, 64), IXP("Equinix Palo Alto")},
    {V4(206, 41, 108, 0, 24), IXP("FL-IX Miami")},
    {V6(0x2001, 0x504, 0x40, 0x108, 64), IXP("FL-IX Miami")},
    {V4(206, 72, 210, 0, 23), IXP("Any2West Los Angeles")},
    {V6(0x2001, 0x504, 0x13, 0, 64), IXP("Any2West Los Angeles")},
    {V4(206, 81, 80, 0, 22), IXP("SIX Seattle")},
    {V6(0x2001, 0x504, 0x16, 0, 64), IXP("SIX Seattle")},
    {V4(206, 82, 104, 0, 22), IXP("DE-CIX New York")},
    {V6(0x2001, 0x504, 0x36, 0, 64), IXP("DE-CIX New York")},
    {V4(206, 108, 34, 0, 23), IXP("TorIX Toronto")},
    {V6(0x2001, 0x504, 0x1a, 0, 64), IXP("TorIX Toronto")},
    {V4(206, 126, 236, 0, 22), IXP("Equinix Ashburn")},
    {V6(0x2001, 0x504, 0, 2, 64), IXP("Equinix Ashburn")},
    {V4(206, 223, 116, 0, 23), IXP("Equinix San Jose")},
    {V6(0x2001, 0x504, 0, 1, 64), IXP("Equinix San Jose")},
    {V4(206, 223, 118, 0, 23), IXP("Equinix Dallas")},
    {V6(0x2001, 0x504, 0, 5, 64), IXP("Equinix Dallas")},
    {V4(208, 115, 136, 0, 23), IXP("Equinix Chicago")},
    {V6(0x2001, 0x504, 0, 4, 64), IXP("Equinix Chicago")},
    {V4(210, 171, 224, 0, 23), IXP("JPIX Tokyo")},
    {V6(0x2001, 0xde8, 8, 0, 64), IXP("JPIX Tokyo")},
    {V4(210, 173, 176, 0, 23), IXP("JPNAP Tokyo")},
    {V6(0x2001, 0x7fa, 7, 1, 64), IXP("JPNAP Tokyo")},
    {V4(218, 100, 52, 0, 23), IXP("NSW-IX Sydney")},
    {V6(0x2001, 0x7fa, 0x11, 4, 64), IXP("NSW-IX Sydney")},
};

static const struct {
    struct addr network;
    uint8_t length;
} shared[] = {
    {V4(0, 0, 0, 0, 8)},
    {V4(127, 0, 0, 0, 8)},
    {V4(169, 254, 0, 0, 16)},
    {V4(192, 0, 0, 0, 24)},   /* the dummy of RFC 7600; both ends of each DS-Lite or 464XLAT tunnel */
    {V4(192, 88, 99, 0, 24)}, /* anycast */
    {V4(224, 0, 0, 0, 4)},
    {V4(255, 0, 0, 0, 8)},
    {V6_HOST(0, 0, 0, 0)},
    {V6_HOST(0, 0, 0, 1)},
    {V6(0x100, 0, 0, 0, 63)}, /* discard-only, and the dummy of RFC 9780 */
    {V6(0xfe80, 0, 0, 0, 10)},
    {V6(0xff00, 0, 0, 0, 8)},
};

/* IPv6 blocks that hold an IPv4 address in their last 32 bits. */
static const struct {
    struct addr network;
    uint8_t length;
} embedding[] = {
    {{.bytes = {[10] = 0xff, [11] = 0xff}, .family = 6}, 96},
    {V6(0x64, 0xff9b, 0, 0, 96)},
};
/* clang-format on */

/* The IPv4 address in one of `embedding`; otherwise the address itself. */
static struct addr embedded(const struct addr *address)
{
    for (size_t i = 0; i < sizeof embedding / sizeof embedding[0]; i++)
        if (prefix_covers(&embedding[i].network, embedding[i].length, address)) {
            struct addr v4 = {.family = 4};
            memcpy(v4.bytes, address->bytes + 12, 4);
            return v4;
        }
    return *address;
}

bool special_is_shared(const struct addr *address)
{
    struct addr own = embedded(address);
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
        if (prefix_covers(&shared[i].network, shared[i].length, &own))
            return true;
    return false;
}

const struct special *special_find(const struct addr *address)
{
    const struct block *longest = NULL;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (prefix_covers(&blocks[i].network, blocks[i].length, address) &&
            (!longest || blocks[i].length > longest->length))
            longest = &blocks[i];
    return longest && longest->what.name ? &longest->what : NULL;
}

bool special_is_global(const struct addr *address)
{
    const struct special *special = special_find(address);
    return !addr_is_none(address) && (!special || special->is_global);
}

/* IANA Special-Purpose AS Numbers, except AS112, which has a holder. The IANA registry of AS numbers itself reserves
 * 65552 to 131071. */
static const struct {
    uint32_t first, last;
    const char *name;
} numbers[] = {
    {0, 0, "reserved (RFC 7607)"},
    {23456, 23456, "AS_TRANS (RFC 6793)"},
    {64496, 64511, "documentation (RFC 5398)"},
    {64512, 65534, "private (RFC 6996)"},
    {65535, 65535, "reserved (RFC 7300)"},
    {65536, 65551, "documentation (RFC 5398)"},
    {65552, 131071, "reserved"},
    {4200000000, 4294967294, "private (RFC 6996)"},
    {4294967295, 4294967295, "reserved (RFC 7300)"},
};

const char *special_asn(uint32_t asn)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (asn >= numbers[i].first && asn <= numbers[i].last)
            return numbers[i].name;
    return NULL;
}
