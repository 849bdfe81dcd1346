/* SPDX-License-Identifier: BSD-2-Clause */
/* diagnose: the strategy of `diagnose`: all specs side by side over the same hops. Floor 5; pure. The rules stand in
 * diagnose.c; each other file carries out some of them, says what is still wanted, and sends nothing. */
#ifndef HOPSONDE_DIAGNOSE_DIAGNOSE_H
#define HOPSONDE_DIAGNOSE_DIAGNOSE_H

#include "session/strategy.h"

extern const struct strategy strategy_diagnose;

#endif
