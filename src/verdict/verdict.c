#include "verdict/verdict.h"

#include <string.h>

#include "verdict/facts.h"

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
}

const char *verdict_state_name(enum verdict_state state)
{
    static const char *const names[] = {"open",        "closed",  "rejected",   "dropped",     "intercepted",
                                        "unreachable", "looping", "unanswered", "inconclusive"};
    return names[state];
}
