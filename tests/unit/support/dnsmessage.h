/* SPDX-License-Identifier: BSD-2-Clause */
/* dnsmessage: DNS messages written by hand, as a test's server sends them. For tests only. */
#ifndef HOPSONDE_TESTS_DNSMESSAGE_H
#define HOPSONDE_TESTS_DNSMESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define DNSMESSAGE_BYTES 4096
#define DNSMESSAGE_HEADER 12 /* the question's name begins here, so that 0xc00c is a pointer to it */

struct dnsmessage {
    uint8_t bytes[DNSMESSAGE_BYTES];
    size_t length;
};

/* An answer to a question, with id 1, without records so far. Names are dotted; what lies between dots is taken as it
 * is. */
void dnsmessage_start(struct dnsmessage *message, const char *name, uint16_t type, unsigned code);
void dnsmessage_set_id(struct dnsmessage *message, uint16_t id);
void dnsmessage_add(struct dnsmessage *message, const char *owner, uint16_t type, const void *data, size_t length);
void dnsmessage_add_name(struct dnsmessage *message, const char *owner, uint16_t type, const char *name);
void dnsmessage_add_address(struct dnsmessage *message, const char *owner, const char *address);
/* The same as at `owner` of the question, by pointer. */
void dnsmessage_add_pointed(struct dnsmessage *message, uint16_t type, const void *data, size_t length);

#endif
