/* SPDX-License-Identifier: BSD-2-Clause */
/* list_witness: specs are judged against each other; then a port of a list may show that the path goes on where a spec
 * falls silent. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_LIST_WITNESS_H
#define HOPSONDE_VERDICT_LIST_WITNESS_H

#include "portmap/portmap.h"
#include "verdict/verdict.h"

/* Turns `unanswered` into `dropped` if a port expired behind the spec's last hop. */
void list_witness_judge(const struct portmap *map, struct verdict *verdict);

#endif
