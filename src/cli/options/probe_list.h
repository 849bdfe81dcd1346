/* SPDX-License-Identifier: BSD-2-Clause */
/* chain: the probes that were asked for, as the specs of the run. Floor 6; internal to the options of cli/. */
#ifndef HOPSONDE_CLI_OPTIONS_PROBE_LIST_H
#define HOPSONDE_CLI_OPTIONS_PROBE_LIST_H

#include "cli/options/option_table.h"

/* Fills specs, spec_count and automatic of the session's configuration from -P, -I, -T, -U, -p and the URL. */
enum status probe_list_build(const struct parse *parse, struct err *err);
/* The same for a diagnosis, whose operands are probes too: icmp stands before them for comparison, but with --only.
 * default_specs says whether anybody named one. */
enum status probe_list_diagnose(const struct parse *parse, struct err *err);
/* The specs of the file that tells what is expected, in place of the default ones. `specs` has no repetitions. */
enum status probe_list_of_specs(struct session_config *config, const struct probe_spec *specs, unsigned count,
                                bool only, struct err *err);
/* The one probe of a search for all paths: udp where none is asked for. */
enum status probe_list_search(struct parse *parse, struct err *err);
/* The same words as a choice among the traces of a replay; those of the environment, which say what to send, count not.
 */
enum status probe_list_choose(const struct parse *parse, struct err *err);

#endif
