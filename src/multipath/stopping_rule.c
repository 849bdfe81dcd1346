/* SPDX-License-Identifier: BSD-2-Clause */
#include "multipath/stopping_rule.h"

#include <math.h>
#include <string.h>

/* The sum in the header loses its digits if many large terms cancel. This computes the same probability by counting:
 * the number of next hops met after each flow, as a Markov chain that only adds positive terms. */
struct meeting {
    unsigned all, flows;
    double met[STOPPING_KNOWN_MOST + 2]; /* probability that exactly so many were met */
};

static void meeting_init(struct meeting *meeting, unsigned known)
{
    memset(meeting, 0, sizeof *meeting);
    meeting->all = (known < STOPPING_KNOWN_MOST ? known : STOPPING_KNOWN_MOST) + 1;
    meeting->met[0] = 1;
}

static void meet_another(struct meeting *meeting)
{
    for (unsigned i = meeting->all; i > 0; i--)
        meeting->met[i] = (meeting->met[i] * i + meeting->met[i - 1] * (meeting->all - i + 1)) / meeting->all;
    meeting->met[0] = 0;
    meeting->flows++;
}

static double not_all_met(const struct meeting *meeting)
{
    double sum = 0;
    for (unsigned i = 0; i < meeting->all; i++)
        sum += meeting->met[i];
    return sum < 1 ? sum : 1;
}

double stopping_missed(unsigned known, unsigned flows)
{
    struct meeting meeting;
    meeting_init(&meeting, known);
    while (meeting.flows < flows)
        meet_another(&meeting);
    return not_all_met(&meeting);
}

unsigned stopping_point(double miss, unsigned known)
{
    struct meeting meeting;
    meeting_init(&meeting, known);
    while (not_all_met(&meeting) > miss)
        meet_another(&meeting);
    return meeting.flows;
}

double stopping_share(double miss, unsigned nodes)
{
    return nodes > 1 ? -expm1(log1p(-miss) / nodes) : miss;
}
