/* SPDX-License-Identifier: BSD-2-Clause */
/* xml: text within XML and SVG. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_XML_H
#define HOPSONDE_REPORT_XML_H

#include "base/strbuf.h"

/* Printable text as the content of an element, or of an attribute in double quotes. U+FFFE and U+FFFF, which
 * XML 1.0 2.2 does not allow, become '?'. */
void xml_add(struct strbuf *text, const char *printable);
/* The same of any bytes, made printable first (strbuf_add_escaped). */
void xml_add_foreign(struct strbuf *text, const char *foreign);
/* The content of an SVG text element: foreign text as far as so many characters go. Where it is longer, an ellipsis
 * stands for the rest, and all of it in a <title>, as the element's tooltip. */
void xml_add_cut(struct strbuf *text, const char *foreign, size_t characters);

#endif
