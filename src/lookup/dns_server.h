/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_server: parses the address of a DNS server. Floor 5; pure. */
#ifndef HOPSONDE_LOOKUP_DNS_SERVER_H
#define HOPSONDE_LOOKUP_DNS_SERVER_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

#define DNS_SERVER_PORT 53

/* "ADDR", "ADDR4:PORT", "[ADDR6]" or "[ADDR6]:PORT". STATUS_USAGE where it is none, or not the address of one host, or
 * link-local: c-ares has no place for the interface. */
enum status dns_server_parse(const char *text, struct addr *address, uint16_t *port, struct err *err);

#endif
