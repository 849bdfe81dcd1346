/* SPDX-License-Identifier: BSD-2-Clause */
/* errors: the ICMP errors of a capture about other traffic, in groups. Floor: report. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_ERRORS_H
#define HOPSONDE_REPORT_TEXT_NOTES_ERRORS_H

#include "base/strbuf.h"
#include "recognise/recognise.h"

/* Adds a line for each group of the same sender, message, protocol, target and port, the largest group first. At most
 * `most` groups have a line, and one line counts the others. Adds nothing without errors. */
void errors_add(struct strbuf *text, const struct other_error *errors, size_t error_count, size_t most);

#endif
