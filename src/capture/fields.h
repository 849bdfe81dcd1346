/* SPDX-License-Identifier: BSD-2-Clause */
/* fields: structs as the text of comments, and back, by tables of their members. Floor 5; internal to capture/; pure.
 *
 * The text is "hopsonde:WORD KEY=VALUE KEY=VALUE ..."; bytes of a value other than printable ASCII, the space and the
 * percent sign are %XX. */
#ifndef HOPSONDE_CAPTURE_FIELDS_H
#define HOPSONDE_CAPTURE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

enum field_kind {
    FIELD_TEXT, /* char array of `bytes` */
    FIELD_UNSIGNED,
    FIELD_SIGNED,
    FIELD_BOOL,
    FIELD_ADDRESS,
    FIELD_WORD, /* an enum by its place in `words` */
    FIELD_SPEC,
    FIELD_SPECS,    /* the whole struct session_config: its chain of specs */
    FIELD_DEGREES,  /* a double, in billionths */
    FIELD_STRATEGY, /* a strategy by its name; the first one is the default */
    FIELD_DIAGNOSE, /* the same of older files: 1 for a diagnosis, else 0 */
};

/* One key of a comment and the member of a struct that it stands for. A table ends with FIELD_END. */
struct field {
    const char *key;
    enum field_kind kind;
    size_t offset, bytes;
    const char *const *words; /* NULL-terminated */
    bool optional;            /* left out where it is 0 or an empty text: older files lack it */
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

/* The part of a comment that is still to be read; borrowed. */
struct words {
    const char *text;
    size_t length;
};

/* Cuts the word off a comment (any bytes) of ours; the fields are left. False: it is none of ours. */
bool fields_begin(const char *text, size_t length, struct words *word, struct words *left);
bool word_is(struct words word, const char *text);
/* Reads every key that the table knows; false where one lacks or has a bad value. Members of keys that are not there
 * stay as they are. */
bool fields_read(struct words words, const struct field *fields, void *record);

#endif
