/* losses: how surely the silence at the end of the path is none by chance. */
#include "verdict/rules.h"

/* Linux answers six expired packets at once and then one a second. */
#define BURST 6
#define BURST_REFILLS (BURST * NS_PER_S)

/* A target that lets others pass answers far more often than it does not: where all may be loss, the odds before the
 * probes are not even. Over simulated networks with 30 % loss each way, even odds were wrong in 40 of 100 claims. */
#define ODDS_OF_ANSWER 16

/* Whether the router had answered so many by then that it may have had no token left; an answer to another spec right
 * behind shows that it had. */
static bool may_be_limited(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    unsigned answered = 0;
    for (unsigned i = 0; i < cohort->count; i++)
        for (const struct probe *p = trace_first_at(cohort->traces[i], silent->ttl); p;
             p = trace_next_at(cohort->traces[i], p))
            answered += p->reply_count && p->sent <= silent->sent && silent->sent - p->sent < BURST_REFILLS;
    return answered >= BURST && !cohort_is_backed(cohort, trace, silent);
}

static void count_losses(const struct facts *facts, const struct trace *trace, struct tally *way, struct tally *end)
{
    const struct probe *first = trace->reached_ttl ? trace_first_at(trace, trace->reached_ttl) : NULL;
    const struct reply *answer = first ? probe_answer(first) : NULL;
    bool is_limited = answer && answer->is_icmp && answer->kind != REPLY_ECHO; /* a few at once are answered */
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        bool at_end = trace->reached_ttl && probe->ttl >= trace->reached_ttl && !is_limited;
        struct tally *tally = probe->ttl < trace->top ? way : at_end ? end : NULL;
        if (!tally)
            continue;
        bool silent = cohort_is_silent(facts->cohort, probe);
        if (silent && tally == way && may_be_limited(facts->cohort, trace, probe))
            continue;
        tally->asked++;
        tally->silent += silent;
    }
}

static void count_all_losses(const struct facts *facts, struct tally *way, struct tally *end)
{
    *way = *end = (struct tally){0};
    for (unsigned i = 0; i < facts->cohort->count; i++)
        count_losses(facts, facts->cohort->traces[i], way, end);
}

/* Whether a probe was lost whose router had a token left: that may befall any. */
static bool loses_any(const struct cohort *cohort)
{
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *trace = cohort->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++) {
            const struct probe *probe = &trace->probes[n];
            if (probe->ttl < trace->top && cohort_is_silent(cohort, probe) && cohort_is_backed(cohort, trace, probe))
                return true;
        }
    }
    return false;
}

double losses_end_confidence(const struct facts *facts)
{
    struct tally way, end;
    if (!facts->cohort->is_diagnose)
        return 1 - 1.0 / (facts->silent + 2);
    count_all_losses(facts, &way, &end);
    double chance = compare_chance(way.asked, way.silent, facts->silent);
    double at_end = end.silent ? compare_chance(end.asked, end.silent, facts->silent) : 0;
    double by_loss = at_end > chance ? at_end : chance;
    return 1 / (1 + (end.silent || loses_any(facts->cohort) ? ODDS_OF_ANSWER : 1) * by_loss);
}

bool losses_hide_end(const struct facts *facts)
{
    struct tally way, end;
    if (!facts->cohort->is_diagnose)
        return false;
    count_all_losses(facts, &way, &end);
    return (way.silent || end.silent) && losses_end_confidence(facts) < CONFIDENCE_TO_CLAIM;
}
