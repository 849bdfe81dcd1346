/* jsonabout: what is known of an address as members of JSON objects, for json and jsonl. Floor 5.
 *
 * "name", then "name_confirmed" where it was asked for; with `networks` "asn", "as_name", and "special" of an address
 * set apart for a purpose (about/special.h); with `places` "place", with "guess" where only the name hints at it; and
 * "whois" where a registry was asked. What is unknown is null. */
#ifndef HOPSONDE_OUT_JSONABOUT_H
#define HOPSONDE_OUT_JSONABOUT_H

#include <jansson.h>

#include "out/output.h"
#include "out/rowbuf.h"

/* The members of one address as text: answers in a row mostly come from the same one. All but `out` is zero at first.
 */
struct jsonabout {
    const struct output *out; /* borrowed */
    struct addr address;      /* none: there is no text */
    char *text;               /* owned */
    size_t length;
};

/* Sets the members in `object`. Nothing where the output has no book, or the address is none. */
void jsonabout_set(json_t *object, const struct addr *address, const struct output *out);
/* The same as text behind other members: a comma before each. The book must not change between two calls. At most
 * JSONABOUT_BYTES_MOST bytes; nothing where memory is short. */
#define JSONABOUT_BYTES_MOST 4096
char *jsonabout_put(struct jsonabout *known, char *at, const struct addr *address);
void jsonabout_free(struct jsonabout *known);

#endif
