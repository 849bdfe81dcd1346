/* SPDX-License-Identifier: BSD-2-Clause */
/* option_table: the options, one row each. Parsing, help, error messages and the tests of man page and completions read
 * it. Top floor; pure; internal to cli/options/.
 *
 * The rows are in groups/, each group a file with the functions that its options need. A new option is a row there. */
#ifndef HOPSONDE_CLI_OPTIONS_OPTION_TABLE_H
#define HOPSONDE_CLI_OPTIONS_OPTION_TABLE_H

#include <stddef.h>

#include "base/err.h"
#include "cli/options/command.h"

/* Which commands obey an option. `--read FILE` turns trace and diagnose into replay, and paths into ON_GRAPHS. */
enum option_commands {
    ON_TRACE = 1 << COMMAND_TRACE,
    ON_DIAGNOSE = 1 << COMMAND_DIAGNOSE,
    ON_PATHS = 1 << COMMAND_PATHS,
    ON_WATCH = 1 << COMMAND_WATCH,
    ON_REPLAY = 1 << COMMAND_REPLAY,
    ON_TRANSIT = 1 << COMMAND_TRANSIT,
    ON_GRAPHS = 1 << (COMMAND_HELP + 1),
    ON_LIVE = ON_TRACE | ON_DIAGNOSE | ON_PATHS | ON_WATCH,
    ON_CAPTURES = ON_REPLAY | ON_GRAPHS,
    ON_ALL = ON_LIVE | ON_CAPTURES,
    ON_EVERY = ON_ALL | ON_TRANSIT, /* those of ON_ALL are about traces */
};

struct parse;

struct option_row {
    const char *letter;      /* "-P"; NULL: none */
    const char *name;        /* "--probe"; NULL: none */
    const char *argument;    /* "PROBE"; NULL: takes none */
    unsigned commands;       /* ON_ bits. In a replay, an option of live commands alone is ignored with a hint */
    const char *refusal;     /* what the other commands say, replay too, instead of naming `commands`; NULL: that */
    const char *brief;       /* a few words for the overview of --help; NULL: not in it */
    const char *help;        /* for `help COMMAND` */
    const char *replay_help; /* the same for `help replay` where it differs; NULL: `help` */
    /* Called for each option before any is applied: it may change the command. NULL: it does not. */
    void (*look)(struct parse *parse);
    /* Checks the value (NULL exactly if the row has no argument) and notes it; checks that need several options come
     * later (check.h). NULL: sets `flag`. */
    enum status (*apply)(struct parse *parse, const char *value, struct err *err);
    size_t flag; /* without `apply`: the offset in struct options of the bool to set */
};

struct option_group {
    const char *title;        /* in `help COMMAND` */
    const char *replay_title; /* in `help replay`; NULL: `title` */
    const struct option_row *rows;
    size_t count;
};

extern const struct option_group *const option_groups[]; /* ends with NULL */

/* The rows of all groups in order, from index 0; NULL behind the last. */
const struct option_row *option_at(size_t index);
/* `spelled` is "-P" or "--probe"; NULL: no such option. */
const struct option_row *option_find(const char *spelled);

/* Words that a later version will have: commands, formats. */
bool reserved_command(const char *word);
bool reserved_format(const char *name);

#endif
