/* SPDX-License-Identifier: BSD-2-Clause */
/* survey: rule 6 of a round: ports that have the place of their neighbours are asked for it where that costs nothing.
 * Floor 5; internal to ports/; pure. */
#ifndef HOPSONDE_PORTS_SURVEY_H
#define HOPSONDE_PORTS_SURVEY_H

#include "ports/maker.h"

/* Adds such ports at the last hop that their neighbours pass, if its router may be without a limit. */
void survey_add(struct maker *maker);

#endif
