/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that take less than the links before them, as a run with --mtu measured. */
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

static struct place place_of(uint8_t ttl, const struct addr *address)
{
    return (struct place){.known = true, .ttl = ttl, .address = *address};
}

static void add_told(const struct path_mtu *mtu, const struct mtu_step *step, struct judgement *out)
{
    struct finding *finding = finding_add(out, FINDING_MTU, mtu->trace);
    if (!finding)
        return;
    finding->at = place_of(step->after_ttl, &step->after);
    finding_number(finding, "mtu", step->mtu);
    finding_number(finding, "size", step->size);
    finding_show(finding, step->probe, step->reply);
    phrase_set(finding->text, "the link after %s has an MTU of %u bytes", PLACE_TEXT(&finding->at), step->mtu);
}

/* Nothing shows where it is. */
static void add_hole_back(const struct path_mtu *mtu, struct judgement *out)
{
    struct finding *finding = finding_add(out, FINDING_MTU_BLACK_HOLE, mtu->trace);
    if (!finding)
        return;
    finding->after = place_of(mtu->end_ttl, &mtu->end);
    finding_number(finding, "passes", mtu->back);
    finding_number(finding, "lost", mtu->back + 1.0);
    finding_number(finding, "probes_lost", mtu->back_lost);
    finding_show(finding, mtu->back_probe, NULL);
    phrase_set(finding->text, "on the way back from the target, packets of more than %u bytes vanish: %u were lost",
               mtu->back, mtu->back_lost);
}

static void add_hole(const struct path_mtu *mtu, const struct mtu_step *step, struct judgement *out)
{
    struct finding *finding = finding_add(out, FINDING_MTU_BLACK_HOLE, mtu->trace);
    if (!finding)
        return;
    finding->after = place_of(step->after_ttl, &step->after);
    finding->before = place_of(step->before_ttl, &step->before);
    finding_number(finding, "passes", step->mtu);
    finding_number(finding, "lost", step->mtu + 1.0);
    finding_number(finding, "probes_lost", step->lost);
    finding_show(finding, step->probe, NULL);
    phrase_set(finding->text,
               "packets of more than %u bytes vanish between %s and %s%s, and no router reports it: %u were lost",
               step->mtu, step->after_ttl ? PLACE_TEXT(&finding->after) : "this host", PLACE_TEXT(&finding->before),
               step->is_either_way ? ", or on the way back" : "", step->lost);
}

void find_mtu_steps(const struct path_mtu *mtu, struct judgement *out)
{
    for (unsigned i = 0; i < mtu->step_count; i++)
        if (mtu->steps[i].is_hole)
            add_hole(mtu, &mtu->steps[i], out);
        else
            add_told(mtu, &mtu->steps[i], out);
    if (mtu->back && mtu->back < mtu->path)
        add_hole_back(mtu, out);
}

static void say_step(const struct path_mtu *mtu, const struct mtu_step *step, char text[SENTENCE_BYTES])
{
    const char *tunnel = path_mtu_tunnel(step->mtu);
    struct place after = place_of(step->after_ttl, &step->after), before = place_of(step->before_ttl, &step->before);
    bool is_first = step == mtu->steps;
    phrase_add(text, "%s ", is_first ? ":" : step->is_hole ? ";" : ",");
    if (step->is_hole)
        phrase_add(text, "packets of more than %u bytes vanish between %s and %s%s, and no router reports it",
                   step->mtu, step->after_ttl ? PLACE_TEXT(&after) : "this host", PLACE_TEXT(&before),
                   step->is_either_way ? ", or on the way back" : "");
    else
        phrase_add(text, "%u behind %s", step->mtu, PLACE_TEXT(&after));
    if (tunnel && mtu->interface == 1500)
        phrase_add(text, " (as %s takes)", tunnel);
}

/* Whether a hole drops no TCP segments, as the target's MSS keeps them small. */
static bool hides_from_tcp(const struct path_mtu *mtu)
{
    uint16_t largest = path_mtu_tcp_size(mtu);
    bool has_hole = false;
    for (unsigned i = 0; i < mtu->step_count; i++)
        has_hole = has_hole || mtu->steps[i].is_hole;
    return has_hole && largest && largest <= mtu->path;
}

/* Why the figure is a bound only. */
static void say_limit(const struct path_mtu *mtu, char text[SENTENCE_BYTES])
{
    struct place end = place_of(mtu->end_ttl, &mtu->end);
    if (mtu->complete)
        return;
    if (!mtu->trace->reached_ttl)
        phrase_add(text, "; the target does not answer, so this holds up to %s", PLACE_TEXT(&end));
    if (mtu->passes < mtu->path)
        phrase_add(text, "; between %u and %u bytes nothing is known", mtu->passes, mtu->path);
}

void verdict_describe_mtu(const struct path_mtu *mtu, char text[SENTENCE_BYTES])
{
    const char *bound = mtu->passes < mtu->path ? "at most " : "";
    phrase_set(text, "path MTU %s%u", bound, mtu->path);
    for (unsigned i = 0; i < mtu->step_count; i++)
        say_step(mtu, &mtu->steps[i], text);
    if (!mtu->step_count && mtu->passes >= mtu->path)
        phrase_add(text, ": the path takes what the interface takes");
    if (hides_from_tcp(mtu))
        phrase_add(text, "; TCP does not meet that, because the SYN/ACK sets an MSS of %u: UDP and tunnels do",
                   mtu->mss);
    if (mtu->back && mtu->back < mtu->path)
        phrase_add(text, "; on the way back packets of more than %u bytes vanish", mtu->back);
    say_limit(mtu, text);
    phrase_end(text);
}

void verdict_describe_mtu_lie(const struct mtu_lie *lie, char text[SENTENCE_BYTES])
{
    phrase_set(text, "%s reports an MTU of %u%s: ignored", ADDRESS_TEXT(&lie->reply->from), (unsigned)lie->reply->mtu,
               lie->is_off_path ? ", but is not on the path" : ", which cannot be true");
    phrase_end(text);
}
