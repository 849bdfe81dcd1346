/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/transit/transit_table.h"

#include <string.h>

#include "report/transit_words.h"

#define CONVERSATIONS_SHORT 4 /* without -v */
#define PACKETS_SHORT 1000    /* of one conversation, with one -v */

/* --- columns --- */

static uint32_t of_sent(const struct transit_way_result *w)
{
    return w->sent;
}

static uint32_t of_arrived(const struct transit_way_result *w)
{
    return w->arrived;
}

static uint32_t of_lost(const struct transit_way_result *w)
{
    return w->lost;
}

static uint32_t of_forged(const struct transit_way_result *w)
{
    return w->forged;
}

static uint32_t of_duplicated(const struct transit_way_result *w)
{
    return w->duplicated;
}

static uint32_t of_reordered(const struct transit_way_result *w)
{
    return w->reordered;
}

static uint32_t of_unjudged(const struct transit_way_result *w)
{
    return w->unjudged;
}

static const struct column {
    const char *heading;
    int width;
    bool always; /* also if it is 0 in all rows */
    uint32_t (*value)(const struct transit_way_result *way);
} columns[] = {
    {"sent", 8, true, of_sent},          {"arrived", 8, true, of_arrived}, {"lost", 7, true, of_lost},
    {"forged", 7, true, of_forged},      {"dup", 6, false, of_duplicated}, {"reord", 6, false, of_reordered},
    {"unjudged", 9, false, of_unjudged},
};
#define COLUMNS (sizeof columns / sizeof *columns)

struct table {
    struct strbuf *text;
    const struct output *out;
    const struct transit_section *section;
    bool has[COLUMNS];
    int label; /* width of the first column */
};

/* --- which conversations --- */

static bool is_shared(const struct transit_result *t)
{
    return t->conversations_paired || t->paired;
}

/* Where nothing is at both points, some of each show what the captures hold. */
static bool is_short_of(const struct table *table, uint64_t index, const uint64_t shown[TRANSIT_POINTS + 1])
{
    const struct transit_result *t = table->section->transit;
    const struct transit_conversation *c = &t->conversations[index];
    if (is_shared(t))
        return index < CONVERSATIONS_SHORT && (c->paired || c->proxied || c->ways[0].lost || c->ways[1].lost);
    unsigned group = c->proxied ? TRANSIT_POINTS : addr_is_none(&c->ends[TRANSIT_NEAR].client);
    return shown[group] < CONVERSATIONS_SHORT / 2;
}

/* The next one that has rows, from `index` on; `shown` (zeroed at first) counts them. */
static uint64_t next_shown(const struct table *table, uint64_t index, uint64_t shown[TRANSIT_POINTS + 1])
{
    const struct transit_result *t = table->section->transit;
    while (index < t->conversation_count && !table->out->options.verbose && !is_short_of(table, index, shown))
        index++;
    if (index < t->conversation_count) {
        const struct transit_conversation *c = &t->conversations[index];
        shown[c->proxied ? TRANSIT_POINTS : addr_is_none(&c->ends[TRANSIT_NEAR].client)]++;
    }
    return index;
}

static void choose_columns(struct table *table)
{
    const struct transit_result *t = table->section->transit;
    uint64_t shown[TRANSIT_POINTS + 1] = {0};
    for (unsigned k = 0; k < COLUMNS; k++)
        table->has[k] = columns[k].always;
    for (uint64_t i = next_shown(table, 0, shown); i < t->conversation_count; i = next_shown(table, i + 1, shown))
        for (unsigned k = 0; k < COLUMNS; k++)
            for (unsigned way = 0; way < TRANSIT_WAYS; way++)
                table->has[k] = table->has[k] || columns[k].value(&t->conversations[i].ways[way]);
}

/* --- rows --- */

static void add_heading(const struct table *table)
{
    strbuf_addf(table->text, "\n%*s", table->label, "");
    for (unsigned k = 0; k < COLUMNS; k++)
        if (table->has[k])
            strbuf_addf(table->text, "%*s", columns[k].width, columns[k].heading);
    strbuf_add(table->text, "   delay ms: least   median      95%\n");
}

static void add_delay(struct strbuf *text, const struct transit_delay *delay)
{
    if (delay->samples)
        strbuf_addf(text, "%18.2f %8.2f %8.2f\n", nstime_ms(delay->least), nstime_ms(delay->median),
                    nstime_ms(delay->p95));
    else
        strbuf_addf(text, "%18s %8s %8s\n", "-", "-", "-");
}

static void add_way(const struct table *table, const struct transit_conversation *c, enum transit_way way)
{
    strbuf_addf(table->text, "  toward %-*s", table->label - 9, transit_toward(table->section, way));
    for (unsigned k = 0; k < COLUMNS; k++)
        if (table->has[k])
            strbuf_addf(table->text, "%*u", columns[k].width, columns[k].value(&c->ways[way]));
    add_delay(table->text, &c->ways[way].delay);
}

static void add_fate(struct strbuf *text, const struct transit_alone *a)
{
    if (a->fate == TRANSIT_UNJUDGED)
        strbuf_addf(text, "unjudged, %s", transit_reason_name((enum transit_reason)a->reason));
    else
        strbuf_addf(text, "%s%s", transit_fate_name((enum transit_fate)a->fate), a->repeated ? ", and sent again" : "");
}

static void add_alone(const struct table *table, const struct transit_conversation *c)
{
    const struct transit_section *section = table->section;
    uint64_t most = table->out->options.verbose > 1 ? UINT64_MAX : PACKETS_SHORT, shown = 0;
    for (uint64_t k = c->alone_from; k < c->alone_from + c->alone_count && shown < most; k++, shown++) {
        const struct transit_alone *a = &section->transit->alone[k];
        enum transit_point point = (enum transit_point)a->point;
        strbuf_addf(table->text, "    %s frame ", section->names[point]);
        transit_add_frame(table->text, table->out->result, section, point, &a->frame);
        strbuf_addf(table->text, " toward %s: ", transit_toward(section, (enum transit_way)a->way));
        transit_add_packet(table->text, a, c->protocol);
        strbuf_add(table->text, ": ");
        add_fate(table->text, a);
        strbuf_add(table->text, "\n");
    }
    if (shown < c->alone_count)
        strbuf_addf(table->text, "    and %llu more\n", (unsigned long long)(c->alone_count - shown));
}

static void add_conversation(const struct table *table, const struct transit_conversation *c)
{
    bool at_near = !addr_is_none(&c->ends[TRANSIT_NEAR].client), at_far = !addr_is_none(&c->ends[TRANSIT_FAR].client);
    transit_add_conversation(table->text, c);
    if (c->translated && at_near && at_far) {
        strbuf_addf(table->text, ", %s ", table->section->names[TRANSIT_FAR]);
        transit_add_ends(table->text, c, TRANSIT_FAR);
    }
    if (c->proxied)
        strbuf_add(table->text, ": proxied");
    else if (!c->paired)
        strbuf_addf(table->text, ": at %s only",
                    transit_point_text(table->section, at_near ? TRANSIT_NEAR : TRANSIT_FAR));
    strbuf_add(table->text, "\n");
    for (unsigned way = 0; way < TRANSIT_WAYS; way++)
        add_way(table, c, (enum transit_way)way);
    if (table->out->options.verbose)
        add_alone(table, c);
}

/* Of captures that share none. */
static void add_unshared(const struct table *table, const struct transit_conversation *c)
{
    enum transit_point point = addr_is_none(&c->ends[TRANSIT_NEAR].client) ? TRANSIT_FAR : TRANSIT_NEAR;
    uint64_t frames = (uint64_t)c->ways[TRANSIT_TOWARD_FAR].frames[point] + c->ways[TRANSIT_TOWARD_NEAR].frames[point];
    transit_add_conversation(table->text, c);
    strbuf_addf(table->text, ": %llu packet%s, at %s only\n", (unsigned long long)frames, plural(frames),
                transit_point_text(table->section, point));
    if (table->out->options.verbose)
        add_alone(table, c);
}

static void add_rest(const struct table *table, uint64_t shown, uint64_t shown_paired)
{
    const struct transit_result *t = table->section->transit;
    uint64_t rest = t->conversations_found - shown;
    uint64_t paired = t->conversations_paired > shown_paired ? t->conversations_paired - shown_paired : 0;
    if (!rest)
        return;
    strbuf_addf(table->text, "and %llu more conversation%s", (unsigned long long)rest, plural(rest));
    if (t->conversations_paired)
        strbuf_addf(table->text, ", %llu of them at both points", (unsigned long long)paired);
    strbuf_add(table->text, table->out->options.verbose ? "\n" : " (-v shows all)\n");
}

void transit_table_add(struct strbuf *text, const struct output *out, const struct transit_section *section)
{
    struct table table = {.text = text, .out = out, .section = section};
    const struct transit_result *t = section->transit;
    uint64_t groups[TRANSIT_POINTS + 1] = {0}, shown = 0, paired = 0;
    size_t near = strlen(section->names[TRANSIT_NEAR]), far = strlen(section->names[TRANSIT_FAR]);
    if (!t->conversation_count)
        return;
    table.label = 9 + (int)(near > far ? near : far);
    choose_columns(&table);
    if (is_shared(t))
        add_heading(&table);
    else
        strbuf_add(text, "\n");
    for (uint64_t i = next_shown(&table, 0, groups); i < t->conversation_count; i = next_shown(&table, i + 1, groups)) {
        if (is_shared(t))
            add_conversation(&table, &t->conversations[i]);
        else
            add_unshared(&table, &t->conversations[i]);
        paired += t->conversations[i].paired;
        shown++;
    }
    add_rest(&table, shown, paired);
}
