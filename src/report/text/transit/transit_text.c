/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/transit/transit_text.h"

#include <math.h>
#include <string.h>

#include "report/paint.h"
#include "report/summary.h"
#include "report/transit/transit_findings.h"
#include "report/transit_words.h"
#include "report/wrap.h"

#define CONVERSATIONS_SHORT 5 /* without -v */
#define FINDINGS_SHORT 8
#define PACKETS_SHORT 1000 /* of one conversation, with one -v */
#define FILES_NAMED_MOST 3

static unsigned long long big(uint64_t value)
{
    return value;
}

/* --- the points --- */

static void add_files(struct strbuf *text, const struct result *result, enum transit_point point)
{
    unsigned from = point == TRANSIT_NEAR ? 0 : result->near_files;
    unsigned to = point == TRANSIT_NEAR ? result->near_files : result->source.file_count;
    for (unsigned i = from; i < to && i < from + FILES_NAMED_MOST; i++) {
        strbuf_add(text, i > from ? ", " : "");
        summary_add_file_name(text, result->source.files[i].name);
    }
    if (to > from + FILES_NAMED_MOST)
        strbuf_addf(text, " and %u more", to - from - FILES_NAMED_MOST);
}

static void add_point(struct strbuf *text, const struct result *result, enum transit_point point)
{
    const struct transit_point_result *p = &result->transit->points[point];
    char time[NSTIME_TEXT_BYTES];
    strbuf_addf(text, "%-5s", transit_point_name(point));
    add_files(text, result, point);
    strbuf_addf(text, ": %llu packet%s of %llu conversation%s", big(p->packets), plural(p->packets),
                big(p->conversations), plural(p->conversations));
    if (p->first != NSTIME_NONE) {
        nstime_format(p->first, time);
        strbuf_addf(text, ", %.19sZ and %.1f s on", time, nstime_ms(p->last - p->first) / 1000);
    }
    strbuf_add(text, "\n");
}

static void add_drops(struct strbuf *text, const struct transit_result *t, enum transit_point point)
{
    const struct transit_point_result *p = &t->points[point];
    if (p->missed)
        strbuf_addf(text,
                    "the %s capture lacks packets itself: %llu range%s acknowledged that it has not (as frame %llu "
                    "shows)\n",
                    transit_point_name(point), big(p->missed), p->missed == 1 ? " was" : "s were",
                    big(p->missed_example));
    if (p->cut && !p->packets)
        strbuf_addf(text, "the %s capture keeps too little of its packets\n", transit_point_name(point));
}

static void add_between(struct strbuf *text, const struct transit_result *t)
{
    nstime offset, uncertainty;
    if (t->hops >= 0)
        strbuf_addf(text, "%s%d router%s between; ", t->hops_vary ? "mostly " : "", t->hops, plural((unsigned)t->hops));
    if (!t->clock.count) {
        strbuf_add(text, t->paired ? "no offset of their clocks explains the times of the packets at both points\n"
                                   : "no packet is at both points, so their clocks are not compared\n");
        return;
    }
    strbuf_add(text, "the far clock is ");
    clock_add_text(text, &t->clock);
    strbuf_add(text, "\n");
    if (transit_clock_bounds(&t->clock, &offset, &uncertainty) && uncertainty > NS_PER_MS / 2)
        strbuf_addf(text, "one-way delays hold to %.1f ms: their changes, and their sum both ways, are exact\n",
                    nstime_ms(uncertainty));
    else if (t->clock.count && !transit_clock_bounds(&t->clock, &offset, &uncertainty))
        strbuf_add(text, "packets pass one way alone, so only changes of their delay are known\n");
}

/* --- conversations --- */

static void add_delay(struct strbuf *text, const struct transit_delay *delay)
{
    if (!delay->samples) {
        strbuf_add(text, "        -        -        -");
        return;
    }
    strbuf_addf(text, " %8.2f %8.2f %8.2f", nstime_ms(delay->least), nstime_ms(delay->median), nstime_ms(delay->p95));
}

static void add_way(struct strbuf *text, const struct transit_conversation *c, enum transit_way way)
{
    const struct transit_way_result *w = &c->ways[way];
    strbuf_addf(text, "  %-11s %8u %8u %6u %6u %5u %5u", transit_way_text(way), w->sent, w->arrived, w->lost, w->forged,
                w->duplicated, w->reordered);
    add_delay(text, &w->delay);
    if (w->unjudged)
        strbuf_addf(text, "  +%u", w->unjudged);
    strbuf_add(text, "\n");
}

static void add_at_far(struct strbuf *text, const struct transit_conversation *c)
{
    if (!c->translated || addr_is_none(&c->ends[TRANSIT_NEAR].client) || addr_is_none(&c->ends[TRANSIT_FAR].client))
        return;
    strbuf_add(text, ", far ");
    transit_add_ends(text, c, TRANSIT_FAR);
}

static void add_alone(struct strbuf *text, const struct result *result, const struct transit_conversation *c,
                      uint64_t most)
{
    const struct transit_result *t = result->transit;
    uint64_t shown = 0;
    for (uint64_t k = c->alone_from; k < c->alone_from + c->alone_count && shown < most; k++, shown++) {
        const struct transit_alone *a = &t->alone[k];
        strbuf_addf(text, "    %s frame ", transit_point_name((enum transit_point)a->point));
        transit_add_frame(text, result, (enum transit_point)a->point, &a->frame);
        strbuf_addf(text, " %s: ", transit_way_text((enum transit_way)a->way));
        transit_add_packet(text, a, c->protocol);
        if (a->fate == TRANSIT_UNJUDGED)
            strbuf_addf(text, ": unknown, %s\n", transit_reason_name((enum transit_reason)a->reason));
        else
            strbuf_addf(text, ": %s%s\n", transit_fate_name((enum transit_fate)a->fate),
                        a->repeated ? ", and sent again" : "");
    }
    if (shown < c->alone_count)
        strbuf_addf(text, "    and %llu more\n", big(c->alone_count - shown));
}

static void add_conversation(struct strbuf *text, const struct output *out, const struct transit_conversation *c)
{
    strbuf_add(text, "\n");
    transit_add_conversation(text, c);
    add_at_far(text, c);
    if (!c->paired)
        strbuf_add(text, c->proxied                                    ? ": proxied"
                         : addr_is_none(&c->ends[TRANSIT_NEAR].client) ? ": at the far point only"
                                                                       : ": at the near point only");
    strbuf_add(text, "\n");
    for (unsigned way = 0; way < TRANSIT_WAYS; way++)
        add_way(text, c, (enum transit_way)way);
    if (out->options.verbose)
        add_alone(text, out->result, c, out->options.verbose > 1 ? UINT64_MAX : PACKETS_SHORT);
}

static bool is_worth_a_line(const struct output *out, const struct transit_conversation *c, uint64_t index)
{
    bool is_known = c->paired || c->proxied || c->ways[0].lost || c->ways[1].lost;
    return out->options.verbose ||
           (index < CONVERSATIONS_SHORT && (is_known || !out->result->transit->conversations_paired));
}

static void add_conversations(struct strbuf *text, const struct output *out)
{
    const struct transit_result *t = out->result->transit;
    uint64_t shown = 0;
    if (!t->conversation_count)
        return;
    strbuf_addf(text, "\n%-13s %8s %8s %6s %6s %5s %5s %26s\n", "", "sent", "arrived", "lost", "forged", "dup", "reord",
                "delay ms: min median  p95");
    for (uint64_t i = 0; i < t->conversation_count; i++)
        if (is_worth_a_line(out, &t->conversations[i], i)) {
            add_conversation(text, out, &t->conversations[i]);
            shown++;
        }
    if (shown < t->conversations_found)
        strbuf_addf(text, "\nand %llu more conversation%s, of which %llu are at both points%s\n",
                    big(t->conversations_found - shown), plural(t->conversations_found - shown),
                    big(t->conversations_paired > shown ? t->conversations_paired - shown : 0),
                    out->options.verbose ? "" : " (-v shows all)");
}

/* --- what is not judged --- */

static void add_unjudged(struct strbuf *text, const struct transit_result *t)
{
    for (unsigned reason = 1; reason < TRANSIT_REASONS; reason++)
        if (t->unjudged_because[reason])
            strbuf_addf(text, "%llu packet%s of one point: nothing is said, because %s\n",
                        big(t->unjudged_because[reason]), plural(t->unjudged_because[reason]),
                        transit_reason_text((enum transit_reason)reason));
    if (t->midway)
        strbuf_addf(text, "%llu ICMP error%s came from routers between the points\n", big(t->midway),
                    plural(t->midway));
}

static void add_nothing_shared(struct strbuf *text, const struct transit_result *t)
{
    if (t->conversations_paired || t->paired)
        return;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        if (!t->points[point].packets)
            strbuf_addf(text, "The %s capture holds no IP packet.\n", transit_point_name((enum transit_point)point));
    strbuf_add(text, "The captures share no conversation");
    nstime apart = t->points[TRANSIT_FAR].first == NSTIME_NONE || t->points[TRANSIT_NEAR].first == NSTIME_NONE
                       ? 0
                       : t->points[TRANSIT_FAR].first - t->points[TRANSIT_NEAR].last;
    nstime other = apart ? t->points[TRANSIT_NEAR].first - t->points[TRANSIT_FAR].last : 0;
    if (apart > 0)
        strbuf_addf(text, ": by its clock, the far one begins %.1f s after the near one ends", nstime_ms(apart) / 1000);
    else if (other > 0)
        strbuf_addf(text, ": by its clock, the far one ends %.1f s before the near one begins",
                    nstime_ms(other) / 1000);
    strbuf_add(text, ".\n");
}

static void add_findings(struct strbuf *text, const struct output *out)
{
    const struct transit_result *t = out->result->transit;
    struct transit_findings findings;
    (void)transit_findings_make(out->result, &findings);
    for (size_t i = 0; i < findings.count && (out->options.verbose || i < FINDINGS_SHORT); i++) {
        const struct transit_finding *f = &findings.list[i];
        bool is_bad =
            f->kind == FINDING_FORGED || f->kind == FINDING_LOST_TOWARD_FAR || f->kind == FINDING_LOST_TOWARD_NEAR;
        paint_begin(text, out->options.color, is_bad ? PAINT_RED : NULL);
        strbuf_add(text, f->text.text);
        paint_end(text, out->options.color, is_bad ? PAINT_RED : NULL);
        strbuf_add(text, "\n");
    }
    if (findings.count > FINDINGS_SHORT && !out->options.verbose)
        strbuf_addf(text, "and %zu more findings (-v shows all)\n", findings.count - FINDINGS_SHORT);
    bool is_whole = t->paired && !t->lost[0] && !t->lost[1] && !t->forged[0] && !t->forged[1];
    if (is_whole)
        strbuf_addf(text, "%llu packets are at both points; none was lost or forged.\n", big(t->paired));
    transit_findings_free(&findings);
}

void transit_text_end(struct output *out)
{
    const struct transit_result *t = out->result->transit;
    struct strbuf text;
    strbuf_init(&text);
    if (!out->options.quiet) {
        strbuf_add(&text, "hopsonde transit\n");
        for (unsigned point = 0; point < TRANSIT_POINTS; point++)
            add_point(&text, out->result, (enum transit_point)point);
        add_between(&text, t);
        for (unsigned point = 0; point < TRANSIT_POINTS; point++)
            add_drops(&text, t, (enum transit_point)point);
        strbuf_add(&text, "\n");
    }
    add_nothing_shared(&text, t);
    add_findings(&text, out);
    wrap_print(out, text.text);
    strbuf_clear(&text);
    if (!out->options.quiet) {
        add_conversations(&text, out);
        fputs(text.text, out->file);
        strbuf_clear(&text);
        strbuf_add(&text, "\n");
        add_unjudged(&text, t);
        wrap_print(out, text.text[1] ? text.text : "");
    }
    strbuf_free(&text);
}
