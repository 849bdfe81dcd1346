/* SPDX-License-Identifier: BSD-2-Clause */
/* address_facts: what a report may say about an address, the same in all formats. Floor: report; pure. It looks nothing
 * up. */
#ifndef HOPSONDE_REPORT_ADDRESS_FACTS_H
#define HOPSONDE_REPORT_ADDRESS_FACTS_H

#include <stdbool.h>

#include "address/address_book.h"

/* The name of the address, foreign text; NULL: none is known. `facts` may be NULL. */
const char *address_facts_name(const struct address_facts *facts);
/* True: the name was resolved to its addresses, and this address is not one of them. */
bool address_facts_is_unconfirmed(const struct address_facts *facts);
/* The place of the address from a database, or else a guess from its name, with *is_guess set. False: no place is
 * known, and `place` is all zero. `facts` may be NULL. */
bool address_facts_place(const struct address_facts *facts, struct address_place *place, bool *is_guess);

#endif
