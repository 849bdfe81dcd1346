/* SPDX-License-Identifier: BSD-2-Clause */
/* port_list: a probe spec with many ports, as tcp/22,80,8000-8010 or tcp/1-1024,!22. Floor 2. It
 * reads /etc/services for the names of ports, and is pure otherwise. It must not know traces. */
#ifndef HOPSONDE_PROBE_PORT_LIST_H
#define HOPSONDE_PROBE_PORT_LIST_H

#include "base/strbuf.h"
#include "probe/spec.h"

/* Port lists of a run: one for each protocol and variant. */
#define PORT_LISTS_MOST 4
/* Bytes of a list as port_list_add_text() writes it.
 * Unit: bytes. Source: a comment of a saved capture has room for 65535 bytes, and holds all lists of a run. Effect: a
 * larger limit makes runs whose capture cannot be replayed. */
#define PORT_LIST_TEXT_MOST 15000

struct port_list {
    struct probe_spec spec; /* type and variant; its port is the list's first */
    bool variant_given;     /* else each port has its own default variant: udp/53 is a DNS query */
    uint32_t count;         /* ports in the list */
    uint8_t ports[8192];    /* a bit for each port */
};

/* Whether the word names several ports: it is to be read by port_list_parse(), else by probe_spec_parse(). */
bool port_list_is_meant(const char *text);
/* Reads PROTOCOL/PORTS[:VARIANT]: ports, ranges and service names between commas, and those after `!` left out,
 * wherever they stand. STATUS_USAGE with one line, which begins with the text. */
enum status port_list_parse(const char *text, struct port_list *out, struct err *err);

static inline bool port_list_has(const struct port_list *list, unsigned port)
{
    return port <= 65535 && (list->ports[port >> 3] >> (port & 7) & 1);
}
void port_list_add(struct port_list *list, unsigned port);
void port_list_remove(struct port_list *list, unsigned port);
/* The first port from `port` on; 0: there is none. */
unsigned port_list_next(const struct port_list *list, unsigned port);
/* The spec of one port of the list. */
struct probe_spec port_list_spec(const struct port_list *list, uint16_t port);
/* Whether a spec of this list may also be one of the other's. */
bool port_list_is_alike(const struct port_list *a, const struct port_list *b);
/* Adds the other's ports. False: the text would be longer than PORT_LIST_TEXT_MOST. */
bool port_list_merge(struct port_list *list, const struct port_list *other);
/* Adds "22,80,8000-8010": the ports from `first` to `last`. */
void port_list_add_ports(const struct port_list *list, unsigned first, unsigned last, struct strbuf *out);
/* Adds "tcp/22,80:ack": the one spelling of the list, or of the part of it from `first` to `last`. */
void port_list_add_text(const struct port_list *list, unsigned first, unsigned last, struct strbuf *out);

#endif
