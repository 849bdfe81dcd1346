/* SPDX-License-Identifier: BSD-2-Clause */
/* port_columns: a column of the matrix for each group of ports, as if the group were one spec. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_PORT_COLUMNS_H
#define HOPSONDE_REPORT_TEXT_TABLE_PORT_COLUMNS_H

#include "report/result.h"

/* Columns for groups. Unit: columns. Source: chosen; three blocks of 80 columns. Effect: further groups have no column,
 * but a line below the matrix. */
#define PORT_COLUMNS_MOST 21

struct port_columns {
    struct trace traces[PORT_COLUMNS_MOST];               /* with copies of some probes; the replies are borrowed */
    char names[PORT_COLUMNS_MOST][PROBE_SPEC_TEXT_BYTES]; /* "tcp/135+5": the first port, and how many more */
    unsigned count;
    const struct trace *list[SPECS_MOST + PORT_COLUMNS_MOST];
    struct trace_set set; /* the specs, then the groups */
};

/* False: memory is short; `out` is to be freed all the same. */
bool port_columns_make(const struct result *result, const struct portmap *ports, struct port_columns *out);
void port_columns_free(struct port_columns *columns);

#endif
