/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/types/types.h"

const struct probe_type *const probe_types[] = {
    &probe_udp, &probe_icmp, &probe_tcp, &probe_udplite, &probe_dccp, &probe_sctp, &probe_ip, NULL,
};
