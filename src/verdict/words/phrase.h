/* SPDX-License-Identifier: BSD-2-Clause */
/* phrase: writes all sentences of verdicts, findings and tickets, and their parts. Floor 4; pure; for verdict/ and
 * monitor/.
 *
 * The rules, finders and tickets choose a sentence; specs, addresses and places look the same in all of them. The texts
 * of SPEC_TEXT() and its like live as long as the block around them. */
#ifndef HOPSONDE_VERDICT_WORDS_PHRASE_H
#define HOPSONDE_VERDICT_WORDS_PHRASE_H

#include "base/strbuf.h"
#include "verdict/verdict.h"

#define PLACE_TEXT_BYTES (ADDR_TEXT_BYTES + 32)

/* Replaces the sentence; adds to it; ends it with a full stop. Text that does not fit is cut. */
void phrase_set(char text[SENTENCE_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));
void phrase_add(char text[SENTENCE_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));
void phrase_end(char text[SENTENCE_BYTES]);

/* Replaces the verdict's sentence: the probe, the state's word, and the rest, which begins with the place. */
void phrase_set_verdict(struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets state, place and sentence: the gateway forwarded the probe, which expired at this place. */
void phrase_set_forwarded(struct verdict *verdict, const struct gateway *gateway, const struct place *behind);

/* "tcp/443". */
#define SPEC_TEXT(trace) phrase_spec((trace), (char[PROBE_SPEC_TEXT_BYTES]){0})
const char *phrase_spec(const struct trace *trace, char text[PROBE_SPEC_TEXT_BYTES]);

/* "10.0.2.1"; "" for no address. */
#define ADDRESS_TEXT(address) phrase_address((address), (char[ADDR_TEXT_BYTES]){0})
const char *phrase_address(const struct addr *address, char text[ADDR_TEXT_BYTES]);

/* "hop 3 (10.0.2.1)", or what is known of it: for reports, which go hop by hop. */
#define PLACE_TEXT(place) phrase_place((place), (char[PLACE_TEXT_BYTES]){0})
const char *phrase_place(const struct place *place, char text[PLACE_TEXT_BYTES]);

/* "10.0.2.1 (hop 3)", or what is known of it: for tickets, whose readers know their devices by address. */
#define DEVICE_TEXT(place) phrase_device((place), (char[PLACE_TEXT_BYTES]){0})
const char *phrase_device(const struct place *place, char text[PLACE_TEXT_BYTES]);

/* `which`, and "port 443" or "ports 41022-41054". */
void phrase_add_ports(struct strbuf *out, const char *which, const struct trace *trace, bool of_target);

/* "TCP destination port 443", "TCP (ack) destination port 443"; the spec for probes without ports: for tickets, whose
 * readers configure firewalls. */
void phrase_add_service(struct strbuf *out, const struct trace *trace);

/* The word of `how`, or `otherwise` for HOW_NONE. */
const char *phrase_how(enum verdict_how how, const char *otherwise);
/* "s" unless `count` is 1; "s" if it is 1. */
const char *phrase_plural(size_t count);
const char *phrase_singular_verb(size_t count);

/* " (2026-01-02 03:04:05 to 03:04:09 UTC)", without the second time if it is the same second. */
void phrase_add_times(struct strbuf *out, nstime from, nstime to);
/* Widens from..to by the times at which the trace's probes were sent. */
void phrase_stretch(const struct trace *trace, nstime *from, nstime *to);

#endif
