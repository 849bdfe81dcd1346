/* SPDX-License-Identifier: BSD-2-Clause */
/* filter: makes BPF text from flows. Floor 5; pure text, which live/capture compiles. It only filters: the session
 * matches replies to probes.
 *
 * Every clause is parenthesised, because "and" and "or" have equal precedence in libpcap. ICMP errors may come from
 * any host. BPF does not find the transport header after IPv6 extension headers, so the filter also passes IPv6
 * packets with one between us and the target. */
#ifndef HOPSONDE_LIVE_FILTER_H
#define HOPSONDE_LIVE_FILTER_H

#include "base/strbuf.h"
#include "session/session.h"

/* Narrow: probes and replies of each flow, and ICMP errors to our source address. The clauses of several sessions may
 * stand in one text: each call adds those of one. */
void filter_of_session(const struct session *session, struct strbuf *out);
/* For a target whose address may change: probes and replies of each flow, to and from any address, and ICMP errors. */
void filter_any_target(const struct session *session, struct strbuf *out);
/* Short: all packets between source and target, and ICMP errors to our source address. */
void filter_short(const struct session *session, struct strbuf *out);

#endif
