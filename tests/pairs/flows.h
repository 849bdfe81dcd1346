/* SPDX-License-Identifier: BSD-2-Clause */
/* flows: the kinds of traffic of a pair. For tests only; internal to tests/pairs/. */
#ifndef HOPSONDE_TESTS_PAIRS_FLOWS_H
#define HOPSONDE_TESTS_PAIRS_FLOWS_H

#include "pairs/world.h"

extern const struct flow_kind flow_rtp, flow_quic, flow_wireguard, flow_esp, flow_large, flow_heartbeat;

#endif
