/* SPDX-License-Identifier: BSD-2-Clause */
/* http_request: a GET of the start page (RFC 9110, RFC 9112), which does no harm and names this program. Floor 2; pure.
 */
#ifndef HOPSONDE_PROBE_PAYLOADS_HTTP_REQUEST_H
#define HOPSONDE_PROBE_PAYLOADS_HTTP_REQUEST_H

#include <stddef.h>
#include <stdint.h>

/* A request is a multiple of this, so that most names give requests of the same length.
 * Unit: bytes. Source: chosen, as PAYLOAD_BLOCK of DNS queries. Effect: with less, a control differs in its length too.
 */
#define HTTP_BLOCK 128

/* Bytes of the least request for a host of so many bytes. */
size_t http_request_length(size_t host_length);
/* Writes a request of `length` bytes, http_request_length() of the host's length or more. Spaces behind a header fill
 * it up (RFC 9110 5.5). */
void http_request_write(const char *host, uint8_t *out, size_t length);

#endif
