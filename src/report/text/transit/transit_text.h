/* SPDX-License-Identifier: BSD-2-Clause */
/* transit_text: the text report of two capture points: the points, the findings, the conversations with the worst
 * first, and what is not judged. One screen; -v shows all conversations and packets. Floor: report; part of the format
 * text. */
#ifndef HOPSONDE_REPORT_TEXT_TRANSIT_TRANSIT_TEXT_H
#define HOPSONDE_REPORT_TEXT_TRANSIT_TRANSIT_TEXT_H

#include "report/format.h"

void transit_text_end(struct output *out);

#endif
