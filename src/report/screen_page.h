/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_page: the lines of a page of the full screen. Floor: report; pure; internal. */
#ifndef HOPSONDE_REPORT_SCREEN_PAGE_H
#define HOPSONDE_REPORT_SCREEN_PAGE_H

#include "report/screen_view.h"

#define SCREEN_NAME_LEAST 16 /* columns of names */

/* A page that is being written. */
struct screen_page {
    const struct screen_view *view;
    struct screen_view *changed; /* the same, to keep the selected row on the screen */
    const struct output *out;
    const struct monitor *monitor;
    struct strbuf *text;
    unsigned line;  /* that comes next, from 0 */
    unsigned width; /* columns of names */
    unsigned sparks;
    unsigned times; /* columns of times: TIMES_ALL, TIMES_FEW or none */
};

/* Adds a line of printable text in one colour, cut to the width of the screen. NULL: no colour. */
void screen_add_line(struct screen_page *page, const char *sgr, const char *line);
__attribute__((format(printf, 3, 4))) void screen_add_linef(struct screen_page *page, const char *sgr,
                                                            const char *format, ...);
/* Adds empty lines until `left` lines are left. */
void screen_fill(struct screen_page *page, unsigned left);
/* Adds milliseconds in 7 columns. */
void screen_add_millis(struct strbuf *line, double ms);
/* "12:34:56" in UTC. */
const char *screen_clock(nstime time, char text[NSTIME_TEXT_BYTES]);

#endif
