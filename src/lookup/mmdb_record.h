/* SPDX-License-Identifier: BSD-2-Clause */
/* mmdb_record: reads network and place from a record of a MaxMind DB. Floor 5; internal to lookup/.
 *
 * A record's layout is known by its keys: GeoLite2 and GeoIP2, DB-IP (the same), IPinfo. What has another type than it
 * should, is no text, or cannot be true, is left out. */
#ifndef HOPSONDE_LOOKUP_MMDB_RECORD_H
#define HOPSONDE_LOOKUP_MMDB_RECORD_H

#include "lookup/mmdb.h"

mmdb_reader mmdb_record_network; /* `asn` and `as_name` */
mmdb_reader mmdb_record_place;   /* `place` */

#endif
