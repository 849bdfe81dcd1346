/* SPDX-License-Identifier: BSD-2-Clause */
/* What the capture of the other end makes of verdicts: a row for each rule, and those that must stay. */
#include <string.h>

#include "tap.h"
#include "unit/support/fake_session.h"
#include "verdict/second_point.h"

static struct judgement judgement;
static struct fake fake;
static struct second_view seen;

static void look(void *context, const struct trace *trace, struct second_view *out)
{
    (void)context;
    (void)trace;
    *out = seen;
}

static const struct row {
    const char *name;
    enum verdict_state state;
    unsigned arrived, lost, answered, unheard, forged; /* packets */
    bool answered_accepts, unheard_accepts, forged_accepts, has_doubtful_replies;
    enum verdict_state wanted;
    enum verdict_how how;
    const char *text; /* NULL: the verdict stays as it was */
    const char *findings;
} rows[] = {
    {.name = "a forged reset",
     .state = VERDICT_CLOSED,
     .lost = 3,
     .forged = 2,
     .wanted = VERDICT_REJECTED,
     .how = HOW_TCP_RESET,
     .text =
         "tcp/443 rejected after hop 2 (10.0.2.1) in the target's name: the reset never left the far point, and none "
         "of 3 probes came there.",
     .findings = "lost-toward-far forged "},
    {.name = "a forged reset beside probes that arrive",
     .state = VERDICT_REJECTED,
     .arrived = 2,
     .forged = 1,
     .wanted = VERDICT_REJECTED,
     .how = HOW_TCP_RESET,
     .text =
         "tcp/443 rejected after hop 2 (10.0.2.1) in the target's name: the reset never left the far point, where 2 "
         "of 2 probes came.",
     .findings = "forged "},
    {.name = "a forged SYN/ACK",
     .state = VERDICT_OPEN,
     .forged = 1,
     .forged_accepts = true,
     .wanted = VERDICT_INTERCEPTED,
     .text = "tcp/443 intercepted after hop 2 (10.0.2.1) in the target's name: the SYN/ACK never left the far point.",
     .findings = "forged "},
    {.name = "the target replied as well",
     .state = VERDICT_OPEN,
     .arrived = 2,
     .answered = 1,
     .forged = 1,
     .wanted = VERDICT_OPEN,
     .findings = "forged "},
    {.name = "lost replies",
     .state = VERDICT_UNANSWERED,
     .arrived = 3,
     .lost = 1,
     .unheard = 1,
     .wanted = VERDICT_DROPPED,
     .how = HOW_REPLY_LOST,
     .text =
         "tcp/443 dropped on the way back: 1 reply left the far point and never came here; 3 of 4 probes came there.",
     .findings = "lost-toward-far lost-toward-near "},
    {.name = "a lost SYN/ACK behind a reset",
     .state = VERDICT_CLOSED,
     .arrived = 2,
     .answered = 1,
     .unheard = 2,
     .unheard_accepts = true,
     .wanted = VERDICT_DROPPED,
     .how = HOW_REPLY_LOST,
     .text =
         "tcp/443 dropped on the way back: 2 replies left the far point and never came here; 2 of 2 probes came there.",
     .findings = "lost-toward-near "},
    {.name = "some replies are lost, and others come",
     .state = VERDICT_OPEN,
     .arrived = 3,
     .answered = 2,
     .answered_accepts = true,
     .unheard = 1,
     .unheard_accepts = true,
     .wanted = VERDICT_OPEN,
     .findings = "lost-toward-near "},
    {.name = "a silent target",
     .state = VERDICT_DROPPED,
     .arrived = 3,
     .wanted = VERDICT_UNANSWERED,
     .how = HOW_SILENT,
     .text = "tcp/443 unanswered: 3 of 3 probes came to the far point, and no reply left it.",
     .findings = ""},
    {.name = "replies of which nothing is known",
     .state = VERDICT_DROPPED,
     .arrived = 3,
     .has_doubtful_replies = true,
     .wanted = VERDICT_DROPPED,
     .findings = ""},
    {.name = "lost probes",
     .state = VERDICT_UNANSWERED,
     .lost = 2,
     .wanted = VERDICT_DROPPED,
     .how = HOW_SILENT,
     .text = "tcp/443 dropped after hop 2 (10.0.2.1) on the way there: none of 2 probes came to the far point.",
     .findings = "lost-toward-far "},
    {.name = "one lost probe",
     .state = VERDICT_INCONCLUSIVE,
     .lost = 1,
     .wanted = VERDICT_INCONCLUSIVE,
     .findings = "lost-toward-far "},
    {.name = "an open port whose probes are lost in part",
     .state = VERDICT_OPEN,
     .arrived = 2,
     .lost = 2,
     .answered = 2,
     .wanted = VERDICT_OPEN,
     .findings = "lost-toward-far "},
    {.name = "nothing is known", .state = VERDICT_DROPPED, .wanted = VERDICT_DROPPED, .findings = ""},
};

static void fill(struct second_count *count, unsigned packets, uint64_t frame, uint8_t file)
{
    for (unsigned i = 0; i < packets; i++)
        second_count_add(count, (struct frame_number){.number = frame + i, .file = file});
}

static void test_row(const struct row *row)
{
    static const struct reply reset = {.kind = REPLY_RST}, accepted = {.kind = REPLY_SYN_ACK};
    struct verdict *verdict = &judgement.verdicts[0];
    char findings[256] = "";
    fake_init(&fake, "", "192.0.2.80", "tcp/443");
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    fake_hop(&fake, 0, 2, "10.0.2.1", 1);
    judgement = (struct judgement){.verdict_count = 1};
    *verdict = (struct verdict){.trace = fake_trace(&fake, 0), .state = row->state, .text = "as before."};
    seen = (struct second_view){.probes = row->arrived + row->lost,
                                .answered_accepts = row->answered_accepts,
                                .unheard_accepts = row->unheard_accepts,
                                .forged_accepts = row->forged_accepts,
                                .has_doubtful_replies = row->has_doubtful_replies};
    fill(&seen.arrived, row->arrived, 10, 0);
    fill(&seen.lost, row->lost, 20, 0);
    fill(&seen.answered, row->answered, 30, 0);
    fill(&seen.unheard, row->unheard, 40, 1);
    fill(&seen.forged, row->forged, 50, 0);
    if (row->forged)
        seen.forgery = row->forged_accepts ? &accepted : &reset;
    second_point_revise(look, NULL, &judgement);
    is_num(verdict->state, row->wanted, "%s: the state", row->name);
    is_num(verdict->how, row->how, "%s: how", row->name);
    is_text(verdict->text, row->text ? row->text : "as before.", "%s: the sentence", row->name);
    is_num(verdict->frame_count > 0, row->text != NULL, "%s: frames show it", row->name);
    for (unsigned i = 0; i < judgement.finding_count; i++) {
        strcat(findings, finding_kind_name(judgement.findings[i].kind));
        strcat(findings, " ");
    }
    is_text(findings, row->findings, "%s: the findings", row->name);
    fake_free(&fake);
}

/* A report shows some of the frames, and all are counted. */
static void test_count(void)
{
    struct second_count count = {.count = 0};
    fill(&count, 20, 1, 0);
    second_count_add(&count, (struct frame_number){.number = 0});
    is_num(count.count, 21, "all are counted");
    is_num(count.frame_count, SECOND_FRAMES_MOST, "and some are shown");
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_row(&rows[i]);
    test_count();
    return tap_done();
}
