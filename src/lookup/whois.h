/* SPDX-License-Identifier: BSD-2-Clause */
/* whois: looks up the networks of addresses at WHOIS servers (RFC 3912). Floor 5; uses no threads and never blocks.
 *
 * The caller polls the sockets and passes in the time. No packet is sent before whois_ask(), and few after it:
 * - The first server is normally IANA's. Then follow the servers of referrals, WHOIS_REFERRALS_MOST at most.
 * - A server gets one query per address. It gets none in the rest of the run if it refuses or cannot be reached.
 * - An address within an already known network gets no query, even though a smaller network might hold it. IANA's
 *   referral applies to all addresses of its block.
 * - An address that no registry assigns (RFC 6890: private, link-local and such) gets no query.
 * If the client does not follow referrals, it queries the first server only, and about any address.
 *
 * System calls after whois_client_new(): socket, connect, send, recv, close. */
#ifndef HOPSONDE_LOOKUP_WHOIS_H
#define HOPSONDE_LOOKUP_WHOIS_H

#include <poll.h>

#include "address/address_book.h"
#include "address/whois_server.h"
#include "base/nstime.h"

#define WHOIS_CONNECTIONS_MOST 4    /* connections open at once; further queries wait */
#define WHOIS_REFERRALS_MOST 4      /* referrals followed per address */
#define WHOIS_LIMIT (10 * NS_PER_S) /* per address, from whois_ask() on, including the wait for a free connection */

struct whois_client;

/* Number of addresses by result. */
struct whois_tally {
    unsigned known;   /* an answer came, or the address is in a network that an answer described */
    unsigned unknown; /* the servers know nothing of it, or no query was needed */
    unsigned refused; /* a server refused to answer */
    unsigned failed;  /* a server was unreachable or sent no answer, or the time limit passed */
};

/* Writes results into `book`, which is borrowed. `first` is either WHOIS_IANA with `follows` true, or the user's
 * server with `follows` false. Returns NULL if out of memory. */
struct whois_client *whois_client_new(struct address_book *book, const struct whois_server *first, bool follows);
/* Closes open connections; results stay in the book. `client` may be NULL. */
void whois_client_free(struct whois_client *client);

/* Starts the lookup of an address, once per run: later calls do nothing. Returns false if out of memory. */
bool whois_ask(struct whois_client *client, const struct addr *address, nstime now);

/* Returns the next server name that the caller must resolve; NULL if none now. The text is valid as long as the
 * client. Call it until NULL after whois_ask() and whois_events(). */
const char *whois_wanted_name(struct whois_client *client);
/* Passes in the address of such a name; NULL: it has none. */
void whois_server_address(struct whois_client *client, const char *name, const struct addr *address);

/* Writes the sockets to poll, WHOIS_CONNECTIONS_MOST at most; returns their count. */
size_t whois_poll_fds(const struct whois_client *client, struct pollfd *fds, size_t most);
/* Call it after poll(), or at the deadline without `fds`. Sockets of other modules among them are ignored. */
void whois_events(struct whois_client *client, const struct pollfd *fds, size_t count, nstime now);
/* Returns the latest time for the next whois_events(); NSTIME_NEVER if no lookup is pending. */
nstime whois_deadline(const struct whois_client *client);
/* Returns the number of unfinished lookups. */
size_t whois_pending(const struct whois_client *client);
struct whois_tally whois_tally(const struct whois_client *client);

#endif
