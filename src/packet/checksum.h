/* SPDX-License-Identifier: BSD-2-Clause */
/* checksum: the Internet checksum (RFC 1071) and its incremental update (RFC 1624). Floor 1. */
#ifndef HOPSONDE_PACKET_CHECKSUM_H
#define HOPSONDE_PACKET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* The running one's-complement sum of `count` bytes added to `sum` (start with 0), not yet folded. An odd
 * count is padded with a zero byte, so only the last piece may be odd. */
uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t count);
/* Folds and complements: the value for the header field. */
uint16_t checksum_finish(uint32_t sum);
/* The pseudo-header of RFC 768 / RFC 8200 8.1, to start checksum_add() with. */
uint32_t checksum_pseudo(const struct addr *source, const struct addr *target, uint8_t protocol, uint32_t length);
/* RFC 1624 eqn. 3: the checksum field after a 16-bit word it covers went from `from` to `to`. */
uint16_t checksum_update(uint16_t checksum, uint16_t from, uint16_t to);

#endif
