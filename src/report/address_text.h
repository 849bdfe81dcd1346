/* SPDX-License-Identifier: BSD-2-Clause */
/* address_text: addresses with their names, AS numbers and places, as text. Floor: report; pure.
 *
 * A line may be made before its names are known. It then contains a mark for each address, and the mark is replaced
 * when the line is written. No other text contains such marks, because foreign text is escaped. */
#ifndef HOPSONDE_REPORT_ADDRESS_TEXT_H
#define HOPSONDE_REPORT_ADDRESS_TEXT_H

#include "base/strbuf.h"
#include "report/format.h"

/* "gw.example (192.0.2.1) [AS64500 Example] [Berlin, DE]": the parts that are known and requested. An address that
 * cannot have an AS number has "[private]" and the like instead. A name that does not resolve back to this address
 * gives "gw.example (unconfirmed, 192.0.2.1)". A place guessed from the name is "[Berlin, DE?]". */
void address_text_add(struct strbuf *text, const struct addr *address, const struct output *out);

/* "web.example (192.0.2.80)" if the address is the target's and `target_name` is not NULL; else the address. */
void address_text_add_target(struct strbuf *line, const struct addr *address, const struct addr *target,
                             const char *target_name);

/* "Berlin, DE", "DE", or nothing: a place's names, escaped. */
void address_text_add_place(struct strbuf *text, const struct address_place *place);

/* Puts a mark for the address into a line. */
void address_text_mark(struct strbuf *line, const struct addr *address);
/* The same in a column. A text narrower than the column is padded; after a wider one the line breaks, and the next
 * column continues on the next line. */
void address_text_mark_column(struct strbuf *line, const struct addr *address);
/* Adds `marked` with its marks replaced. The column begins at `indent` and is `columns` wide. */
void address_text_expand(struct strbuf *text, const char *marked, unsigned indent, unsigned columns,
                         const struct output *out);
/* True: the facts about all marked addresses are complete. */
bool address_text_is_settled(const char *marked, const struct output *out);

#endif
