/* SPDX-License-Identifier: BSD-2-Clause */
/* port_lists: the port lists of the command line, as specs of the run or as lists. Top floor; pure; internal to
 * cli/options/. */
#ifndef HOPSONDE_CLI_OPTIONS_PORT_LISTS_H
#define HOPSONDE_CLI_OPTIONS_PORT_LISTS_H

#include "cli/options/options.h"

/* Specs of a run that are probed side by side; if there are more, those that differ by port alone become lists. */
#define PORT_LISTS_OVER 16

/* Adds the list to those of the configuration, or its ports to one that is alike. */
enum status port_lists_add(struct session_config *config, const struct port_list *list, struct err *err);
/* The same for a spec with a port. */
enum status port_lists_add_spec(struct session_config *config, const struct probe_spec *spec, struct err *err);
/* After all probes are known: up to PORT_LISTS_OVER specs in all become specs; else specs that belong to a list join
 * it. A run without any spec needs one to learn the path: a port of the first list, which prefers well-known ones. */
enum status port_lists_settle(struct session_config *config, bool needs_spec, struct err *err);
/* Then: the strategy of the diagnosis, how fast it sends, and how much it may send. */
enum status port_lists_pace(struct options *options, struct err *err);

#endif
