/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/linktype.h"

#include <pcap.h>

#include "packet/packet.h"

/* DLT_ and LINKTYPE_ values agree for all link types that we read, but not for RAW (draft-ietf-opsawg-pcaplinktype):
 * 12 and 14 are the DLT_ values of some systems for it. */

bool linktype_from_dlt(int dlt, uint16_t *out)
{
    int linktype = dlt == DLT_RAW ? LINKTYPE_RAW : dlt;
    *out = (uint16_t)linktype;
    return linktype >= 0 && linktype <= UINT16_MAX && linktype_is_known(*out);
}

int linktype_dlt(uint16_t linktype)
{
    bool is_raw = linktype == LINKTYPE_RAW || linktype == LINKTYPE_RAW_12 || linktype == LINKTYPE_RAW_14;
    return is_raw ? DLT_RAW : linktype;
}
