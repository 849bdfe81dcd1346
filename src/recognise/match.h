/* SPDX-License-Identifier: BSD-2-Clause */
/* match: which candidate an ICMP error or a direct answer belongs to. Floor 4; internal to recognise/. Changes nothing.
 */
#ifndef HOPSONDE_RECOGNISE_MATCH_H
#define HOPSONDE_RECOGNISE_MATCH_H

#include "recognise/state.h"

/* A candidate, and how surely it is the right one. */
struct found {
    struct candidate *candidate; /* NULL: none */
    enum match match;
    const char *rule; /* constant */
};

/* The probe that an ICMP error quotes. */
struct found match_quoted(const struct recogniser *r, const struct digest *quote);
/* The probe that a packet answers directly. */
struct found match_answer(const struct recogniser *r, const struct digest *digest);

#endif
