/* SPDX-License-Identifier: BSD-2-Clause */
/* json_transit: two capture points as JSON. Floor: report; part of the format json.
 *
 * Keys follow json_value.h. "files" beside an array of frames is absent if all of them are in the first file of their
 * point. */
#ifndef HOPSONDE_REPORT_JSON_JSON_TRANSIT_H
#define HOPSONDE_REPORT_JSON_JSON_TRANSIT_H

#include "report/json/json_value.h"
#include "report/transit/transit_findings.h"

json_t *json_transit_finding(const struct result *result, const struct transit_section *section,
                             const struct transit_finding *finding);
/* Writes the value of "transit": conversations one at a time, each on a line of its own. */
void json_transit_write(FILE *file, const struct result *result);

#endif
