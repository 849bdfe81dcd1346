/* SPDX-License-Identifier: BSD-2-Clause */
/* as_path: the networks along a path, in order. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_AS_PATH_H
#define HOPSONDE_REPORT_TEXT_NOTES_AS_PATH_H

#include "base/strbuf.h"
#include "report/hops.h"

/* Adds "private (hop 1) > AS64500 Example (hop 3) > IXP DE-CIX Frankfurt (hop 6) > AS64501 Other (hop 7)": each network
 * with its first hop, or a sentence if no AS number is known. Special ranges (address/special.h) have their names.
 * Within one AS they are skipped, because an AS may use such addresses inside; exchanges are always named. Silent hops
 * and hops of unknown networks are skipped. Names are escaped. */
void as_path_add(struct strbuf *line, const struct hops *hops);

#endif
