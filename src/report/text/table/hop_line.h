/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_line: one hop as a line of text. Floor: report; pure.
 *
 * A line shows each probe, as traceroute does. A row shows statistics, as mtr does, for hops with too many probes for a
 * line. All foreign text is escaped. Colours: paint.h. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_HOP_LINE_H
#define HOPSONDE_REPORT_TEXT_TABLE_HOP_LINE_H

#include "base/strbuf.h"
#include "report/text/table/hop_cells.h"

/* More probes a hop are rows, not lines. */
#define HOP_LINE_PROBES_MOST 10

/* One hop to be printed. Borrowed. */
struct hop_line {
    const struct trace *trace;     /* its replies are on the line; NULL: no probe had this TTL */
    const struct hop_cells *cells; /* the probes on the line or in the statistics of the row; NULL: all */
    const char *target_name;       /* the name by which the user called the target: foreign text; NULL: none */
    uint8_t ttl;
    uint16_t mtu;    /* of the link behind it, as it was reported to a run with --mtu; 0: it was not */
    bool names_spec; /* a bracket names the probe spec */
    bool color;
    bool marks; /* routers' addresses are marks, to be expanded later: address_text.h */
};

/* The column of the routers in a row. */
#define HOP_LINE_ROW_INDENT 4
#define HOP_LINE_ROW_COLUMNS 28

/* Adds " 3  10.0.2.1  1.913 ms * 1.902 ms !X  [mpls L=24001 TC=0 S=1 TTL=1]  [icmp]", without a newline. Duplicates are
 * left out. "[per packet]" means that the packets of one flow reach different routers. Labels follow the times of the
 * router that reported them. A reply to a probe of unknown send time has no time. */
void hop_line_add_hop(struct strbuf *text, const struct hop_line *line);

/* Add the heading of the rows, "Loss%  Snt  Best  Avg  Wrst  StDev  Jttr", and the row of one hop. Further routers of
 * the hop have lines of their own. Without the last newline. */
void hop_line_add_row_heading(struct strbuf *text);
void hop_line_add_row(struct strbuf *text, const struct hop_line *line);

#endif
