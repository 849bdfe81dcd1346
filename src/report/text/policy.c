/* SPDX-License-Identifier: BSD-2-Clause */
/* policy: the verdicts as lines that --expect reads: PROBE STATE [at|after ADDRESS]. What is inconclusive is a comment.
 */
#include "report/address_text.h"
#include "report/format.h"
#include "verdict/port_verdicts.h"

static void add_place(struct strbuf *line, const char *word, const struct place *place)
{
    char address[ADDR_TEXT_BYTES];
    addr_format(&place->address, address);
    if (place->known && *address)
        strbuf_addf(line, " %s %s", word, address);
}

/* The target's own answer needs no place. */
static void end_line(struct strbuf *line, enum verdict_state state, const struct place *at, const struct place *after)
{
    bool reaches = state == VERDICT_OPEN || state == VERDICT_CLOSED;
    strbuf_addf(line, " %s", verdict_state_name(state));
    if (at->known && !reaches)
        add_place(line, "at", at);
    else if (after->known && !reaches)
        add_place(line, "after", after);
    strbuf_add(line, "\n");
}

static void begin_line(struct strbuf *line, enum verdict_state state)
{
    strbuf_add(line, state == VERDICT_INCONCLUSIVE ? "# " : "");
}

static void add_groups(struct strbuf *lines, const struct portmap *ports)
{
    struct port_groups groups;
    if (!ports_group(ports, &groups)) {
        strbuf_add(lines, "# the ports cannot be written: out of memory\n");
        return;
    }
    for (unsigned i = 0; i < groups.count; i++) {
        const struct port_group *group = &groups.of[i];
        for (unsigned port = group->first; port;) {
            begin_line(lines, group->state);
            port = ports_add_probe(group, port, lines);
            end_line(lines, group->state, &group->at, &group->after);
        }
    }
    if (groups.left_out)
        strbuf_addf(lines, "# %u more ports\n", groups.left_out);
    ports_free_groups(&groups);
}

static void policy_judged(struct output *out, const struct judged_group *group)
{
    const struct judgement *judgement = group->judgement;
    struct strbuf lines;
    strbuf_init(&lines);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        char spec[PROBE_SPEC_TEXT_BYTES];
        if (verdict->trace->is_control || trace_is_idle(verdict->trace)) /* a run adds it by itself, or by an option */
            continue;
        probe_spec_format(verdict_spec(verdict), spec);
        begin_line(&lines, verdict->state);
        strbuf_add(&lines, spec);
        end_line(&lines, verdict->state, &verdict->at, &verdict->after);
    }
    if (judgement->ports)
        add_groups(&lines, judgement->ports);
    fputs(lines.text, out->file);
    strbuf_free(&lines);
}

static bool policy_begin(struct output *out)
{
    const struct session_config *config = out->result->config;
    struct strbuf line;
    strbuf_init(&line);
    strbuf_add(&line, "# hopsonde ");
    strbuf_add(&line, out->result->source.command);
    if (config) {
        strbuf_add(&line, " ");
        address_text_add_target(&line, &config->target, &config->target, result_target_name(out->result));
    }
    fprintf(out->file, "%s\n", line.text);
    strbuf_free(&line);
    return true;
}

static void policy_end(struct output *out)
{
    fflush(out->file);
}

const struct output_format output_policy = {
    .name = "policy",
    .help = "the verdicts as a file for --expect",
    .keeps = true,
    .begin = policy_begin,
    .judged = policy_judged,
    .end = policy_end,
};
