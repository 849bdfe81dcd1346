/* SPDX-License-Identifier: BSD-2-Clause */
/* split_words: splits a line of text into words as a shell would: blanks, quotes, backslashes. Top floor; pure. */
#ifndef HOPSONDE_CLI_VALUES_SPLIT_WORDS_H
#define HOPSONDE_CLI_VALUES_SPLIT_WORDS_H

#include "base/err.h"

/* Splits `text` at blanks and newlines, in place. Inside '...' everything is literal, inside "..." a backslash escapes
 * `"` and itself, outside it escapes any byte. Nothing is expanded. `words`, at most `most` of them, point into `text`.
 * STATUS_USAGE (with a message that lacks a subject) if a quote stays open, a backslash ends the text or there are too
 * many words. */
enum status words_split(char *text, char *words[], int most, int *count, struct err *err);

#endif
