/* SPDX-License-Identifier: BSD-2-Clause */
/* tool: which tool sent a run, how its probe is called here, and where the capture was taken. Floor 4; internal to
 * recognise/. */
#ifndef HOPSONDE_RECOGNISE_RUNS_TOOL_H
#define HOPSONDE_RECOGNISE_RUNS_TOOL_H

#include "recognise/state.h"

/* Fills flow and origin of the run's trace from what it has sent so far. */
void tool_describe(struct run *run);
bool tool_knows(const struct run *run);
/* True if each packet of the run bears the mark of a known tool: its payload, its sizes and where it begins to count.
 */
bool tool_is_marked(const struct run *run);
/* True if the run has sent enough to say where the capture was taken. */
bool tool_place_is_known(const struct run *run);
/* How many TTLs behind the sender the capture was taken; 0: at the sender, or unknown. */
uint8_t tool_captured_at(const struct run *run);

#endif
