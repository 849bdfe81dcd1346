/* SPDX-License-Identifier: BSD-2-Clause */
/* pattern: how the fields of a run move from probe to probe, and which packets continue them. Floor 4; internal to
 * recognise/. */
#ifndef HOPSONDE_RECOGNISE_RUNS_PATTERN_H
#define HOPSONDE_RECOGNISE_RUNS_PATTERN_H

#include "recognise/runs/order.h"

void field_add(struct field *field, uint32_t value, bool first, enum range range);
/* How well a packet continues what the run has sent: 0 not at all, more is better. */
unsigned pattern_fits(const struct run *run, const struct digest *digest, nstime now);
/* `place`: of a packet out of order, else NULL. */
void pattern_add(struct run *run, const struct traits *traits, enum order order, const struct place *place);
/* True if the run may have sent it at any time. */
bool pattern_covers(const struct run *run, const struct traits *traits);

#endif
