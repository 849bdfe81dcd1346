/* SPDX-License-Identifier: BSD-2-Clause */
/* read_name: reads the name that the request of any program bears. Floor 2; pure; internal to probe/.
 *
 * Each function reads untrusted bytes, which may be cut off anywhere. It writes the name in lower case and returns
 * true, or returns false if there is none that probe_name_check() takes. */
#ifndef HOPSONDE_PROBE_PAYLOADS_READ_NAME_H
#define HOPSONDE_PROBE_PAYLOADS_READ_NAME_H

#include "base/cursor.h"
#include "probe/spec.h"

#define NAME_BYTES (PROBE_NAME_MOST + 1)

/* The text of a name. */
bool read_name(const uint8_t *text, size_t length, char name[NAME_BYTES]);
/* server_name of a TLS handshake message, the ClientHello (RFC 8446 4.1.2, RFC 6066 3). */
bool read_name_of_hello(struct cursor message, char name[NAME_BYTES]);
/* The same in the first record of a connection (RFC 8446 5.1). */
bool read_name_of_record(struct cursor record, char name[NAME_BYTES]);
/* The Host of an HTTP/1 request (RFC 9110 7.2, RFC 9112 3), without its port. An address is no name. */
bool read_name_of_request(struct cursor request, char name[NAME_BYTES]);

#endif
