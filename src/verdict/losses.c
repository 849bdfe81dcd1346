/* losses: how surely the silence at the end of the path is none by chance. */
#include "verdict/rules.h"

double losses_end_confidence(const struct facts *facts)
{
    struct end_comparison end;
    if (!facts->cohort->is_diagnose)
        return 1 - 1.0 / (facts->silent + 2);
    compare_end_among(facts->cohort, facts->trace, &end);
    return end.confidence;
}

enum end_hidden losses_hide_end(const struct facts *facts)
{
    struct end_comparison end;
    if (!facts->cohort->is_diagnose)
        return END_SHOWN;
    compare_end_among(facts->cohort, facts->trace, &end);
    if (!end.silent)
        return END_HIDDEN_BY_LIMIT;
    bool loses = end.way.silent || end.target.silent;
    return loses && end.confidence < CONFIDENCE_TO_CLAIM ? END_HIDDEN_BY_LOSS : END_SHOWN;
}
