/* SPDX-License-Identifier: BSD-2-Clause */
/* annotate: hopsonde's own run as comments in a pcapng, written and read back. Floor 5; internal to capture/; pure.
 *
 * A comment for the replay is "hopsonde:WORD KEY=VALUE KEY=VALUE ..." (fields.h). WORD is run, config, target or flow
 * in the section header, claim or end in a statistics block, about in a name resolution block (name_block.h). A reader
 * ignores unknown keys and words. Raise `format` only if an old reader would misread the file. Comments on frames
 * are for people and are never read back. */
#ifndef HOPSONDE_CAPTURE_ANNOTATE_H
#define HOPSONDE_CAPTURE_ANNOTATE_H

#include "base/strbuf.h"
#include "capture/dump.h"
#include "capture/file.h"

#define ANNOTATION_FORMAT 3               /* of the run comment; a reader rejects newer formats */
#define ANNOTATION_FORMAT_OF_ONE_TARGET 2 /* what is written for it, so that older readers take it */

/* Each function appends one comment. */
void annotate_run(struct strbuf *out, const struct dump_run *run);
void annotate_config(struct strbuf *out, const struct session_config *config);
/* A further target of the run, from 1, with the settings that are its own. */
void annotate_target(struct strbuf *out, unsigned target, const struct session_config *config);
/* A flow of a target, from 0. */
void annotate_flow(struct strbuf *out, unsigned target, unsigned index, const struct flow *flow);
void annotate_claim(struct strbuf *out, const struct session_claim *claim);
void annotate_end(struct strbuf *out, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel);
/* Appends a frame's comment for people: "udp probe: trace 0, hop 4, attempt 2, serial 11". `spec` is the spec of the
 * note's trace; strays do not use it. */
void annotate_note(struct strbuf *out, const struct frame_note *note, const struct probe_spec *spec);

enum annotation {
    ANNOTATION_NONE, /* not a hopsonde comment, or its word is unknown */
    ANNOTATION_RUN,
    ANNOTATION_CONFIG,
    ANNOTATION_TARGET,
    ANNOTATION_FLOW,
    ANNOTATION_CLAIM,
    ANNOTATION_END,
    ANNOTATION_DAMAGED, /* a hopsonde comment with a missing or invalid value */
    ANNOTATION_NEWER,   /* saved in a newer format: see `newer_format` */
};

/* The parts of a section header read so far. */
struct annotations {
    bool run, config;
    uint32_t flows[TARGETS_MOST]; /* by target; bit i: flow i was read */
    uint64_t targets;             /* bit i: target i was read; 0 never is */
    unsigned target_count;        /* so many the run has */
    uint32_t newer_format;        /* 0: none */
};

/* Reads one comment (any bytes) into the matching part of `saved`. A claim goes to `claim`. */
enum annotation annotate_read(const char *text, size_t length, struct annotations *seen, struct saved_run *saved,
                              struct session_claim *claim);
/* True if run, config and every flow were read and agree, so that a session can be made of them. */
bool annotations_complete(const struct annotations *seen, const struct saved_run *saved);

#endif
