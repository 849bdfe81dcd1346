/* SPDX-License-Identifier: BSD-2-Clause */
/* name_hint: the place of a router, guessed from the words in its name. Floor 1; pure.
 *
 * Many carriers put the place of a router into its name: an airport code (fra03), a code of their own (frnkge13) or
 * the city itself (Frankfurt1). There is no standard, and names outlive moves of a router. The result is a guess and
 * must be shown as one. */
#ifndef HOPSONDE_ADDRESS_NAME_HINT_H
#define HOPSONDE_ADDRESS_NAME_HINT_H

#include <stdbool.h>

#include "address/address_book.h"

/* Guesses the place from whole words only: letters between dots, dashes and digits. The operator's domain is
 * ignored: the last two labels, or three under suffixes such as co.uk. Returns false if no word names a known city,
 * or two words name different cities; `out` is then unchanged. */
bool name_hint_place(const char *name, struct address_place *out);

#endif
