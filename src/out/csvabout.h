/* csvabout: what is known of an address as fields of a CSV row (RFC 4180). Floor 5.
 *
 * Spreadsheets take a field that begins with = + - @ for a formula, quoted or not, and a name may have been chosen for
 * that: such a first character is escaped as bytes are that are no text (strbuf_add_escaped), "\x3d". No field has a
 * line's end in it, since control characters are escaped as well.
 *
 * There is no room to say how sure something is, so that what may be wrong is left out: a name that was asked for its
 * addresses and does not have this one, and a place that only a name hints at. */
#ifndef HOPSONDE_OUT_CSVABOUT_H
#define HOPSONDE_OUT_CSVABOUT_H

#include "base/strbuf.h"
#include "out/output.h"

#define CSVABOUT_HEADING ",name,asn,as_name,country,city"
#define CSVABOUT_EMPTY ",,,,,"

/* The five fields, a comma before each; what is unknown, or was not asked for, is empty. At most 4096 bytes. */
void csvabout_add(struct strbuf *row, const struct addr *address, const struct output *out);

#endif
