/* known: what of an entry of the book may be said, for all formats alike. Floor 5; pure. */
#ifndef HOPSONDE_OUT_KNOWN_H
#define HOPSONDE_OUT_KNOWN_H

#include <stdbool.h>

#include "about/about.h"

/* The name of the address, foreign text; NULL: it has none, or none is known. `about` may be NULL. */
const char *known_name(const struct about *about);
/* Whether that name was asked for its addresses, and does not have this one. */
bool known_is_unconfirmed(const struct about *about);
/* Where the address is said to be; where nobody says it, where its name hints at, and then *is_guess. False: nothing is
 * known, and `place` is all zero. `about` may be NULL. */
bool known_place(const struct about *about, struct about_place *place, bool *is_guess);

#endif
