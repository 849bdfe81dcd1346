/* SPDX-License-Identifier: BSD-2-Clause */
/* render: a report with one output, driven by hand and kept in memory. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_RENDER_H
#define HOPSONDE_TESTS_UNIT_RENDER_H

#include "cli/shared/report.h"
#include "unit/support/fake_session.h"

struct render {
    struct report report; /* outputs[0] alone */
    char *text;           /* all that was written, when the report has ended */
    size_t length;
};

/* A live source on `any`, command "trace". */
extern const struct result_source render_live;

/* `options` NULL: nothing but 80 columns, as with a width of 0. Between this and the begin the result's book may be
 * set. */
void render_open(struct render *r, const struct output_format *format, const struct output_options *options);
/* Flushes and returns all that was written, until render_free(). */
const char *render_close(struct render *r);
void render_free(struct render *r);

/* Opens and begins the report of a run. */
void render_begin(struct render *r, const char *format, const struct fake *fake, const struct output_options *options);
void render_probe(struct render *r, const struct fake *fake, const struct trace *trace, const struct probe *probe);
void render_hop(struct render *r, const struct fake *fake, uint8_t ttl);
void render_hops(struct render *r, const struct fake *fake, uint8_t first, uint8_t last);
/* What was written so far; valid until the next call. */
const char *render_so_far(struct render *r);
/* Ends the report and closes. `source` NULL: as it began; `judgement` NULL: empty. */
const char *render_end(struct render *r, const struct fake *fake, const struct judgement *judgement,
                       const struct result_source *source);

/* The whole report of a capture that was recognised, but for its judgement; closes. */
const char *render_recognition(struct render *r, const struct recognition *found, const struct result_source *source);

#endif
