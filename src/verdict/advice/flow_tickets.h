/* SPDX-License-Identifier: BSD-2-Clause */
/* flow_tickets: tickets for specs that are stopped on some of their paths only. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_ADVICE_FLOW_TICKETS_H
#define HOPSONDE_VERDICT_ADVICE_FLOW_TICKETS_H

#include "verdict/advice/advice.h"

void flow_tickets_add(const struct judgement *judgement, ticket_sink *sink, void *context);

#endif
