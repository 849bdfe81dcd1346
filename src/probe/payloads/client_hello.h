/* SPDX-License-Identifier: BSD-2-Clause */
/* client_hello: the TLS ClientHello that a browser or curl sends (RFC 8446 4.1.2), with or without the name of a server
 * (RFC 6066 3). Floor 2; pure. Nothing is decrypted with its random values. */
#ifndef HOPSONDE_PROBE_PAYLOADS_CLIENT_HELLO_H
#define HOPSONDE_PROBE_PAYLOADS_CLIENT_HELLO_H

#include <stddef.h>
#include <stdint.h>

#define HELLO_DRAWN_BYTES 32

struct client_hello {
    const char *name;                      /* NULL: the hello names no server */
    uint8_t random[HELLO_DRAWN_BYTES];     /* looks random to others */
    uint8_t share[HELLO_DRAWN_BYTES];      /* of x25519; the same */
    uint8_t session_id[HELLO_DRAWN_BYTES]; /* over TCP only; the same */
    /* Over QUIC (RFC 9001 8): the value of quic_transport_parameters. NULL: over TCP, where TLS 1.2 is offered, too. */
    const uint8_t *parameters;
    size_t parameters_length;
};

/* Writes the handshake message; `out` NULL only counts. Returns its bytes. */
size_t client_hello_write(const struct client_hello *hello, uint8_t *out);

/* Bytes of the least record, of any name. */
#define HELLO_RECORD_LEAST 517
#define HELLO_RECORD_MOST 16389 /* RFC 8446 5.1, and its header */
/* Writes a whole TLS record of `length` bytes, HELLO_RECORD_LEAST or more. An extension fills it up (RFC 7685), as
 * browsers do, so that the record's length does not tell its name. */
void client_hello_write_record(const struct client_hello *hello, uint8_t *out, size_t length);

#endif
