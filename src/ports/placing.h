/* SPDX-License-Identifier: BSD-2-Clause */
/* placing: rules 2 and 4 of a round: ports are asked at the hops of the path. Floor 5; internal to ports/; pure. */
#ifndef HOPSONDE_PORTS_PLACING_H
#define HOPSONDE_PORTS_PLACING_H

#include "ports/maker.h"

/* Adds what is to be asked at hops before the end of the path. */
void placing_add(struct maker *maker);

#endif
