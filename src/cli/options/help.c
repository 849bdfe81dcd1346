/* SPDX-License-Identifier: BSD-2-Clause */
/* What --help and `help COMMAND` print, from the tables of options, commands, probe types and formats. */
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

/* " [diagnose, paths]": `help trace` lists options of other commands, too. */
static void add_other_commands(struct strbuf *out, const struct option_row *row)
{
    unsigned count = 0;
    if (row->commands & ON_TRACE)
        return;
    for (const struct command *command = commands; command->name; command++)
        if (row->commands & 1u << command->id)
            strbuf_addf(out, "%s%s", count++ ? ", " : " [", command->name);
    strbuf_add(out, "]");
}

/* `command` NULL: the overview. */
static void add_option(struct strbuf *out, const struct option_row *row, const char *help,
                       const struct command *command)
{
    struct strbuf left, text;
    strbuf_init(&left);
    strbuf_init(&text);
    strbuf_add(&text, help);
    if (command && command->id == COMMAND_TRACE)
        add_other_commands(&text, row);
    strbuf_addf(&left, "%s%s%s%s", row->letter ? row->letter : "   ", row->letter && row->name ? "," : "",
                row->name ? " " : "", row->name ? row->name : "");
    if (row->argument)
        strbuf_addf(&left, " %s", row->argument);
    add_definition(out, left.text, text.text);
    strbuf_free(&text);
    strbuf_free(&left);
}

/* Which options `help COMMAND` lists. `help trace` lists all. */
static unsigned mask_of(const struct command *command)
{
    switch (command->id) {
    case COMMAND_TRACE:
        return ON_EVERY;
    case COMMAND_PATHS:
        return ON_PATHS;
    default:
        return 1u << command->id;
    }
}

static void add_group(struct strbuf *out, const struct option_group *group, const struct command *command)
{
    bool is_replay = command->id == COMMAND_REPLAY, titled = false;
    const char *title = is_replay && group->replay_title ? group->replay_title : group->title;
    for (size_t i = 0; i < group->count; i++) {
        const struct option_row *row = &group->rows[i];
        if (!(row->commands & mask_of(command)))
            continue;
        if (!titled)
            strbuf_addf(out, "\n%s\n", title);
        titled = true;
        add_option(out, row, is_replay && row->replay_help ? row->replay_help : row->help, command);
    }
}

static void add_options(struct strbuf *out, const struct command *command)
{
    for (const struct option_group *const *group = option_groups; *group; group++)
        add_group(out, *group, command);
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

static void add_command(struct strbuf *out, const struct command *command)
{
    strbuf_addf(out, "Usage: hopsonde %s\n", command->usage);
    if (command->about) {
        strbuf_add(out, "\n");
        add_wrapped(out, command->about, 0);
    }
    add_options(out, command);
    if (command->id != COMMAND_REPLAY)
        add_probes(out);
    add_formats(out);
    add_statuses(out);
    strbuf_add(out, "\nThe environment variable HOPSONDE_OPTIONS holds options to read before these.\n");
}

static void add_overview(struct strbuf *out)
{
    strbuf_add(out, "Usage:\n");
    for (const struct command *command = commands; command->name; command++)
        strbuf_addf(out, "  hopsonde %-35s%s\n", command->usage, command->help);
    strbuf_add(out, "\nCommon options (`hopsonde help trace` lists all):\n");
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
        if (row->brief)
            add_option(out, row, row->brief, NULL);
    }
}

void options_help(struct strbuf *out, const char *topic)
{
    const struct command *command = topic ? command_find(topic) : NULL;
    if (command && command->id != COMMAND_HELP)
        add_command(out, command);
    else
        add_overview(out);
}
