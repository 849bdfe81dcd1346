/* SPDX-License-Identifier: BSD-2-Clause */
/* dry_run: prints the probes instead of sending them (--dry-run). Top floor. */
#ifndef HOPSONDE_CLI_COMMANDS_DRY_RUN_H
#define HOPSONDE_CLI_COMMANDS_DRY_RUN_H

#include <stdio.h>

#include "capture/dump.h"
#include "cli/commands/run.h"

/* The dry run of a live command, after target_check_literal(). Returns the exit status. */
int dry_run(struct options *options, const struct run_context *context);

/* Stamps the probes of each trace (from first to largest TTL, `queries` each; of `auto` only the first trace). Prints
 * each decoded on a line of `file`, with -v its bytes too, and saves it in `dump` as an outgoing frame. `dump` was just
 * opened, or is NULL; it is closed. The first probe has time 0, the next ones follow at the send gap. The same session
 * gives the same bytes. STATUS_SYSTEM if memory is short, or if the capture or `file` cannot be written; a closed pipe
 * as `file` is no error. */
enum status dry_run_print(const struct session *session, const struct options *options, FILE *file, struct dump *dump,
                          struct err *err);

#endif
