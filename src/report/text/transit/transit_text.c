/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/transit/transit_text.h"

#include <string.h>

#include "report/paint.h"
#include "report/summary.h"
#include "report/text/transit/transit_table.h"
#include "report/transit/transit_findings.h"
#include "report/transit_words.h"
#include "report/wrap.h"

#define FINDINGS_SHORT 8 /* of two points without -v */
#define FILES_NAMED_MOST 3

static unsigned long long big(uint64_t value)
{
    return value;
}

/* --- the points --- */

static void add_files(struct strbuf *text, const struct result *result, const struct transit_section *section,
                      enum transit_point point)
{
    unsigned from = section->first_file[point], count = section->file_count[point];
    for (unsigned i = 0; i < count && i < FILES_NAMED_MOST; i++) {
        strbuf_add(text, i ? ", " : "");
        summary_add_file_name(text, result->source.files[from + i].name);
    }
    if (count > FILES_NAMED_MOST)
        strbuf_addf(text, " and %u more", count - FILES_NAMED_MOST);
}

/* Names are as wide as the widest. */
static int name_width(const struct result *result)
{
    size_t width = 0;
    for (unsigned k = 0; k < result->section_count; k++)
        for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
            size_t length = strlen(result->sections[k].names[point]);
            width = length > width ? length : width;
        }
    return (int)width;
}

static void add_point(struct strbuf *text, const struct result *result, const struct transit_section *section,
                      enum transit_point point)
{
    const struct transit_point_result *p = &section->transit->points[point];
    char time[NSTIME_TEXT_BYTES];
    strbuf_addf(text, "%-*s  ", name_width(result), section->names[point]);
    add_files(text, result, section, point);
    strbuf_addf(text, ": %llu packet%s of %llu conversation%s", big(p->packets), plural(p->packets),
                big(p->conversations), plural(p->conversations));
    if (p->first != NSTIME_NONE) {
        nstime_format(p->first, time);
        strbuf_addf(text, ", %.1f s from %.19sZ on", nstime_ms(p->last - p->first) / 1000, time);
    }
    strbuf_add(text, "\n");
}

static void add_points(struct strbuf *text, const struct result *result)
{
    for (unsigned k = 0; k < result->section_count; k++)
        add_point(text, result, &result->sections[k], TRANSIT_NEAR);
    add_point(text, result, &result->sections[result->section_count - 1], TRANSIT_FAR);
}

static uint64_t harm_of(const struct transit_result *t)
{
    return t->lost[0] + t->lost[1] + t->forged[0] + t->forged[1];
}

/* Of several sections: where packets were lost or forged, the worst first. */
static void add_places(struct strbuf *text, const struct result *result)
{
    uint64_t before = UINT64_MAX;
    bool is_first = true;
    for (unsigned i = 0; i < result->section_count; i++) {
        uint64_t worst = 0;
        for (unsigned k = 0; k < result->section_count; k++) {
            uint64_t harm = harm_of(result->sections[k].transit);
            worst = harm < before && harm > worst ? harm : worst;
        }
        for (unsigned k = 0; worst && k < result->section_count; k++) {
            const struct transit_section *section = &result->sections[k];
            if (harm_of(section->transit) != worst)
                continue;
            strbuf_addf(text, "%s%llu between %s and %s", is_first ? "Lost or forged packets: " : ", ", big(worst),
                        section->names[TRANSIT_NEAR], section->names[TRANSIT_FAR]);
            is_first = false;
        }
        before = worst;
    }
    strbuf_add(text, is_first ? "No packet was lost or forged between the points.\n" : ".\n");
}

/* --- what lies between two of them --- */

static void add_drops(struct strbuf *text, const struct transit_section *section, enum transit_point point)
{
    const struct transit_point_result *p = &section->transit->points[point];
    if (p->missed)
        strbuf_addf(text,
                    "the %s capture lacks packets itself: frame %llu acknowledges bytes that it has not (%llu %s)\n",
                    section->names[point], big(p->missed_example), big(p->missed),
                    p->missed == 1 ? "such range" : "such ranges");
    if (p->unseen)
        strbuf_addf(
            text,
            "the %s capture lacks packets itself: it has no frame of %llu %s of the %s point (first frame %llu)\n",
            section->names[point], big(p->unseen), p->unseen == 1 ? "packet" : "packets", section->names[!point],
            big(p->unseen_example));
    if (p->cut && !p->packets)
        strbuf_addf(text, "the %s capture keeps too little of its packets\n", section->names[point]);
}

static void add_clock(struct strbuf *text, const struct transit_section *section)
{
    const struct transit_result *t = section->transit;
    nstime offset, uncertainty;
    if (!t->clock.count) {
        strbuf_add(text, t->paired ? "no offset of their clocks explains the times of the packets at both points\n"
                                   : "no packet is at both points, so their clocks are not compared\n");
        return;
    }
    strbuf_addf(text, "the %s clock is ", section->names[TRANSIT_FAR]);
    clock_add_text(text, &t->clock);
    strbuf_add(text, "\n");
    if (!transit_clock_bounds(&t->clock, &offset, &uncertainty))
        strbuf_add(text, "packets pass one way alone, so only changes of their delay are known\n");
    else if (uncertainty > NS_PER_MS / 2)
        strbuf_addf(text, "one-way delays hold to %.1f ms: their changes, and their sum both ways, are exact\n",
                    nstime_ms(uncertainty));
}

static void add_between(struct strbuf *text, const struct transit_section *section)
{
    const struct transit_result *t = section->transit;
    if (t->hops >= 0)
        strbuf_addf(text, "%s%d router%s between; ", t->hops_vary ? "mostly " : "", t->hops, plural((unsigned)t->hops));
    add_clock(text, section);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        add_drops(text, section, (enum transit_point)point);
}

/* --- captures that share nothing, or all --- */

/* How the captures lie in time, each by its own clock. */
static void add_overlap(struct strbuf *text, const struct transit_section *section)
{
    const struct transit_point_result *near = &section->transit->points[TRANSIT_NEAR];
    const struct transit_point_result *far = &section->transit->points[TRANSIT_FAR];
    if (near->first == NSTIME_NONE || far->first == NSTIME_NONE)
        return;
    nstime from = near->first > far->first ? near->first : far->first;
    nstime to = near->last < far->last ? near->last : far->last;
    if (to >= from)
        strbuf_addf(text, " by their clocks, they cover %.1f s together", nstime_ms(to - from) / 1000);
    else if (far->first > near->last)
        strbuf_addf(text, " by its clock, the %s one begins %.1f s after the %s one ends", section->names[TRANSIT_FAR],
                    nstime_ms(from - to) / 1000, section->names[TRANSIT_NEAR]);
    else
        strbuf_addf(text, " by its clock, the %s one ends %.1f s before the %s one begins", section->names[TRANSIT_FAR],
                    nstime_ms(from - to) / 1000, section->names[TRANSIT_NEAR]);
}

static void add_nothing_shared(struct strbuf *text, const struct transit_section *section)
{
    const struct transit_result *t = section->transit;
    struct strbuf overlap;
    if (t->conversations_paired || t->paired)
        return;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        if (!t->points[point].packets)
            strbuf_addf(text, "The %s capture holds no IP packet.\n", section->names[point]);
    strbuf_init(&overlap);
    add_overlap(&overlap, section);
    strbuf_addf(text, "The captures share no conversation%s%s.\n", overlap.length ? ":" : "",
                overlap.length ? overlap.text : "");
    strbuf_free(&overlap);
}

/* A copy of a capture has the same packets at the same times. */
static bool is_copy(const struct transit_result *t)
{
    const struct transit_point_result *near = &t->points[TRANSIT_NEAR], *far = &t->points[TRANSIT_FAR];
    bool moved = false;
    for (unsigned way = 0; way < TRANSIT_WAYS; way++)
        moved = moved || (t->delays[way].samples && (t->delays[way].least || t->delays[way].most));
    return t->paired && !moved && near->first == far->first && near->last == far->last &&
           near->packets == far->packets && t->hops <= 0;
}

/* --- findings --- */

static void add_sum(struct strbuf *text, const struct transit_section *section)
{
    const struct transit_result *t = section->transit;
    uint64_t lost = t->lost[TRANSIT_TOWARD_FAR] + t->lost[TRANSIT_TOWARD_NEAR];
    uint64_t forged = t->forged[TRANSIT_TOWARD_FAR] + t->forged[TRANSIT_TOWARD_NEAR];
    if (!t->paired)
        return;
    strbuf_addf(text, "%llu packet%s at both points; ", big(t->paired), t->paired == 1 ? " is" : "s are");
    if (!lost && !forged)
        strbuf_add(text, "none was lost or forged.\n");
    else
        strbuf_addf(text, "%llu %s lost, %llu forged.\n", big(lost), lost == 1 ? "was" : "were", big(forged));
    if (is_copy(t))
        strbuf_add(text, "Both captures have the same packets at the same times, as copies of one capture have.\n");
}

static const char *color_of(const struct transit_finding *finding)
{
    bool is_bad = finding->kind == FINDING_FORGED || finding->kind == FINDING_LOST_TOWARD_FAR ||
                  finding->kind == FINDING_LOST_TOWARD_NEAR;
    return is_bad ? PAINT_RED : NULL;
}

static void add_findings(struct strbuf *text, const struct output *out, const struct transit_section *section)
{
    struct transit_findings findings;
    size_t most = out->options.verbose ? SIZE_MAX : FINDINGS_SHORT;
    (void)transit_findings_make(out->result, section, &findings);
    for (size_t i = 0; i < findings.count && i < most; i++) {
        const struct transit_finding *f = &findings.list[i];
        paint_begin(text, out->options.color, color_of(f));
        strbuf_add(text, f->text.text);
        paint_end(text, out->options.color, color_of(f));
        strbuf_add(text, "\n");
    }
    if (findings.count > most)
        strbuf_addf(text, "and %zu more finding%s (-v shows all)\n", findings.count - most,
                    plural(findings.count - most));
    transit_findings_free(&findings);
}

/* --- what is not judged --- */

static void add_unjudged(struct strbuf *text, const struct transit_result *t)
{
    for (unsigned reason = 1; reason < TRANSIT_REASONS; reason++)
        if (t->unjudged_because[reason])
            strbuf_addf(text, "%llu packet%s unjudged: %s\n", big(t->unjudged_because[reason]),
                        t->unjudged_because[reason] == 1 ? " is" : "s are",
                        transit_reason_text((enum transit_reason)reason));
    if (t->midway)
        strbuf_addf(text, "%llu ICMP error%s came from routers between the points\n", big(t->midway),
                    plural(t->midway));
}

/* --- the report --- */

static void print_section(struct output *out, const struct transit_section *section)
{
    struct strbuf text;
    bool is_one = out->result->section_count == 1;
    strbuf_init(&text);
    if (!is_one)
        strbuf_addf(&text, "%sBetween %s and %s: ", out->options.quiet ? "" : "\n", section->names[TRANSIT_NEAR],
                    section->names[TRANSIT_FAR]);
    if (!out->options.quiet) {
        add_between(&text, section);
        strbuf_add(&text, is_one ? "\n" : "");
    }
    add_nothing_shared(&text, section);
    add_sum(&text, section);
    add_findings(&text, out, section);
    wrap_print(out, text.text);
    strbuf_clear(&text);
    if (!out->options.quiet) {
        transit_table_add(&text, out, section);
        fputs(text.text ? text.text : "", out->file);
        strbuf_clear(&text);
        add_unjudged(&text, section->transit);
        if (text.length)
            fputs("\n", out->file);
        wrap_print(out, text.text);
    }
    strbuf_free(&text);
}

void transit_text_end(struct output *out)
{
    const struct result *result = out->result;
    struct strbuf text;
    strbuf_init(&text);
    if (!out->options.quiet) {
        strbuf_add(&text, "hopsonde transit\n");
        add_points(&text, result);
    }
    if (result->section_count > 1)
        add_places(&text, result);
    if (text.length) {
        wrap_print(out, text.text);
    }
    strbuf_free(&text);
    for (unsigned k = 0; k < result->section_count; k++)
        print_section(out, &result->sections[k]);
}
