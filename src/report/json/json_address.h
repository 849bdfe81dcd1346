/* SPDX-License-Identifier: BSD-2-Clause */
/* json_facts: what is known of an address as members of JSON objects, for json and jsonl. Floor 5.
 *
 * "name", then "name_confirmed" where it was asked for; with `networks` "asn", "as_name", and "special" of an address
 * set apart for a purpose (about/special.h); with `places` "place", with "guess" where only the name hints at it; and
 * "whois" where a registry was asked. What is unknown is null. */
#ifndef HOPSONDE_REPORT_JSON_JSON_ADDRESS_H
#define HOPSONDE_REPORT_JSON_JSON_ADDRESS_H

#include <jansson.h>

#include "report/format.h"
#include "report/row_buffer.h"

/* The members of one address as text: answers in a row mostly come from the same one. All but `out` is zero at first.
 */
struct json_facts {
    const struct output *out; /* borrowed */
    struct addr address;      /* none: there is no text */
    char *text;               /* owned */
    size_t length;
};

/* Sets the members in `object`. Nothing where the output has no book, or the address is none. */
void json_facts_set(json_t *object, const struct addr *address, const struct output *out);
/* The same as text behind other members: a comma before each. The book must not change between two calls. At most
 * JSON_FACTS_BYTES_MOST bytes; nothing where memory is short. */
#define JSON_FACTS_BYTES_MOST 4096
char *json_facts_put(struct json_facts *cache, char *at, const struct addr *address);
void json_facts_free(struct json_facts *cache);

#endif
