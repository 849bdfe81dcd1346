/* SPDX-License-Identifier: BSD-2-Clause */
/* forgeries: frames that look like replies to the run, but fit no probe, in numbers. */
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

void find_forgeries(const struct set_facts *all, struct judgement *out)
{
    static const char *const kinds[] = {[FORGERY_ERRORS] = "icmp-errors", [FORGERY_ANSWERS] = "answers"};
    static const char *const texts[] = {
        [FORGERY_ERRORS] = "ICMP errors", [FORGERY_ANSWERS] = "packets in the target's name"};
    for (unsigned kind = 0; all->set->counters && kind < FORGERIES; kind++) {
        const struct forgery_count *count = &all->set->counters->forgeries[kind];
        struct finding *finding = forgery_is_certain(count) ? finding_add(out, FINDING_FORGED_REPLIES, NULL) : NULL;
        if (!finding)
            continue;
        finding_text(finding, "replies", kinds[kind]);
        finding_number(finding, "count", (double)count->count);
        finding_number(finding, "per_second", count->most);
        for (unsigned i = 0; i < FORGERY_FRAMES_MOST; i++)
            frames_add(finding->frames, &finding->frame_count, (struct frame_number){.number = count->frames[i]});
        phrase_set(finding->text,
                   "%llu %s fit no probe, up to %u a second: forged, or for another program; replies that a forger "
                   "might guess do not count",
                   (unsigned long long)count->count, texts[kind], count->most);
    }
}
