/* SPDX-License-Identifier: BSD-2-Clause */
/* marks: the short signs behind an RTT, as traceroute's users know them. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_TEXT_MARKS_H
#define HOPSONDE_REPORT_TEXT_MARKS_H

#include "trace/trace.h"

#define MARK_BYTES 20 /* "!F-4294967295" and its NUL fit */

/* "!N", "!X", "!F-1400", "!<5>", "!<12-0>" ...: the mark of an ICMP error (the letters are those
 * of Linux traceroute, IPv6 included). "" where there is none: time exceeded in transit, redirect, source quench, a
 * direct answer, and the target's own port unreachable, which is the ordinary end of a UDP trace. */
void mark_format(const struct trace *trace, const struct reply *reply, char text[MARK_BYTES]);

/* "open" or "closed", what a direct answer says of the probed port; NULL where it says neither: an echo reply, an
 * ICMP error, the RST that an ACK draws from open and closed ports alike (RFC 9293 3.10.7). Whether the answer is
 * genuine is the verdict's business. */
const char *mark_port_state(const struct trace *trace, const struct reply *reply);
/* The same of all the answers at a hop: one that is open outweighs any number of resets, which our own kernel's reset
 * may have provoked. */
const char *mark_hop_port_state(const struct trace *trace, uint8_t ttl);
/* Whether the reply is, in the target's name, an ICMP error that says that nobody listens at the port, or for the
 * protocol (RFC 792, RFC 4443 3.1 and 3.4). */
bool mark_refuses_port(const struct trace *trace, const struct reply *reply);

#endif
