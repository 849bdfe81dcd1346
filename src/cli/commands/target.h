/* SPDX-License-Identifier: BSD-2-Clause */
/* target: the target of a live run or a dry run: its address, the interface and the route to it. Top floor. */
#ifndef HOPSONDE_CLI_COMMANDS_TARGET_H
#define HOPSONDE_CLI_COMMANDS_TARGET_H

#include <net/if.h>

#include "cli/options/options.h"
#include "live/route.h"

/* Checks options against each HOST that is an address: before the run needs privileges and opens files. */
enum status target_check_literal(const struct options *options, struct err *err);
/* The family of the targets: as the options or an address among them decide; 0: names do. */
uint8_t target_family(const struct options *options);
/* HOST number `index`, from 0, of options->other_count + 1. */
const char *target_host(const struct options *options, unsigned index);
/* Resolves a HOST and fills target and target_name of `config`. `interface` becomes that of -i, or the zone of a
 * link-local target; "": neither. `family`: 4, 6, or 0 if the options decide. */
enum status target_find(const struct options *options, const char *host, uint8_t family, struct session_config *config,
                        char interface[IF_NAMESIZE], struct err *err);
/* The route to the target; `source` NULL: any. */
enum status target_route(const struct options *options, const struct session_config *config, const struct addr *source,
                         const char *interface, struct route *route, struct err *err);

#endif
