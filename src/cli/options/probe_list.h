/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_list: the probes of the command line as the specs of the run. Top floor; pure. Outside cli/options/, callers
 * use the functions for --expect only. */
#ifndef HOPSONDE_CLI_OPTIONS_PROBE_LIST_H
#define HOPSONDE_CLI_OPTIONS_PROBE_LIST_H

#include "cli/options/parse.h"

/* Fills specs, spec_count and automatic of the session's configuration from -P, -I, -T, -U, -p and the URL. */
enum status probe_list_build(const struct parse *parse, struct err *err);
/* The same for diagnose, which also takes probes as operands. Unless --only was given, puts icmp first, and
 * a control behind all specs for each kind of spec with a name. Sets default_specs if no probe was given. */
enum status probe_list_diagnose(const struct parse *parse, struct err *err);
/* After the specs and port lists of an --expect file were taken instead of the default ones: the same. */
enum status probe_list_settle(struct options *options, struct err *err);
/* The probes of watch: those given, with icmp for comparison; else `auto`. None may need a connection: servers close
 * those that are idle, so rounds would open new ones for ever. */
enum status probe_list_watch(const struct parse *parse, struct err *err);
/* The same after the specs of an --expect file were taken. */
enum status probe_list_settle_rounds(struct options *options, struct err *err);
/* The one probe of paths: udp by default. */
enum status probe_list_search(struct parse *parse, struct err *err);
/* For a replay: the same options as a selection of traces. Those in HOPSONDE_OPTIONS say what to send, so they do not
 * count. */
enum status probe_list_select(const struct parse *parse, struct err *err);

#endif
