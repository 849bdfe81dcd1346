/* SPDX-License-Identifier: BSD-2-Clause */
/* held_lines: lines of a report that wait for the names in them, in their order. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_TEXT_HELD_LINES_H
#define HOPSONDE_REPORT_TEXT_HELD_LINES_H

#include "report/format.h"

struct waiting_line;

struct held_lines {
    struct waiting_line *lines; /* owned; from `first` on they wait */
    size_t first, count, capacity;
    bool ended;
};

void held_lines_free(struct held_lines *hold);
/* Writes the marked line (named.h) to the output as soon as the names in it are known and no other waits before it; at
 * once where memory is short. */
void held_lines_print(struct held_lines *hold, struct output *out, const char *marked);
/* Writes what need not wait any more at `now`, or `all`. A line's wait begins when this is first called about it. True
 * where some go on waiting. */
bool held_lines_release(struct held_lines *hold, struct output *out, nstime now, bool all);
/* Writes all, and from now on every line at once: no more will become known. */
void held_lines_end(struct held_lines *hold, struct output *out);

#endif
