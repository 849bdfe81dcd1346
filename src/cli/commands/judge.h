/* SPDX-License-Identifier: BSD-2-Clause */
/* judge: judges the traces of a capture, group by group, and reports each group. Floor: cli. */
#ifndef HOPSONDE_CLI_COMMANDS_JUDGE_H
#define HOPSONDE_CLI_COMMANDS_JUDGE_H

#include "cli/commands/far_point.h"
#include "cli/shared/report.h"

struct judged {
    struct judgement judgement; /* of the last group: it is large, so only one is kept */
    size_t groups;              /* how many there are */
    bool several_targets;
};

/* After report_take_recognition() and far_point_read(). The caller frees the result. NULL: out of memory. */
struct judged *judge_report(struct report *report, const struct recognition *found, struct far_point *far);

#endif
