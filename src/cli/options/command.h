/* SPDX-License-Identifier: BSD-2-Clause */
/* command: the commands, a row each. Top floor; pure: rows only point at the functions that run them.
 *
 * The rows are in cli/commands/commands.c. A new command is a row there, an id here and its bit in the options that it
 * obeys. */
#ifndef HOPSONDE_CLI_OPTIONS_COMMAND_H
#define HOPSONDE_CLI_OPTIONS_COMMAND_H

enum command_id {
    COMMAND_TRACE,
    COMMAND_DIAGNOSE,
    COMMAND_PATHS,
    COMMAND_WATCH,
    COMMAND_REPLAY,
    COMMAND_TRANSIT,
    COMMAND_HELP
};

struct options;
struct run_context;

struct command {
    enum command_id id;
    const char *name;  /* as typed, and as in reports and saved captures */
    const char *usage; /* without the program's name */
    const char *help;  /* one line */
    const char *about; /* a paragraph; NULL: none */
    /* Returns the exit status. The file of --expect may add to the options. */
    int (*run)(struct options *options, const struct run_context *context);
};

extern const struct command commands[]; /* ends with a NULL name */

const struct command *command_find(const char *word); /* NULL: no command */
const struct command *command_of(enum command_id id);

#endif
