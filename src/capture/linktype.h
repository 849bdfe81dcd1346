/* SPDX-License-Identifier: BSD-2-Clause */
/* linktype: converts between this platform's DLT_ values (libpcap) and LINKTYPE_ values. Floor 5. */
#ifndef HOPSONDE_CAPTURE_LINKTYPE_H
#define HOPSONDE_CAPTURE_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

/* False if hopsonde does not read frames of this type. */
bool linktype_from_dlt(int dlt, uint16_t *out);
/* `linktype` must be one that hopsonde reads. */
int linktype_dlt(uint16_t linktype);

#endif
