/* SPDX-License-Identifier: BSD-2-Clause */
/* merge: undecided runs that turn out to be one. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_RUNS_MERGE_H
#define HOPSONDE_RECOGNISE_RUNS_MERGE_H

#include "recognise/state.h"

/* Before a packet joins the run. If it is an echo request with an id of its own and the next TTL, so are the single
 * ones of other runs with the TTL before: they become candidates of this run. */
void merge_pings(struct recogniser *r, struct run *run, const struct digest *digest);

#endif
