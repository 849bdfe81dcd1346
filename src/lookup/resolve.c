/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/resolve.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MOST 253 /* characters of a host name (RFC 1035 2.3.4 without the root's dot) */

static bool is_number(const char *text, size_t length)
{
    bool hex = length > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    for (size_t i = hex ? 2 : 0; i < length; i++)
        if (!(hex ? isxdigit((unsigned char)text[i]) : isdigit((unsigned char)text[i])))
            return false;
    return length > 0;
}

/* Refuses malformed IPv4 addresses. No top-level domain is a number, so a host with a numeric last label was meant
 * as an IPv4 address. getaddrinfo() would take some of those for other addresses: "1.2.3" for 1.2.0.3, "010.0.0.1"
 * for 8.0.0.1. */
static enum status refuse_number(const char *host, struct err *err)
{
    size_t length = strlen(host);
    if (length && host[length - 1] == '.')
        length--;
    size_t start = length, parts = 1;
    while (start > 0 && host[start - 1] != '.')
        start--;
    if (!is_number(host + start, length - start))
        return STATUS_OK;
    for (size_t i = 0; i < length; i++)
        parts += host[i] == '.';
    if (parts != 4)
        return err_set(err, STATUS_USAGE, "%s: not a host: an IPv4 address has four parts", host);
    return err_set(err, STATUS_USAGE, "%s: not a host: each part of an IPv4 address is a decimal number from 0 to 255",
                   host);
}

static enum status check_family(const char *host, uint8_t asked, const struct addr *address, struct err *err)
{
    if (asked == 0 || asked == address->family)
        return STATUS_OK;
    return err_set(err, STATUS_USAGE, "%s: an IPv%d address conflicts with -%d (leave out -%d)", host, address->family,
                   asked, asked);
}

/* Returns why an address cannot be a target, with a remedy; NULL if it can. */
static const char *not_one_host(const struct addr *address)
{
    static const uint8_t zero[16] = {0}, everybody[4] = {255, 255, 255, 255};
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 2.5.5.2 */
    size_t length = addr_length(address);
    if (memcmp(address->bytes, zero, length) == 0)
        return "is unspecified (give the address of one host)";
    if (addr_is_multicast(address) || (length == 4 && memcmp(address->bytes, everybody, 4) == 0))
        return "is multicast or broadcast (give the address of one host)";
    if (length == 16 && memcmp(address->bytes, mapped, sizeof mapped) == 0)
        return "is an IPv4 address in IPv6 form (write it as IPv4)";
    return NULL;
}

/* Parses `zone`: the name of an interface, or its number. */
static enum status parse_zone(const char *host, const char *zone, uint32_t *out, struct err *err)
{
    char name[IF_NAMESIZE];
    *out = if_nametoindex(zone);
    if (*out)
        return STATUS_OK;
    if (is_number(zone, strlen(zone)) && isdigit((unsigned char)zone[0])) {
        errno = 0;
        unsigned long index = strtoul(zone, NULL, 10);
        if (errno == 0 && index > 0 && index <= INT32_MAX && if_indextoname((unsigned)index, name)) {
            *out = (uint32_t)index;
            return STATUS_OK;
        }
    }
    return err_set(err, STATUS_SYSTEM, "%s: no such interface: %s (`ip link` lists them)", host,
                   *zone ? zone : "the zone is empty");
}

/* Parses an address with or without zone. Sets `*literal` if the text is an address, valid or not. */
static enum status parse_literal(const char *host, uint8_t family, struct addr *out, uint32_t *zone, bool *literal,
                                 struct err *err)
{
    const char *percent = strchr(host, '%');
    size_t length = percent ? (size_t)(percent - host) : strlen(host);
    char text[ADDR_TEXT_BYTES] = "";
    if (length < sizeof text)
        memcpy(text, host, length);
    *literal = *text && addr_parse(text, out);
    if (*literal && percent && out->family == 4)
        return err_set(err, STATUS_USAGE, "%s: not a host: only an IPv6 address has a %%zone", host);
    if (*literal) {
        const char *problem = not_one_host(out);
        if (problem)
            return err_set(err, STATUS_USAGE, "%s: not a host: this address %s", host, problem);
        enum status status = check_family(host, family, out, err);
        return status == STATUS_OK && percent ? parse_zone(host, percent + 1, zone, err) : status;
    }
    *literal = true;
    if (strchr(host, ':'))
        return err_set(err, STATUS_USAGE, "%s: not an IPv6 address", host);
    if (percent)
        return err_set(err, STATUS_USAGE, "%s: not a host: only an IPv6 address has a %%zone", host);
    *literal = false;
    return STATUS_OK;
}

static enum status refuse_name(const char *host, uint8_t family, int code, int error, struct err *err)
{
    if (code == EAI_AGAIN)
        return err_set(
            err, STATUS_SYSTEM,
            "%s: cannot look up this name: no name server answers (check the DNS configuration, or give the address)",
            host);
    bool unknown = code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY;
    if (unknown && family)
        return err_set(err, STATUS_SYSTEM,
                       "%s: no such host with an IPv%d address (check the spelling, or ask for IPv%d)", host, family,
                       family == 4 ? 6 : 4);
    if (unknown)
        return err_set(err, STATUS_SYSTEM, "%s: no such host (check the spelling)", host);
    return err_set(err, STATUS_SYSTEM, "%s: cannot look up this name: %s", host,
                   code == EAI_SYSTEM ? strerror(error) : gai_strerror(code));
}

enum status resolve_literal(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err)
{
    bool literal;
    *out = (struct addr){0};
    *zone = 0;
    if (!*host)
        return err_set(err, STATUS_USAGE, "the host is empty (give a name or an address)");
    enum status status = parse_literal(host, family, out, zone, &literal, err);
    if (literal || status != STATUS_OK)
        return status;
    status = refuse_number(host, err);
    if (status != STATUS_OK)
        return status;
    size_t length = strlen(host);
    if (length - (host[length - 1] == '.') > NAME_MOST)
        return err_set(err, STATUS_USAGE, "%.40s...: not a host: a name has %d characters at most", host, NAME_MOST);
    return STATUS_OK;
}

void resolve_ask(const void *context, void *out)
{
    const struct resolve_question *question = context;
    struct resolve_answer *answer = out;
    uint8_t family = question->family;
    struct addrinfo hints = {.ai_family = family == 4   ? AF_INET
                                          : family == 6 ? AF_INET6
                                                        : AF_UNSPEC,
                             .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    answer->code = getaddrinfo(question->host, NULL, &hints, &found);
    answer->error = errno;
    if (answer->code != 0)
        return;
    if (found->ai_family == AF_INET) {
        struct sockaddr_in address;
        memcpy(&address, found->ai_addr, sizeof address);
        answer->family = 4;
        memcpy(answer->bytes, &address.sin_addr, sizeof address.sin_addr);
    } else {
        struct sockaddr_in6 address;
        memcpy(&address, found->ai_addr, sizeof address);
        answer->family = 6;
        memcpy(answer->bytes, &address.sin6_addr, sizeof address.sin6_addr);
        answer->zone = address.sin6_scope_id;
    }
    freeaddrinfo(found);
}

enum status resolve_take(const struct resolve_question *question, const struct resolve_answer *answer, struct addr *out,
                         uint32_t *zone, struct err *err)
{
    char text[ADDR_TEXT_BYTES];
    const char *host = question->host;
    *out = (struct addr){0};
    *zone = 0;
    if (answer->code != 0)
        return refuse_name(host, question->family, answer->code, answer->error, err);
    if ((answer->family != 4 && answer->family != 6) || (question->family && question->family != answer->family))
        return err_set(err, STATUS_SYSTEM, "%s: cannot look up this name: the resolver gave no address of its family",
                       host);
    struct addr address = addr_from_bytes(answer->family, answer->bytes);
    const char *problem = not_one_host(&address);
    if (problem) {
        addr_format(&address, text);
        return err_set(err, STATUS_SYSTEM, "%s: cannot trace this name: its address %s %s", host, text, problem);
    }
    *out = address;
    *zone = answer->family == 6 ? answer->zone : 0;
    return STATUS_OK;
}

void resolve_ask_all(const void *context, void *out)
{
    const struct resolve_question *question = context;
    struct resolve_addresses *answer = out;
    struct addrinfo hints = {.ai_family = question->family == 4 ? AF_INET : AF_INET6, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    answer->code = getaddrinfo(question->host, NULL, &hints, &found);
    if (answer->code != 0)
        return;
    for (const struct addrinfo *at = found; at && answer->count < RESOLVE_ADDRESSES_MOST; at = at->ai_next) {
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
        struct addr *address = &answer->list[answer->count];
        if (at->ai_family == AF_INET) {
            memcpy(&ipv4, at->ai_addr, sizeof ipv4);
            *address = addr_from_bytes(4, (const uint8_t *)&ipv4.sin_addr);
        } else {
            memcpy(&ipv6, at->ai_addr, sizeof ipv6);
            *address = addr_from_bytes(6, ipv6.sin6_addr.s6_addr);
        }
        answer->count += not_one_host(address) == NULL;
    }
    freeaddrinfo(found);
}

bool resolve_check_all(const struct resolve_addresses *answer, uint8_t family)
{
    if (answer->code != 0 || answer->count > RESOLVE_ADDRESSES_MOST)
        return false;
    for (uint32_t i = 0; i < answer->count; i++)
        if (answer->list[i].family != family || not_one_host(&answer->list[i]))
            return false;
    return answer->count > 0;
}
