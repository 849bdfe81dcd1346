/* SPDX-License-Identifier: BSD-2-Clause */
/* xml: text in XML and SVG documents. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_XML_H
#define HOPSONDE_REPORT_XML_H

#include "base/strbuf.h"

/* Adds printable text (escape.h) as the content of an element, or of an attribute in double quotes. XML 1.0 section 2.2
 * allows all of these characters. */
void xml_add(struct strbuf *text, const char *printable);
/* The same for any bytes: they are escaped first (strbuf_add_escaped). */
void xml_add_foreign(struct strbuf *text, const char *foreign);
/* Adds foreign text as the content of an SVG text element, cut to `columns` (columns.h). A longer text ends with an
 * ellipsis, and a <title>, the element's tooltip, contains all of it. */
void xml_add_cut(struct strbuf *text, const char *foreign, unsigned columns);
/* Begin and end a box of an SVG, in pixels: what is drawn in it is cut off at its edges, because no count of characters
 * says how wide a font draws foreign text. Places inside are those of the whole drawing. */
void xml_begin_box(struct strbuf *text, double left, double top, double width, double height);
void xml_end_box(struct strbuf *text);

#endif
