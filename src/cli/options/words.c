/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/words.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One word from `*text` on, unquoted into `*to`; both move past it. */
static enum status take_word(const char **text, char **to, struct err *err)
{
    const char *from = *text;
    char quote = 0;
    for (; *from && (quote || !is_blank(*from)); from++) {
        if (!quote && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else if (quote && *from == quote) {
            quote = 0;
        } else if (*from == '\\' && (!quote || (quote == '"' && (from[1] == '"' || from[1] == '\\')))) {
            if (!*++from)
                return err_set(err, STATUS_USAGE, "a backslash at the end escapes nothing");
            *(*to)++ = *from;
        } else {
            *(*to)++ = *from;
        }
    }
    if (quote)
        return err_set(err, STATUS_USAGE, "a quote (%c) is not closed", quote);
    *(*to)++ = 0;
    *text = from;
    return STATUS_OK;
}

enum status words_split(const char *text, char *storage, size_t storage_bytes, char *words[], int most, int *count,
                        struct err *err)
{
    *count = 0;
    /* Unquoting never grows a word, and the blank after one pays for its NUL. */
    if (strlen(text) >= storage_bytes)
        return err_set(err, STATUS_USAGE, "longer than %zu bytes", storage_bytes - 1);
    for (;;) {
        while (is_blank(*text))
            text++;
        if (!*text)
            return STATUS_OK;
        if (*count == most)
            return err_set(err, STATUS_USAGE, "more than %d words", most);
        words[(*count)++] = storage;
        enum status status = take_word(&text, &storage, err);
        if (status != STATUS_OK)
            return status;
    }
}
