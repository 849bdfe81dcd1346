/* SPDX-License-Identifier: BSD-2-Clause */
/* groups: the groups of options, a file each. Top floor; pure; internal to cli/options/.
 *
 * A file holds the rows of its group and, above them, the functions that check and note their values. */
#ifndef HOPSONDE_CLI_OPTIONS_GROUPS_GROUPS_H
#define HOPSONDE_CLI_OPTIONS_GROUPS_GROUPS_H

#include "cli/options/option_table.h"
#include "cli/options/parse.h"

#define OPTION_FLAG(member) .flag = offsetof(struct options, member)
#define OPTION_GROUP(variable, heading, replay_heading, array)                                                         \
    const struct option_group variable = {heading, replay_heading, array, sizeof array / sizeof *array}

extern const struct option_group option_group_probes, option_group_ladder, option_group_strategy, option_group_rounds,
    option_group_header, option_group_route, option_group_filter, option_group_points, option_group_output,
    option_group_names, option_group_other;

/* Adds a probe that is an operand: "tcp/443" or "auto". */
enum status probes_add_operand(struct parse *parse, const char *text, struct err *err);
/* Removes the format that has standard output. */
void outputs_leave_stdout(struct parse *parse);

#endif
