/* SPDX-License-Identifier: BSD-2-Clause */
/* What --help and `help COMMAND` print, out of the tables: options, commands, probe types, formats. */
#include <string.h>

#include "cli/options/option_table.h"
#include "cli/options/options.h"
#include "probe/type.h"

#define COLUMNS 80
#define INDENT 26 /* where the second column begins */

static void add_wrapped(struct strbuf *out, const char *text, unsigned indent)
{
    strbuf_add_wrapped(out, text, indent, indent, COLUMNS);
    strbuf_add(out, "\n");
}

/* "  LEFT      RIGHT": a definition whose right side begins at INDENT. */
static void add_definition(struct strbuf *out, const char *left, const char *right)
{
    if (strlen(left) > INDENT - 4)
        strbuf_addf(out, "  %s\n%*s", left, INDENT, "");
    else
        strbuf_addf(out, "  %-*s", INDENT - 2, left);
    add_wrapped(out, right, INDENT);
}

static void add_option(struct strbuf *out, const struct option_row *row, const char *text)
{
    struct strbuf left;
    strbuf_init(&left);
    strbuf_addf(&left, "%s%s%s%s", row->letter ? row->letter : "   ", row->letter && row->name ? "," : "",
                row->name ? " " : "", row->name ? row->name : "");
    if (row->argument)
        strbuf_addf(&left, " %s", row->argument);
    add_definition(out, left.text, text);
    strbuf_free(&left);
}

/* `help trace` has all options. */
static bool is_known_to(const struct option_row *row, enum command command)
{
    if (command == COMMAND_DIAGNOSE)
        return row->group != GROUP_CHOICE && row->group != GROUP_PATHS;
    if (command != COMMAND_PATHS)
        return true;
    bool confidence = row->name && strcmp(row->name, "--confidence") == 0;
    bool queries = row->letter && strcmp(row->letter, "-q") == 0;
    return row->group != GROUP_CHOICE && (row->group != GROUP_DIAGNOSE || confidence) && !queries;
}

/* NULL: the command has no use for it. */
static const char *help_of(const struct option_row *row, enum command command)
{
    bool replay = command == COMMAND_REPLAY;
    if (!is_known_to(row, command))
        return NULL;
    const char *help = replay ? option_replay_help(row) : NULL;
    return help || (replay && row->sends) ? help : row->help;
}

/* NULL: the group goes on with the one before. */
static const char *title_of(unsigned group, enum command command)
{
    if (command == COMMAND_REPLAY && group == GROUP_PROBES)
        return "Selection by probe";
    if (command == COMMAND_PATHS && group == GROUP_DIAGNOSE)
        return option_group_titles[GROUP_PATHS];
    return command == COMMAND_PATHS && group == GROUP_PATHS ? NULL : option_group_titles[group];
}

static void add_options(struct strbuf *out, enum command command)
{
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        bool titled = false;
        for (const struct option_row *row = option_rows; row->apply; row++) {
            const char *help = help_of(row, command);
            if (row->group != group || !help)
                continue;
            const char *title = title_of(group, command);
            if (!titled && title)
                strbuf_addf(out, "\n%s\n", title);
            titled = true;
            add_option(out, row, help);
        }
    }
}

static void add_probes(struct strbuf *out)
{
    strbuf_add(out, "\nPROBE is PROTOCOL[/PORT][:VARIANT]\n");
    struct strbuf help;
    strbuf_init(&help);
    for (const struct probe_type *const *type = probe_types; *type; type++) {
        strbuf_clear(&help);
        probe_type_help(*type, &help);
        add_definition(out, (*type)->name, help.text);
    }
    strbuf_free(&help);
}

static void add_formats(struct strbuf *out)
{
    strbuf_add(out, "\nFORMAT is\n");
    for (const struct output_format *const *format = output_formats; *format; format++)
        add_definition(out, (*format)->name, (*format)->help);
}

static void add_statuses(struct strbuf *out)
{
    strbuf_add(out, "\nExit status\n");
    add_definition(
        out, "0",
        "the target answered: a verdict is open or closed (replay: a trace was found; --expect: all verdicts "
        "are as expected)");
    add_definition(out, "1", "the target did not answer (--expect: a verdict differs)");
    add_definition(out, "2", "usage error in the command line");
    add_definition(out, "3", "the run was not possible, or output could not be written");
    add_definition(out, "130", "interrupted");
}

static void add_command(struct strbuf *out, const struct command_row *command)
{
    strbuf_addf(out, "Usage: hopsonde %s\n", command->usage);
    if (command->about) {
        strbuf_add(out, "\n");
        add_wrapped(out, command->about, 0);
    }
    add_options(out, command->command);
    if (command->command != COMMAND_REPLAY)
        add_probes(out);
    add_formats(out);
    add_statuses(out);
    strbuf_add(out, "\nThe environment variable HOPSONDE_OPTIONS holds options to read before these.\n");
}

static void add_overview(struct strbuf *out)
{
    strbuf_add(out, "Usage:\n");
    for (const struct command_row *command = command_rows; command->name; command++)
        strbuf_addf(out, "  hopsonde %-35s%s\n", command->usage, command->help);
    strbuf_add(out, "\nCommon options (`hopsonde help trace` lists all):\n");
    for (const struct option_row *row = option_rows; row->apply; row++) {
        if (row->brief)
            add_option(out, row, row->brief);
    }
}

void options_help(struct strbuf *out, const char *topic)
{
    const struct command_row *command = topic ? command_find(topic) : NULL;
    if (command && command->command != COMMAND_HELP)
        add_command(out, command);
    else
        add_overview(out);
}
