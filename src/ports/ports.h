/* SPDX-License-Identifier: BSD-2-Clause */
/* ports: the strategy of `diagnose` with port lists. Floor 5; pure. */
#ifndef HOPSONDE_PORTS_PORTS_H
#define HOPSONDE_PORTS_PORTS_H

#include "session/strategy.h"

extern const struct strategy strategy_ports;

#endif
