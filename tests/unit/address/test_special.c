/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and AS numbers set apart, and the peering LANs of internet exchanges. */
#include "address/special.h"

#include "tap.h"

static const struct {
    const char *address, *name, *source;
    bool is_ixp, is_global;
} rows[] = {
    {"0.0.0.0", "unspecified", "RFC 1122", false, false},
    {"0.0.0.1", "this network", "RFC 791", false, false},
    {"9.255.255.255", NULL, NULL, false, true},
    {"10.0.0.0", "private", "RFC 1918", false, false},
    {"10.255.255.255", "private", "RFC 1918", false, false},
    {"11.0.0.0", NULL, NULL, false, true},
    {"100.63.255.255", NULL, NULL, false, true},
    {"100.64.0.0", "shared (CGN)", "RFC 6598", false, false},
    {"100.127.255.255", "shared (CGN)", "RFC 6598", false, false},
    {"100.128.0.0", NULL, NULL, false, true},
    {"127.0.0.1", "loopback", "RFC 1122", false, false},
    {"169.254.1.1", "link-local", "RFC 3927", false, false},
    {"172.15.255.255", NULL, NULL, false, true},
    {"172.16.0.0", "private", "RFC 1918", false, false},
    {"172.31.255.255", "private", "RFC 1918", false, false},
    {"172.32.0.0", NULL, NULL, false, true},
    {"192.0.0.1", "IPv4 service continuity", "RFC 7335", false, false},
    {"192.0.0.8", "IPv4 dummy", "RFC 7600", false, false},
    {"192.0.0.9", "PCP anycast", "RFC 7723", false, false},
    {"192.0.0.10", "TURN anycast", "RFC 8155", false, false},
    {"192.0.0.11", "protocol assignment", "RFC 6890", false, false},
    {"192.0.0.171", "NAT64 discovery", "RFC 8880", false, false},
    {"192.0.1.0", NULL, NULL, false, true},
    {"192.0.2.255", "documentation", "RFC 5737", false, false},
    {"192.31.196.1", "AS112", "RFC 7535", false, true},
    {"192.52.193.1", "AMT", "RFC 7450", false, true},
    {"192.88.99.1", "6to4 relay (deprecated)", "RFC 7526", false, false},
    {"192.168.0.1", "private", "RFC 1918", false, false},
    {"192.169.0.0", NULL, NULL, false, true},
    {"192.175.48.6", "AS112", "RFC 7534", false, true},
    {"198.19.255.255", "benchmarking", "RFC 2544", false, false},
    {"198.51.100.1", "documentation", "RFC 5737", false, false},
    {"203.0.113.1", "documentation", "RFC 5737", false, false},
    {"224.0.0.1", "multicast", "RFC 5771", false, false},
    {"239.255.255.255", "multicast", "RFC 5771", false, false},
    {"240.0.0.0", "reserved", "RFC 1112", false, false},
    {"255.255.255.255", "broadcast", "RFC 919", false, false},
    {"8.8.8.8", NULL, NULL, false, true},

    {"::", "unspecified", "RFC 4291", false, false},
    {"::1", "loopback", "RFC 4291", false, false},
    {"::2", "reserved", "RFC 4291", false, false},
    {"::ffff:192.0.2.1", "IPv4-mapped", "RFC 4291", false, false},
    {"64:ff9b::192.0.2.1", "NAT64", "RFC 6052", false, false},
    {"64:ff9b:1::1", "NAT64, local", "RFC 8215", false, false},
    {"100::1", "discard-only", "RFC 6666", false, false},
    {"100:0:0:1::1", "IPv6 dummy", "RFC 9780", false, false},
    {"100:0:0:2::1", "reserved", "RFC 4291", false, false},
    {"2001::1", "Teredo", "RFC 4380", false, false},
    {"2001:1::1", "PCP anycast", "RFC 7723", false, false},
    {"2001:1::2", "TURN anycast", "RFC 8155", false, false},
    {"2001:1::3", "DNS-SD SRP anycast", "RFC 9665", false, false},
    {"2001:1::4", "protocol assignment", "RFC 2928", false, false},
    {"2001:2::1", "benchmarking", "RFC 5180", false, false},
    {"2001:3::1", "AMT", "RFC 7450", false, true},
    {"2001:4:112::1", "AS112", "RFC 7535", false, true},
    {"2001:1f::", "ORCHID (deprecated)", "RFC 4843", false, false},
    {"2001:20::1", "ORCHIDv2", "RFC 7343", false, false},
    {"2001:3f::", "drone identity", "RFC 9374", false, false},
    {"2001:1ff::1", "protocol assignment", "RFC 2928", false, false},
    {"2001:200::1", NULL, NULL, false, true},
    {"2001:db8:ffff::", "documentation", "RFC 3849", false, false},
    {"2001:db9::", NULL, NULL, false, true},
    {"2002:c000:201::", "6to4", "RFC 3056", false, false},
    {"2620:4f:8000::1", "AS112", "RFC 7534", false, true},
    {"3fff:fff::1", "documentation", "RFC 9637", false, false},
    {"3fff:1000::1", NULL, NULL, false, true},
    {"4000::", "reserved", "RFC 4291", false, false},
    {"5f00::1", "SRv6 SID", "RFC 9602", false, false},
    {"fdff::1", "unique local", "RFC 4193", false, false},
    {"fe80::1", "link-local", "RFC 4291", false, false},
    {"febf::1", "link-local", "RFC 4291", false, false},
    {"fec0::1", "site-local (deprecated)", "RFC 3879", false, false},
    {"ff02::1", "multicast", "RFC 4291", false, false},
    {"2a00:1450::1", NULL, NULL, false, true},

    {"80.81.192.1", "IXP DE-CIX Frankfurt", "", true, true},
    {"80.81.199.255", "IXP DE-CIX Frankfurt", "", true, true},
    {"80.81.200.0", NULL, NULL, false, true},
    {"2001:7f8::1:2", "IXP DE-CIX Frankfurt", "", true, true},
    {"2001:7f8:0:1::", "IXP", "RIPE NCC", true, true},
    {"80.249.208.1", "IXP AMS-IX Amsterdam", "", true, true},
    {"2001:7f8:1::a500:1", "IXP AMS-IX Amsterdam", "", true, true},
    {"195.66.224.1", "IXP LINX LON1", "", true, true},
    {"195.66.236.1", "IXP LINX LON2", "", true, true},
    {"2001:7f8:4:1::1", "IXP LINX LON2", "", true, true},
    {"2001:504:0:2::1", "IXP Equinix Ashburn", "", true, true},
    {"2001:507:ffff::", "IXP", "ARIN", true, true},
    {"2001:508::", NULL, NULL, false, true},
    {"2001:7fa:0:2::1", "IXP", "APNIC", true, true},
    {"2001:7fb::1", NULL, NULL, false, true},
    {"2001:def::1", "IXP", "APNIC", true, true},
    {"2001:df0::1", NULL, NULL, false, true},
    {"218.100.0.1", "IXP", "APNIC", true, true},
    {"218.100.53.1", "IXP NSW-IX Sydney", "", true, true},
};

static void test_addresses(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct addr address = {0};
        bool parsed = addr_parse(rows[i].address, &address);
        const struct special *special = special_find(&address);
        if (rows[i].name) {
            is_text(special ? special->name : NULL, rows[i].name, "%s", rows[i].address);
            is_text(special ? special->source : NULL, rows[i].source, "by whom");
            ok(special && special->is_ixp == rows[i].is_ixp, "an exchange or not");
        } else {
            ok(parsed && !special, "%s is ordinary", rows[i].address);
        }
        is_num(special_is_global(&address), rows[i].is_global, "worth a question or not");
    }
    ok(!special_find(&(struct addr){0}), "no address is not special");
    ok(!special_is_global(&(struct addr){0}), "nor worth a question");
}

static const struct {
    uint32_t asn;
    const char *want;
} numbers[] = {
    {0, "reserved (RFC 7607)"},
    {1, NULL},
    {112, NULL},
    {23455, NULL},
    {23456, "AS_TRANS (RFC 6793)"},
    {23457, NULL},
    {64495, NULL},
    {64496, "documentation (RFC 5398)"},
    {64511, "documentation (RFC 5398)"},
    {64512, "private (RFC 6996)"},
    {65534, "private (RFC 6996)"},
    {65535, "reserved (RFC 7300)"},
    {65536, "documentation (RFC 5398)"},
    {65551, "documentation (RFC 5398)"},
    {65552, "reserved"},
    {131071, "reserved"},
    {131072, NULL},
    {4199999999, NULL},
    {4200000000, "private (RFC 6996)"},
    {4294967294, "private (RFC 6996)"},
    {4294967295, "reserved (RFC 7300)"},
};

static void test_numbers(void)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *got = special_asn(numbers[i].asn);
        is_text(got ? got : "ordinary", numbers[i].want ? numbers[i].want : "ordinary", "AS%u", numbers[i].asn);
    }
}

static void test_shared(void)
{
    static const char *const shared[] = {
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "169.254.1.1",
        "192.0.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "224.0.0.1",
        "255.0.0.3",
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "ff02::1",
        "100::1",
        "100:0:0:1::1",
        "::ffff:127.0.0.1",
        "64:ff9b::192.0.0.8",
    };
    static const char *const own[] = {
        "1.0.0.0",     "126.255.255.255", "128.0.0.1", "169.253.255.255",  "192.0.1.8", "100.64.0.1",
        "10.0.0.1",    "192.168.1.1",     "192.0.2.1", "240.0.0.1",        "254.0.0.1", "100:0:0:2::1",
        "2001:db8::1", "fec0::1",         "fd00::1",   "64:ff9b::8.8.8.8",
    };
    struct addr address;
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
        ok(addr_parse(shared[i], &address) && special_is_shared(&address), "%s is of several routers", shared[i]);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        ok(addr_parse(own[i], &address) && !special_is_shared(&address), "%s is of one", own[i]);
    ok(!special_is_shared(&(struct addr){0}), "no address is of none");
}

int main(void)
{
    test_addresses();
    test_shared();
    test_numbers();
    return tap_done();
}
