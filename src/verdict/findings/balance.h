/* SPDX-License-Identifier: BSD-2-Clause */
/* balance: whether a load balancer works per packet. Floor 4; pure. */
#ifndef HOPSONDE_VERDICT_FINDINGS_BALANCE_H
#define HOPSONDE_VERDICT_FINDINGS_BALANCE_H

#include "trace/trace.h"

/* Whether routers alternate there for probes of one flow: to and fro, so that it is no route change, while no other
 * field that a load balancer may hash differs between the probes. */
bool balance_is_per_packet(const struct trace *trace, uint8_t ttl);

#endif
