/* SPDX-License-Identifier: BSD-2-Clause */
/* filter: flows to BPF text. Floor 5; pure text, compiled by io/live. A filter only: matching decides.
 *
 * Every clause is parenthesised ("and" and "or" bind equally in libpcap). ICMP errors may come from anyone. IPv6
 * extension headers hide the transport header from BPF, so v6 packets with one between us and the target pass too. */
#ifndef HOPSONDE_LIVE_FILTER_H
#define HOPSONDE_LIVE_FILTER_H

#include "base/strbuf.h"
#include "session/session.h"

/* Narrow: each flow's probes and answers, and ICMP errors to our source address. */
void filter_of_session(const struct session *session, struct strbuf *out);
/* Short: everything between source and target, and ICMP errors to our source address. */
void filter_short(const struct session *session, struct strbuf *out);

#endif
