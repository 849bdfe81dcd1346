/* SPDX-License-Identifier: BSD-2-Clause */
/* known: what of an entry of the book may be said, for all formats alike. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_ADDRESS_FACTS_H
#define HOPSONDE_REPORT_ADDRESS_FACTS_H

#include <stdbool.h>

#include "address/address_book.h"

/* The name of the address, foreign text; NULL: it has none, or none is known. `facts` may be NULL. */
const char *address_facts_name(const struct address_facts *facts);
/* Whether that name was asked for its addresses, and does not have this one. */
bool address_facts_is_unconfirmed(const struct address_facts *facts);
/* Where the address is said to be; where nobody says it, where its name hints at, and then *is_guess. False: nothing is
 * known, and `place` is all zero. `facts` may be NULL. */
bool address_facts_place(const struct address_facts *facts, struct address_place *place, bool *is_guess);

#endif
