/* SPDX-License-Identifier: BSD-2-Clause */
/* summary: what all formats ask of a session or a trace alike. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_SUMMARY_H
#define HOPSONDE_REPORT_SUMMARY_H

#include "base/strbuf.h"
#include "recognise/recognise.h"

/* The spelling of a probe spec, kept as long as the next asked for is the same. All zero at first. */
struct spec_text {
    struct probe_spec spec;
    char text[PROBE_SPEC_TEXT_BYTES];
};
const char *summary_spec(struct spec_text *cache, const struct probe_spec *spec);

/* Probes that left their host; a refused send is none. */
unsigned summary_probes_sent(const struct trace *trace);

/* From the first probe to the last frame of the trace, reply or probe; 0 where no time is known. */
nstime summary_duration(const struct trace *trace);

/* Whether the packet that an error quotes has ports that could be read; ICMP has none. */
bool summary_error_has_port(const struct other_error *error);

/* The name of a capture file as people read it; "-" is standard input. */
void summary_add_file_name(struct strbuf *text, const char *name);

/* Which of the capture's files holds the probe: its own frame, else that of its first answer. False: no frame of it is
 * kept. */
bool summary_file(const struct probe *probe, unsigned *file);

#endif
