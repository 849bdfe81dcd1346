/* SPDX-License-Identifier: BSD-2-Clause */
/* paths: the strategy of `paths`: the Multipath Detection Algorithm (multipath/mda.h), sent at a pace that routers
 * bear. Floor 5; pure. */
#ifndef HOPSONDE_PATHS_PATHS_H
#define HOPSONDE_PATHS_PATHS_H

#include "session/strategy.h"

extern const struct strategy strategy_paths;

#endif
