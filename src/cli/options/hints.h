/* SPDX-License-Identifier: BSD-2-Clause */
/* hints: other tools' spellings of our options, and guesses what a misspelled word means. Top floor; pure; internal to
 * cli/options/. */
#ifndef HOPSONDE_CLI_OPTIONS_HINTS_H
#define HOPSONDE_CLI_OPTIONS_HINTS_H

#include "cli/options/parse.h"

enum synonym_kind {
    SYNONYM_SAME,          /* does what `ours` does */
    SYNONYM_WITHOUT_VALUE, /* the same, but ours does not need their value */
    SYNONYM_IGNORED,       /* hopsonde does this always: `why` says so */
    SYNONYM_REFUSED,       /* an error: `why` gives cause and remedy */
};

struct synonym {
    const char *theirs; /* "--max-hops" */
    enum synonym_kind kind;
    bool argument;     /* theirs takes one */
    const char *ours;  /* "-m"; NULL: ignored or refused */
    const char *value; /* SYNONYM_SAME: the value for ours if theirs takes none */
    const char *why;   /* SYNONYM_SAME: NULL, or how ours is meant */
};

extern const struct synonym synonyms[]; /* ends with a NULL `theirs` */
const struct synonym *synonym_find(const char *spelled);
/* mtr's option of this letter, which takes no value, where ours takes one; NULL: there is none, or `next` (the rest of
 * the word or the next word; NULL: there is none) is meant as the value. */
const struct synonym *synonym_find_bare(const char *spelled, const char *next);

/* Our option that a misspelled long one ("--porbe") most likely means; NULL: none is near. */
const char *option_nearest(const char *spelled);

/* The command that a misspelled one ("diagnos") most likely means; NULL: none is near. */
const char *command_nearest(const char *spelled);

/* Adds the line "hopsonde: TEXT" to the hints unless they have it already, the words at hand are those of
 * HOPSONDE_OPTIONS, or there is no room. */
void hint_add(struct parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
