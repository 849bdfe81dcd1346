/* SPDX-License-Identifier: BSD-2-Clause */
/* summary: figures and texts of traces, errors and files that several formats share. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_SUMMARY_H
#define HOPSONDE_REPORT_SUMMARY_H

#include "base/strbuf.h"
#include "report/result.h"

/* Caches the text of one probe spec, because consecutive rows mostly have the same. All zero at first. */
struct spec_text {
    struct probe_spec spec;
    char text[PROBE_SPEC_TEXT_BYTES];
};
const char *summary_spec(struct spec_text *cache, const struct probe_spec *spec);

/* The number of probes that were sent; a send that failed does not count. */
unsigned summary_probes_sent(const struct trace *trace);

/* From the first probe to the last frame of the trace, probe or reply; 0 if no time is known. */
nstime summary_duration(const struct trace *trace);

/* True: the quoted packet has ports, and the quote contains them. ICMP has none. */
bool summary_error_has_port(const struct other_error *error);

/* Adds "192.0.2.1:53", "[2001:db8::1]:53", or the address alone (RFC 5952 6). */
void summary_add_endpoint(struct strbuf *text, const struct addr *address, bool has_port, uint16_t port);
/* Adds the name of a capture file, escaped; "-" becomes "standard input". */
void summary_add_file_name(struct strbuf *text, const char *name);
/* Adds a sentence on each file that is cut short, one a line. True: a file is cut. */
bool summary_add_cut_files(struct strbuf *text, const struct result_source *source);

/* The capture file that contains the probe's own frame, or else its first reply. False: no frame is kept. */
bool summary_file(const struct probe *probe, unsigned *file);

#endif
