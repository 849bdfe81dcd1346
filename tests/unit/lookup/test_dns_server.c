/* SPDX-License-Identifier: BSD-2-Clause */
/* The text that says which DNS server to ask. */
#include "lookup/dns_server.h"

#include "tap.h"

#define EXPECTED ": expected the address of a DNS server, as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353"

int main(void)
{
    static const struct {
        const char *text, *address;
        uint16_t port;
        const char *message;
    } rows[] = {
        {"192.0.2.53", "192.0.2.53", 53, ""},
        {"192.0.2.53:5353", "192.0.2.53", 5353, ""},
        {"2001:db8::53", "2001:db8::53", 53, ""},
        {"[2001:db8::53]", "2001:db8::53", 53, ""},
        {"[2001:db8::53]:65535", "2001:db8::53", 65535, ""},
        {"::1", "::1", 53, ""},
        {"", NULL, 0, "" EXPECTED},
        {"dns.example", NULL, 0, "dns.example" EXPECTED},
        {"192.0.2.53:", NULL, 0, "192.0.2.53:" EXPECTED},
        {"192.0.2.53:0", NULL, 0, "192.0.2.53:0" EXPECTED},
        {"192.0.2.53:65536", NULL, 0, "192.0.2.53:65536" EXPECTED},
        {"192.0.2.53:+53", NULL, 0, "192.0.2.53:+53" EXPECTED},
        {"192.0.2.53:53x", NULL, 0, "192.0.2.53:53x" EXPECTED},
        {"192.0.2.53:99999999999999999999", NULL, 0, "192.0.2.53:99999999999999999999" EXPECTED},
        {"[192.0.2.53]:53", NULL, 0, "[192.0.2.53]:53" EXPECTED},
        {"[2001:db8::53", NULL, 0, "[2001:db8::53" EXPECTED},
        {"[2001:db8::53]53", NULL, 0, "[2001:db8::53]53" EXPECTED},
        {"[]:53", NULL, 0, "[]:53" EXPECTED},
        {"192.0.2.53,192.0.2.54", NULL, 0, "192.0.2.53,192.0.2.54" EXPECTED},
        {"fe80::1", NULL, 0,
         "fe80::1: cannot use a link-local address: it needs an interface (give another address of this server)"},
        {"0.0.0.0", NULL, 0, "0.0.0.0: expected the address of one host"},
        {"[::]:53", NULL, 0, "[::]:53: expected the address of one host"},
        {"224.0.0.251:5353", NULL, 0, "224.0.0.251:5353: expected the address of one host"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr address;
        char text[ADDR_TEXT_BYTES];
        uint16_t port;
        struct err err = {0};
        enum status status = dns_server_parse(rows[i].text, &address, &port, &err);
        is_num(status, rows[i].address ? STATUS_OK : STATUS_USAGE, "\"%s\": status", rows[i].text);
        is_text(err.message, rows[i].message, "\"%s\": message", rows[i].text);
        if (status != STATUS_OK)
            continue;
        addr_format(&address, text);
        is_text(text, rows[i].address, "\"%s\": address", rows[i].text);
        is_num(port, rows[i].port, "\"%s\": port", rows[i].text);
    }
    return tap_done();
}
