/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_server: parses the name of a WHOIS server, and formats the query that it expects. Floor 1; pure. */
#ifndef HOPSONDE_ADDRESS_WHOIS_SERVER_H
#define HOPSONDE_ADDRESS_WHOIS_SERVER_H

#include "base/addr.h"

#define WHOIS_PORT 43               /* RFC 3912 2 */
#define WHOIS_HOST_BYTES 254        /* 253 characters (RFC 1035 2.3.4 without the root's dot) and the NUL */
#define WHOIS_QUERY_BYTES 80        /* the longest address, what goes with it, CR LF and the NUL */
#define WHOIS_IANA "whois.iana.org" /* it knows which registry an address belongs to */

struct whois_server {
    char host[WHOIS_HOST_BYTES]; /* a name in small letters without the root's dot, or an address; "": none */
    uint16_t port;
};

/* "HOST", "HOST:PORT", "ADDRESS", "[ADDRESS]:PORT": `length` bytes without blanks around them. False: it names no
 * server, and `out` is as before. */
bool whois_server_parse(const char *text, size_t length, struct whois_server *out);
bool whois_server_equal(const struct whois_server *a, const struct whois_server *b);

/* The query for an address with its CR LF (RFC 3912 2), as this server takes it. Returns its length.
 * - whois.arin.net gets "n + ADDRESS": networks only, and all that is known of each of them (ARIN, Whois-RWS API).
 * - whois.ripe.net gets "--no-personal ADDRESS": who asks for too many persons is shut out (RIPE NCC, Acceptable Use
 *   Policy); -r would spare them too, but leaves out the organisation.
 * - whois.nic.ad.jp gets "ADDRESS/e": English, where otherwise it is ISO-2022-JP. */
size_t whois_server_query(const struct whois_server *server, const struct addr *address, char text[WHOIS_QUERY_BYTES]);

#endif
