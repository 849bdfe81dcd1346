/* SPDX-License-Identifier: BSD-2-Clause */
/* csv_address: facts about an address as fields of a CSV row (RFC 4180). Floor: report.
 *
 * Spreadsheets read a field that begins with = + - @ as a formula, quoted or not, and an attacker may choose such a
 * name. Such a first character is escaped like bytes that are no text (strbuf_add_escaped): "\x3d". No field contains a
 * line break, because control characters are escaped, too.
 *
 * CSV has no column for doubt, so uncertain facts are left out: a name that does not resolve back to its address, and a
 * place guessed from a name. */
#ifndef HOPSONDE_REPORT_CSV_CSV_ADDRESS_H
#define HOPSONDE_REPORT_CSV_CSV_ADDRESS_H

#include "base/strbuf.h"
#include "report/format.h"

#define CSV_FACTS_HEADING ",name,asn,as_name,country,city"
#define CSV_FACTS_EMPTY ",,,,,"

/* Adds the five fields, each after a comma. Unknown and unrequested fields are empty. At most 4096 bytes. */
void csv_facts_add(struct strbuf *row, const struct addr *address, const struct output *out);

#endif
