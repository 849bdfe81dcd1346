/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_targets: the page of several targets. Floor: report; pure; internal. */
#ifndef HOPSONDE_REPORT_SCREEN_TARGETS_H
#define HOPSONDE_REPORT_SCREEN_TARGETS_H

#include "report/screen_page.h"

/* Adds a row for each target, as many as there is room for, and the newest events of all. Scrolls the view so that the
 * row of the selected target is among them. */
void screen_add_targets(struct screen_page *page, nstime now);

#endif
