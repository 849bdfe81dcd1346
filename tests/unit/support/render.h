/* SPDX-License-Identifier: BSD-2-Clause */
/* render: an output format driven by hand, its output kept in memory. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_RENDER_H
#define HOPSONDE_TESTS_UNIT_RENDER_H

#include "report/format.h"
#include "unit/support/fake_session.h"

struct render {
    struct output out;
    char *text; /* all that was written, after render_end() */
    size_t length;
};

/* A live source on `any`, command "trace". */
extern const struct report_source render_live;

void render_begin(struct render *r, const char *format, const struct fake *fake,
                  const struct output_options *options); /* NULL: 80 columns, nothing else */
void render_hop(struct render *r, const struct fake *fake, uint8_t ttl);
void render_hops(struct render *r, const struct fake *fake, uint8_t first, uint8_t last);
/* What was written so far; valid until the next call. */
const char *render_so_far(struct render *r);
/* Ends the output and returns all of it, until render_free(). `source` NULL: render_live; `judgement` NULL: empty. */
const char *render_end(struct render *r, const struct fake *fake, const struct judgement *judgement,
                       const struct report_source *source);
void render_free(struct render *r);

#endif
