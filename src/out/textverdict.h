/* textverdict: what stands below a table: the verdicts, a line each, and the findings. Floor 5; pure. */
#ifndef HOPSONDE_OUT_TEXTVERDICT_H
#define HOPSONDE_OUT_TEXTVERDICT_H

#include "base/strbuf.h"
#include "out/output.h"

/* Below each verdict the packets that show it, where that is asked for (`evidence`). */
void textverdict_add_verdicts(struct strbuf *text, const struct judgement *judgement,
                              const struct report_source *source, bool evidence);
/* But those that say the same as a verdict. */
void textverdict_add_findings(struct strbuf *text, const struct judgement *judgement);

#endif
