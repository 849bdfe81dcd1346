/* SPDX-License-Identifier: BSD-2-Clause */
/* prefix_table: a table of prefixes and the AS numbers that announce them, read from text. Floor 1; pure.
 *
 * One row a line: `prefix AS-number [name]`, apart by tabs or blanks, as in
 *
 *     192.0.2.0/24    64500     Example Networks
 *     2001:db8::/32   AS64501
 *
 * A prefix without a length is one address. An address with bits beyond the length is no prefix: which of the two is
 * wrong cannot be told. The name is the rest of the line; it is foreign text, and escaped where it is printed. Lines
 * may end in CR LF. Empty lines and lines that begin with '#' are skipped. */
#ifndef HOPSONDE_ADDRESS_PREFIX_TABLE_H
#define HOPSONDE_ADDRESS_PREFIX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/* Whether the first `length` bits of the address are the network's; false where they are of two families. */
bool prefix_covers(const struct addr *network, unsigned length, const struct addr *address);

struct prefix {
    struct addr network;
    uint8_t length;   /* bits: 0 to 32 or 128 */
    uint32_t asn;     /* 0: announced by nobody (RFC 7607) */
    const char *name; /* of the table; "": none was given */
};

/* What was left out. */
struct prefix_table_faults {
    size_t malformed;       /* lines that are no rows */
    size_t first_line;      /* of them, from 1; 0: there are none */
    const char *first_what; /* what is wrong with it; static; NULL: there are none */
};

struct prefix_table;

/* Takes 32 bytes a row and its name, and while it sorts as much again. Copies what it needs of `text`. Of two rows with
 * the same prefix the later one counts. NULL, and `err` says why: there is no row at all, the text is too long, or
 * memory is short. `subject` is the text's name in that message, and `faults` is filled in either case. */
struct prefix_table *prefix_table_new(const char *subject, const char *text, size_t length,
                                      struct prefix_table_faults *faults, struct err *err);
void prefix_table_free(struct prefix_table *table);
/* Prefixes in the table, each once. */
size_t prefix_table_count(const struct prefix_table *table);
/* The longest prefix that covers the address. False: none does; `out` is as before. */
bool prefix_table_find(const struct prefix_table *table, const struct addr *address, struct prefix *out);

#endif
