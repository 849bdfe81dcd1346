/* SPDX-License-Identifier: BSD-2-Clause */
/* ttl_list: TTLs as a list of numbers and ranges. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_TTL_LIST_H
#define HOPSONDE_REPORT_TEXT_TABLE_TTL_LIST_H

#include <stdbool.h>

#include "base/strbuf.h"

/* Adds the TTLs that are marked in `ttls`, with `separator` between numbers and ranges: "1-3,7". Returns how many TTLs
 * there are. */
unsigned ttl_list_add(struct strbuf *text, const bool ttls[256], const char *separator);

#endif
