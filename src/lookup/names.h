/* SPDX-License-Identifier: BSD-2-Clause */
/* names: the DNS names of many addresses, written into a book. Floor 5.
 *
 * The names are asked for through a `struct dns`, which the caller's loop serves (dns_poll_fds(), dns_wait(),
 * dns_events()). Only the DNS is asked, not /etc/hosts: what is reported as a PTR record is one, and a process that is
 * sealed cannot open that file. */
#ifndef HOPSONDE_LOOKUP_NAMES_H
#define HOPSONDE_LOOKUP_NAMES_H

#include "address/address_book.h"
#include "base/addr.h"
#include "lookup/dns.h"

#define NAMES_ADDRESSES_MOST 16 /* of one host; further ones are left out */

struct names_config {
    struct dns_config dns;
    bool verify; /* asks for each name's addresses too: forward-confirmed reverse DNS (RFC 1912 2.1) */
};

struct names;

/* `book` is borrowed until names_free(). Errors are those of dns_new(). */
enum status names_new(const struct names_config *config, struct address_book *book, struct names **out,
                      struct err *err);
/* Gives up what is not settled: the book stays as it is, nobody is called. `names` may be NULL. */
void names_free(struct names *names);
/* For the loop to serve; valid as long as `names`. */
struct dns *names_dns(struct names *names);

/* Asks for the name of an address, once: asked again it does nothing. The book's entry gets name and state:
 *   NONE         there is no PTR record or no such name, or it is the root;
 *   KNOWN        there is one; with `verify`: no answer says which addresses it has;
 *   CONFIRMED    with `verify`: among its addresses (A or AAAA, as the family is) is this one;
 *   UNCONFIRMED  with `verify`: it has others, or none;
 *   UNKNOWN      no answer, or none that makes sense.
 * dns_answer_name() tells how a name is written, and which of several it is. False: memory is short. */
bool names_ask(struct names *names, const struct addr *address);
/* Its entry will not change any more. False where it was never asked for. */
bool names_is_settled(const struct names *names, const struct addr *address);
/* Addresses that were asked for and are not settled, and hosts. */
size_t names_pending(const struct names *names);

/* Called once a host, from dns_events() only: IPv4 addresses first, each family in the order of its answer; no address
 * where it has none or nobody answers. They are borrowed for the call. */
typedef void names_found(void *context, const struct addr *addresses, size_t count);
/* Asks for the addresses of a host in both families. A text that is no name has none, and neither has an address
 * (addr_parse() comes first). False: memory is short, nobody will be called. */
bool names_forward(struct names *names, const char *host, names_found *found, void *context);

#endif
