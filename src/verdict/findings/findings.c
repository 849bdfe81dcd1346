/* SPDX-License-Identifier: BSD-2-Clause */
/* findings: the table of finders. */
#include "verdict/findings/findings.h"

/* The most important first: those beyond FINDINGS_MOST are left out. */
static const struct {
    finder *find;
    bool in_trace; /* also of `trace`, which judges the path alone */
} finders[] = {
    {find_forgeries, true},         {find_of_trace, true},          {find_name_filters, false},
    {find_idle_timeouts, false},    {find_proxies, false},          {find_statefulness, false},
    {find_path_dependence, false},  {find_rewrites, false},         {find_ttl_rewrites, false},
    {find_changes, false},          {find_balancers, false},        {find_labels, false},
    {find_implicit_tunnels, false}, {find_repeated_routers, false}, {find_skipped_hops, false},
    {find_asymmetry, false},        {find_limits, false},           {find_silent_hops, false},
};

void findings_gather(const struct set_facts *all, struct judgement *out)
{
    bool is_trace = !all->set->is_diagnose && !all->set->is_apart;
    for (unsigned i = 0; i < sizeof finders / sizeof *finders; i++)
        if (finders[i].in_trace || !is_trace)
            finders[i].find(all, out);
}
