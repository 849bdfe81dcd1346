/* SPDX-License-Identifier: BSD-2-Clause */
/* tickets: sentences for the operators of the devices that stop probes. Floor: report; internal to text/. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_TICKETS_H
#define HOPSONDE_REPORT_TEXT_NOTES_TICKETS_H

#include "report/format.h"

/* A paragraph, one line a ticket; nothing if there is none, or all is as --expect has it. */
void tickets_print(struct output *out, const struct judgement *judgement);

#endif
