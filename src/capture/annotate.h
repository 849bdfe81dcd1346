/* SPDX-License-Identifier: BSD-2-Clause */
/* annotate: what hopsonde writes about its own run into the comments of a pcapng, and reads back. Floor 5; internal to
 * io/; pure.
 *
 * A comment for the replay is "hopsonde:WORD KEY=VALUE KEY=VALUE ..." (fields.h). WORD is run, config or flow in the
 * section header, claim or end in a statistics block, about in a name resolution block (nameblock.h). A reader ignores
 * keys and words that it does not know; `format` counts up only where an old reader would be misled. Comments on frames
 * are for people and never read back. */
#ifndef HOPSONDE_CAPTURE_ANNOTATE_H
#define HOPSONDE_CAPTURE_ANNOTATE_H

#include "base/strbuf.h"
#include "capture/dump.h"
#include "capture/file.h"

#define ANNOTATION_FORMAT 1

/* Each appends one comment. */
void annotate_run(struct strbuf *out, const struct dump_run *run);
void annotate_config(struct strbuf *out, const struct session_config *config);
void annotate_flow(struct strbuf *out, unsigned index, const struct flow *flow);
void annotate_claim(struct strbuf *out, const struct session_claim *claim);
void annotate_end(struct strbuf *out, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel);
/* For people: "udp probe: trace 0, hop 4, attempt 2, serial 11". `spec` is that of the note's trace; unused for strays.
 */
void annotate_note(struct strbuf *out, const struct frame_note *note, const struct probe_spec *spec);

enum annotation {
    ANNOTATION_NONE, /* no comment of ours, or of a word that is not known here */
    ANNOTATION_RUN,
    ANNOTATION_CONFIG,
    ANNOTATION_FLOW,
    ANNOTATION_CLAIM,
    ANNOTATION_END,
    ANNOTATION_DAMAGED, /* ours, but a value lacks or makes no sense */
    ANNOTATION_NEWER,   /* its format is newer than ours: `newer_format` says which */
};

/* What the comments of a section header have told so far. */
struct annotations {
    bool run, config;
    uint32_t flows;        /* bit i: flow i is known */
    uint32_t newer_format; /* 0: none */
};

/* Reads one comment (any bytes) into the part of `saved` that it is about; a claim goes to `claim`. */
enum annotation annotate_read(const char *text, size_t length, struct annotations *seen, struct saved_run *saved,
                              struct session_claim *claim);
/* Whether run, config and every flow were there and fit together: a session can be made of them. */
bool annotations_complete(const struct annotations *seen, const struct saved_run *saved);

#endif
