/* SPDX-License-Identifier: BSD-2-Clause */
/* types: the rows of probe_types[], each from a file of its own. Floor 2; internal to probe/. */
#ifndef HOPSONDE_PROBE_TYPES_TYPES_H
#define HOPSONDE_PROBE_TYPES_TYPES_H

#include "probe/type.h"

extern const struct probe_type probe_udp, probe_icmp, probe_tcp, probe_udplite, probe_dccp, probe_sctp, probe_ip;

#endif
