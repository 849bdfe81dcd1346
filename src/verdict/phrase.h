/* SPDX-License-Identifier: BSD-2-Clause */
/* phrase: parts of sentences that several files of verdict/ write. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_PHRASE_H
#define HOPSONDE_VERDICT_PHRASE_H

#include "base/strbuf.h"
#include "verdict/verdict.h"

void phrase_add_spec(struct strbuf *out, const struct trace *trace);
void phrase_add_address(struct strbuf *out, const struct addr *address);
/* "10.0.3.1 (hop 4)", or what is known of it. */
void phrase_add_place(struct strbuf *out, const struct place *place);
/* " (2026-01-02 03:04:05 to 03:04:09 UTC)", without the second where that is the first. */
void phrase_add_times(struct strbuf *out, nstime from, nstime to);
/* Widens from..to by when its probes were sent. */
void phrase_stretch(const struct trace *trace, nstime *from, nstime *to);

/* splits.c: the tickets for specs that are stopped on some of their ways only. */
void flow_tickets_add(struct strbuf *out, const struct session_config *config, const struct judgement *judgement);

#endif
