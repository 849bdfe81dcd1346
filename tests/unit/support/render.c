/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/render.h"

#include <stdlib.h>

const struct result_source render_live = {.command = "trace", .live = true, .interface = "any"};

static const struct judgement no_judgement;

void render_open(struct render *r, const struct output_format *format, const struct output_options *options)
{
    *r = (struct render){.report.count = 1};
    struct output *out = &r->report.outputs[0];
    out->options = options ? *options : (struct output_options){0};
    out->options.width = out->options.width ? out->options.width : 80;
    out->format = format;
    out->file = open_memstream(&r->text, &r->length);
    if (!format || !out->file)
        abort();
}

const char *render_close(struct render *r)
{
    fclose(r->report.outputs[0].file);
    return r->text;
}

void render_free(struct render *r)
{
    free(r->text);
}

void render_begin(struct render *r, const char *format, const struct fake *fake, const struct output_options *options)
{
    render_open(r, output_format_find(format), options);
    report_begin(&r->report, &render_live, &fake->session);
}

void render_probe(struct render *r, const struct fake *fake, const struct trace *trace, const struct probe *probe)
{
    report_session_events(&r->report).probe_settled(&r->report, &fake->session, trace, probe);
}

void render_hop(struct render *r, const struct fake *fake, uint8_t ttl)
{
    report_session_events(&r->report).hop_settled(&r->report, &fake->session, ttl);
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
                       const struct result_source *source)
{
    struct result *result = &r->report.first.result;
    if (source)
        result->source = *source;
    report_take_session(&r->report, &fake->session);
    const struct judged_group group = {result->traces, result->trace_count, judgement ? judgement : &no_judgement,
                                       false};
    report_judged(&r->report, &group);
    report_end(&r->report);
    return render_close(r);
}

const char *render_recognition(struct render *r, const struct recognition *found, const struct result_source *source)
{
    report_begin(&r->report, source, NULL);
    report_take_recognition(&r->report, found);
    report_end(&r->report);
    return render_close(r);
}
