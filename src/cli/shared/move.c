/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/move.h"

#include "cli/shared/loop.h"

void move_target(void *context, unsigned index, const struct addr *to, nstime at)
{
    const struct move_context *move = context;
    struct session *old;
    struct err ignored;
    loop_run_deadlines(move->targets, at, move->stop);
    if (targets_move(move->targets, index, to, &old, &ignored) != STATUS_OK)
        return;
    move->sessions[index] = targets_session(move->targets, index);
    report_move(move->report, old, move->sessions[index], at);
    session_free(old);
}
