/* SPDX-License-Identifier: BSD-2-Clause */
/* names: looks up the DNS names of many addresses and writes them into a book. Floor 5.
 *
 * The questions go through a `struct dns`, which the caller's loop serves (dns_poll_fds(), dns_wait(),
 * dns_events()). Only the DNS is used, not /etc/hosts: a reported PTR record must be one, and a sealed process
 * cannot open that file. */
#ifndef HOPSONDE_LOOKUP_NAMES_H
#define HOPSONDE_LOOKUP_NAMES_H

#include "address/address_book.h"
#include "base/addr.h"
#include "lookup/dns.h"

#define NAMES_ADDRESSES_MOST 16 /* addresses of one host; further ones are dropped */

struct names_config {
    struct dns_config dns;
    bool verify; /* looks up the addresses of each name too: forward-confirmed reverse DNS (RFC 1912 2.1) */
};

struct names;

/* `book` is borrowed until names_free(). Errors are those of dns_new(). */
enum status names_new(const struct names_config *config, struct address_book *book, struct names **out,
                      struct err *err);
/* Drops unfinished lookups without callbacks; the book stays as it is. `names` may be NULL. */
void names_free(struct names *names);
/* The caller's loop serves it; valid as long as `names`. */
struct dns *names_dns(struct names *names);

/* Starts the lookup of an address's name, once: later calls do nothing. The book's entry gets name and state:
 *   NONE         no PTR record, no such name, or it is the root;
 *   KNOWN        a name; with `verify`: the lookup of its addresses failed;
 *   CONFIRMED    with `verify`: its addresses (A or AAAA, by family) include this one;
 *   UNCONFIRMED  with `verify`: it has only other addresses, or none;
 *   UNKNOWN      no answer, or a bad one.
 * dns_answer_name() defines how a name is written, and which of several counts. Returns false if out of memory. */
bool names_ask(struct names *names, const struct addr *address);
/* Returns true if the address's entry will not change any more. False if names_ask() never got the address. */
bool names_is_settled(const struct names *names, const struct addr *address);
/* Returns the number of unfinished lookups, of addresses and hosts. */
size_t names_pending(const struct names *names);

/* The callback of a host: dns_events() calls it once. IPv4 addresses come first, each family in the order of its
 * answer. There are none if the host has none or no answer came. `addresses` are borrowed for the call. */
typedef void names_found(void *context, const struct addr *addresses, size_t count);
/* Looks up the addresses of a host in both families. Malformed names and literal addresses have none, so try
 * addr_parse() first. Returns false if out of memory; there is then no callback. */
bool names_forward(struct names *names, const char *host, names_found *found, void *context);

#endif
