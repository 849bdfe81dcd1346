/* SPDX-License-Identifier: BSD-2-Clause */
/* report_files: the files of a report's outputs: report_open(), report_check_apart(), report_flush(), and what report.c
 * needs of them. Top floor; internal to cli/shared/. */
#ifndef HOPSONDE_CLI_SHARED_REPORT_FILES_H
#define HOPSONDE_CLI_SHARED_REPORT_FILES_H

#include "cli/shared/report.h"

/* Notes the first failure, while errno still has its cause. */
void report_files_note(struct report *report, unsigned index);
/* Notes it if a write of the output failed, or that the reader of standard output has gone. */
void report_files_check(struct report *report, unsigned index);
/* Files that cannot be truncated have no old content. */
void report_files_empty(struct report *report, unsigned index);
/* Around each page of a file that is replaced. True: the output may be written. A failure is told once, and the run
 * goes on. */
bool report_files_begin(struct report *report, unsigned index);
void report_files_end(struct report *report, unsigned index);
/* Closes all of them. */
void report_files_close(struct report *report);

#endif
