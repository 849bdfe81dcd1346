/* SPDX-License-Identifier: BSD-2-Clause */
/* paint: the colours of text reports, as ANSI SGR sequences. Floor: report; pure. Hop numbers and silence are dim,
 * addresses bold. Red: dropped, rejected. Yellow: doubt. Green: the target answered. The words say the same. */
#ifndef HOPSONDE_REPORT_PAINT_H
#define HOPSONDE_REPORT_PAINT_H

#include "base/strbuf.h"

#define PAINT_DIM "2"
#define PAINT_BOLD "1"
#define PAINT_RED "31"
#define PAINT_GREEN "32"
#define PAINT_YELLOW "33"

/* `sgr` NULL: no colour. */
static inline void paint_begin(struct strbuf *text, bool color, const char *sgr)
{
    if (color && sgr)
        strbuf_addf(text, "\033[%sm", sgr);
}

static inline void paint_end(struct strbuf *text, bool color, const char *sgr)
{
    if (color && sgr)
        strbuf_add(text, "\033[0m");
}

#endif
