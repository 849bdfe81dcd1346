/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tools: the name of a tool is told only if the packets are that tool's own. */
#include "tap.h"
#include "unit/support/ladder.h"

int main(void)
{
    return tap_done();
}
