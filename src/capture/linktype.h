/* SPDX-License-Identifier: BSD-2-Clause */
/* linktype: the DLT_ values of this platform's libpcap and LINKTYPE_ values. Floor 5. */
#ifndef HOPSONDE_CAPTURE_LINKTYPE_H
#define HOPSONDE_CAPTURE_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

/* False: hopsonde does not read frames of that kind. */
bool linktype_from_dlt(int dlt, uint16_t *out);
/* Of a link type that hopsonde reads. */
int linktype_dlt(uint16_t linktype);

#endif
