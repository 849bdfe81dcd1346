/* SPDX-License-Identifier: BSD-2-Clause */
/* quic_open: reads what a client's QUIC Initial says, as a device on the path can. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_SUPPORT_QUIC_OPEN_H
#define HOPSONDE_TESTS_UNIT_SUPPORT_QUIC_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes off in place what quic_protect() put on. The packet has `length` bytes, `header` of them header. */
bool quic_open(uint8_t *packet, size_t header, size_t length);

#endif
