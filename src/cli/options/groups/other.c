/* SPDX-License-Identifier: BSD-2-Clause */
/* Help and version. */
#include "cli/options/groups/groups.h"

/* Ends the command line. In HOPSONDE_OPTIONS both are ignored. */
static void look_stop(struct parse *parse, bool version)
{
    if (parse->environment)
        return;
    parse->stop = true;
    parse->out->command = COMMAND_HELP;
    parse->out->version = version;
}

static void look_help(struct parse *parse)
{
    look_stop(parse, false);
}

static void look_version(struct parse *parse)
{
    look_stop(parse, true);
}

/* Nothing is left to do: the command line ended with the first pass, and HOPSONDE_OPTIONS does not count. */
static enum status apply_nothing(struct parse *parse, const char *value, struct err *err)
{
    (void)parse, (void)value, (void)err;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.letter = "-h",
     .name = "--help",
     .commands = ON_EVERY,
     .brief = "help (-V: version)",
     .help = "print help and exit",
     .look = look_help,
     .apply = apply_nothing},
    {.letter = "-V",
     .name = "--version",
     .commands = ON_EVERY,
     .help = "print the version and exit",
     .look = look_version,
     .apply = apply_nothing},
};

OPTION_GROUP(option_group_other, "Other", NULL, rows);
