/* SPDX-License-Identifier: BSD-2-Clause */
/* port_run: a diagnosis of one port list over a simulated network, with the settings of the command line. For tests
 * only. */
#ifndef HOPSONDE_TESTS_SIM_PORT_RUN_H
#define HOPSONDE_TESTS_SIM_PORT_RUN_H

#include "sim/drive.h"

/* Adds the links from the client over the routers r1, r2 ... to the target, each with these options. */
void port_run_add_links(struct strbuf *out, unsigned routers, const char *options);
/* False: it could not run. Free `d` in any case. */
bool port_run(struct drive *d, const struct net *net, const char *list, uint8_t family, uint64_t seed);
/* The same with --through: an address or a TTL; NULL: without. */
bool port_run_through(struct drive *d, const struct net *net, const char *list, const char *through, uint8_t family,
                      uint64_t seed);

#endif
