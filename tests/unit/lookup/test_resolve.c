/* SPDX-License-Identifier: BSD-2-Clause */
/* Literals, and names that the hosts file knows: no name server is asked. */
#include "config.h"

#include "lookup/resolve.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>

#include "tap.h"

static const struct {
    const char *host;
    uint8_t family;
    enum status status;
    const char *want; /* the address, or the message */
} rows[] = {
    {"192.0.2.1", 0, STATUS_OK, "192.0.2.1"},
    {"192.0.2.1", 4, STATUS_OK, "192.0.2.1"},
    {"2001:db8::1", 0, STATUS_OK, "2001:db8::1"},
    {"2001:db8::1", 6, STATUS_OK, "2001:db8::1"},
    {"fe80::1%lo", 0, STATUS_OK, "fe80::1"},
    {"fe80::1%1", 6, STATUS_OK, "fe80::1"},
    {"localhost", 4, STATUS_OK, "127.0.0.1"},
    {"::1", 4, STATUS_USAGE, "::1: an IPv6 address conflicts with -4 (leave out -4)"},
    {"192.0.2.1", 6, STATUS_USAGE, "192.0.2.1: an IPv4 address conflicts with -6 (leave out -6)"},
    {"", 0, STATUS_USAGE, "the host is empty (give a name or an address)"},
    {"1.2.3", 0, STATUS_USAGE, "1.2.3: not a host: an IPv4 address has four parts"},
    {"127.1", 0, STATUS_USAGE, "127.1: not a host: an IPv4 address has four parts"},
    {"0x7f.1", 0, STATUS_USAGE, "0x7f.1: not a host: an IPv4 address has four parts"},
    {"2130706433", 0, STATUS_USAGE, "2130706433: not a host: an IPv4 address has four parts"},
    {"0x7f000001", 0, STATUS_USAGE, "0x7f000001: not a host: an IPv4 address has four parts"},
    {"1.2.3.4.5", 0, STATUS_USAGE, "1.2.3.4.5: not a host: an IPv4 address has four parts"},
    {"1.2.3.", 0, STATUS_USAGE, "1.2.3.: not a host: an IPv4 address has four parts"},
    {"192.0.2.256", 0, STATUS_USAGE,
     "192.0.2.256: not a host: each part of an IPv4 address is a decimal number from 0 to 255"},
    {"1.2.3.0x4", 0, STATUS_USAGE,
     "1.2.3.0x4: not a host: each part of an IPv4 address is a decimal number from 0 to 255"},
    {"010.0.0.1", 0, STATUS_USAGE,
     "010.0.0.1: not a host: each part of an IPv4 address is a decimal number from 0 to 255"},
    {"0.0.0.0", 0, STATUS_USAGE, "0.0.0.0: not a host: this address is unspecified (give the address of one host)"},
    {"::", 0, STATUS_USAGE, "::: not a host: this address is unspecified (give the address of one host)"},
    {"224.0.0.1", 0, STATUS_USAGE,
     "224.0.0.1: not a host: this address is multicast or broadcast (give the address of one host)"},
    {"ff02::1%lo", 0, STATUS_USAGE,
     "ff02::1%lo: not a host: this address is multicast or broadcast (give the address of one host)"},
    {"255.255.255.255", 0, STATUS_USAGE,
     "255.255.255.255: not a host: this address is multicast or broadcast (give the address of one host)"},
    {"::ffff:192.0.2.1", 0, STATUS_USAGE,
     "::ffff:192.0.2.1: not a host: this address is an IPv4 address in IPv6 form (write it as IPv4)"},
    {"1::2::3", 0, STATUS_USAGE, "1::2::3: not an IPv6 address"},
    {"example:80", 0, STATUS_USAGE, "example:80: not an IPv6 address"},
    {"1.2.3.4%lo", 0, STATUS_USAGE, "1.2.3.4%lo: not a host: only an IPv6 address has a %zone"},
    {"web.example%lo", 0, STATUS_USAGE, "web.example%lo: not a host: only an IPv6 address has a %zone"},
    {"fe80::1%nosuch0", 0, STATUS_SYSTEM, "fe80::1%nosuch0: no such interface: nosuch0 (`ip link` lists them)"},
    {"fe80::1%99999", 0, STATUS_SYSTEM, "fe80::1%99999: no such interface: 99999 (`ip link` lists them)"},
    {"fe80::1%99999999999999999999", 0, STATUS_SYSTEM,
     "fe80::1%99999999999999999999: no such interface: 99999999999999999999 (`ip link` lists them)"},
    {"fe80::1%", 0, STATUS_SYSTEM, "fe80::1%: no such interface: the zone is empty (`ip link` lists them)"},
};

/* As the command does it, but in one process. */
static enum status resolve(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err)
{
    const struct resolve_question question = {.host = host, .family = family};
    struct resolve_answer answer = {0};
    enum status status = resolve_literal(host, family, out, zone, err);
    if (status != STATUS_OK || !addr_is_none(out))
        return status;
    resolve_ask(&question, &answer);
    return resolve_take(&question, &answer, out, zone, err);
}

/* The process that asks may have been taken over. */
static const struct {
    uint8_t asked;
    struct resolve_answer answer;
    enum status status;
    const char *want; /* the address, or the message */
} answers[] = {
    {0, {.family = 4, .bytes = {192, 0, 2, 1}, .zone = 7}, STATUS_OK, "192.0.2.1"},
    {6, {.family = 6, .bytes = {0xfe, 0x80, [15] = 1}, .zone = 7}, STATUS_OK, "fe80::1"},
    {0, {0}, STATUS_SYSTEM, "web.example: cannot look up this name: the resolver gave no address of its family"},
    {0,
     {.family = 9},
     STATUS_SYSTEM,
     "web.example: cannot look up this name: the resolver gave no address of its family"},
    {4,
     {.family = 6, .bytes = {0x20, 1}},
     STATUS_SYSTEM,
     "web.example: cannot look up this name: the resolver gave no address of its family"},
    {0,
     {.family = 4, .bytes = {224, 0, 0, 1}},
     STATUS_SYSTEM,
     "web.example: cannot trace this name: its address 224.0.0.1 is multicast or broadcast (give the address of one "
     "host)"},
    {6,
     {.code = EAI_NONAME},
     STATUS_SYSTEM,
     "web.example: no such host with an IPv6 address (check the spelling, or ask for IPv4)"},
    {0,
     {.code = EAI_SYSTEM, .error = ENOMEM},
     STATUS_SYSTEM,
     "web.example: cannot look up this name: Cannot allocate memory"},
};

static void test_answers(void)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct resolve_question question = {.host = "web.example", .family = answers[i].asked};
        struct addr address;
        uint32_t zone;
        struct err err = {0};
        char text[ADDR_TEXT_BYTES];
        is_num(resolve_take(&question, &answers[i].answer, &address, &zone, &err), answers[i].status,
               "answer %zu: status", i);
        addr_format(&address, text);
        is_text(answers[i].status == STATUS_OK ? text : err.message, answers[i].want, "answer %zu: result", i);
        is_num(addr_is_none(&address), answers[i].status != STATUS_OK, "answer %zu: an address if it is good", i);
        is_num(zone, address.family == 6 ? 7 : 0, "answer %zu: zone", i);
    }
}

int main(void)
{
    test_answers();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr address;
        uint32_t zone;
        struct err err = {0};
        char text[ADDR_TEXT_BYTES];
        is_num(resolve(rows[i].host, rows[i].family, &address, &zone, &err), rows[i].status, "'%s' -%d: status",
               rows[i].host, rows[i].family);
        addr_format(&address, text);
        is_text(rows[i].status == STATUS_OK ? text : err.message, rows[i].want, "'%s' -%d: result", rows[i].host,
                rows[i].family);
        is_num(rows[i].status == STATUS_OK ? zone : 0, strchr(rows[i].want, '%') || !strchr(rows[i].host, '%') ? 0 : 1,
               "'%s': zone", rows[i].host);
    }
    char name[300];
    struct addr address;
    uint32_t zone;
    struct err err = {0};
    memset(name, 'a', sizeof name);
    name[254] = '\0';
    is_num(resolve(name, 0, &address, &zone, &err), STATUS_USAGE, "a name of 254 characters");
    is_text(err.message, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: not a host: a name has 253 characters at most",
            "its message");
    return tap_done();
}
