/* SPDX-License-Identifier: BSD-2-Clause */
/* errors: the ICMP errors of a capture that are about other traffic, alike ones counted together. Floor 5. */
#ifndef HOPSONDE_REPORT_TEXT_ERRORS_H
#define HOPSONDE_REPORT_TEXT_ERRORS_H

#include "base/strbuf.h"
#include "recognise/recognise.h"

/* A line for each group of the same sender, message, protocol, target and port, the largest group first; at most `most`
 * lines and one that says how many more there are. Nothing where there are no errors. */
void errors_add(struct strbuf *text, const struct other_error *errors, size_t error_count, size_t most);

#endif
