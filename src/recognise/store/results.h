/* SPDX-License-Identifier: BSD-2-Clause */
/* results: passes results to the events at once, or keeps them for the end. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_STORE_RESULTS_H
#define HOPSONDE_RECOGNISE_STORE_RESULTS_H

#include "recognise/state.h"

/* Takes over the error's extension. */
void results_error(struct recogniser *r, const struct other_error *error);
/* A probe of a wanted trace; the replies stay the caller's. */
void results_probe(struct recogniser *r, struct trace *trace, const struct probe *probe);
/* The trace is over: keeps it (what it owns moves) or passes it on. */
void results_trace(struct recogniser *r, struct trace *trace);
void results_finish(struct recogniser *r);
void results_free(struct recogniser *r);

#endif
