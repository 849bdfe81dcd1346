/* SPDX-License-Identifier: BSD-2-Clause */
/* verdicts: the verdicts and findings below a table, one line each. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_VERDICTS_H
#define HOPSONDE_REPORT_TEXT_NOTES_VERDICTS_H

#include "base/strbuf.h"
#include "report/format.h"

/* `evidence`: the packets behind each verdict follow it. */
void verdicts_add(struct strbuf *text, const struct judgement *judgement, const struct output *out, bool evidence);
/* Leaves out findings that repeat a verdict; `has_mtu`: and those about MTUs, which the line of --mtu has. */
void verdicts_add_findings(struct strbuf *text, const struct judgement *judgement, bool has_mtu);

struct portmap;
/* Adds a line for each fate and place of the ports of lists. */
void verdicts_add_ports(struct strbuf *text, const struct portmap *ports, const struct output *out);
/* What these lines do not show: how many places were measured, and how many ports were not probed. */
void verdicts_add_port_notes(struct strbuf *text, const struct portmap *ports);

#endif
