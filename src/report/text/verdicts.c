/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/verdicts.h"

#include <string.h>

#include "report/text/evidence.h"

void verdicts_add(struct strbuf *text, const struct judgement *judgement, const struct result_source *source,
                  bool evidence)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        strbuf_addf(text, "%s\n", judgement->verdicts[i].text);
        if (evidence)
            evidence_add(text, judgement, &judgement->verdicts[i], source);
    }
}

/* A verdict about the same trace says the same. A packet that was too big is no verdict if smaller ones went on. */
static bool is_told_by_verdict(const struct judgement *judgement, const struct finding *finding)
{
    bool told = finding->kind == FINDING_LOOP;
    for (unsigned i = 0; finding->kind == FINDING_MTU && i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        told = told || (verdict->trace == finding->trace && verdict->state == VERDICT_REJECTED);
    }
    return told;
}

void verdicts_add_findings(struct strbuf *text, const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (!is_told_by_verdict(judgement, &judgement->findings[i]))
            strbuf_addf(text, "%s\n", judgement->findings[i].text);
}
