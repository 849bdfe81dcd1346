/* SPDX-License-Identifier: BSD-2-Clause */
/* words: a line of text cut into words as a shell would: blanks, quotes, backslashes. Floor 6; pure. */
#ifndef HOPSONDE_CLI_OPTIONS_WORDS_H
#define HOPSONDE_CLI_OPTIONS_WORDS_H

#include <stddef.h>

#include "base/err.h"

/* Splits `text` at blanks and newlines. Inside '...' everything is literal, inside "..." a backslash escapes `"` and
 * itself, outside it escapes any byte. Nothing is expanded. The words lie in `storage`; `words` receives at most `most`
 * of them. STATUS_USAGE (with a message that lacks a subject) where a quote stays open, a backslash ends the text or
 * there is no room. */
enum status words_split(const char *text, char *storage, size_t storage_bytes, char *words[], int most, int *count,
                        struct err *err);

#endif
