/* SPDX-License-Identifier: BSD-2-Clause */
/* captured: numbers that hold for any capture. Floor 0; it must not know packets. */
#ifndef HOPSONDE_BASE_CAPTURED_H
#define HOPSONDE_BASE_CAPTURED_H

#include "base/nstime.h"

/* The highest TTL that a probe of a trace is sent with.
 * Unit: hops. Source: hosts send other packets with 64 and more, and few paths are longer than this. Effect: a packet
 * with a higher TTL is no probe. */
#define PROBE_TTL_MOST 40
/* Two interfaces (a bridge and its port, a bond and its slave) or a SPAN port capture one frame within this time.
 * Effect: an equal packet that follows later was sent again. */
#define SAME_FRAME_WITHIN (2 * NS_PER_MS)

#endif
