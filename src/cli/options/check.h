/* SPDX-License-Identifier: BSD-2-Clause */
/* check: what follows from several options and operands together. Top floor; pure; internal to cli/options/. */
#ifndef HOPSONDE_CLI_OPTIONS_CHECK_H
#define HOPSONDE_CLI_OPTIONS_CHECK_H

#include "cli/options/parse.h"

/* Before options are applied: a command that stands behind an option is not meant as HOST. */
enum status check_command(const struct parse *parse, struct err *err);
/* After all options were applied: takes the operands, checks options against each other, and completes the
 * configuration. */
enum status check_all(struct parse *parse, struct err *err);

#endif
