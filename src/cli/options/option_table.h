/* SPDX-License-Identifier: BSD-2-Clause */
/* table: the options, one row each, from which parsing, help, man page and completions take what they say. Floor 6;
 * internal to the options of cli/. A new option is a row here; tests hold man page and completions against the rows. */
#ifndef HOPSONDE_CLI_OPTIONS_OPTION_TABLE_H
#define HOPSONDE_CLI_OPTIONS_OPTION_TABLE_H

#include "cli/options/options.h"
#include "cli/options/values.h"
#include "cli/target.h"

struct command_row {
    const char *name;
    enum command command;
    const char *usage; /* without the program's name */
    const char *help;  /* one line */
    const char *about; /* a paragraph */
};

extern const struct command_row command_rows[];           /* ends with a NULL name */
const struct command_row *command_find(const char *word); /* NULL: no command */

/* What was said, as far as it can only be judged when all is known. */
struct parse {
    struct options *out;
    const struct command_row *command; /* the first word; NULL: it is no command */
    bool environment;                  /* the words at hand are those of HOPSONDE_OPTIONS */
    bool stop;                         /* --help or --version: nothing else matters */
    const char *spelled;               /* the option at hand, as it was typed */

    struct {
        const char *text;    /* "tcp/443" or "auto" */
        const char *spelled; /* "-P" */
        const char *value;   /* NULL: -I, -T or -U, which imply the text */
        bool environment;
    } probes[SPECS_MOST];
    unsigned probe_count;
    const char *port; /* -p */
    struct subject port_subject;
    struct target_words target; /* what a URL says */

    bool tos_given, max_given, family_given, queries_given, only_given;
    bool queries_here;        /* -q stands in the command line itself */
    bool write_environment;   /* --write stands in the environment: a replay leaves it aside */
    const char *dscp_spelled; /* --dscp or --ecn, whichever was given: at odds with -t */
    uint8_t dscp, ecn;
    nstime rate_gap;
    bool environment_stdout;    /* a format on stdout comes from the environment and gives way to the command line's */
    const char *stdout_format;  /* the format that has stdout; NULL: none yet */
    const char *sending;        /* the first option given that has no effect in a replay */
    const char *choosing;       /* the first option given that only a replay knows */
    const char *diagnosing;     /* the first option given that only a diagnosis knows */
    const char *searching;      /* the same of a search for all paths */
    const char *doubting;       /* --confidence, which both of them know */
    const char *confidence;     /* its value */
    const char *resolving;      /* --resolve, which only a replay knows */
    const char *judging;        /* the same of a diagnosis or a replay */
    const char *source;         /* --source: a choice in a replay, elsewhere another tool's -s; NULL: not given */
    const char *output_spelled; /* the first -o given that a dry run can't obey */

    const char *operands[FILES_MOST];
    unsigned operand_count;
};

enum option_group {
    GROUP_PROBES,
    GROUP_LADDER,
    GROUP_DIAGNOSE, /* unknown to a trace */
    GROUP_PATHS,    /* the same */
    GROUP_HEADER,
    GROUP_ROUTE,
    GROUP_CHOICE, /* what a replay is about: unknown to all else */
    GROUP_OUTPUT,
    GROUP_NAMES,
    GROUP_OTHER,
    GROUP_COUNT
};

struct option_row {
    const char *letter;   /* "-P"; NULL: none */
    const char *name;     /* "--probe"; NULL: none */
    const char *argument; /* "PROBE"; NULL: takes none */
    enum option_group group;
    bool sends;        /* says what is sent: a replay knows it for a choice (option_replay_help()) or not at all */
    const char *brief; /* few words for the overview of --help; NULL: not in it */
    const char *help;
    /* Obeys the option. `value` is NULL exactly where the row has no argument. */
    enum status (*apply)(struct parse *parse, const char *value, struct err *err);
};

extern const struct option_row option_rows[]; /* ends with a row without apply */
extern const char *const option_group_titles[GROUP_COUNT];

/* `spelled` is "-P" or "--probe"; NULL: none. */
const struct option_row *option_find(const char *spelled);

/* What an option that says what is sent chooses in a replay; NULL: it has no effect there. */
const char *option_replay_help(const struct option_row *row);

/* Words that a later version is to have and this one doesn't: commands, formats. */
bool reserved_command(const char *word);
bool reserved_format(const char *name);

/* The subject of a complaint about the option at hand. */
struct subject parse_subject(const struct parse *parse, const char *value);

#endif
