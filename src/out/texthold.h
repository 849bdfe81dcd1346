/* texthold: lines of a report that wait for the names in them, in their order. Floor 5; pure. */
#ifndef HOPSONDE_OUT_TEXTHOLD_H
#define HOPSONDE_OUT_TEXTHOLD_H

#include "out/output.h"

#define TEXTHOLD_MOST (NS_PER_S / 2) /* that a line waits for names */

struct waiting_line;

struct texthold {
    struct waiting_line *lines; /* owned; from `first` on they wait */
    size_t first, count, capacity;
};

void texthold_free(struct texthold *hold);
/* Writes the marked line (named.h) to the output as soon as the names in it are known and no other waits before it; at
 * once where memory is short. */
void texthold_print(struct texthold *hold, struct output *out, const char *marked);
/* Writes what need not wait any more at `now`, or `all`. A line's wait begins when this is first called about it. True
 * where some go on waiting. */
bool texthold_release(struct texthold *hold, struct output *out, nstime now, bool all);

#endif
