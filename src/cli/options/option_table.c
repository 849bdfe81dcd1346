/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/option_table.h"

#include <string.h>

#include "cli/options/groups/groups.h"

const struct option_group *const option_groups[] = {
    &option_group_probes, &option_group_ladder, &option_group_strategy, &option_group_rounds,
    &option_group_header, &option_group_route,  &option_group_filter,   &option_group_points,
    &option_group_output, &option_group_names,  &option_group_other,    NULL,
};

const struct option_row *option_at(size_t index)
{
    for (const struct option_group *const *group = option_groups; *group; group++) {
        if (index < (*group)->count)
            return &(*group)->rows[index];
        index -= (*group)->count;
    }
    return NULL;
}

const struct option_row *option_find(const char *spelled)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
        if ((row->letter && strcmp(row->letter, spelled) == 0) || (row->name && strcmp(row->name, spelled) == 0))
            return row;
    }
    return NULL;
}

static bool is_among(const char *word, const char *const words[])
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

bool reserved_command(const char *word)
{
    static const char *const words[] = {"sweep", NULL};
    return is_among(word, words);
}

bool reserved_format(const char *name)
{
    static const char *const words[] = {"html", NULL};
    return is_among(name, words);
}
