/* SPDX-License-Identifier: BSD-2-Clause */
/* again: rules 3 and 7 of a round: silent ports are asked again. Floor 5; internal to ports/; pure. */
#ifndef HOPSONDE_PORTS_AGAIN_H
#define HOPSONDE_PORTS_AGAIN_H

#include "ports/maker.h"

/* When the round may start for the sake of tokens; 0: at once. */
nstime again_tokens_at(const struct maker *maker);
/* Adds refused controls at once, which show if their senders have a limit. */
void again_try(struct maker *maker);
/* Whether ports are to be asked again. */
bool again_is_due(const struct portmap *map);
/* Adds those that were asked least, and controls that the target resets. */
void again_add(struct maker *maker);
/* Adds the controls that end such a round: they are refused, or behind a gateway forwarded. */
void again_add_controls(struct maker *maker);

#endif
