/* SPDX-License-Identifier: BSD-2-Clause */
/* escape: which characters of foreign text a terminal, an editor or a browser may be given, and how the others are
 * written. Floor 0; pure, without allocation.
 *
 * Foreign text is all that others chose: names of the DNS, of networks and places, WHOIS text, names and comments in
 * captures, file names, arguments. strbuf_add_escaped() escapes it for reports, err_set() for messages. Both follow
 * escape_shown_length(), so there is one rule. */
#ifndef HOPSONDE_BASE_ESCAPE_H
#define HOPSONDE_BASE_ESCAPE_H

#include <stddef.h>

#define ESCAPE_BYTES 4 /* characters that stand for one byte: \xNN */

/* Returns the length of the character at `bytes` if reports show it as it is, else 0: the first byte must be escaped.
 * `count`: how many bytes there are, at least 1. Escaped are:
 * - bytes that are no well-formed UTF-8 (RFC 3629);
 * - control characters: U+0000-001F, U+007F-009F;
 * - characters that change direction, break lines or cannot be seen. In the Unicode Character Database these are the
 *   general categories Cf, Zl and Zp, and the properties Default_Ignorable_Code_Point and Noncharacter_Code_Point.
 * A backslash is shown. A caller whose escapes must be reversible escapes it, too. */
size_t escape_shown_length(const char *bytes, size_t count);

/* Writes \xNN, without a NUL. */
void escape_byte(unsigned char byte, char out[ESCAPE_BYTES]);

/* Copies `text` with its hidden bytes as \xNN into `out`, which has room for `bytes` with the NUL. Stops before the
 * first character that does not fit. Text that was escaped before stays the same, because the backslash is shown. */
void escape_copy(char *out, size_t bytes, const char *text);

#endif
