/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/happenings.h"

#include "cli/shared/loop.h"

static void move_target(const struct happenings *happenings, const struct session_claim *claim)
{
    struct session *old;
    struct err ignored;
    if (targets_move(happenings->targets, claim->target, &claim->moved_to, &old, &ignored) != STATUS_OK)
        return;
    happenings->sessions[claim->target] = targets_session(happenings->targets, claim->target);
    report_move(happenings->report, old, happenings->sessions[claim->target], claim->at);
    session_free(old);
}

/* It is told of the first target. */
static void note(const struct happenings *happenings, const struct session_claim *claim)
{
    struct monitor *monitor = happenings->report->first.monitor;
    if (monitor)
        monitor_note(monitor, claim->kind == CLAIM_CLOCK_STEP ? EVENT_CLOCK_STEP : EVENT_WRITE_FAILED, claim->note);
}

void happenings_take(void *context, const struct session_claim *claim)
{
    const struct happenings *happenings = context;
    loop_run_deadlines(happenings->targets, claim->at, happenings->stop);
    if (claim->kind == CLAIM_MOVED)
        move_target(happenings, claim);
    else
        note(happenings, claim);
}

void happenings_tell(struct happenings *happenings, struct session_claim claim)
{
    claim.at = happenings->wire->ops->drained(happenings->wire);
    loop_run_deadlines(happenings->targets, claim.at, happenings->stop);
    loop_keep_claims(happenings->targets, happenings->dump);
    happenings_take(happenings, &claim);
    if (happenings->dump)
        dump_claim(happenings->dump, &claim);
}
