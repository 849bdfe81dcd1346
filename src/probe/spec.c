/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/spec.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "probe/type.h"

#define SPEC_INPUT_MOST 64

/* A spec taken apart; every part is in lower case and points into `text`. */
struct parts {
    const char *whole; /* as the user wrote it, for messages */
    char text[SPEC_INPUT_MOST + 1];
    const char *protocol, *port, *variant, *age; /* NULL: not given */
    const char *name;                            /* in `whole`; NULL: not given */
};

/* Other names that people write for a probe; the names of variants (dns, syn) need no row. */
static const struct {
    const char *name, *spec;
} aliases[] = {
    {"icmp6", "icmp"},    {"icmpv6", "icmp"}, {"icmp4", "icmp"},       {"ping", "icmp"},    {"echo", "icmp"},
    {"http3", "udp/443"}, {"h3", "udp/443"},  {"domain", "udp/53"},    {"http", "tcp/80"},  {"https", "tcp/443"},
    {"ssh", "tcp/22"},    {"tls", "tcp/443"}, {"udp-lite", "udplite"}, {"udpl", "udplite"}, {"raw", "ip/253"},
    {"paris", "udp"},     {"esp", "ip/50"},   {"gre", "ip/47"},        {"ipip", "ip/4"},
};

static enum status split(const char *text, struct parts *out, struct err *err)
{
    *out = (struct parts){.whole = text};
    size_t length = strcspn(text, "=");
    if (*text == '\0')
        return err_set(err, STATUS_USAGE, "probe missing: expected PROTOCOL[/PORT], as tcp/443");
    if (length > SPEC_INPUT_MOST)
        return err_set(err, STATUS_USAGE, "%.20s...: too long: expected PROTOCOL[/PORT], as tcp/443", text);
    for (size_t i = 0; i < length; i++)
        out->text[i] = (char)tolower((unsigned char)text[i]);
    char *at = strchr(out->text, '@');
    if (at)
        *at = '\0';
    char *colon = strchr(out->text, ':');
    if (colon)
        *colon = '\0';
    char *slash = strchr(out->text, '/');
    if (slash)
        *slash = '\0';
    out->protocol = out->text;
    out->port = slash ? slash + 1 : NULL;
    out->variant = colon ? colon + 1 : NULL;
    out->age = at ? at + 1 : NULL;
    out->name = text[length] ? text + length + 1 : NULL;
    return STATUS_OK;
}

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* -1: no number from 0 to `most`. */
static long parse_number(const char *text, long most)
{
    if (!is_number(text) || strlen(text) > 9)
        return -1;
    long value = strtol(text, NULL, 10);
    return value <= most ? value : -1;
}

static const struct probe_type *find_type(const char *name)
{
    for (unsigned i = 0; probe_types[i]; i++)
        if (strcmp(probe_types[i]->name, name) == 0)
            return probe_types[i];
    return NULL;
}

static const struct probe_variant_row *find_variant(const struct probe_type *type, const char *name)
{
    for (const struct probe_variant_row *const *v = type->variants; *v; v++)
        if (strcmp((*v)->name, name) == 0)
            return *v;
    return NULL;
}

/* The spec whose variant has this name. False: none has. */
static bool spec_of_variant(const char *name, char text[PROBE_SPEC_TEXT_BYTES])
{
    for (unsigned i = 0; probe_types[i]; i++) {
        const struct probe_type *type = probe_types[i];
        const struct probe_variant_row *row = find_variant(type, name);
        if (!row || row->has_name)
            continue;
        probe_spec_format(&(struct probe_spec){.type = type,
                                               .protocol = type->protocol,
                                               .port = row->port ? row->port : type->default_port,
                                               .variant = row->variant},
                          text);
        return true;
    }
    return false;
}

static enum status refuse_protocol(const struct parts *parts, struct err *err)
{
    if (is_number(parts->protocol) && !parts->port)
        return err_set(err, STATUS_USAGE,
                       "%s: protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p %s",
                       parts->whole, parts->protocol);
    if (is_number(parts->protocol) && find_type(parts->port))
        return err_set(err, STATUS_USAGE, "%s: expected PROTOCOL[/PORT]: write %s/%s", parts->whole, parts->port,
                       parts->protocol);
    for (unsigned i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].name, parts->protocol) == 0)
            return err_set(err, STATUS_USAGE, "%s: unknown protocol: write %s", parts->whole, aliases[i].spec);
    char text[PROBE_SPEC_TEXT_BYTES];
    if (spec_of_variant(parts->protocol, text))
        return err_set(err, STATUS_USAGE, "%s: unknown protocol: write %s", parts->whole, text);
    struct strbuf known;
    strbuf_init(&known);
    for (unsigned i = 0; probe_types[i]; i++)
        strbuf_addf(&known, "%s%s", i ? ", " : "", probe_types[i]->name);
    err_set(err, STATUS_USAGE, "%s: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of %s", parts->whole,
            known.text);
    strbuf_free(&known);
    return STATUS_USAGE;
}

/* A bare protocol: number or name; those that have a probe type are probed with it. */
static enum status parse_bare_protocol(const struct parts *parts, struct probe_spec *spec, struct err *err)
{
    if (!parts->port || !*parts->port)
        return err_set(err, STATUS_USAGE, "%s: protocol missing: write its number, as %s/50", parts->whole,
                       parts->protocol);
    long number = parse_number(parts->port, 255);
    if (number < 0 && !is_number(parts->port)) {
        const struct protoent *entry = getprotobyname(parts->port);
        number = entry ? entry->p_proto : -1;
    }
    if (number < 0 || number > 255)
        return err_set(err, STATUS_USAGE,
                       "%s: unknown protocol: expected a number from 0 to 255 or a name of /etc/protocols",
                       parts->whole);
    const struct probe_type *own = probe_type_of_protocol((uint8_t)number);
    if (own->protocol)
        return err_set(err, STATUS_USAGE, "%s: this protocol has a probe type: write %s", parts->whole, own->name);
    spec->protocol = (uint8_t)number;
    return STATUS_OK;
}

/* --- names --- */

#define LABEL_MOST 63 /* RFC 1035 2.3.4 */

static bool is_of_name(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '-' || byte == '_';
}

enum status probe_name_check(const char *subject, const char *name, struct err *err)
{
    size_t length = strlen(name);
    if (length == 0)
        return err_set(err, STATUS_USAGE, "%s: name missing: expected a host name, as www.example.com", subject);
    if (length > PROBE_NAME_MOST)
        return err_set(err, STATUS_USAGE, "name too long: expected at most %d bytes", PROBE_NAME_MOST);
    for (size_t i = 0, label = 0; i <= length; i++) {
        if (name[i] == '.' || name[i] == '\0') {
            if (i == label || i - label > LABEL_MOST)
                return err_set(err, STATUS_USAGE,
                               "%s: bad name: expected 1 to %d bytes before, between and behind its dots", subject,
                               LABEL_MOST);
            label = i + 1;
        } else if ((unsigned char)name[i] >= 0x80) {
            return err_set(err, STATUS_USAGE,
                           "%s: bad name: expected ASCII (write an international name as its A-label, as "
                           "xn--bcher-kva.example)",
                           subject);
        } else if (!is_of_name((unsigned char)name[i])) {
            return err_set(err, STATUS_USAGE, "%s: bad name: expected letters, digits, '-', '_' and dots", subject);
        }
    }
    return STATUS_OK;
}

struct probe_name {
    struct probe_name *next;
    char text[];
};

static void copy_lower(char *out, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[length] = '\0';
}

bool probe_names_keep(struct probe_names *names, struct probe_spec *spec)
{
    if (!spec->name)
        return true;
    struct probe_name *kept = names->first;
    while (kept && strcasecmp(kept->text, spec->name) != 0)
        kept = kept->next;
    if (!kept) {
        size_t length = strlen(spec->name);
        kept = malloc(sizeof *kept + length + 1);
        if (!kept)
            return false;
        copy_lower(kept->text, spec->name, length);
        kept->next = names->first;
        names->first = kept;
    }
    spec->name = kept->text;
    return true;
}

void probe_names_free(struct probe_names *names)
{
    while (names->first) {
        struct probe_name *next = names->first->next;
        free(names->first);
        names->first = next;
    }
}

/* --- variants --- */

static const struct probe_variant_row *default_variant(const struct probe_type *type, uint16_t port)
{
    const struct probe_variant_row *any_port = NULL;
    for (const struct probe_variant_row *const *v = type->variants; *v; v++) {
        if ((*v)->has_name)
            continue;
        if ((*v)->port && (*v)->port == port)
            return *v;
        if (!(*v)->port && !any_port)
            any_port = *v;
    }
    return any_port;
}

uint8_t probe_type_default_variant(const struct probe_type *type, uint16_t port)
{
    return default_variant(type, port)->variant;
}

const struct probe_variant_row *probe_spec_variant(const struct probe_spec *spec)
{
    for (const struct probe_variant_row *const *v = spec->type->variants; *v; v++)
        if ((*v)->variant == spec->variant)
            return *v;
    return default_variant(spec->type, spec->port);
}

static long service_port(const char *name, const char *protocol)
{
    const struct servent *entry = getservbyname(name, protocol);
    if (!entry)
        entry = getservbyname(name, NULL);
    return entry ? ntohs((uint16_t)entry->s_port) : -1;
}

static enum status parse_port(const struct parts *parts, struct probe_spec *spec, struct err *err)
{
    const struct probe_type *type = spec->type;
    if (!type->has_port)
        return err_set(err, STATUS_USAGE, "%s: %s has no port: write %s", parts->whole, type->name, type->name);
    long port = parse_number(parts->port, 65535);
    if (port < 0 && *parts->port && !is_number(parts->port))
        port = service_port(parts->port, type->name);
    if (port < 1)
        return err_set(err, STATUS_USAGE, "%s: unknown port: expected 1 to 65535 or a name of /etc/services",
                       parts->whole);
    spec->port = (uint16_t)port;
    return STATUS_OK;
}

static enum status parse_variant(const struct parts *parts, struct probe_spec *spec, struct err *err)
{
    const struct probe_variant_row *found = find_variant(spec->type, parts->variant);
    if (found) {
        spec->variant = found->variant;
        if (!parts->port && found->port)
            spec->port = found->port; /* udp:dns is udp/53 */
        return STATUS_OK;
    }
    if (is_number(parts->variant) && spec->type->has_port && !parts->port)
        return err_set(err, STATUS_USAGE, "%s: the port follows a slash: write %s/%s", parts->whole, spec->type->name,
                       parts->variant);
    char text[PROBE_SPEC_TEXT_BYTES];
    if (spec_of_variant(parts->variant, text))
        return err_set(err, STATUS_USAGE, "%s: this is no variant of %s: write %s", parts->whole, spec->type->name,
                       text);
    struct strbuf known;
    strbuf_init(&known);
    for (const struct probe_variant_row *const *v = spec->type->variants; *v; v++)
        strbuf_addf(&known, "%s%s%s", v == spec->type->variants ? "" : ", ", (*v)->name, (*v)->has_name ? "=NAME" : "");
    err_set(err, STATUS_USAGE, "%s: unknown variant of %s: expected %s", parts->whole, spec->type->name, known.text);
    strbuf_free(&known);
    return STATUS_USAGE;
}

static enum status parse_name(const struct parts *parts, struct probe_spec *spec, struct err *err)
{
    const struct probe_variant_row *row = probe_spec_variant(spec);
    if (!row->has_name)
        return parts->name ? err_set(err, STATUS_USAGE, "%.80s: %s%s takes no name: leave =NAME out", parts->whole,
                                     parts->variant ? ":" : "this probe", parts->variant ? row->name : "")
                           : STATUS_OK;
    spec->name = parts->name;
    return probe_name_check(parts->whole, parts->name ? parts->name : "", err);
}

bool probe_spec_has_session(const struct probe_spec *spec)
{
    const struct probe_variant_row *row = probe_spec_variant(spec);
    return row->needs_connection || (row->payload && row->port); /* only a service answers */
}

/* "300s". */
static enum status parse_age(struct parts *parts, struct probe_spec *spec, struct err *err)
{
    if (!parts->age)
        return STATUS_OK;
    char *unit = strchr(parts->text + (parts->age - parts->text), 's');
    bool has_unit = unit && !unit[1];
    if (has_unit)
        *unit = '\0';
    long age = has_unit ? parse_number(parts->age, IDLE_MOST_S) : -1;
    if (age < 1)
        return err_set(err, STATUS_USAGE, "%.80s: unknown idle time: expected 1 to %d seconds, as @300s", parts->whole,
                       IDLE_MOST_S);
    if (!probe_spec_has_session(spec))
        return err_set(err, STATUS_USAGE, "%.80s: this probe has no session to leave alone: leave the time out",
                       parts->whole);
    spec->idle_s = (uint32_t)age;
    return STATUS_OK;
}

enum status probe_spec_parse(const char *text, struct probe_spec *out, struct err *err)
{
    struct parts parts;
    enum status status = split(text, &parts, err);
    if (status != STATUS_OK)
        return status;
    struct probe_spec spec = {.type = find_type(parts.protocol)};
    if (!spec.type)
        return refuse_protocol(&parts, err);
    spec.protocol = spec.type->protocol;
    spec.port = spec.type->default_port;
    if (!spec.type->protocol)
        status = parse_bare_protocol(&parts, &spec, err);
    else if (parts.port)
        status = parse_port(&parts, &spec, err);
    if (status == STATUS_OK && parts.variant)
        status = parse_variant(&parts, &spec, err);
    if (status != STATUS_OK)
        return status;
    if (!parts.variant)
        spec.variant = default_variant(spec.type, spec.port)->variant;
    status = parse_name(&parts, &spec, err);
    if (status == STATUS_OK)
        status = parse_age(&parts, &spec, err);
    if (status != STATUS_OK)
        return status;
    *out = spec;
    return STATUS_OK;
}

void probe_spec_format(const struct probe_spec *spec, char text[PROBE_SPEC_TEXT_BYTES])
{
    const struct probe_type *type = spec->type;
    const struct probe_variant_row *variant_row = probe_spec_variant(spec);
    bool default_is_meant = variant_row == default_variant(type, spec->port);
    /* A variant that implies a port of its own needs the number: udp:dns is udp/53. */
    bool short_port = spec->port == type->default_port && !type->print_default_port && !variant_row->port;
    char number[8] = "", variant[16] = "", age[16] = "";
    if (!type->protocol)
        snprintf(number, sizeof number, "/%u", spec->protocol);
    else if (type->has_port && !short_port)
        snprintf(number, sizeof number, "/%u", spec->port);
    if (!default_is_meant)
        snprintf(variant, sizeof variant, ":%s", variant_row->name);
    if (spec->idle_s)
        snprintf(age, sizeof age, "@%us", spec->idle_s);
    int length =
        snprintf(text, PROBE_SPEC_TEXT_BYTES, "%s%s%s%s%s", type->name, number, variant, age, spec->name ? "=" : "");
    if (spec->name)
        copy_lower(text + length, spec->name, strnlen(spec->name, PROBE_NAME_MOST));
}

bool probe_spec_same_but_name(const struct probe_spec *a, const struct probe_spec *b)
{
    return a->type == b->type && a->protocol == b->protocol && a->port == b->port && a->variant == b->variant &&
           a->idle_s == b->idle_s;
}

bool probe_spec_equal(const struct probe_spec *a, const struct probe_spec *b)
{
    return probe_spec_same_but_name(a, b) && !a->name == !b->name && (!a->name || strcasecmp(a->name, b->name) == 0);
}
