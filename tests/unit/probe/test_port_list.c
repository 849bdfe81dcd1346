/* SPDX-License-Identifier: BSD-2-Clause */
/* Port lists: what people write, the one spelling of it, and the message for what is no list. */
#include "probe/port_list.h"

#include <stdlib.h>

#include "probe/type.h"
#include "tap.h"

/* In, out (or NULL for an error), ports, and the message then. */
static const struct {
    const char *text, *spelling;
    unsigned count;
    const char *message;
} rows[] = {
    {"tcp/22,80", "tcp/22,80", 2, 0},
    {"TCP/22,80,8000-8010", "tcp/22,80,8000-8010", 13, 0},
    {"tcp/80,22,81", "tcp/22,80-81", 3, 0},
    {"tcp/1-10,5-20", "tcp/1-20", 20, 0},
    {"tcp/1-1024,!22", "tcp/1-21,23-1024", 1023, 0},
    {"tcp/!22,1-1024", "tcp/1-21,23-1024", 1023, 0},
    {"tcp/1-1024,!100-199,!ssh", "tcp/1-21,23-99,200-1024", 923, 0},
    {"tcp/!2-65535", "tcp/1", 1, 0},
    {"tcp/1-65535", "tcp/1-65535", 65535, 0},
    {"tcp/ssh,https", "tcp/22,443", 2, 0},
    {"tcp/80,81:ack", "tcp/80-81:ack", 2, 0},
    {"tcp/80,81:syn", "tcp/80-81", 2, 0},
    {"udp/53,123:dns", "udp/53,123:dns", 2, 0},
    {"udp/53,123,161", "udp/53,123,161", 3, 0},
    {"sctp/1-3", "sctp/1-3", 3, 0},
    {"tcp/5-5", "tcp/5", 1, 0},
    {"tcp/1-", 0, 0, "tcp/1-: 1-: expected FIRST-LAST, each from 1 to 65535"},
    {"tcp/-5", 0, 0, "tcp/-5: -5: expected FIRST-LAST, each from 1 to 65535"},
    {"tcp/1-2-3", 0, 0, "tcp/1-2-3: 1-2-3: expected FIRST-LAST, each from 1 to 65535"},
    {"tcp/80-22", 0, 0, "tcp/80-22: 80-22: the range ends before it begins (exchange the two)"},
    {"tcp/0,1", 0, 0, "tcp/0,1: 0: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/0-9", 0, 0, "tcp/0-9: 0-9: expected FIRST-LAST, each from 1 to 65535"},
    {"tcp/70000,1", 0, 0, "tcp/70000,1: 70000: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/1-70000", 0, 0, "tcp/1-70000: 1-70000: expected FIRST-LAST, each from 1 to 65535"},
    {"tcp/22,,80", 0, 0, "tcp/22,,80: ,: a port is missing here (leave the comma out)"},
    {"tcp/22,", 0, 0, "tcp/22,: ,: a port is missing here (leave the comma out)"},
    {"tcp/,", 0, 0, "tcp/,: ,: a port is missing here (leave the comma out)"},
    {"tcp/22,!", 0, 0, "tcp/22,!: !: a port is missing here (leave the comma out)"},
    {"tcp/22,!22", 0, 0, "tcp/22,!22: no port: all ports of this list are left out"},
    {"tcp/22,nosuchservice", 0, 0,
     "tcp/22,nosuchservice: nosuchservice: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/443,8443:sni=a", 0, 0, "tcp/443,8443:sni=a: a list of ports takes no name: write one probe for each port"},
    {"tcp/22,80:nosuch", 0, 0,
     "tcp/1:nosuch: unknown variant of tcp: expected syn, ack, data, sni=NAME, host=NAME, fin"},
    {"icmp/1,2", 0, 0, "icmp/1: icmp has no port: write icmp"},
    {"nosuch/1,2", 0, 0,
     "nosuch/1: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of udp, icmp, tcp, udplite, dccp, sctp, ip"},
};

static void check_row(unsigned i)
{
    struct port_list *list = malloc(sizeof *list);
    struct strbuf text;
    struct err err = {0};
    strbuf_init(&text);
    enum status status = port_list_parse(rows[i].text, list, &err);
    ok(port_list_is_meant(rows[i].text), "%s is a list", rows[i].text);
    ok((status == STATUS_OK) == (rows[i].spelling != NULL), "%s is %s", rows[i].text,
       rows[i].spelling ? "read" : "refused");
    if (status == STATUS_OK && rows[i].spelling) {
        port_list_add_text(list, 1, 65535, &text);
        is_text(text.text, rows[i].spelling, "%s is spelled so", rows[i].text);
        is_num(list->count, rows[i].count, "%s has so many ports", rows[i].text);
        is_num(list->spec.port, port_list_next(list, 1), "%s begins with its first port", rows[i].text);
    } else {
        is_text(err.message, rows[i].message ? rows[i].message : "", "%s has its message", rows[i].text);
    }
    strbuf_free(&text);
    free(list);
}

static void check_no_lists(void)
{
    static const char *const single[] = {"tcp/22", "icmp", "tcp/https", "tcp/80:ack", "ip/50", "tcp/x400-snd"};
    for (unsigned i = 0; i < sizeof single / sizeof *single; i++)
        ok(!port_list_is_meant(single[i]), "%s is one port", single[i]);
}

/* Each port has the payload that its service answers. */
static void check_variants(void)
{
    struct port_list *list = malloc(sizeof *list), *other = malloc(sizeof *other);
    char text[PROBE_SPEC_TEXT_BYTES];
    port_list_parse("udp/50-60", list, NULL);
    struct probe_spec dns = port_list_spec(list, 53), plain = port_list_spec(list, 54);
    ok(probe_spec_variant(&dns)->payload && dns.variant != plain.variant, "port 53 of a list is a DNS query");
    probe_spec_format(&plain, text);
    is_text(text, "udp/54", "its neighbour is not");
    port_list_parse("udp/100,1", other, NULL);
    ok(port_list_is_alike(list, other), "lists of one protocol are alike");
    ok(port_list_merge(list, other), "they become one");
    is_num(list->count, 13, "which has the ports of both");
    is_num(list->spec.port, 1, "and begins with the smallest");
    port_list_parse("udp/100,1:empty", other, NULL);
    ok(!port_list_is_alike(list, other), "another variant makes another list");
    free(list);
    free(other);
}

/* A list that a saved capture could not hold. */
static void check_too_many_ranges(void)
{
    struct port_list *list = malloc(sizeof *list);
    struct strbuf text;
    struct err err = {0};
    strbuf_init(&text);
    strbuf_add(&text, "tcp/1");
    for (unsigned port = 3; port < 5300; port += 2)
        strbuf_addf(&text, ",%u", port);
    ok(port_list_parse(text.text, list, &err) == STATUS_OK, "2650 single ports are read");
    for (unsigned port = 5301; port < 6800; port += 2)
        strbuf_addf(&text, ",%u", port);
    ok(port_list_parse(text.text, list, &err) == STATUS_USAGE, "3400 are refused");
    is_text(err.message, "tcp/1,3,5,7,9,11,13,15,17,19,21,23,25,27...: too many ranges: name longer ranges of ports",
            "with one line");
    strbuf_free(&text);
    free(list);
}

int main(void)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(i);
    check_no_lists();
    check_variants();
    check_too_many_ranges();
    return tap_done();
}
