/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/verdicts.h"

#include <string.h>

#include "report/summary.h"
#include "report/text/evidence.h"

void text_verdicts_add_verdicts(struct strbuf *text, const struct judgement *judgement,
                                const struct result_source *source, bool evidence)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        strbuf_addf(text, "%s\n", judgement->verdicts[i].text);
        if (evidence)
            evidence_add(text, judgement, &judgement->verdicts[i], source);
    }
}

/* A verdict of the same trace says the same. */
static bool is_told_by_verdict(const struct finding *finding)
{
    return finding->kind == FINDING_LOOP || finding->kind == FINDING_MTU;
}

void text_verdicts_add_findings(struct strbuf *text, const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (!is_told_by_verdict(&judgement->findings[i]))
            strbuf_addf(text, "%s\n", judgement->findings[i].text);
}

bool text_add_cut_files(struct strbuf *text, const struct result_source *source)
{
    bool any = false;
    for (unsigned i = 0; !source->live && i < source->file_count; i++) {
        if (!source->files[i].truncated)
            continue;
        summary_add_file_name(text, source->files[i].name);
        strbuf_add(text, " is cut short: the report covers only what came before the cut\n");
        any = true;
    }
    return any;
}
