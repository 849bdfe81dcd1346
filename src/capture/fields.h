/* SPDX-License-Identifier: BSD-2-Clause */
/* fields: converts structs to the text of comments and back, from tables of their members. Floor 5; internal to
 * capture/; pure.
 *
 * The text is "hopsonde:WORD KEY=VALUE KEY=VALUE ...". In a value, the space, the percent sign and all bytes that
 * are not printable ASCII are %XX. */
#ifndef HOPSONDE_CAPTURE_FIELDS_H
#define HOPSONDE_CAPTURE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "probe/spec.h"

enum field_kind {
    FIELD_TEXT, /* char array of `bytes` */
    FIELD_UNSIGNED,
    FIELD_SIGNED,
    FIELD_BOOL,
    FIELD_ADDRESS,
    FIELD_WORD, /* an enum, by its index in `words` */
    FIELD_SPEC,
    FIELD_SPECS,      /* the chain of specs; its base is the whole struct session_config */
    FIELD_PORT_LISTS, /* the port lists; its base is the same */
    FIELD_DEGREES,    /* a double, in billionths */
    FIELD_STRATEGY,   /* a strategy by its name; the first one is the default */
    FIELD_DIAGNOSE,   /* the strategy in older files: 1 for a diagnosis, else 0 */
};

/* One key of a comment and the struct member that it stores. A table ends with FIELD_END,
 * and has 64 keys at most. */
struct field {
    const char *key;
    enum field_kind kind;
    size_t offset, bytes;
    const char *const *words; /* NULL-terminated */
    bool optional;            /* omitted if 0 or empty; older files do not have it */
    bool older;               /* only older files have it */
};

#define FIELD(type, member, key, kind)                                                                                 \
    {                                                                                                                  \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL, false, false               \
    }
#define OPTIONAL_FIELD(type, member, key, kind)                                                                        \
    {                                                                                                                  \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL, true, false                \
    }
#define OLDER_FIELD(type, member, key, kind)                                                                           \
    {                                                                                                                  \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL, true, true                 \
    }
#define FIELD_END                                                                                                      \
    {                                                                                                                  \
        NULL, FIELD_TEXT, 0, 0, NULL, false, false                                                                     \
    }

/* Appends the word and every field. */
void fields_add(struct strbuf *out, const char *word, const struct field *fields, const void *record);
/* Appends the bytes of one value. */
void fields_add_value(struct strbuf *out, const char *text, size_t count);

/* The unread part of a comment; borrowed. */
struct words {
    const char *text;
    size_t length;
};

/* Splits a comment (any bytes) into its word and the fields after it. False if it is not a hopsonde comment. */
bool fields_begin(const char *text, size_t length, struct words *word, struct words *left);
bool word_is(struct words word, const char *text);
/* Reads every key in the table. False if one is missing or has an invalid value. A member without a key keeps its
 * value. `names` will own the names of specs; NULL: the record has no specs. */
bool fields_read(struct words words, const struct field *fields, struct probe_names *names, void *record);

#endif
