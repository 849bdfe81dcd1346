/* SPDX-License-Identifier: BSD-2-Clause */
#include "strategies/strategies.h"

#include <string.h>

const struct strategy *const strategies[] = {&strategy_trace, &strategy_diagnose, &strategy_paths,
                                             &strategy_ports, &strategy_watch,    NULL};

const struct strategy *strategy_find(const char *name)
{
    for (unsigned i = 0; strategies[i]; i++)
        if (!strcmp(strategies[i]->name, name))
            return strategies[i];
    return NULL;
}
