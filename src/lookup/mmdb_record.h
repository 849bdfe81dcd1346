/* SPDX-License-Identifier: BSD-2-Clause */
/* mmdb_record: reads network and place from a record of a MaxMind DB. Floor 5; internal to lookup/.
 *
 * Its keys identify a record's layout: GeoLite2 and GeoIP2, DB-IP (the same), IPinfo. A value of the wrong type,
 * malformed text or an impossible value is skipped. */
#ifndef HOPSONDE_LOOKUP_MMDB_RECORD_H
#define HOPSONDE_LOOKUP_MMDB_RECORD_H

#include "lookup/mmdb.h"

mmdb_reader mmdb_record_network; /* `asn` and `as_name` */
mmdb_reader mmdb_record_place;   /* `place` */

#endif
