/* SPDX-License-Identifier: BSD-2-Clause */
/* csvabout: what is known of an address as fields of a CSV row (RFC 4180). Floor 5.
 *
 * Spreadsheets take a field that begins with = + - @ for a formula, quoted or not, and a name may have been chosen for
 * that: such a first character is escaped as bytes are that are no text (strbuf_add_escaped), "\x3d". No field has a
 * line's end in it, since control characters are escaped as well.
 *
 * There is no room to say how sure something is, so that what may be wrong is left out: a name that was asked for its
 * addresses and does not have this one, and a place that only a name hints at. */
#ifndef HOPSONDE_REPORT_CSV_CSV_ADDRESS_H
#define HOPSONDE_REPORT_CSV_CSV_ADDRESS_H

#include "base/strbuf.h"
#include "report/format.h"

#define CSV_FACTS_HEADING ",name,asn,as_name,country,city"
#define CSV_FACTS_EMPTY ",,,,,"

/* The five fields, a comma before each; what is unknown, or was not asked for, is empty. At most 4096 bytes. */
void csv_facts_add(struct strbuf *row, const struct addr *address, const struct output *out);

#endif
