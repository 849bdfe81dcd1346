/* SPDX-License-Identifier: BSD-2-Clause */
/* How WHOIS servers and networks are written, and what a server is asked. */
#include "address/whois_range.h"
#include "address/whois_server.h"

#include "tap.h"

static struct addr address_of(const char *text)
{
    struct addr address = {0};
    addr_parse(text, &address);
    return address;
}

static void test_servers(void)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } rows[] = {
        {"whois.example", "whois.example", 43},
        {"Whois.Example.", "whois.example", 43},
        {"whois.example:4343", "whois.example", 4343},
        {"192.0.2.1", "192.0.2.1", 43},
        {"192.0.2.1:65535", "192.0.2.1", 65535},
        {"2001:db8::1", "2001:db8::1", 43},
        {"[2001:db8::1]", "2001:db8::1", 43},
        {"[2001:db8::1]:44", "2001:db8::1", 44},
        {"", "", 0},
        {".", "", 0},
        {":43", "", 0},
        {"a..b", "", 0},
        {"-h", "", 0},
        {"a b", "", 0},
        {"a/b", "", 0},
        {"h:", "", 0},
        {"h:0", "", 0},
        {"h:65536", "", 0},
        {"h:4x", "", 0},
        {"h:000043", "", 0},
        {"[::1", "", 0},
        {"[::1]43", "", 0},
        {"[::1]:", "", 0},
        {"a:b:c", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct whois_server server = {0};
        bool good = whois_server_parse(rows[i].text, strlen(rows[i].text), &server);
        is_num(good, *rows[i].host != '\0', "\"%s\"", rows[i].text);
        is_text(server.host, rows[i].host, "\"%s\": host", rows[i].text);
        is_num(server.port, rows[i].port, "\"%s\": port", rows[i].text);
    }
    char name[300];
    struct whois_server server;
    memset(name, 'a', sizeof name);
    ok(whois_server_parse(name, 253, &server), "a name of 253 characters");
    ok(!whois_server_parse(name, 254, &server), "a longer one is none");
}

static void test_queries(void)
{
    static const struct {
        const char *server, *address, *query;
    } rows[] = {
        {"whois.iana.org", "192.0.2.1", "192.0.2.1\r\n"},
        {"whois.arin.net", "192.0.2.1", "n + 192.0.2.1\r\n"},
        {"WHOIS.RIPE.NET", "2001:db8::1", "--no-personal 2001:db8::1\r\n"},
        {"whois.nic.ad.jp", "192.0.2.1", "192.0.2.1/e\r\n"},
        {"whois.apnic.net", "2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1111:2222:3333:4444:5555:6666\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct whois_server server;
        struct addr address = address_of(rows[i].address);
        char text[WHOIS_QUERY_BYTES];
        whois_server_parse(rows[i].server, strlen(rows[i].server), &server);
        size_t length = whois_server_query(&server, &address, text);
        is_text(text, rows[i].query, "the query for %s", rows[i].server);
        is_num(length, strlen(text), "and its length");
    }
}

static void test_ranges(void)
{
    static const struct {
        const char *text, *first, *last;
    } rows[] = {
        {"192.0.2.0 - 192.0.2.255", "192.0.2.0", "192.0.2.255"},
        {"192.0.2.0-192.0.2.7 (/29)", "192.0.2.0", "192.0.2.7"},
        {"192.0.2.9/31", "192.0.2.8", "192.0.2.9"},
        {"192.0.2/23", "192.0.2.0", "192.0.3.255"},
        {"10/8, 11.0.0.0/8", "10.0.0.0", "10.255.255.255"},
        {"0.0.0.0/0", "0.0.0.0", "255.255.255.255"},
        {"192.0.2.1/32", "192.0.2.1", "192.0.2.1"},
        {"2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"2001:db8:: - 2001:db8::ff", "2001:db8::", "2001:db8::ff"},
        {"192.0.2.1", NULL, NULL},
        {"192.0.2.0 -", NULL, NULL},
        {"192.0.2.9 - 192.0.2.1", NULL, NULL},
        {"192.0.2.0 - 2001:db8::", NULL, NULL},
        {"192.0.2.0/33", NULL, NULL},
        {"192.0.2.0/", NULL, NULL},
        {"192.0.2.0/99999999999", NULL, NULL},
        {"2001:db8/32", NULL, NULL},
        {"1111111111111111111111111111111111111111111111/8", NULL, NULL},
        {"/8", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct whois_range range;
        char first[ADDR_TEXT_BYTES], last[ADDR_TEXT_BYTES];
        bool good = whois_range_parse(rows[i].text, strlen(rows[i].text), &range);
        is_num(good, rows[i].first != NULL, "\"%s\"", rows[i].text);
        if (!good || !rows[i].first)
            continue;
        addr_format(&range.first, first);
        addr_format(&range.last, last);
        is_text(first, rows[i].first, "\"%s\": first", rows[i].text);
        is_text(last, rows[i].last, "\"%s\": last", rows[i].text);
    }
}

static struct whois_range range_of(const char *text)
{
    struct whois_range range;
    whois_range_parse(text, strlen(text), &range);
    return range;
}

static void test_relations(void)
{
    struct whois_range wide = range_of("192.0.2.0/24"), half = range_of("192.0.2.128/25"), all = range_of("0.0.0.0/0"),
                       v6 = range_of("2001:db8::/32");
    struct addr inside = address_of("192.0.2.128"), outside = address_of("192.0.3.0");
    ok(whois_range_holds(&wide, &inside) && whois_range_holds(&half, &inside), "holds its first address");
    ok(!whois_range_holds(&wide, &outside) && !whois_range_holds(&v6, &inside),
       "and none outside or of another family");
    ok(whois_range_narrower(&half, &wide) && !whois_range_narrower(&wide, &half), "the half is narrower");
    ok(!whois_range_narrower(&wide, &wide) && !whois_range_narrower(&v6, &wide),
       "the same is not, nor is another family");
    ok(whois_range_is_all(&all) && !whois_range_is_all(&wide), "all there is");
}

static void test_given_out(void)
{
    static const struct {
        const char *address;
        bool given_out;
    } rows[] = {
        {"10.255.0.1", false},     {"172.31.255.255", false},
        {"172.32.0.0", true},      {"192.168.0.1", false},
        {"100.63.255.255", true},  {"100.64.0.0", false},
        {"127.0.0.1", false},      {"169.254.1.1", false},
        {"224.0.0.1", false},      {"255.255.255.255", false},
        {"223.255.255.255", true}, {"0.0.0.0", false},
        {"192.0.2.1", true},       {"::1", false},
        {"2001:db8::1", true},     {"fe80::1", false},
        {"fd00::1", false},        {"ff02::1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct addr address = address_of(rows[i].address);
        is_num(whois_is_given_out(&address), rows[i].given_out, "%s is given out or not", rows[i].address);
    }
}

int main(void)
{
    test_given_out();
    test_servers();
    test_queries();
    test_ranges();
    test_relations();
    return tap_done();
}
