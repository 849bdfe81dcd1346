/* SPDX-License-Identifier: BSD-2-Clause */
/* silent_protocol: rule 9 of a diagnosis: a hop that forwards a protocol, but is silent to it alone. Floor 5; pure;
 * internal to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_SILENT_PROTOCOL_H
#define HOPSONDE_DIAGNOSE_SILENT_PROTOCOL_H

#include "session/state.h"

/* Wants such hops to be probed again until it is known that their silence is no rate limit. */
void silent_protocol_update(struct session *session);

#endif
