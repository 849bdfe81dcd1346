/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "report/paint.h"
#include "report/text/notes/evidence.h"
#include "verdict/port_verdicts.h"

/* What a reader looks for: the probe got there, it was stopped, or nothing is certain. By enum verdict_state. */
static const char *const state_sgr[] = {
    [VERDICT_OPEN] = PAINT_GREEN,      [VERDICT_CLOSED] = PAINT_GREEN,      [VERDICT_REJECTED] = PAINT_RED,
    [VERDICT_DROPPED] = PAINT_RED,     [VERDICT_INTERCEPTED] = PAINT_RED,   [VERDICT_UNREACHABLE] = PAINT_RED,
    [VERDICT_LOOPING] = PAINT_RED,     [VERDICT_UNANSWERED] = PAINT_YELLOW, [VERDICT_INCONCLUSIVE] = PAINT_YELLOW,
    [VERDICT_FORWARDED] = PAINT_GREEN,
};

/* A sentence begins with the probe's name and the state. */
static unsigned name_columns(const struct verdict *verdict)
{
    return (unsigned)strcspn(verdict->text, " ");
}

static unsigned widest_name(const struct judgement *judgement)
{
    unsigned widest = 0;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        unsigned columns = name_columns(&judgement->verdicts[i]);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

/* The probe and the state have the colour. */
static void add_verdict(struct strbuf *text, const struct verdict *verdict, unsigned widest, bool color)
{
    const char *sgr = state_sgr[verdict->state];
    unsigned name = name_columns(verdict);
    const char *state = verdict->text + name + strspn(verdict->text + name, " ");
    size_t length = strcspn(state, " :.");
    paint_begin(text, color, sgr);
    strbuf_add_bytes(text, verdict->text, name);
    strbuf_addf(text, "%*s", (int)(widest - name + 2), "");
    strbuf_add_bytes(text, state, length);
    paint_end(text, color, sgr);
    strbuf_addf(text, "%s\n", state + length);
}

void verdicts_add(struct strbuf *text, const struct judgement *judgement, const struct output *out, bool evidence)
{
    unsigned widest = widest_name(judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        add_verdict(text, &judgement->verdicts[i], widest, out->options.color);
        if (evidence)
            evidence_add(text, judgement, &judgement->verdicts[i], &out->result->source);
    }
}

static void add_group(struct strbuf *text, const struct port_group *group, const struct output *out)
{
    struct strbuf line;
    strbuf_init(&line);
    ports_add_line(group, out->options.verbose > 0, &line);
    size_t length = (size_t)(strrchr(line.text, ':') - line.text); /* the ports follow */
    paint_begin(text, out->options.color, state_sgr[group->state]);
    strbuf_add_bytes(text, line.text, length);
    paint_end(text, out->options.color, state_sgr[group->state]);
    strbuf_addf(text, "%s\n", line.text + length);
    strbuf_free(&line);
}

void verdicts_add_ports(struct strbuf *text, const struct portmap *ports, const struct output *out)
{
    struct port_groups *groups = malloc(sizeof *groups);
    if (!groups || !ports_group(ports, groups)) {
        free(groups);
        strbuf_add(text, "the ports cannot be shown: out of memory\n");
        return;
    }
    for (unsigned i = 0; i < groups->count; i++)
        add_group(text, &groups->of[i], out);
    if (groups->left_out)
        strbuf_addf(text, "%u more ports in further groups (-o json has them)\n", groups->left_out);
    ports_free_groups(groups);
    free(groups);
}

void verdicts_add_port_notes(struct strbuf *text, const struct portmap *ports)
{
    uint32_t missing = 0, inferred = 0, measured = 0;
    for (uint32_t i = 0; i < ports->count; i++) {
        const struct port_entry *entry = &ports->entries[i];
        missing += entry->fate == FATE_NOT_ASKED;
        inferred += entry->fate == FATE_SILENT && entry->placing == PLACING_INFERRED;
        measured += entry->fate == FATE_SILENT && entry->placing == PLACING_MEASURED;
    }
    if (inferred)
        strbuf_addf(text, "%u of %u silent ports have the place of their neighbours; the others were measured\n",
                    inferred, inferred + measured);
    if (missing)
        strbuf_addf(text, "%u ports were not probed\n", missing);
}

/* A verdict about the same trace says the same. A packet that was too big is no verdict if smaller ones went on. */
static bool is_told_by_verdict(const struct judgement *judgement, const struct finding *finding)
{
    bool told = finding->kind == FINDING_LOOP;
    for (unsigned i = 0; finding->kind == FINDING_MTU && i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        told = told || (verdict->trace == finding->trace && verdict->state == VERDICT_REJECTED);
    }
    return told;
}

static bool is_of_mtu(const struct finding *finding)
{
    return finding->kind == FINDING_MTU || finding->kind == FINDING_MTU_BLACK_HOLE;
}

void verdicts_add_findings(struct strbuf *text, const struct judgement *judgement, bool has_mtu)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (!(has_mtu && is_of_mtu(&judgement->findings[i])) && !is_told_by_verdict(judgement, &judgement->findings[i]))
            strbuf_addf(text, "%s\n", judgement->findings[i].text);
}
