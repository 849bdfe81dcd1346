/* SPDX-License-Identifier: BSD-2-Clause */
/* packed: conversations that are not in use, as records of few bytes. Floor: pairing; internal.
 *
 * A record holds, bit by bit, how each field differs from what is expected: from the other fields, from the other
 * point, or from the first conversation of the same kind that was packed. Most fields are as expected and take one bit.
 * Nothing is rounded, so a conversation that is unpacked is the one that was packed. */
#ifndef HOPSONDE_PAIRING_PACKED_H
#define HOPSONDE_PAIRING_PACKED_H

#include "pairing/conversation.h"

struct packed;

/* Tells where records are after others were removed. */
typedef void packed_moved(void *context, uint32_t owner, uint32_t record);

/* NULL: out of memory. */
struct packed *packed_new(packed_moved *moved, void *context);
void packed_free(struct packed *packed); /* may be NULL */
/* A record of `conversation`; its number, or NONE: out of memory. `owner`: for packed_moved. Numbers are below 2^30. */
uint32_t packed_add(struct packed *packed, uint32_t owner, const struct conversation *conversation);
/* The record stays. What `out` owns afterwards is the caller's. False: out of memory, and `out` lacks lists. */
bool packed_open(struct packed *packed, uint32_t record, struct conversation *out);
/* Of both flows: addresses, ports, protocol and point alone. Valid until the next call. */
const struct flow *packed_names(struct packed *packed, uint32_t record);
void packed_remove(struct packed *packed, uint32_t record);

#endif
