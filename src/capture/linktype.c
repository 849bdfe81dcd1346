/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/linktype.h"

#include <pcap.h>

#include "packet/packet.h"

/* DLT_ and LINKTYPE_ values agree for all link types that we read, but not for RAW (draft-ietf-opsawg-pcaplinktype). */

bool linktype_from_dlt(int dlt, uint16_t *out)
{
    int linktype = dlt == DLT_RAW ? LINKTYPE_RAW : dlt;
    *out = (uint16_t)linktype;
    return linktype >= 0 && linktype <= UINT16_MAX && linktype_is_known(*out);
}

int linktype_dlt(uint16_t linktype)
{
    return linktype == LINKTYPE_RAW ? DLT_RAW : linktype;
}
