#include "verdict/verdict.h"

#include <string.h>

#include "verdict/facts.h"

static void end_sentence(char text[SENTENCE_BYTES])
{
    size_t length = strlen(text);
    if (length + 1 < SENTENCE_BYTES)
        memcpy(text + length, ".", 2);
}

void verdict_judge(const struct session *session, struct judgement *out)
{
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        struct facts facts;
        if (!session_trace(session, i)->started)
            continue;
        facts_gather(session, session_trace(session, i), &facts);
        rules_judge(&facts, &out->verdicts[out->verdict_count++]);
    }
    findings_gather(session, out);
    for (unsigned i = 0; i < out->verdict_count; i++)
        end_sentence(out->verdicts[i].text);
    for (unsigned i = 0; i < out->finding_count; i++)
        end_sentence(out->findings[i].text);
}

const char *verdict_state_name(enum verdict_state state)
{
    static const char *const names[] = {"open",        "closed",  "rejected",   "dropped",     "intercepted",
                                        "unreachable", "looping", "unanswered", "inconclusive"};
    return names[state];
}
