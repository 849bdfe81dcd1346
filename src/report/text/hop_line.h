/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_line: one hop as a line of text. Floor 5; pure.
 *
 * Either as traceroute prints it, each probe for itself, or as a row of mtr's report, where there are too many probes
 * for that. All foreign text is escaped. Colour is ANSI SGR: hop number and silence dim, addresses bold, refusals red,
 * open ports green. */
#ifndef HOPSONDE_REPORT_TEXT_HOP_LINE_H
#define HOPSONDE_REPORT_TEXT_HOP_LINE_H

#include "base/strbuf.h"
#include "trace/trace.h"

/* The most probes that a hop may have to be a line of single times. */
#define HOP_LINE_PROBES_MOST 10

/* One hop that is to be told. Borrowed. */
struct hop_line {
    const struct trace *trace; /* whose answers stand on the line; NULL: nobody asked at this hop */
    const char *target_name;   /* what the user called the target: foreign text; NULL: nothing */
    uint8_t ttl;
    bool names_spec; /* the bracket says which probe spec it was */
    bool color;
    bool marks; /* routers' addresses are marks, to be replaced by what is known of them: named.h */
};

/* Where the routers stand in a row. */
#define HOP_LINE_ROW_INDENT 4
#define HOP_LINE_ROW_COLUMNS 28

/* " 3  10.0.2.1  1.913 ms * 1.902 ms !X  [mpls L=24001 TC=0 S=1 TTL=1]  [icmp]": without the line's end. Duplicates are
 * left out. "[per packet]" where the routers of one flow take turns. Labels stand behind the times of the router that
 * reported them. The answer to a probe whose send time is not known has no time. */
void hop_line_add_hop(struct strbuf *text, const struct hop_line *line);

/* The heading of the rows, and a row for one hop: "Loss%  Snt  Best  Avg  Wrst  StDev  Jttr". Further routers of the
 * hop follow on lines of their own. Without the last line's end. */
void hop_line_add_row_heading(struct strbuf *text);
void hop_line_add_row(struct strbuf *text, const struct hop_line *line);

#endif
