/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/render.h"

#include <stdlib.h>

const struct report_source render_live = {.command = "trace", .live = true, .interface = "any"};

static const struct judgement no_judgement;

void render_begin(struct render *r, const char *format, const struct fake *fake, const struct output_options *options)
{
    *r = (struct render){.out.options.width = 80};
    if (options)
        r->out.options = *options;
    r->out.format = output_format_find(format);
    r->out.file = open_memstream(&r->text, &r->length);
    if (!r->out.format || !r->out.file || !r->out.format->begin(&r->out, &fake->session, &render_live))
        abort();
}

void render_hop(struct render *r, const struct fake *fake, uint8_t ttl)
{
    if (r->out.format->hop)
        r->out.format->hop(&r->out, &fake->session, ttl);
}

void render_hops(struct render *r, const struct fake *fake, uint8_t first, uint8_t last)
{
    for (unsigned ttl = first; ttl <= last; ttl++)
        render_hop(r, fake, (uint8_t)ttl);
}

const char *render_so_far(struct render *r)
{
    return r->text ? r->text : "";
}

const char *render_end(struct render *r, const struct fake *fake, const struct judgement *judgement,
                       const struct report_source *source)
{
    r->out.format->end(&r->out, &fake->session, judgement ? judgement : &no_judgement, source ? source : &render_live);
    fclose(r->out.file);
    return r->text;
}

void render_free(struct render *r)
{
    free(r->text);
}
