/* SPDX-License-Identifier: BSD-2-Clause */
/* text: the report as people read it: of a run of our own one table (run_text.h), of captures of any other origin a
 * table for each trace (traces_text.h). */
#include "report/text/rounds/rounds_text.h"
#include "report/text/run/run_text.h"
#include "report/text/traces_text.h"
#include "report/text/transit/transit_text.h"

static bool is_run(const struct output *out)
{
    return out->result->config != NULL;
}

static bool text_begin(struct output *out)
{
    if (out->result->monitor)
        return rounds_text_begin(out);
    if (is_run(out))
        return run_text_begin(out);
    if (!out->result->section_count)
        traces_text_begin(out);
    return true;
}

static void text_judged(struct output *out, const struct judged_group *group)
{
    if (out->result->monitor)
        rounds_text_judged(out, group);
    else if (is_run(out))
        run_text_judged(out, group);
    else
        traces_text_judged(out, group);
}

static bool text_release(struct output *out, nstime now, bool all)
{
    return out->state && !out->result->monitor && run_text_release(out, now, all);
}

static void text_end(struct output *out)
{
    if (out->result->monitor)
        rounds_text_end(out);
    else if (is_run(out))
        run_text_end(out);
    else if (out->result->section_count)
        transit_text_end(out);
    else
        traces_text_end(out);
}

const struct output_format output_text = {
    .name = "text",
    .help = "a traceroute table, then verdicts and findings",
    .shows_transit = true,
    .keeps = true,
    .has_rounds = true,
    .begin = text_begin,
    .hop = run_text_hop,
    .event = rounds_text_event,
    .judged = text_judged,
    .release = text_release,
    .end = text_end,
};
