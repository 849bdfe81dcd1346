/* SPDX-License-Identifier: BSD-2-Clause */
/* quic_keys: the protection of QUIC version 1 Initial packets (RFC 9001 5). Floor 2; pure; by libcrypto. */
#ifndef HOPSONDE_PROBE_TYPES_QUIC_KEYS_H
#define HOPSONDE_PROBE_TYPES_QUIC_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_TAG_BYTES 16

/* Starts libcrypto without its configuration file, which is nothing to us and slow to read. Once or more. */
void quic_keys_start(void);

/* Keys that a client derives from the connection id it chose for the server. */
struct quic_keys {
    uint8_t key[16], iv[12], header[16];
};

/* False where libcrypto fails (no memory, or a policy without these algorithms). */
bool quic_keys_client(const uint8_t *target_id, size_t length, struct quic_keys *out);

/* A packet in the making: `header_length` bytes of header, the last of them the packet number, of one byte; then
 * `payload_length` bytes of plain payload, and room for the tag. */
struct quic_packet {
    uint8_t *bytes;
    size_t header_length, payload_length;
};

/* Encrypts and authenticates payload and header in place. Packet numbers other than 0..255 are not ours. */
bool quic_protect(const struct quic_keys *keys, const struct quic_packet *packet);

/* A packet of any client, whose packet number begins at `number`. Writes its plain payload to `out`, which has room for
 * all behind `number`, and returns its bytes. 0: the keys are not those of its client, or libcrypto fails. */
size_t quic_unprotect(const struct quic_keys *keys, const uint8_t *packet, size_t length, size_t number, uint8_t *out);

#endif
