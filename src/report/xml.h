/* SPDX-License-Identifier: BSD-2-Clause */
/* xml: text in XML and SVG documents. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_XML_H
#define HOPSONDE_REPORT_XML_H

#include "base/strbuf.h"

/* Adds printable text as the content of an element or of an attribute in double quotes. U+FFFE and U+FFFF become '?',
 * because XML 1.0 section 2.2 does not allow them. */
void xml_add(struct strbuf *text, const char *printable);
/* The same for any bytes: they are escaped first (strbuf_add_escaped). */
void xml_add_foreign(struct strbuf *text, const char *foreign);
/* Adds foreign text as the content of an SVG text element, cut to `characters`. A longer text ends with an ellipsis,
 * and a <title>, the element's tooltip, contains all of it. */
void xml_add_cut(struct strbuf *text, const char *foreign, size_t characters);

#endif
