/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of prefixes and AS numbers, read from text. */
#include "address/prefix_table.h"

#include <stdlib.h>

#include "base/strbuf.h"
#include "tap.h"

static struct addr address_of(const char *text)
{
    struct addr address = {0};
    if (!addr_parse(text, &address))
        printf("# not an address: %s\n", text);
    return address;
}

static struct prefix_table *table_of(const char *text, struct prefix_table_faults *faults)
{
    struct err err = {0};
    struct prefix_table *table = prefix_table_new("asn.tsv", text, strlen(text), faults, &err);
    if (!table)
        printf("# %s\n", err.message);
    return table;
}

/* "64500 192.0.2.0/24 Example", or "none". */
static const char *answer_of(const struct prefix_table *table, const char *address, char text[160])
{
    char network[ADDR_TEXT_BYTES];
    struct addr a = address_of(address);
    struct prefix prefix;
    if (!prefix_table_find(table, &a, &prefix))
        return "none";
    addr_format(&prefix.network, network);
    snprintf(text, 160, "%u %s/%u %s", prefix.asn, network, prefix.length, prefix.name);
    return text;
}

static const char nested[] = "# prefix\tasn\tname\n"
                             "10.1.2.0/24\t3\tthree\n"
                             "\n"
                             "10.0.0.0/8\tAS1\tOne, of \"many\" # words\r\n"
                             "10.1.0.0/16   as2 \t two  \r\n"
                             "10.1.2.128/25\t4\n"
                             "10.1.3.7\t4294967295\tone address\n"
                             "  172.16.0.0/12 0\n"
                             "2001:db8::/32\t64500\tsix\n"
                             "2001:db8:0:1::/64 AS64501\n"
                             "2001:db8:0:1::1\t64502\n"
                             "255.255.255.255/32 9";

static const struct {
    const char *address, *want;
} found[] = {
    {"10.0.0.0", "1 10.0.0.0/8 One, of \"many\" # words"},
    {"10.255.255.255", "1 10.0.0.0/8 One, of \"many\" # words"},
    {"10.1.0.0", "2 10.1.0.0/16 two"},
    {"10.1.1.255", "2 10.1.0.0/16 two"},
    {"10.1.2.0", "3 10.1.2.0/24 three"},
    {"10.1.2.127", "3 10.1.2.0/24 three"},
    {"10.1.2.128", "4 10.1.2.128/25 "},
    {"10.1.2.255", "4 10.1.2.128/25 "},
    {"10.1.3.6", "2 10.1.0.0/16 two"},
    {"10.1.3.7", "4294967295 10.1.3.7/32 one address"},
    {"10.1.3.8", "2 10.1.0.0/16 two"},
    {"10.2.0.0", "1 10.0.0.0/8 One, of \"many\" # words"},
    {"9.255.255.255", "none"},
    {"11.0.0.0", "none"},
    {"172.31.255.255", "0 172.16.0.0/12 "},
    {"172.32.0.0", "none"},
    {"255.255.255.254", "none"},
    {"255.255.255.255", "9 255.255.255.255/32 "},
    {"2001:db8::1", "64500 2001:db8::/32 six"},
    {"2001:db8:0:1::", "64501 2001:db8:0:1::/64 "},
    {"2001:db8:0:1::1", "64502 2001:db8:0:1::1/128 "},
    {"2001:db8:0:1::2", "64501 2001:db8:0:1::/64 "},
    {"2001:db8:0:2::", "64500 2001:db8::/32 six"},
    {"2001:db9::", "none"},
    {"::", "none"},
    {"a01:203::", "none"}, /* begins with the bytes of 10.1.2.3 */
};

static void test_find(void)
{
    struct prefix_table_faults faults;
    struct prefix_table *table = table_of(nested, &faults);
    struct prefix prefix;
    char text[160];
    is_num(prefix_table_count(table), 10, "every prefix is a row");
    is_num(faults.malformed, 0, "and no line is malformed");
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        is_text(answer_of(table, found[i].address, text), found[i].want, "%s", found[i].address);
    ok(!prefix_table_find(table, &(struct addr){0}, &prefix), "no address is in no prefix");
    prefix_table_free(table);
    prefix_table_free(NULL);
}

static void test_default(void)
{
    struct prefix_table_faults faults;
    char text[160];
    struct prefix_table *table = table_of("0.0.0.0/0 1\n128.0.0.0/1 2\n::/0 6\n", &faults);
    is_text(answer_of(table, "127.0.0.1", text), "1 0.0.0.0/0 ", "a prefix of no bits covers all");
    is_text(answer_of(table, "128.0.0.0", text), "2 128.0.0.0/1 ", "but for addresses with a longer one");
    is_text(answer_of(table, "::", text), "6 ::/0 ", "each family its own");
    is_text(answer_of(table, "ffff::", text), "6 ::/0 ", "to the end");
    prefix_table_free(table);
}

static void test_repeated(void)
{
    struct prefix_table_faults faults;
    char text[160];
    struct prefix_table *table =
        table_of("192.0.2.0/24 1 a\n192.0.2.0/25 7\n192.0.2.0/24 2 b\n192.0.2.0/24 3 c\n", &faults);
    is_num(prefix_table_count(table), 2, "a prefix is there once");
    is_text(answer_of(table, "192.0.2.200", text), "3 192.0.2.0/24 c", "as its last row has it");
    is_text(answer_of(table, "192.0.2.100", text), "7 192.0.2.0/25 ", "one of another length is another");
    prefix_table_free(table);
}

static const struct {
    const char *line, *what;
} malformed[] = {
    {"x", "not an address"},
    {"192.0.2.0.0/24 1", "not an address"},
    {"192.0.2/24 1", "not an address"},
    {"/24 1", "not an address"},
    {"fe80::1%eth0/64 1", "not an address"},
    {"1111111111111111111111111111111111111111111111111111111111 1", "not an address"},
    {"192.0.2.0/ 1", "not a prefix length"},
    {"192.0.2.0/33 1", "not a prefix length"},
    {"2001:db8::/129 1", "not a prefix length"},
    {"192.0.2.0/-1 1", "not a prefix length"},
    {"192.0.2.0/+8 1", "not a prefix length"},
    {"192.0.2.0/24/24 1", "not a prefix length"},
    {"192.0.2.0/99999999999999999999999999 1", "not a prefix length"},
    {"192.0.2.1/24 1", "address bits beyond the prefix length"},
    {"192.0.2.1/31 1", "address bits beyond the prefix length"},
    {"2001:db8::1/127 1", "address bits beyond the prefix length"},
    {"192.0.2.0/0 1", "address bits beyond the prefix length"},
    {"192.0.2.0/24", "not an AS number"},
    {"192.0.2.0/24 AS", "not an AS number"},
    {"192.0.2.0/24 ASX", "not an AS number"},
    {"192.0.2.0/24 -1", "not an AS number"},
    {"192.0.2.0/24 1.10", "not an AS number"},
    {"192.0.2.0/24 4294967296", "not an AS number"},
    {"192.0.2.0/24 18446744073709551617", "not an AS number"},
};

static void test_malformed(void)
{
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        struct prefix_table_faults faults;
        char text[256];
        snprintf(text, sizeof text, "# first\n%s\n10.0.0.0/8 1\n", malformed[i].line);
        struct prefix_table *table = table_of(text, &faults);
        ok(table && prefix_table_count(table) == 1 && faults.malformed == 1 && faults.first_line == 2,
           "left out and counted: %s", malformed[i].line);
        is_text(faults.first_what, malformed[i].what, "and why");
        prefix_table_free(table);
    }
}

static void test_nul(void)
{
    static const char text[] = "10.0.0.0/8 1 a\0b\n10.\0.0.0/8 1\n10.0.0.0/9 2 c\n";
    struct prefix_table_faults faults;
    struct err err = {0};
    char answer[160];
    struct prefix_table *table = prefix_table_new("asn.tsv", text, sizeof text - 1, &faults, &err);
    is_num(faults.malformed, 2, "a NUL is in no row");
    is_num(faults.first_line, 1, "the first such line is told");
    is_text(answer_of(table, "10.0.0.0", answer), "2 10.0.0.0/9 c", "the others count");
    prefix_table_free(table);
}

static void test_empty(void)
{
    struct prefix_table_faults faults;
    struct err err = {0};
    ok(!prefix_table_new("asn.tsv", NULL, 0, &faults, &err), "no text, no table");
    is_num(faults.malformed, 0, "and nothing wrong with it");
}

static void test_refused(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", "asn.tsv: cannot read prefixes: it has no rows (expected on each line: prefix, AS number, name)"},
        {"# a\n\n", "asn.tsv: cannot read prefixes: it has no rows (expected on each line: prefix, AS number, name)"},
        {"\x7f"
         "ELF\n\x01\n",
         "asn.tsv: cannot read prefixes: line 1: not an address (expected on each line: prefix, AS number, name)"},
        {"\n10.0.0.0/8 x\n",
         "asn.tsv: cannot read prefixes: line 2: not an AS number (expected on each line: prefix, AS number, name)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct prefix_table_faults faults;
        struct err err = {0};
        ok(!prefix_table_new("asn.tsv", rows[i].text, strlen(rows[i].text), &faults, &err), "no row, no table");
        is_text(err.message, rows[i].want, "and why");
        is_num(err.status, STATUS_SYSTEM, "and with which status");
    }
}

/* Many rows in no order: /24s and the /16 and /8 around them, each with a number of its own. */
static void test_many(void)
{
    enum { ROWS = 40000 };
    struct strbuf text;
    struct prefix_table_faults faults;
    struct err err;
    unsigned wrong = 0;
    strbuf_init(&text);
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t n = i * 7919 % ROWS;
        strbuf_addf(&text, "20.%u.%u.0/24\t%u\tname %u\n", n >> 8, n & 255, n + 1, n);
        if (n % 256 == 0)
            strbuf_addf(&text, "30.%u.0.0/16\t%u\n", n >> 8, n + 1);
    }
    struct prefix_table *table = prefix_table_new("asn.tsv", text.text, text.length, &faults, &err);
    is_num(prefix_table_count(table), ROWS + (ROWS + 255) / 256, "every row is kept");
    for (uint32_t n = 0; n < ROWS; n++) {
        const uint8_t first[4] = {20, (uint8_t)(n >> 8), (uint8_t)n, 255}, second[4] = {30, (uint8_t)(n >> 8), 1, 1};
        struct addr a = addr_from_bytes(4, first), b = addr_from_bytes(4, second);
        struct prefix prefix;
        wrong += !prefix_table_find(table, &a, &prefix) || prefix.asn != n + 1 ||
                 strncmp(prefix.name, "name ", 5) != 0 || strtoul(prefix.name + 5, NULL, 10) != n;
        wrong += !prefix_table_find(table, &b, &prefix) || prefix.asn != (n & ~255u) + 1 || *prefix.name;
    }
    is_num(wrong, 0, "and found with its own number and name");
    prefix_table_free(table);
    strbuf_free(&text);
}

int main(void)
{
    test_find();
    test_default();
    test_repeated();
    test_malformed();
    test_nul();
    test_empty();
    test_refused();
    test_many();
    return tap_done();
}
