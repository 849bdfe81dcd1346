/* SPDX-License-Identifier: BSD-2-Clause */
/* name_hint: the place of a router, guessed from the words in its name. Floor 1; pure.
 *
 * Many carriers put the place of a router into its name: an airport's code (fra03), a code of their own (frnkge13) or
 * the city itself (Frankfurt1). No rule makes them, and names outlive what they name, so it is a guess and must be
 * shown as one. */
#ifndef HOPSONDE_ADDRESS_NAME_HINT_H
#define HOPSONDE_ADDRESS_NAME_HINT_H

#include <stdbool.h>

#include "address/address_book.h"

/* Only whole words count, letters between dots, dashes and digits, and none of the operator's domain: the last two
 * labels of the name, or three below the likes of co.uk. False where no word is a known city's, or two words are of
 * different cities; `out` is as before. */
bool name_hint_place(const char *name, struct address_place *out);

#endif
