/* SPDX-License-Identifier: BSD-2-Clause */
/* held_lines: lines of a report that wait, in order, for the names in them. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_HELD_LINES_H
#define HOPSONDE_REPORT_TEXT_TABLE_HELD_LINES_H

#include "report/format.h"

struct waiting_line;

struct held_lines {
    struct waiting_line *lines; /* owned; those from `first` on wait */
    size_t first, count, capacity;
    bool ended; /* no line waits any more */
};

void held_lines_free(struct held_lines *hold);
/* Writes the marked line (address_text.h) as soon as the names in it are known and no other line waits before it; at
 * once if memory runs out. `whole`: it does not break, however long it is. */
void held_lines_print(struct held_lines *hold, struct output *out, const char *marked, bool whole);
/* Writes the lines whose wait is over at `now`, or `all`. A line's wait begins with the first call after it was added.
 * True: some still wait. */
bool held_lines_release(struct held_lines *hold, struct output *out, nstime now, bool all);
/* Writes all lines, and every further line at once, because no more names will become known. */
void held_lines_end(struct held_lines *hold, struct output *out);

#endif
