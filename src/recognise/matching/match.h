/* SPDX-License-Identifier: BSD-2-Clause */
/* match: which candidate an ICMP error or a direct answer belongs to. Floor 4; internal to recognise/. Changes nothing.
 */
#ifndef HOPSONDE_RECOGNISE_MATCHING_MATCH_H
#define HOPSONDE_RECOGNISE_MATCHING_MATCH_H

#include "recognise/matching/choice.h"

/* The probe that an ICMP error quotes. */
struct found match_quoted(const struct recogniser *r, const struct digest *quote);
/* The probe that was in flight when an ICMP error came to its source without any quote. */
struct found match_unquoted(const struct recogniser *r, const struct digest *error);
/* The probe that a packet answers directly. */
struct found match_answer(const struct recogniser *r, const struct digest *digest);

#endif
