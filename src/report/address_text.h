/* SPDX-License-Identifier: BSD-2-Clause */
/* named: addresses with what is known of them: names, AS numbers, places. Floor 5; pure.
 *
 * A line may be made before its names are known: then marks stand in it for its addresses, and are replaced when it is
 * written. No other text has such marks, as foreign text is escaped. */
#ifndef HOPSONDE_REPORT_ADDRESS_TEXT_H
#define HOPSONDE_REPORT_ADDRESS_TEXT_H

#include "base/strbuf.h"
#include "report/format.h"

/* "gw.example (192.0.2.1) [AS64500 Example] [Berlin, DE]", as far as it is known and asked for; "private" and the like
 * stand for the AS number where there can be none. A name that was asked for its addresses and does not have this one
 * is "gw.example (unconfirmed, 192.0.2.1)". A place that only the name tells of is "[Berlin, DE?]". */
void address_text_add(struct strbuf *text, const struct addr *address, const struct output *out);

/* "web.example (192.0.2.80)" where the address is the target's and the target has a name, else the address. */
void address_text_add_target(struct strbuf *line, const struct addr *address, const struct addr *target,
                             const char *target_name);

/* "Berlin, DE", "DE", or nothing: a place's names, escaped. */
void address_text_add_place(struct strbuf *text, const struct address_place *place);

/* Puts a mark for the address into a line. */
void address_text_mark(struct strbuf *line, const struct addr *address);
/* The same in a column: what is narrower is filled up, and what is wider ends its line, so that what follows stands in
 * its column on the next one. */
void address_text_mark_column(struct strbuf *line, const struct addr *address);
/* `marked` with its marks replaced. The column begins at `indent` and is `columns` wide. */
void address_text_expand(struct strbuf *text, const char *marked, unsigned indent, unsigned columns,
                         const struct output *out);
/* Whether everything that is to be known of the addresses marked is known. */
bool address_text_is_settled(const char *marked, const struct output *out);

#endif
