/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/values/split_words.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Unquotes one word from `*text` on into `*to`, which is not behind it; both move on, `*text` past the blank, too. */
static enum status take_word(char **text, char **to, struct err *err)
{
    char *from = *text;
    char quote = 0;
    for (; *from && (quote || !is_blank(*from)); from++) {
        if (!quote && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else if (quote && *from == quote) {
            quote = 0;
        } else if (*from == '\\' && (!quote || (quote == '"' && (from[1] == '"' || from[1] == '\\')))) {
            if (!*++from)
                return err_set(err, STATUS_USAGE, "a backslash at the end has nothing to escape");
            *(*to)++ = *from;
        } else {
            *(*to)++ = *from;
        }
    }
    if (quote)
        return err_set(err, STATUS_USAGE, "a quote (%c) is not closed", quote);
    *text = from + (*from != 0);
    *(*to)++ = 0;
    return STATUS_OK;
}

enum status words_split(char *text, char *words[], int most, int *count, struct err *err)
{
    char *to = text;
    *count = 0;
    for (;;) {
        while (is_blank(*text))
            text++;
        if (!*text)
            return STATUS_OK;
        if (*count == most)
            return err_set(err, STATUS_USAGE, "too many words (at most %d)", most);
        words[(*count)++] = to;
        enum status status = take_word(&text, &to, err);
        if (status != STATUS_OK)
            return status;
    }
}
