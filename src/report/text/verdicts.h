/* SPDX-License-Identifier: BSD-2-Clause */
/* textverdict: what stands below a table: the verdicts, a line each, and the findings. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_TEXT_VERDICTS_H
#define HOPSONDE_REPORT_TEXT_VERDICTS_H

#include "base/strbuf.h"
#include "report/format.h"

/* Below each verdict the packets that show it, where that is asked for (`evidence`). */
void text_verdicts_add_verdicts(struct strbuf *text, const struct judgement *judgement,
                                const struct result_source *source, bool evidence);
/* But those that say the same as a verdict. */
void text_verdicts_add_findings(struct strbuf *text, const struct judgement *judgement);
/* "FILE is cut short ...", a line for each file that is. True: one is. */
bool text_add_cut_files(struct strbuf *text, const struct result_source *source);

#endif
