/* SPDX-License-Identifier: BSD-2-Clause */
/* json_check: whether text is JSON (RFC 8259) in printable ASCII, as all documents of hopsonde are. It allocates
 * nothing, so that a fuzz target can check every document and line. */
#ifndef HOPSONDE_TESTS_FUZZ_JSON_CHECK_H
#define HOPSONDE_TESTS_FUZZ_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define JSON_CHECK_DEPTH_MOST 64

/* Marks what checks: its branches are nothing to look for. */
#ifdef __clang__
#define FUZZ_CHECK __attribute__((no_sanitize("coverage")))
#else
#define FUZZ_CHECK
#endif

struct json_check {
    const char *at, *end;
};

FUZZ_CHECK static inline bool json_check_value(struct json_check *check, unsigned depth);

FUZZ_CHECK static inline void json_check_blanks(struct json_check *check)
{
    while (check->at < check->end && (*check->at == ' ' || *check->at == '\n'))
        check->at++;
}

FUZZ_CHECK static inline bool json_check_char(struct json_check *check, char wanted)
{
    json_check_blanks(check);
    if (check->at == check->end || *check->at != wanted)
        return false;
    check->at++;
    return true;
}

FUZZ_CHECK static inline bool json_check_word(struct json_check *check, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(check->end - check->at) < length || memcmp(check->at, word, length) != 0)
        return false;
    check->at += length;
    return true;
}

/* Behind the backslash. */
FUZZ_CHECK static inline bool json_check_escape(struct json_check *check)
{
    char kind = check->at < check->end ? *check->at++ : '\0';
    if (kind != 'u')
        return kind && strchr("\"\\/bfnrt", kind);
    for (unsigned i = 0; i < 4; i++, check->at++)
        if (check->at == check->end || !*check->at || !strchr("0123456789abcdefABCDEF", *check->at))
            return false;
    return true;
}

FUZZ_CHECK static inline bool json_check_string(struct json_check *check)
{
    if (!json_check_char(check, '"'))
        return false;
    while (check->at < check->end) {
        char c = *check->at++;
        if (c == '"')
            return true;
        if (c < 0x20 || c > 0x7e || (c == '\\' && !json_check_escape(check)))
            return false;
    }
    return false;
}

FUZZ_CHECK static inline bool json_check_digits(struct json_check *check)
{
    const char *first = check->at;
    while (check->at < check->end && *check->at >= '0' && *check->at <= '9')
        check->at++;
    return check->at > first;
}

FUZZ_CHECK static inline bool json_check_number(struct json_check *check)
{
    json_check_word(check, "-");
    if (!json_check_word(check, "0") && !json_check_digits(check))
        return false;
    if (json_check_word(check, ".") && !json_check_digits(check))
        return false;
    if (!json_check_word(check, "e") && !json_check_word(check, "E"))
        return true;
    return (json_check_word(check, "+") || json_check_word(check, "-") || true) && json_check_digits(check);
}

/* The members of an object or the elements of an array, behind the bracket. */
FUZZ_CHECK static inline bool json_check_members(struct json_check *check, bool is_object, unsigned depth)
{
    char close = is_object ? '}' : ']';
    if (json_check_char(check, close))
        return true;
    do {
        if (is_object && (!json_check_string(check) || !json_check_char(check, ':')))
            return false;
        if (!json_check_value(check, depth + 1))
            return false;
    } while (json_check_char(check, ','));
    return json_check_char(check, close);
}

FUZZ_CHECK static inline bool json_check_value(struct json_check *check, unsigned depth)
{
    json_check_blanks(check);
    if (check->at == check->end || depth > JSON_CHECK_DEPTH_MOST)
        return false;
    switch (*check->at) {
    case '{':
    case '[':
        return json_check_members(check, *check->at++ == '{', depth);
    case '"':
        return json_check_string(check);
    case 't':
        return json_check_word(check, "true");
    case 'f':
        return json_check_word(check, "false");
    case 'n':
        return json_check_word(check, "null");
    default:
        return json_check_number(check);
    }
}

/* One value and nothing else but blanks. */
FUZZ_CHECK static inline bool json_check(const char *text, size_t length)
{
    struct json_check check = {text, text + length};
    if (!json_check_value(&check, 0))
        return false;
    json_check_blanks(&check);
    return check.at == check.end;
}

#endif
