/* SPDX-License-Identifier: BSD-2-Clause */
/* confidence: the probability that no next hop was missed, for one node and for all together. */
#include "multipath/stopping_rule.h"
#include "multipath/survey.h"

bool survey_has_next(const struct survey *survey, const struct group *group)
{
    return group->ttl < survey->farthest && !group->next_is_silent;
}

double survey_missed_behind(const struct survey *survey, const struct group *group)
{
    if (!survey_has_next(survey, group))
        return 0;
    if (group->is_boundless)
        return 1;
    return group->known ? stopping_missed(survey->stopping, group->known, group->met + group->awaits_last) : 1;
}

double survey_missed(const struct survey *survey)
{
    double none = 1;
    for (unsigned i = 0; i < survey->group_count; i++)
        none *= survey->groups[i].is_judged ? 1 - survey_missed_behind(survey, &survey->groups[i]) : 1;
    return survey->point_count ? 1 - none : 1;
}

static bool find_again(struct survey *survey, double miss)
{
    survey->miss = miss;
    survey_forget_groups(survey);
    return survey_find_groups(survey);
}

bool survey_share_out(struct survey *survey, double miss)
{
    double worst = survey->share = survey->miss;
    for (unsigned i = 0; i < survey->group_count; i++) {
        double missed = survey->groups[i].is_judged ? survey_missed_behind(survey, &survey->groups[i]) : 0;
        worst = missed > worst ? missed : worst;
    }
    if (worst <= survey->share || worst > miss || survey_missed(survey) > miss)
        return true;
    /* Each settled group places more flows, which may uncover further groups to judge. */
    return find_again(survey, worst) && (survey_missed(survey) <= miss || find_again(survey, survey->share));
}
