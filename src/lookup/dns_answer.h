/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_answer: reads the names or addresses in the answer to a DNS question. Floor 5; pure: libc's parser
 * (ns_initparse) does the parsing.
 *
 * Any bytes are accepted. A record counts only if its owner is the name in the question, or the target of that
 * name's aliases (CNAME, RFC 1034 3.6.2 and RFC 2317). Records may come in any order. A loop of aliases is a bad
 * answer. */
#ifndef HOPSONDE_LOOKUP_DNS_ANSWER_H
#define HOPSONDE_LOOKUP_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "address/address_book.h"
#include "base/addr.h"

enum dnsanswer {
    DNS_ANSWER_NONE,  /* no such record, or no such name (RFC 2308) */
    DNS_ANSWER_BAD,   /* malformed, not an answer, or a server error (RFC 1035 4.1.1) */
    DNS_ANSWER_FOUND, /* the output is set */
};

/* Reads the name of a PTR record; of several, the smallest by bytes, so that the choice is stable. The root is no
 * name. A name longer than ADDRESS_NAME_BYTES is bad, because a cut name would be wrong. `name` is unchanged if none
 * is found.
 * The text is as in zone files (RFC 1035 5.1), without the root's dot. Printable ASCII other than blanks stays. Any
 * other byte of a label is \DDD. A backslash precedes a special character, such as a dot within a label. */
enum dnsanswer dns_answer_name(const uint8_t *bytes, size_t length, char name[ADDRESS_NAME_BYTES]);

/* Returns FOUND if an A or AAAA record, by family, has exactly this address. NONE if the records have other
 * addresses only. */
enum dnsanswer dns_answer_has(const uint8_t *bytes, size_t length, const struct addr *address);

/* Reads the addresses of a family in the order of the records. `count` is set to their number: at most `most`, and 0
 * unless FOUND. */
enum dnsanswer dns_answer_addresses(const uint8_t *bytes, size_t length, uint8_t family, struct addr *addresses,
                                    size_t most, size_t *count);

#endif
