/* chain: the probes that were asked for, as the specs of the run. Floor 6; internal to the options of cli/. */
#ifndef HOPSONDE_CLI_CHAIN_H
#define HOPSONDE_CLI_CHAIN_H

#include "cli/table.h"

/* Fills specs, spec_count and automatic of the session's configuration from -P, -I, -T, -U, -p and the URL. */
enum status chain_build(const struct parse *parse, struct err *err);
/* The same words as a choice among the traces of a replay; those of the environment, which say what to send, count not.
 */
enum status chain_choose(const struct parse *parse, struct err *err);

#endif
