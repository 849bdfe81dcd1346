/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/dns_server.h"

#include <stdlib.h>

static bool parse_port(const char *text, uint16_t *port)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long value = digits <= 5 ? strtoul(text, NULL, 10) : 0;
    *port = (uint16_t)value;
    return text[digits] == '\0' && value > 0 && value <= UINT16_MAX;
}

static bool parse_address(const char *text, size_t length, struct addr *address)
{
    char copy[ADDR_TEXT_BYTES] = "";
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    return addr_parse(copy, address);
}

/* Without brackets, a second colon means an IPv6 address without a port. */
static bool parse_text(const char *text, struct addr *address, uint16_t *port)
{
    *port = DNS_SERVER_PORT;
    if (parse_address(text, strlen(text), address))
        return true;
    bool bracketed = *text == '[';
    text += bracketed;
    size_t length = strcspn(text, bracketed ? "]" : ":");
    const char *rest = text + length;
    if (!parse_address(text, length, address) || (address->family == 6) != bracketed)
        return false;
    if (bracketed && *rest++ != ']')
        return false;
    return *rest == '\0' || (*rest == ':' && parse_port(rest + 1, port));
}

enum status dns_server_parse(const char *text, struct addr *address, uint16_t *port, struct err *err)
{
    static const uint8_t zero[16] = {0};
    if (!parse_text(text, address, port))
        return err_set(
            err, STATUS_USAGE,
            "%.80s: expected the address of a DNS server, as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353", text);
    if (addr_is_link_local(address))
        return err_set(
            err, STATUS_USAGE,
            "%.80s: cannot use a link-local address: it needs an interface (give another address of this server)",
            text);
    if (addr_is_multicast(address) || memcmp(address->bytes, zero, sizeof zero) == 0)
        return err_set(err, STATUS_USAGE, "%.80s: expected the address of one host", text);
    return STATUS_OK;
}
