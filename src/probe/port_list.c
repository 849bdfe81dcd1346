/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/port_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/type.h"

#define ITEM_BYTES_MOST 40 /* bytes of one port, range or service name */
#define VARIANT_BYTES_MOST 16

void port_list_add(struct port_list *list, unsigned port)
{
    list->count += !port_list_has(list, port);
    list->ports[port >> 3] |= (uint8_t)(1U << (port & 7));
}

void port_list_remove(struct port_list *list, unsigned port)
{
    list->count -= port_list_has(list, port);
    list->ports[port >> 3] &= (uint8_t) ~(1U << (port & 7));
}

unsigned port_list_next(const struct port_list *list, unsigned port)
{
    for (; port <= 65535; port++)
        if (port_list_has(list, port))
            return port;
    return 0;
}

/* --- reading --- */

/* A list taken apart. The parts point into the text. */
struct parts {
    const char *whole;
    const char *ports; /* behind the slash */
    size_t ports_length;
    const char *variant; /* behind the colon; NULL: not given */
};

static struct parts split(const char *text)
{
    const char *slash = strchr(text, '/');
    const char *ports = slash ? slash + 1 : text + strlen(text);
    size_t length = strcspn(ports, ":");
    return (struct parts){text, ports, length, ports[length] ? ports + length + 1 : NULL};
}

static bool is_range(const char *text, size_t length)
{
    size_t digits = strspn(text, "0123456789-");
    return digits == length && memchr(text, '-', length);
}

bool port_list_is_meant(const char *text)
{
    struct parts parts = split(text);
    return memchr(parts.ports, ',', parts.ports_length) || *parts.ports == '!' ||
           is_range(parts.ports, parts.ports_length);
}

static enum status complain(const struct parts *parts, const char *item, const char *why, struct err *err)
{
    return err_set(err, STATUS_USAGE, "%.40s%s: %s: %s", parts->whole, strlen(parts->whole) > 40 ? "..." : "", item,
                   why);
}

/* 0: no port. */
static unsigned read_number(const char *text, size_t length)
{
    unsigned value = 0;
    if (length == 0 || length > 9 || strspn(text, "0123456789") < length)
        return 0;
    for (size_t i = 0; i < length; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    return value <= 65535 ? value : 0;
}

static enum status read_range(const struct parts *parts, const char *item, unsigned *first, unsigned *last,
                              struct err *err)
{
    const char *dash = strchr(item, '-');
    *first = read_number(item, (size_t)(dash - item));
    *last = read_number(dash + 1, strlen(dash + 1));
    if (!*first || !*last)
        return complain(parts, item, "expected FIRST-LAST, each from 1 to 65535", err);
    if (*first > *last)
        return complain(parts, item, "the range ends before it begins (exchange the two)", err);
    return STATUS_OK;
}

/* One port or service name: as a spec of its own. */
static enum status read_port(const struct parts *parts, const char *item, unsigned *port, struct err *err)
{
    char text[ITEM_BYTES_MOST + PROBE_SPEC_TEXT_BYTES];
    struct probe_spec spec;
    size_t protocol = (size_t)(parts->ports - parts->whole);
    snprintf(text, sizeof text, "%.*s%s", (int)protocol, parts->whole, item);
    if (protocol > PROBE_SPEC_TEXT_BYTES || probe_spec_parse(text, &spec, NULL) != STATUS_OK)
        return complain(parts, item, "unknown port: expected 1 to 65535 or a name of /etc/services", err);
    *port = spec.port;
    return STATUS_OK;
}

static enum status read_item(const struct parts *parts, const char *item, struct port_list *list, bool removes,
                             struct err *err)
{
    unsigned first = 0, last = 0;
    enum status status;
    if (is_range(item, strlen(item))) {
        status = read_range(parts, item, &first, &last, err);
    } else {
        status = read_port(parts, item, &first, err);
        last = first;
    }
    for (unsigned port = first; status == STATUS_OK && port <= last; port++)
        if (removes)
            port_list_remove(list, port);
        else
            port_list_add(list, port);
    return status;
}

/* Reads the items that begin with `!`, or all others. */
static enum status read_items(const struct parts *parts, struct port_list *list, bool removes, struct err *err)
{
    const char *end = parts->ports + parts->ports_length;
    for (const char *at = parts->ports; at <= end;) {
        size_t length = strcspn(at, ",:");
        char item[ITEM_BYTES_MOST + 1] = "";
        bool negated = *at == '!';
        snprintf(item, sizeof item, "%.*s", (int)(length < sizeof item ? length : sizeof item), at);
        if (length - negated == 0)
            return complain(parts, negated ? "!" : ",", "a port is missing here (leave the comma out)", err);
        if (length > ITEM_BYTES_MOST)
            return complain(parts, item, "too long for a port or a service name", err);
        if (negated == removes && read_item(parts, item + negated, list, removes, err) != STATUS_OK)
            return STATUS_USAGE;
        at += length + 1;
    }
    return STATUS_OK;
}

/* The spec of one port with the list's variant: it checks protocol and variant. */
static enum status read_spec(const struct parts *parts, unsigned port, struct port_list *list, struct err *err)
{
    char text[2 * PROBE_SPEC_TEXT_BYTES];
    struct err cause;
    size_t protocol = (size_t)(parts->ports - parts->whole);
    if (protocol > VARIANT_BYTES_MOST || (parts->variant && strlen(parts->variant) > VARIANT_BYTES_MOST))
        return complain(parts, "too long", "expected PROTOCOL/PORTS, as tcp/22,80", err);
    snprintf(text, sizeof text, "%.*s%u%s%s", (int)protocol, parts->whole, port, parts->variant ? ":" : "",
             parts->variant ? parts->variant : "");
    if (probe_spec_parse(text, &list->spec, &cause) == STATUS_OK)
        return STATUS_OK;
    return err_set(err, STATUS_USAGE, "%s", cause.message);
}

static bool text_fits(const struct port_list *list)
{
    struct strbuf text;
    strbuf_init(&text);
    port_list_add_text(list, 1, 65535, &text);
    bool fits = !text.failed && text.length <= PORT_LIST_TEXT_MOST;
    strbuf_free(&text);
    return fits;
}

/* A variant that each port has anyway need not be named. */
static bool variant_is_default(const struct port_list *list)
{
    for (unsigned port = port_list_next(list, 1); port; port = port_list_next(list, port + 1))
        if (probe_type_default_variant(list->spec.type, (uint16_t)port) != list->spec.variant)
            return false;
    return true;
}

enum status port_list_parse(const char *text, struct port_list *out, struct err *err)
{
    struct parts parts = split(text);
    memset(out, 0, sizeof *out);
    if (parts.variant && strchr(parts.variant, '='))
        return complain(&parts, "a list of ports takes no name", "write one probe for each port", err);
    out->variant_given = parts.variant != NULL;
    enum status status = read_spec(&parts, 1, out, err);
    if (status == STATUS_OK)
        status = read_items(&parts, out, false, err);
    if (status == STATUS_OK && *parts.ports == '!' && !out->count)
        for (unsigned port = 1; port <= 65535; port++) /* only exceptions: of all ports */
            port_list_add(out, port);
    if (status == STATUS_OK)
        status = read_items(&parts, out, true, err);
    if (status != STATUS_OK)
        return status;
    if (!out->count)
        return complain(&parts, "no port", "all ports of this list are left out", err);
    if (!text_fits(out))
        return complain(&parts, "too many ranges", "name longer ranges of ports", err);
    out->variant_given = out->variant_given && !variant_is_default(out);
    return read_spec(&parts, port_list_next(out, 1), out, err);
}

/* --- use --- */

struct probe_spec port_list_spec(const struct port_list *list, uint16_t port)
{
    struct probe_spec spec = list->spec;
    spec.port = port;
    if (!list->variant_given)
        spec.variant = probe_type_default_variant(spec.type, port);
    return spec;
}

bool port_list_is_alike(const struct port_list *a, const struct port_list *b)
{
    return a->spec.type == b->spec.type && a->variant_given == b->variant_given &&
           (!a->variant_given || a->spec.variant == b->spec.variant);
}

bool port_list_merge(struct port_list *list, const struct port_list *other)
{
    for (unsigned port = port_list_next(other, 1); port; port = port_list_next(other, port + 1))
        port_list_add(list, port);
    list->spec = port_list_spec(list, (uint16_t)port_list_next(list, 1));
    return text_fits(list);
}

void port_list_add_ports(const struct port_list *list, unsigned first, unsigned last, struct strbuf *out)
{
    const char *comma = "";
    for (unsigned port = port_list_next(list, first); port && port <= last;) {
        unsigned end = port;
        while (end < last && port_list_has(list, end + 1))
            end++;
        strbuf_addf(out, "%s%u", comma, port);
        if (end > port)
            strbuf_addf(out, "-%u", end);
        comma = ",";
        port = port_list_next(list, end + 1);
    }
}

void port_list_add_text(const struct port_list *list, unsigned first, unsigned last, struct strbuf *out)
{
    strbuf_addf(out, "%s/", list->spec.type->name);
    port_list_add_ports(list, first, last, out);
    if (list->variant_given)
        strbuf_addf(out, ":%s", probe_spec_variant(&list->spec)->name);
}
