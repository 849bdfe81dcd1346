/* SPDX-License-Identifier: BSD-2-Clause */
/* judge: what the traces of a capture show, one source and target after the other, handed to the report. Floor 6. */
#ifndef HOPSONDE_CLI_COMMANDS_JUDGE_H
#define HOPSONDE_CLI_COMMANDS_JUDGE_H

#include "cli/report.h"

struct judged {
    struct judgement judgement; /* of the last set; it is large, and one of them is all that is kept */
    size_t groups;
    bool several_targets;
};

/* After report_take_recognition(). To be freed by the caller; NULL: memory is short. */
struct judged *judge_report(struct report *report, const struct recognition *found);

#endif
