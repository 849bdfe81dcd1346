/* SPDX-License-Identifier: BSD-2-Clause */
/* whois: asks WHOIS servers (RFC 3912) for the networks of addresses. Floor 5.
 *
 * No threads and no waiting: the caller polls the sockets and hands in the time. Nothing is sent before whois_ask(),
 * and as little as can be after it:
 * - one server is asked first, mostly IANA's, and then those that it and they refer to, WHOIS_REFERRALS_MOST at most;
 * - a server is asked once about an address, and never again in this run where it refuses or cannot be reached;
 * - an address in a network that is known from another one is not asked for, even though a smaller network might lie
 *   around it, and a referral of IANA counts for all addresses of its block;
 * - an address that no registry gives out (RFC 6890: private, link-local and such) is not asked for at all.
 * Where referrals are not followed the first server is asked alone, and about any address.
 *
 * System calls after whois_client_new(): socket, connect, send, recv, close. */
#ifndef HOPSONDE_LOOKUP_WHOIS_H
#define HOPSONDE_LOOKUP_WHOIS_H

#include <poll.h>

#include "address/address_book.h"
#include "address/whois_server.h"
#include "base/nstime.h"

#define WHOIS_CONNECTIONS_MOST 4
#define WHOIS_REFERRALS_MOST 4
#define WHOIS_LIMIT (10 * NS_PER_S) /* for an address, from whois_ask() on, with the wait for its turn */

struct whois_client;

/* How many addresses came to which end. */
struct whois_tally {
    unsigned known;   /* answered, or in a network that was */
    unsigned unknown; /* the servers know nothing of it, or none was asked */
    unsigned refused; /* a server did not want to answer */
    unsigned failed;  /* a server could not be reached or gave no answer, or the time was over */
};

/* What is found out goes into `book`, which is borrowed. `first` is WHOIS_IANA, and it `follows` referrals; or it is
 * the user's own, and does not. NULL: memory is short. */
struct whois_client *whois_client_new(struct address_book *book, const struct whois_server *first, bool follows);
/* Closes what is open; what is known stays in the book. `client` may be NULL. */
void whois_client_free(struct whois_client *client);

/* Asks for an address, once a run however often it is called. False: memory is short. */
bool whois_ask(struct whois_client *client, const struct addr *address, nstime now);

/* The next server's name whose address is wanted; NULL: none now. The text is valid as long as the client. To be called
 * until it is NULL after whois_ask() and whois_events(). */
const char *whois_wanted_name(struct whois_client *client);
/* The address of such a name; NULL: it has none. */
void whois_server_address(struct whois_client *client, const char *name, const struct addr *address);

/* Writes what to poll for, WHOIS_CONNECTIONS_MOST at most; returns how many. */
size_t whois_poll_fds(const struct whois_client *client, struct pollfd *fds, size_t most);
/* After poll(), or at the deadline with no `fds` at all. Others' sockets among them are passed over. */
void whois_events(struct whois_client *client, const struct pollfd *fds, size_t count, nstime now);
/* When whois_events() is due at the latest; NSTIME_NEVER: nothing is pending. */
nstime whois_deadline(const struct whois_client *client);
/* Addresses that are asked for and have not come to an end. */
size_t whois_pending(const struct whois_client *client);
struct whois_tally whois_tally(const struct whois_client *client);

#endif
