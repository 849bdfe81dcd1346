/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_server: parses the name of a WHOIS server, and formats the query that it expects. Floor 1; pure. */
#ifndef HOPSONDE_ADDRESS_WHOIS_SERVER_H
#define HOPSONDE_ADDRESS_WHOIS_SERVER_H

#include "base/addr.h"

#define WHOIS_PORT 43               /* TCP port (RFC 3912 2) */
#define WHOIS_HOST_BYTES 254        /* 253 characters (RFC 1035 2.3.4 without the root's dot) and the NUL */
#define WHOIS_QUERY_BYTES 80        /* room for the longest address, the text around it, CR LF and the NUL */
#define WHOIS_IANA "whois.iana.org" /* the server that knows the registry of each address block */

struct whois_server {
    char host[WHOIS_HOST_BYTES]; /* a lower-case name without the root's dot, or an address; "": no server */
    uint16_t port;
};

/* Parses `length` bytes without surrounding blanks: "HOST", "HOST:PORT", "ADDRESS" or "[ADDRESS]:PORT". Returns
 * false if they name no server; `out` is then unchanged. */
bool whois_server_parse(const char *text, size_t length, struct whois_server *out);
bool whois_server_equal(const struct whois_server *a, const struct whois_server *b);

/* Writes the query for an address in the form that this server expects, with CR LF (RFC 3912 2). Returns its length.
 * - whois.arin.net gets "n + ADDRESS": networks only, with full details of each (ARIN, Whois-RWS API).
 * - whois.ripe.net gets "--no-personal ADDRESS": RIPE NCC blocks clients that fetch too many personal records (RIPE
 *   NCC, Acceptable Use Policy). -r would avoid these too, but omits the organisation.
 * - whois.nic.ad.jp gets "ADDRESS/e": the answer is then English, otherwise ISO-2022-JP. */
size_t whois_server_query(const struct whois_server *server, const struct addr *address, char text[WHOIS_QUERY_BYTES]);

#endif
