/* SPDX-License-Identifier: BSD-2-Clause */
/* apply: what each option does with its value: checks it alone and notes it. Floor 6; internal to the options of cli/.
 *
 * What depends on several options is judged when all are known (options.c). `value` is NULL for options that take none.
 */
#ifndef HOPSONDE_CLI_OPTIONS_APPLY_H
#define HOPSONDE_CLI_OPTIONS_APPLY_H

#include "cli/options/option_table.h"

/* Takes away the format that has standard output. */
void outputs_leave_stdout(struct parse *parse);

enum status apply_probe(struct parse *parse, const char *value, struct err *err);
enum status apply_icmp(struct parse *parse, const char *value, struct err *err);
enum status apply_tcp(struct parse *parse, const char *value, struct err *err);
enum status apply_udp(struct parse *parse, const char *value, struct err *err);
enum status apply_port(struct parse *parse, const char *value, struct err *err);
enum status apply_four(struct parse *parse, const char *value, struct err *err);
enum status apply_six(struct parse *parse, const char *value, struct err *err);
enum status apply_seed(struct parse *parse, const char *value, struct err *err);
enum status apply_dry_run(struct parse *parse, const char *value, struct err *err);
enum status apply_first(struct parse *parse, const char *value, struct err *err);
enum status apply_max(struct parse *parse, const char *value, struct err *err);
enum status apply_queries(struct parse *parse, const char *value, struct err *err);
enum status apply_gap(struct parse *parse, const char *value, struct err *err);
enum status apply_wait(struct parse *parse, const char *value, struct err *err);
enum status apply_send_gap(struct parse *parse, const char *value, struct err *err);
enum status apply_rate(struct parse *parse, const char *value, struct err *err);
enum status apply_confidence(struct parse *parse, const char *value, struct err *err);
enum status apply_budget(struct parse *parse, const char *value, struct err *err);
enum status apply_max_probes(struct parse *parse, const char *value, struct err *err);
enum status apply_lite(struct parse *parse, const char *value, struct err *err);
enum status apply_only(struct parse *parse, const char *value, struct err *err);
enum status apply_expect(struct parse *parse, const char *value, struct err *err);
enum status apply_tos(struct parse *parse, const char *value, struct err *err);
enum status apply_dscp(struct parse *parse, const char *value, struct err *err);
enum status apply_ecn(struct parse *parse, const char *value, struct err *err);
enum status apply_no_df(struct parse *parse, const char *value, struct err *err);
enum status apply_flow_label(struct parse *parse, const char *value, struct err *err);
enum status apply_source(struct parse *parse, const char *value, struct err *err);
enum status apply_interface(struct parse *parse, const char *value, struct err *err);
enum status apply_sport(struct parse *parse, const char *value, struct err *err);
enum status apply_fwmark(struct parse *parse, const char *value, struct err *err);
enum status apply_target(struct parse *parse, const char *value, struct err *err);
enum status apply_source_choice(struct parse *parse, const char *value, struct err *err);
enum status apply_since(struct parse *parse, const char *value, struct err *err);
enum status apply_until(struct parse *parse, const char *value, struct err *err);
enum status apply_bpf(struct parse *parse, const char *value, struct err *err);
enum status apply_list(struct parse *parse, const char *value, struct err *err);
enum status apply_output(struct parse *parse, const char *value, struct err *err);
enum status apply_write(struct parse *parse, const char *value, struct err *err);
enum status apply_read(struct parse *parse, const char *value, struct err *err);
enum status apply_color(struct parse *parse, const char *value, struct err *err);
enum status apply_numeric(struct parse *parse, const char *value, struct err *err);
enum status apply_resolver(struct parse *parse, const char *value, struct err *err);
enum status apply_dns_timeout(struct parse *parse, const char *value, struct err *err);
enum status apply_verify_names(struct parse *parse, const char *value, struct err *err);
enum status apply_networks(struct parse *parse, const char *value, struct err *err);
enum status apply_places(struct parse *parse, const char *value, struct err *err);
enum status apply_asn_db(struct parse *parse, const char *value, struct err *err);
enum status apply_geo_db(struct parse *parse, const char *value, struct err *err);
enum status apply_whois(struct parse *parse, const char *value, struct err *err);
enum status apply_whois_server(struct parse *parse, const char *value, struct err *err);
enum status apply_resolve(struct parse *parse, const char *value, struct err *err);
enum status apply_verbose(struct parse *parse, const char *value, struct err *err);
enum status apply_quiet(struct parse *parse, const char *value, struct err *err);
enum status apply_help(struct parse *parse, const char *value, struct err *err);
enum status apply_version(struct parse *parse, const char *value, struct err *err);

#endif
