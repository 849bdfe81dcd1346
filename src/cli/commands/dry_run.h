/* SPDX-License-Identifier: BSD-2-Clause */
/* dryrun: what would be sent, shown and sent nowhere (--dry-run). Floor 6. */
#ifndef HOPSONDE_CLI_COMMANDS_DRY_RUN_H
#define HOPSONDE_CLI_COMMANDS_DRY_RUN_H

#include <stdio.h>

#include "cli/options/options.h"

/* Stamps the probes of the whole ladder (first to largest TTL, so many queries each) of each trace, of `auto` only the
 * first; prints each decoded on a line of `file`, with -v its bytes too, and with --write saves it as an outgoing
 * frame. The first is stamped with time 0, the next a send gap later. The same session gives the same bytes.
 * STATUS_SYSTEM where memory is short, or the capture or `file` cannot be written; a pipe that `file` is and nobody
 * reads any more is no error. */
enum status dryrun_print(const struct session *session, const struct options *options, FILE *file, struct err *err);

#endif
