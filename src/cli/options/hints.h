/* SPDX-License-Identifier: BSD-2-Clause */
/* hints: other tools' spellings of our options, and what was meant by a mistyped one. Floor 6; internal to the options
 * of cli/. */
#ifndef HOPSONDE_CLI_OPTIONS_HINTS_H
#define HOPSONDE_CLI_OPTIONS_HINTS_H

#include "cli/options/option_table.h"

enum synonym_kind {
    SYNONYM_SAME,    /* does what `ours` does */
    SYNONYM_IGNORED, /* asks for what is so anyway: `why` says it */
    SYNONYM_REFUSED, /* an error; `why` names the way that there is */
};

struct synonym {
    const char *theirs; /* "--max-hops" */
    enum synonym_kind kind;
    bool argument;     /* they take one there */
    const char *ours;  /* "-m"; NULL unless SYNONYM_SAME */
    const char *value; /* SYNONYM_SAME: the value given to ours where theirs takes none */
    const char *why;
};

extern const struct synonym synonyms[]; /* ends with a NULL `theirs` */
const struct synonym *synonym_find(const char *spelled);

/* Our option that a mistyped long one ("--porbe") most likely means; NULL: none is near. */
const char *option_nearest(const char *spelled);

/* The command that a mistyped one ("diagnos") most likely means; NULL: none is near. */
const char *command_nearest(const char *spelled);

/* Adds the line "hopsonde: TEXT" to the hints unless it stands there, the words at hand are the environment's or there
 * is no room. */
void name_hint_add(struct parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
