/* SPDX-License-Identifier: BSD-2-Clause */
/* What DNS answers say, well-formed and not. */
#include "lookup/dns_answer.h"

#include <arpa/nameser.h>

#include "tap.h"
#include "unit/support/dnsmessage.h"

#define ASKED "1.2.0.192.in-addr.arpa"
#define OTHER "9.2.0.192.in-addr.arpa"
#define LABEL60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
#define NAME253 LABEL60 "123." LABEL60 "123." LABEL60 "123." LABEL60 "1"

static void is_answer(const struct dnsmessage *message, enum dnsanswer want, const char *want_name, const char *title)
{
    char name[ADDRESS_NAME_BYTES] = "(none)";
    is_num(dns_answer_name(message->bytes, message->length, name), want, "%s", title);
    is_text(name, want == DNS_ANSWER_FOUND ? want_name : "(none)", "%s: the name", title);
}

/* Records of one answer: owner, type, name. */
static void test_names(void)
{
    static const struct {
        const char *title;
        enum dnsanswer want;
        const char *name;
        struct {
            const char *owner;
            uint16_t type;
            const char *name;
        } records[4];
    } rows[] = {
        {"one PTR", DNS_ANSWER_FOUND, "r1.example", {{ASKED, ns_t_ptr, "r1.example"}}},
        {"case of the owner", DNS_ANSWER_FOUND, "R1.example", {{"1.2.0.192.IN-ADDR.arpa", ns_t_ptr, "R1.example"}}},
        {"several: the smallest",
         DNS_ANSWER_FOUND,
         "a.example",
         {{ASKED, ns_t_ptr, "c.example"}, {ASKED, ns_t_ptr, "a.example"}, {ASKED, ns_t_ptr, "b.example"}}},
        {"no record", DNS_ANSWER_NONE, NULL, {{NULL, 0, NULL}}},
        {"another owner's", DNS_ANSWER_NONE, NULL, {{OTHER, ns_t_ptr, "r1.example"}}},
        {"another type", DNS_ANSWER_NONE, NULL, {{ASKED, ns_t_ns, "r1.example"}}},
        {"the root", DNS_ANSWER_NONE, NULL, {{ASKED, ns_t_ptr, ""}}},
        {"the root and a name", DNS_ANSWER_FOUND, "a", {{ASKED, ns_t_ptr, ""}, {ASKED, ns_t_ptr, "a"}}},
        {"an alias (RFC 2317)",
         DNS_ANSWER_FOUND,
         "r1.example",
         {{ASKED, ns_t_cname, "1.0/25.2.0.192.in-addr.arpa"}, {"1.0/25.2.0.192.in-addr.arpa", ns_t_ptr, "r1.example"}}},
        {"an alias behind what it stands for",
         DNS_ANSWER_FOUND,
         "r1.example",
         {{"b", ns_t_ptr, "r1.example"}, {"a", ns_t_cname, "b"}, {ASKED, ns_t_cname, "a"}}},
        {"an alias of nothing", DNS_ANSWER_NONE, NULL, {{ASKED, ns_t_cname, "a"}, {"b", ns_t_ptr, "r1.example"}}},
        {"another one's alias", DNS_ANSWER_NONE, NULL, {{OTHER, ns_t_cname, "a"}, {"a", ns_t_ptr, "r1.example"}}},
        {"an alias of itself", DNS_ANSWER_BAD, NULL, {{ASKED, ns_t_cname, ASKED}}},
        {"aliases in a circle",
         DNS_ANSWER_BAD,
         NULL,
         {{ASKED, ns_t_cname, "a"}, {"a", ns_t_cname, "b"}, {"b", ns_t_cname, ASKED}}},
        {"the longest name", DNS_ANSWER_FOUND, NAME253, {{ASKED, ns_t_ptr, NAME253}}},
        {"an address written out", DNS_ANSWER_FOUND, "192.0.2.1", {{ASKED, ns_t_ptr, "192.0.2.1"}}},
        {"blank, tab, UTF-8",
         DNS_ANSWER_FOUND,
         "a\\032b\\009.m\\195\\188.example",
         {{ASKED, ns_t_ptr, "a b\t.m\xc3\xbc.example"}}},
        {"a terminal's escape", DNS_ANSWER_FOUND, "\\027[2J", {{ASKED, ns_t_ptr, "\x1b[2J"}}},
        {"a backslash", DNS_ANSWER_FOUND, "a\\\\b", {{ASKED, ns_t_ptr, "a\\b"}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dnsmessage message;
        dnsmessage_start(&message, ASKED, ns_t_ptr, ns_r_noerror);
        for (size_t k = 0; k < 4 && rows[i].records[k].owner; k++)
            dnsmessage_add_name(&message, rows[i].records[k].owner, rows[i].records[k].type, rows[i].records[k].name);
        is_answer(&message, rows[i].want, rows[i].name, rows[i].title);
    }
}

/* PTR data byte by byte. The first record begins at 40, its data at 52. */
static void test_data(void)
{
    static const struct {
        const char *title;
        enum dnsanswer want;
        const char *name;
        size_t length;
        const char *data;
    } rows[] = {
        {"a pointer into the question", DNS_ANSWER_FOUND, "r1.192.in-addr.arpa", 5, "\2r1\xc0\x12"},
        {"a dot within a label", DNS_ANSWER_FOUND, "a\\.b.c", 7, "\3a.b\1c\0"},
        {"a NUL within a label", DNS_ANSWER_FOUND, "a\\000b", 5, "\3a\0b\0"},
        {"a label of a NUL", DNS_ANSWER_FOUND, "a.\\000.b", 7, "\1a\1\0\1b\0"},
        {"a pointer to itself", DNS_ANSWER_BAD, NULL, 2, "\xc0\x34"},
        {"a pointer in a circle", DNS_ANSWER_BAD, NULL, 4, "\1a\xc0\x34"},
        {"a pointer beyond the end", DNS_ANSWER_BAD, NULL, 2, "\xff\xff"},
        {"half a pointer", DNS_ANSWER_BAD, NULL, 1, "\xc0"},
        {"a label beyond the end", DNS_ANSWER_BAD, NULL, 3,
         "\x3f"
         "ab"},
        {"a reserved kind of label", DNS_ANSWER_BAD, NULL, 3,
         "\x80"
         "a\0"},
        {"no data", DNS_ANSWER_BAD, NULL, 0, ""},
        {"more than a name", DNS_ANSWER_BAD, NULL, 4, "\1a\0\0"},
        {"a name without an end", DNS_ANSWER_BAD, NULL, 2, "\1a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dnsmessage message;
        dnsmessage_start(&message, ASKED, ns_t_ptr, ns_r_noerror);
        dnsmessage_add_pointed(&message, ns_t_ptr, rows[i].data, rows[i].length);
        is_answer(&message, rows[i].want, rows[i].name, rows[i].title);
    }
}

static void test_long_names(void)
{
    static const char control[] = "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1";
    char name[sizeof control * 2];
    struct dnsmessage message;
    dnsmessage_start(&message, ASKED, ns_t_ptr, ns_r_noerror);
    dnsmessage_add_name(&message, ASKED, ns_t_ptr, NAME253 "23");
    is_answer(&message, DNS_ANSWER_BAD, NULL, "a name of 255 characters");
    snprintf(name, sizeof name, "%s.%s", control, control);
    dnsmessage_start(&message, ASKED, ns_t_ptr, ns_r_noerror);
    dnsmessage_add_name(&message, ASKED, ns_t_ptr, name);
    is_answer(&message, DNS_ANSWER_BAD, NULL, "a name that is too long once it is written down");
}

static void test_messages(void)
{
    struct dnsmessage good, message;
    char name[ADDRESS_NAME_BYTES];
    dnsmessage_start(&good, ASKED, ns_t_ptr, ns_r_noerror);
    dnsmessage_add_name(&good, ASKED, ns_t_ptr, "r1.example");
    unsigned wrong = 0;
    for (size_t length = 0; length < good.length; length++)
        wrong += dns_answer_name(good.bytes, length, name) != DNS_ANSWER_BAD;
    is_num(wrong, 0, "cut anywhere it is bad");
    is_num(dns_answer_name(NULL, 0, name), DNS_ANSWER_BAD, "no answer is a bad one");
    dnsmessage_start(&message, "", ns_t_ptr, ns_r_noerror);
    dnsmessage_add_name(&message, "", ns_t_ptr, "r1.example");
    is_answer(&message, DNS_ANSWER_FOUND, "r1.example", "the root's own");
    dnsmessage_start(&message, ASKED, ns_t_ptr, ns_r_noerror);
    dnsmessage_add_name(&message, ASKED, ns_t_cname, "");
    is_answer(&message, DNS_ANSWER_NONE, NULL, "an alias of the root");
    dnsmessage_start(&message, ASKED, ns_t_ptr, ns_r_noerror);
    dnsmessage_add(&message, ASKED, ns_t_cname, "\1a", 2);
    is_answer(&message, DNS_ANSWER_BAD, NULL, "an alias without an end");
    static const struct {
        const char *title;
        size_t at;
        uint8_t value;
        enum dnsanswer want;
    } rows[] = {
        {"as it is", 0, 0, DNS_ANSWER_FOUND},
        {"no such name", 3, 0x80 | ns_r_nxdomain, DNS_ANSWER_NONE},
        {"the server failed", 3, 0x80 | ns_r_servfail, DNS_ANSWER_BAD},
        {"the server refuses", 3, 0x80 | ns_r_refused, DNS_ANSWER_BAD},
        {"a question, not an answer", 2, 0x01, DNS_ANSWER_BAD},
        {"two questions announced", 5, 2, DNS_ANSWER_BAD},
        {"no question", 5, 0, DNS_ANSWER_BAD},
        {"255 records announced", 7, 255, DNS_ANSWER_BAD},
        {"a question of another type", DNSMESSAGE_HEADER + sizeof ASKED + 2, ns_t_a, DNS_ANSWER_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        message = good;
        message.bytes[rows[i].at] = rows[i].value;
        is_answer(&message, rows[i].want, "r1.example", rows[i].title);
    }
}

static void start_host(struct dnsmessage *message, uint16_t type)
{
    dnsmessage_start(message, "r1.example", type, ns_r_noerror);
    dnsmessage_add_name(message, "r1.example", ns_t_cname, "r2.example");
    dnsmessage_add_address(message, "r2.example", "192.0.2.2");
    dnsmessage_add_address(message, "r2.example", "2001:db8::2");
    dnsmessage_add_address(message, "other.example", "192.0.2.3");
    dnsmessage_add_address(message, "r2.example", "192.0.2.1");
}

static enum dnsanswer has(const struct dnsmessage *message, const char *text)
{
    struct addr address;
    addr_parse(text, &address);
    return dns_answer_has(message->bytes, message->length, &address);
}

static void test_addresses(void)
{
    struct dnsmessage message;
    struct addr found[2];
    char text[ADDR_TEXT_BYTES];
    size_t count;
    start_host(&message, ns_t_a);
    is_num(has(&message, "192.0.2.1"), DNS_ANSWER_FOUND, "has an address");
    is_num(has(&message, "192.0.2.9"), DNS_ANSWER_NONE, "has not");
    is_num(has(&message, "192.0.2.3"), DNS_ANSWER_NONE, "another host's is none");
    is_num(has(&message, "2001:db8::2"), DNS_ANSWER_BAD, "no answer about the other family");
    is_num(dns_answer_addresses(message.bytes, message.length, 4, found, 2, &count), DNS_ANSWER_FOUND, "its addresses");
    is_num(count, 2, "both of them");
    addr_format(&found[0], text);
    is_text(text, "192.0.2.2", "in their order");
    dns_answer_addresses(message.bytes, message.length, 4, found, 1, &count);
    is_num(count, 1, "no more than there is room for");
    start_host(&message, ns_t_aaaa);
    is_num(has(&message, "2001:db8::2"), DNS_ANSWER_FOUND, "IPv6 too");
    dnsmessage_start(&message, "r1.example", ns_t_a, ns_r_noerror);
    dnsmessage_add(&message, "r1.example", ns_t_a, "\xc0\0\2", 3);
    is_num(has(&message, "192.0.2.0"), DNS_ANSWER_BAD, "three bytes are no address");
    dns_answer_addresses(message.bytes, message.length, 4, found, 2, &count);
    is_num(count, 0, "and none is taken from them");
    start_host(&message, ns_t_a);
    message.bytes[7]++;
    memcpy(message.bytes + message.length, "\xff\xff\0\1\0\1\0\0\0\0\0\0", 12);
    message.length += 12;
    is_num(dns_answer_addresses(message.bytes, message.length, 4, found, 2, &count), DNS_ANSWER_BAD, "a bad owner");
    is_num(count, 0, "makes all of it bad");
}

int main(void)
{
    test_names();
    test_data();
    test_long_names();
    test_messages();
    test_addresses();
    return tap_done();
}
