/* SPDX-License-Identifier: BSD-2-Clause */
/* evidence: the packets behind a verdict, decoded, one line each. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_EVIDENCE_H
#define HOPSONDE_REPORT_TEXT_NOTES_EVIDENCE_H

#include "base/strbuf.h"
#include "report/format.h"

/* Adds "    frame 12  +3.214 ms  10.0.0.2:41022 > 192.0.2.80:443  tcp/443, TTL 4, attempt 1" for each of the verdict's
 * frames, in order. Times count from the first probe of all that were judged. If there are several capture files, each
 * line names its own. If no capture is kept, the lines are the spec's probes from the verdict's place on and their
 * replies, without frame numbers. `verdict` is one of the judgement's. */
void evidence_add(struct strbuf *text, const struct judgement *judgement, const struct verdict *verdict,
                  const struct result_source *source);

#endif
