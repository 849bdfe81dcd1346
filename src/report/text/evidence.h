/* SPDX-License-Identifier: BSD-2-Clause */
/* evidence: the packets behind a verdict, decoded, a line each. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_TEXT_EVIDENCE_H
#define HOPSONDE_REPORT_TEXT_EVIDENCE_H

#include "base/strbuf.h"
#include "report/format.h"

/* "    frame 12  +3.214 ms  10.0.0.2:41022 > 192.0.2.80:443  tcp/443, TTL 4, attempt 1": the verdict's frames in their
 * order, by their numbers in the capture, with times from the first probe on of all that were judged. Where the capture
 * is of several files each frame's is named. Where no capture is kept, the probes of the spec from the verdict's place
 * on and their answers, without numbers. `verdict` is one of the judgement's. */
void evidence_add(struct strbuf *text, const struct judgement *judgement, const struct verdict *verdict,
                  const struct result_source *source);

#endif
