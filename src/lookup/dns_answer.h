/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_answer: reads the names or addresses in a DNS answer to a question. Floor 5; pure: libc's parser (ns_initparse)
 * reads.
 *
 * Any bytes may come in. Records count only where their owner is the name asked for, or what it is an alias of (CNAME,
 * RFC 1034 3.6.2 and RFC 2317), in whatever order they stand; aliases in a circle are a bad answer. */
#ifndef HOPSONDE_LOOKUP_DNS_ANSWER_H
#define HOPSONDE_LOOKUP_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "address/address_book.h"
#include "base/addr.h"

enum dnsanswer {
    DNS_ANSWER_NONE,  /* there is no such record, or no such name (RFC 2308) */
    DNS_ANSWER_BAD,   /* malformed, no answer at all, or one that says that the server could not (RFC 1035 4.1.1) */
    DNS_ANSWER_FOUND, /* and the output is set */
};

/* The name that a PTR record gives; of several the smallest by bytes, so that it is the same one each time. As in zone
 * files (RFC 1035 5.1), without the root's dot: printable ASCII without blanks, any other byte of a label is \DDD, and
 * a character with a meaning there (a dot within a label) follows a backslash. The root is no name. One that does not
 * fit into ADDRESS_NAME_BYTES is bad, since half a name is a wrong one. `name` stays as it is where none is found. */
enum dnsanswer dns_answer_name(const uint8_t *bytes, size_t length, char name[ADDRESS_NAME_BYTES]);

/* Whether an A or AAAA record, as the family has it, gives this very address. Where records give others only: NONE. */
enum dnsanswer dns_answer_has(const uint8_t *bytes, size_t length, const struct addr *address);

/* The addresses of a family, in the order of the records; `count` is set: how many are there, `most` at most, and 0
 * where none is found. */
enum dnsanswer dns_answer_addresses(const uint8_t *bytes, size_t length, uint8_t family, struct addr *addresses,
                                    size_t most, size_t *count);

#endif
