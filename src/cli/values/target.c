/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/values/target.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "cli/values/values.h"

struct scheme {
    const char *name;
    const char *protocol;
    uint16_t port;
};

static const struct scheme schemes[] = {
    {"http", "tcp", 80},    {"https", "tcp", 443},  {"ws", "tcp", 80},           {"wss", "tcp", 443},
    {"ftp", "tcp", 21},     {"ftps", "tcp", 990},   {"ssh", "tcp", 22},          {"sftp", "tcp", 22},
    {"telnet", "tcp", 23},  {"smtp", "tcp", 25},    {"smtps", "tcp", 465},       {"pop3", "tcp", 110},
    {"pop3s", "tcp", 995},  {"imap", "tcp", 143},   {"imaps", "tcp", 993},       {"ldap", "tcp", 389},
    {"ldaps", "tcp", 636},  {"git", "tcp", 9418},   {"rtsp", "tcp", 554},        {"mqtt", "tcp", 1883},
    {"mqtts", "tcp", 8883}, {"mysql", "tcp", 3306}, {"postgresql", "tcp", 5432}, {"postgres", "tcp", 5432},
    {"redis", "tcp", 6379}, {"rdp", "tcp", 3389},   {"dns", "udp", 53},          {"ntp", "udp", 123},
    {"tftp", "udp", 69},    {"snmp", "udp", 161},   {"sip", "udp", 5060},        {"stun", "udp", 3478},
    {"coap", "udp", 5683},  {"quic", "udp", 443},   {"udp", "udp", 33434},       {"tcp", "tcp", 80},
};

static const struct scheme *find_scheme(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strlen(schemes[i].name) == length && strncasecmp(schemes[i].name, text, length) == 0)
            return &schemes[i];
    }
    return NULL;
}

/* The piece of `text` that is the host and the piece that is the port; both borrow from it. */
struct authority {
    const char *host;
    size_t host_length;
    const char *port; /* NULL: none */
    size_t port_length;
    bool bracketed;
};

/* RFC 3986 3.2, userinfo gone already. An unbracketed host with several colons is an IPv6 address, not a port. */
static bool split_authority(const char *text, size_t length, struct authority *out)
{
    const char *end = text + length;
    const char *colon;
    *out = (struct authority){.host = text, .host_length = length};
    if (length && *text == '[') {
        const char *close = memchr(text, ']', length);
        if (!close || (close + 1 < end && close[1] != ':'))
            return false;
        out->bracketed = true;
        out->host = text + 1;
        out->host_length = (size_t)(close - out->host);
        colon = close + 1 < end ? close + 1 : NULL;
    } else {
        colon = memchr(text, ':', length);
        if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
            colon = NULL;
        if (colon)
            out->host_length = (size_t)(colon - text);
    }
    if (colon) {
        out->port = colon + 1;
        out->port_length = (size_t)(end - out->port);
    }
    return true;
}

static bool parse_port(const struct authority *authority, uint16_t *out)
{
    char text[8];
    uint64_t number;
    if (authority->port_length == 0 || authority->port_length >= sizeof text)
        return false;
    memcpy(text, authority->port, authority->port_length);
    text[authority->port_length] = 0;
    if (!value_number(text, false, 1, 65535, &number))
        return false;
    *out = (uint16_t)number;
    return true;
}

/* In a URL the zone's percent sign is written %25 (RFC 6874). */
static void undo_zone_escape(char *host)
{
    char *zone = strstr(host, "%25");
    if (zone)
        memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
}

static enum status keep_host(const struct authority *authority, char *host, size_t host_bytes,
                             const struct subject *subject, struct err *err)
{
    if (authority->host_length == 0)
        return value_complain(err, subject, "the host is missing");
    if (authority->host_length >= host_bytes)
        return value_complain(err, subject, "the host name is too long (at most %zu bytes)", host_bytes - 1);
    for (size_t i = 0; i < authority->host_length; i++) {
        unsigned char byte = (unsigned char)authority->host[i];
        if (byte <= ' ' || byte == 0x7f)
            return value_complain(err, subject, "a host name cannot have blanks or control characters");
    }
    memcpy(host, authority->host, authority->host_length);
    host[authority->host_length] = 0;
    return STATUS_OK;
}

/* Userinfo ends at the last @: an unescaped one may stand in a password. */
static void skip_userinfo(const char **start, size_t *length)
{
    size_t i = *length;
    while (i > 0 && (*start)[i - 1] != '@')
        i--;
    *start += i;
    *length -= i;
}

static enum status parse_url(const char *text, const char *mark, char *host, size_t host_bytes, struct url_parts *out,
                             struct err *err)
{
    const struct subject subject = {.value = text};
    const char *start = mark + 3;
    size_t length = strcspn(start, "/?#");
    struct authority authority;
    skip_userinfo(&start, &length);
    if (!split_authority(start, length, &authority))
        return value_complain(err, &subject, "a bracket is not closed, or text follows it");
    enum status status = keep_host(&authority, host, host_bytes, &subject, err);
    if (status != STATUS_OK)
        return status;
    undo_zone_escape(host);
    const struct scheme *scheme = find_scheme(text, (size_t)(mark - text));
    if (authority.port && authority.port_length) {
        if (!parse_port(&authority, &out->port))
            return value_complain(err, &subject, "expected a port, 1 to 65535");
        out->protocol = scheme ? scheme->protocol : "tcp";
    } else if (scheme) {
        out->port = scheme->port;
        out->protocol = scheme->protocol;
    } else {
        return value_complain(err, &subject, "unknown scheme (add a port, or name HOST alone and -P PROBE)");
    }
    return STATUS_OK;
}

/* True if a name ends as those of captures do. No top-level domain does. */
static bool is_capture_name(const char *text)
{
    static const char *const endings[] = {".pcap",     ".pcapng",     ".pcap.gz", ".pcapng.gz",
                                          ".pcap.zst", ".pcapng.zst", ".cap"};
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (length > strlen(endings[i]) && strcmp(text + length - strlen(endings[i]), endings[i]) == 0)
            return true;
    return false;
}

enum status target_parse(const char *text, char *host, size_t host_bytes, struct url_parts *out, struct err *err)
{
    const struct subject subject = {.value = text};
    struct authority authority;
    *out = (struct url_parts){0};
    const char *mark = strstr(text, "://");
    if (mark)
        return parse_url(text, mark, host, host_bytes, out, err);
    if (is_capture_name(text))
        return value_complain(err, &subject, "expected a host, not a capture (hopsonde replay FILE reads one)");
    if (strchr(text, '/'))
        return value_complain(err, &subject,
                              "expected one host, not a network (a URL starts with a scheme, as https://)");
    if (!split_authority(text, strlen(text), &authority))
        return value_complain(err, &subject, "a bracket is not closed, or text follows it");
    if (authority.port)
        return value_complain(err, &subject, "HOST cannot have a port (use -p PORT with -T or -U, or -P tcp/443)");
    return keep_host(&authority, host, host_bytes, &subject, err);
}
