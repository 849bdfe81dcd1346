/* SPDX-License-Identifier: BSD-2-Clause */
/* aspath: the networks that a path goes through, one after the other. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_TEXT_AS_PATH_H
#define HOPSONDE_REPORT_TEXT_AS_PATH_H

#include "base/strbuf.h"
#include "report/hops.h"

/* "private (hop 1) > AS64500 Example (hop 3) > IXP DE-CIX Frankfurt (hop 6) > AS64501 Other (hop 7)", each with the hop
 * where it begins; that no AS number is known, where none is. What has a purpose of its own (about/special.h) is named
 * by it, but not within one AS, which may number its inside with such addresses; an exchange is named everywhere. Hops
 * that are silent or of no known network are passed over. Names are escaped. */
void as_path_add(struct strbuf *line, const struct hops *hops);

#endif
