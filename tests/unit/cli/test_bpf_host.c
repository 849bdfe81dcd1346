/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters that select one host, and others. */
#include "cli/reading/bpf_host.h"

#include <string.h>

#include "tap.h"

static const struct {
    const char *expression, *host; /* NULL: it is about more; "": a name */
} rows[] = {
    {"host 192.0.2.80", "192.0.2.80"},
    {"dst host 192.0.2.80", "192.0.2.80"},
    {"src or dst host 192.0.2.80", "192.0.2.80"},
    {"ip host 192.0.2.80", "192.0.2.80"},
    {"ip6 host 2001:db8::80", "2001:db8::80"},
    {"dst 192.0.2.80", "192.0.2.80"},
    {"dst 2001:db8::80", "2001:db8::80"},
    {"host 192.0.2.80 and port 443", "192.0.2.80"},
    {"(host 192.0.2.80) and (tcp port 80 or tcp port 443)", "192.0.2.80"},
    {"tcp dst port https && host 192.0.2.80", "192.0.2.80"},
    {"host web.example", ""},
    {"dst web.example", ""},
    {"host 192.0.2.80 or icmp", NULL},
    {"host 192.0.2.80 or host 192.0.2.81", NULL},
    {"not host 192.0.2.80", NULL},
    {"net 192.0.2.0/24", NULL},
    {"udp port 53", NULL},
    {"icmp", NULL},
    {"src or dst", NULL},
    {"host", NULL},
    {"", NULL},
};

static void test_long(void)
{
    char expression[400] = "host ";
    struct addr host;
    memset(expression + 5, 'a', 300);
    ok(!bpf_host_find(expression, &host), "a word that is too long");
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr host;
        char text[ADDR_TEXT_BYTES] = "no host";
        if (bpf_host_find(rows[i].expression, &host))
            addr_format(&host, text);
        is_text(text, rows[i].host ? rows[i].host : "no host", "%s", rows[i].expression);
    }
    test_long();
    return tap_done();
}
