/* SPDX-License-Identifier: BSD-2-Clause */
/* prefix_table: a table of prefixes and the AS numbers that announce them, parsed from text. Floor 1; pure.
 *
 * One row per line: `prefix AS-number [name]`, separated by tabs or blanks, as in
 *
 *     192.0.2.0/24    64500     Example Networks
 *     2001:db8::/32   AS64501
 *
 * A prefix without a length is one address. An address with bits beyond the length is malformed: either of the two
 * may be wrong. The name is the rest of the line. It comes from outside and must be escaped before it is printed.
 * Lines may end in CR LF. Empty lines and lines that start with '#' are skipped. */
#ifndef HOPSONDE_ADDRESS_PREFIX_TABLE_H
#define HOPSONDE_ADDRESS_PREFIX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/* Returns true if the first `length` bits of the address equal the network's. False if the families differ. */
bool prefix_covers(const struct addr *network, unsigned length, const struct addr *address);

struct prefix {
    struct addr network;
    uint8_t length;   /* bits: 0 to 32 or 128 */
    uint32_t asn;     /* 0: not announced (RFC 7607) */
    const char *name; /* points into the table; "": no name */
};

/* What the parser skipped. */
struct prefix_table_faults {
    size_t malformed;       /* lines that are not rows */
    size_t first_line;      /* number of the first one, from 1; 0: none */
    const char *first_what; /* error in that line; static; NULL: none */
};

struct prefix_table;

/* Longest text, in bytes: four times a table of all prefixes that are announced in the Internet. */
#define PREFIX_TABLE_TEXT_MOST (256U << 20)

/* Parses `text` and copies the parts that it needs. Of two rows with the same prefix the later one counts. A row
 * takes 32 bytes and its name; sorting needs as much again. `faults` is always filled. Returns NULL and sets `err`
 * if there is no row, the text is too long, or memory runs out. `subject` names the text in that message. */
struct prefix_table *prefix_table_new(const char *subject, const char *text, size_t length,
                                      struct prefix_table_faults *faults, struct err *err);
void prefix_table_free(struct prefix_table *table);
/* Returns the number of distinct prefixes. */
size_t prefix_table_count(const struct prefix_table *table);
/* Finds the longest prefix that covers the address. Returns false if none does; `out` is then unchanged. */
bool prefix_table_find(const struct prefix_table *table, const struct addr *address, struct prefix *out);

#endif
