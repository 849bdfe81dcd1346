/* SPDX-License-Identifier: BSD-2-Clause */
/* extensions: copies of ICMP extensions; it keeps a few for the next copy. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_STORE_EXTENSIONS_H
#define HOPSONDE_RECOGNISE_STORE_EXTENSIONS_H

#include "recognise/state.h"

/* NULL: there is none to copy, or no memory. */
struct icmp_extension *extension_copy(struct recogniser *r, const struct icmp_extension *extension);
void extension_release(struct recogniser *r, struct icmp_extension *extension);
void extensions_free(struct recogniser *r);

#endif
