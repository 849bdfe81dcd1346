/* SPDX-License-Identifier: BSD-2-Clause */
/* json_address: facts about an address as members of JSON objects, for json and jsonl. Floor: report.
 *
 * The members are "name", and "name_confirmed" if the name was verified. With `networks` follow "asn", "as_name", and
 * "special" for an address of a special range (address/special.h). With `places` follows "place", with "guess" if it is
 * guessed from the name. "whois" follows if a registry was queried. Unknown values are null. */
#ifndef HOPSONDE_REPORT_JSON_JSON_ADDRESS_H
#define HOPSONDE_REPORT_JSON_JSON_ADDRESS_H

#include <jansson.h>

#include "report/format.h"
#include "report/row_buffer.h"

/* Caches the members of one address as text, because consecutive replies mostly come from the same one. All but `out`
 * is zero at first. */
struct json_facts {
    const struct output *out; /* borrowed */
    struct addr address;      /* none: the cache is empty */
    char *text;               /* owned */
    size_t length;
};

/* Sets the members in `object`; nothing if the result has no book or the address is none. */
void json_facts_set(json_t *object, const struct addr *address, const struct output *out);
/* Writes the members as text, each after a comma. The book must not change between two calls. At most
 * JSON_FACTS_BYTES_MOST bytes; nothing if memory runs out. */
#define JSON_FACTS_BYTES_MOST 4096
char *json_facts_put(struct json_facts *cache, char *at, const struct addr *address);
void json_facts_free(struct json_facts *cache);

#endif
