/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "report/paint.h"
#include "report/text/evidence.h"
#include "verdict/port_verdicts.h"

/* What a reader looks for: the probe got there, it was stopped, or nothing is certain. By enum verdict_state. `phrase`
 * says the same in the sentence, where it may follow the probe's name and an "is". */
static const struct {
    const char *sgr, *phrase;
} signals[] = {
    [VERDICT_OPEN] = {PAINT_GREEN, "reaches the target"},
    [VERDICT_CLOSED] = {PAINT_GREEN, "reaches the target"},
    [VERDICT_REJECTED] = {PAINT_RED, "rejected"},
    [VERDICT_DROPPED] = {PAINT_RED, "dropped"},
    [VERDICT_INTERCEPTED] = {PAINT_RED, "intercepted"},
    [VERDICT_UNREACHABLE] = {PAINT_RED, "has no route"},
    [VERDICT_LOOPING] = {PAINT_RED, "loops"},
    [VERDICT_UNANSWERED] = {PAINT_YELLOW, "unanswered"},
    [VERDICT_INCONCLUSIVE] = {PAINT_YELLOW, "inconclusive"},
};

/* The bytes of the sentence that have the colour: the probe's name, and the phrase if it follows. */
static size_t signal_length(const char *sentence, const char *phrase)
{
    size_t name = strcspn(sentence, " "), end = name + strspn(sentence + name, " ");
    end += strncmp(sentence + end, "is ", 3) == 0 ? 3 : 0;
    return strncmp(sentence + end, phrase, strlen(phrase)) == 0 ? end + strlen(phrase) : name;
}

static void add_verdict(struct strbuf *text, const struct verdict *verdict, bool color)
{
    size_t length = signal_length(verdict->text, signals[verdict->state].phrase);
    paint_begin(text, color, signals[verdict->state].sgr);
    strbuf_add_bytes(text, verdict->text, length);
    paint_end(text, color, signals[verdict->state].sgr);
    strbuf_addf(text, "%s\n", verdict->text + length);
}

void verdicts_add(struct strbuf *text, const struct judgement *judgement, const struct output *out, bool evidence)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        add_verdict(text, &judgement->verdicts[i], out->options.color);
        if (evidence)
            evidence_add(text, judgement, &judgement->verdicts[i], &out->result->source);
    }
}

void verdicts_add_ports(struct strbuf *text, const struct portmap *ports, const struct output *out)
{
    struct port_groups *groups = malloc(sizeof *groups);
    if (!groups || !ports_group(ports, groups)) {
        free(groups);
        strbuf_add(text, "the ports cannot be shown: out of memory\n");
        return;
    }
    for (unsigned i = 0; i < groups->count; i++) {
        struct strbuf line;
        strbuf_init(&line);
        ports_add_line(&groups->of[i], out->options.verbose > 0, &line);
        size_t length = (size_t)(strrchr(line.text, ':') - line.text); /* the ports follow */
        paint_begin(text, out->options.color, signals[groups->of[i].state].sgr);
        strbuf_add_bytes(text, line.text, length);
        paint_end(text, out->options.color, signals[groups->of[i].state].sgr);
        strbuf_addf(text, "%s\n", line.text + length);
        strbuf_free(&line);
    }
    uint32_t missing = 0;
    for (uint32_t i = 0; i < ports->count; i++)
        missing += ports->entries[i].fate == FATE_NOT_ASKED;
    if (missing)
        strbuf_addf(text, "%u ports were not probed\n", missing);
    if (groups->left_out)
        strbuf_addf(text, "%u more ports in further groups (-o json has them)\n", groups->left_out);
    ports_free_groups(groups);
    free(groups);
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

void verdicts_add_findings(struct strbuf *text, const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (!is_told_by_verdict(judgement, &judgement->findings[i]))
            strbuf_addf(text, "%s\n", judgement->findings[i].text);
}
