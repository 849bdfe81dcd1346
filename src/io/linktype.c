#include "io/linktype.h"

#include <pcap.h>

#include "packet/packet.h"

bool linktype_from_dlt(int dlt, uint16_t *out)
{
    /* All the values that we read agree but this one (draft-ietf-opsawg-pcaplinktype). */
    int linktype = dlt == DLT_RAW ? LINKTYPE_RAW : dlt;
    *out = (uint16_t)linktype;
    return linktype >= 0 && linktype <= UINT16_MAX && linktype_is_known(*out);
}
