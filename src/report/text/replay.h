/* SPDX-License-Identifier: BSD-2-Clause */
/* textreplay: the text report of captures that are not our own. Floor 5; the replay half of the format text. */
#ifndef HOPSONDE_REPORT_TEXT_REPLAY_H
#define HOPSONDE_REPORT_TEXT_REPLAY_H

#include "report/format.h"

bool text_replay_begin(struct output *out, const struct report_source *source);
void text_replay_judged(struct output *out, const struct trace *const *traces, size_t count,
                        const struct judgement *judgement, const struct report_source *source);
void text_replay_end(struct output *out, const struct recognition *found, const struct report_source *source);

/* "FILE is cut short ...", a line for each file that is. True: one is. */
bool text_add_cut_files(struct strbuf *text, const struct report_source *source);

#endif
