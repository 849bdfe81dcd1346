/* SPDX-License-Identifier: BSD-2-Clause */
/* strategies: the table of all strategies. Floor 6; pure. A new one is a folder and a line in strategies.c. */
#ifndef HOPSONDE_STRATEGIES_STRATEGIES_H
#define HOPSONDE_STRATEGIES_STRATEGIES_H

#include "diagnose/diagnose.h"
#include "ladder/ladder.h"
#include "paths/paths.h"
#include "ports/ports.h"
#include "watch/watch.h"

extern const struct strategy *const strategies[];       /* NULL-terminated; the first is the default */
const struct strategy *strategy_find(const char *name); /* NULL: there is none of this name */

#endif
