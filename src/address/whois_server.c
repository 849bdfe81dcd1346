/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/whois_server.h"

#include <ctype.h>
#include <stdio.h>

/* Text before and after the address in a server's query. */
struct form {
    const char *host, *before, *after;
};

static const struct form forms[] = {
    {"whois.arin.net", "n + ", ""},
    {"whois.ripe.net", "--no-personal ", ""},
    {"whois.nic.ad.jp", "", "/e"},
};

static bool parse_port(const char *text, size_t length, uint16_t *out)
{
    unsigned port = 0;
    if (length == 0 || length > strlen("65535"))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    *out = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

/* Accepts an address, or a name of letters, digits, hyphens and dots (RFC 1123 2.1), and underscores, which occur in
 * practice. */
static bool parse_host(const char *text, size_t length, char out[WHOIS_HOST_BYTES])
{
    struct addr address;
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length >= WHOIS_HOST_BYTES || text[0] == '.' || text[0] == '-')
        return false;
    bool name = true;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        name = name && (isalnum(c) || c == '-' || c == '_' || (c == '.' && text[i - 1] != '.'));
        out[i] = (char)tolower(c);
    }
    out[length] = '\0';
    return name || addr_parse(out, &address);
}

/* Finds the end of the host and the start of the port (NULL without a port). An IPv6 address with a port stands in
 * brackets (RFC 3986 3.2.2). Without brackets, several colons belong to an IPv6 address. Returns false if a bracket
 * is misplaced. */
static bool split(const char **host, const char **host_end, const char **port, const char *end)
{
    const char *colon = memchr(*host, ':', (size_t)(end - *host));
    *host_end = end;
    *port = NULL;
    if (*host < end && **host == '[') {
        *host_end = memchr(*host, ']', (size_t)(end - *host));
        if (!*host_end || !colon || colon > *host_end)
            return false;
        ++*host;
        colon = *host_end + 1;
        if (colon < end && *colon != ':')
            return false;
        *port = colon < end ? colon + 1 : NULL;
    } else if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
        *host_end = colon;
        *port = colon + 1;
    }
    return true;
}

bool whois_server_parse(const char *text, size_t length, struct whois_server *out)
{
    struct whois_server server = {.port = WHOIS_PORT};
    const char *end = text + length, *host = text, *host_end, *port;
    if (!split(&host, &host_end, &port, end))
        return false;
    if (port && !parse_port(port, (size_t)(end - port), &server.port))
        return false;
    if (!parse_host(host, (size_t)(host_end - host), server.host))
        return false;
    *out = server;
    return true;
}

bool whois_server_equal(const struct whois_server *a, const struct whois_server *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

size_t whois_server_query(const struct whois_server *server, const struct addr *address, char text[WHOIS_QUERY_BYTES])
{
    const char *before = "", *after = "";
    char plain[ADDR_TEXT_BYTES];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(server->host, forms[i].host) == 0) {
            before = forms[i].before;
            after = forms[i].after;
        }
    }
    addr_format(address, plain);
    return (size_t)snprintf(text, WHOIS_QUERY_BYTES, "%s%s%s\r\n", before, plain, after);
}
