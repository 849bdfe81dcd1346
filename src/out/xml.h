/* xml: text within XML. Floor 5; pure. */
#ifndef HOPSONDE_OUT_XML_H
#define HOPSONDE_OUT_XML_H

#include "base/strbuf.h"

/* Printable text as the content of an element, or of an attribute in double quotes. U+FFFE and U+FFFF, which
 * XML 1.0 2.2 does not allow, become '?'. */
void xml_add(struct strbuf *text, const char *printable);
/* The same of any bytes, made printable first (strbuf_add_escaped). */
void xml_add_foreign(struct strbuf *text, const char *foreign);

#endif
