/* SPDX-License-Identifier: BSD-2-Clause */
/* marks: the short signs after an RTT, as in traceroute. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_MARKS_H
#define HOPSONDE_REPORT_TEXT_TABLE_MARKS_H

#include "trace/trace.h"

#define MARK_BYTES 20 /* "!F-4294967295" and its NUL fit */

/* The mark of an ICMP error: "!N", "!X", "!F-1400", "!<5>", "!<12-0>". The letters are those of Linux traceroute, also
 * for IPv6. These have none (""): time exceeded in transit, redirect, source quench, a direct reply, and the target's
 * own port unreachable, which ends a UDP trace normally. */
void mark_format(const struct trace *trace, const struct reply *reply, char text[MARK_BYTES]);

/* "open" or "closed": the state of the probed port by a direct reply. NULL for a reply that shows neither: an echo
 * reply, an ICMP error, or the RST to an ACK, which open and closed ports send alike (RFC 9293 3.10.7). The verdict
 * judges whether the reply is genuine. */
const char *mark_port_state(const struct trace *trace, const struct reply *reply);
/* The same for all replies at a hop. One "open" outweighs any number of resets, because our own kernel's reset may have
 * provoked these. */
const char *mark_hop_port_state(const struct trace *trace, uint8_t ttl);
/* True: the reply is an ICMP error from the target's address that reports a closed port or an unknown protocol (RFC
 * 792, RFC 4443 3.1 and 3.4). */
bool mark_refuses_port(const struct trace *trace, const struct reply *reply);

#endif
