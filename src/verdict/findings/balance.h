/* SPDX-License-Identifier: BSD-2-Clause */
/* balance: how several routers at one hop share the packets. Floor 4; pure. */
#ifndef HOPSONDE_VERDICT_BALANCE_H
#define HOPSONDE_VERDICT_BALANCE_H

#include "trace/trace.h"

/* Whether probes of one flow were answered by routers in turns there: to and fro, so that it is no change of routes,
 * and nothing else that a balancer may look at differs between them. */
bool balance_is_per_packet(const struct trace *trace, uint8_t ttl);

#endif
