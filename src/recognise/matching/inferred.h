/* SPDX-License-Identifier: BSD-2-Clause */
/* inferred: traces inferred from replies whose probes are not in the capture. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_MATCHING_INFERRED_H
#define HOPSONDE_RECOGNISE_MATCHING_INFERRED_H

#include "recognise/state.h"

/* An ICMP error that quotes a packet which is not in the capture. Takes over the error's extension. */
void inferred_add(struct recogniser *r, const struct digest *quote, const struct other_error *error);
/* A direct answer of a target that has unmatched errors: it may end their trace. False: it does not belong to them. */
bool inferred_take_answer(struct recogniser *r, struct pair *pair, uint32_t word, const struct reply *reply);
void inferred_tick(struct recogniser *r);
void inferred_finish(struct recogniser *r);

#endif
