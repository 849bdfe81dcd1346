/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_server: parses the address of a DNS server. Floor 5; pure. */
#ifndef HOPSONDE_LOOKUP_DNS_SERVER_H
#define HOPSONDE_LOOKUP_DNS_SERVER_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

#define DNS_SERVER_PORT 53 /* default port (RFC 1035 4.2) */

/* Parses "ADDR", "ADDR4:PORT", "[ADDR6]" or "[ADDR6]:PORT". Returns STATUS_USAGE if the text is malformed, not the
 * address of one host, or link-local: c-ares cannot take an interface. */
enum status dns_server_parse(const char *text, struct addr *address, uint16_t *port, struct err *err);

#endif
