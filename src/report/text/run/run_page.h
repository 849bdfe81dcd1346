/* SPDX-License-Identifier: BSD-2-Clause */
/* run_page: what the report of a run has printed so far, and how it prints. Floor: report; internal to text/run/. */
#ifndef HOPSONDE_REPORT_TEXT_RUN_RUN_PAGE_H
#define HOPSONDE_REPORT_TEXT_RUN_RUN_PAGE_H

#include "report/text/table/held_lines.h"

/* The content of a printed line, to find replies that came after it. */
struct printed_line {
    const struct trace *shown;   /* NULL: no line was printed or stands for it, or no probe had this TTL */
    uint16_t silent[SPECS_MOST]; /* per trace, a bit for each of the first 16 probes at this hop that was silent */
};

/* The state of an output. */
struct run_page {
    bool started;   /* the table has begun: `rows` is decided */
    bool rows;      /* -q asked for so many that these are rows as in mtr, not lines as in traceroute */
    bool separated; /* the blank line below the table is printed */
    uint8_t held_first;
    unsigned held_count; /* silent hops from held_first on that wait for a later reply */
    struct printed_line lines[256];
    struct held_lines hold;
    struct strbuf line;                /* scratch */
    const struct judgement *judgement; /* NULL: nothing was judged */
};

/* Prints the scratch as a line, and empties it. */
void run_page_print_line(struct output *out);
/* The same of a line of the table. */
void run_page_print_table_line(struct output *out);
/* Prints the blank line below the table, once. */
void run_page_separate(struct output *out);
/* A line below the table. */
__attribute__((format(printf, 2, 3))) void run_page_print_below(struct output *out, const char *format, ...);
/* Prints and frees whole lines, if any, below the table. */
void run_page_print_lines(struct output *out, struct strbuf *lines);

#endif
