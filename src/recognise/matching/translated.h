/* SPDX-License-Identifier: BSD-2-Clause */
/* translated: the probe of an ICMP error whose quote has other addresses or ports: a translator changed the probe and
 * left the quote as it was. Floor 4; internal to recognise/, for match.c. Changes nothing. */
#ifndef HOPSONDE_RECOGNISE_MATCHING_TRANSLATED_H
#define HOPSONDE_RECOGNISE_MATCHING_TRANSLATED_H

#include "recognise/matching/choice.h"

struct found translated_find(const struct recogniser *r, const struct digest *quote);

#endif
