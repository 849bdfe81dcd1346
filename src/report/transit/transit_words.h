/* SPDX-License-Identifier: BSD-2-Clause */
/* transit_words: the words of `transit` in CSV and JSON. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TRANSIT_TRANSIT_WORDS_H
#define HOPSONDE_REPORT_TRANSIT_TRANSIT_WORDS_H

#include "pairing/result.h"

/* "toward-far", "toward-near". */
const char *transit_way_name(enum transit_way way);
/* "lost", "forged", "midway", "unjudged". */
const char *transit_fate_name(enum transit_fate fate);
/* "not-covered" ...; "" if it has a fate. */
const char *transit_reason_name(enum transit_reason reason);

#endif
