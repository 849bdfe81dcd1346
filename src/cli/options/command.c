/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/command.h"

#include <string.h>

const struct command *command_find(const char *word)
{
    for (const struct command *row = commands; row->name; row++) {
        if (strcmp(row->name, word) == 0)
            return row;
    }
    return NULL;
}

const struct command *command_of(enum command_id id)
{
    const struct command *row = commands;
    while (row->name && row->id != id)
        row++;
    return row;
}
