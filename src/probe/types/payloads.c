/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing but the array: a test links its own. */
#include "probe/types/udp_payload.h"

const struct probe_variant_row *const udp_variants[] = {
    &udp_dns, &udp_dns_name, &udp_quic, &udp_quic_name, &udp_ntp, &udp_plain, &udp_empty, NULL,
};
