/* SPDX-License-Identifier: BSD-2-Clause */
/* ladder: the strategy of `trace`: the first spec climbs hop by hop, and the next ones where it falls silent. Floor 5;
 * pure. The rules stand in ladder.c. */
#ifndef HOPSONDE_LADDER_LADDER_H
#define HOPSONDE_LADDER_LADDER_H

#include "session/strategy.h"

extern const struct strategy strategy_trace;

#endif
