/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/frame_fates.h"

#include <stdlib.h>

#include "base/array.h"
#include "report/transit_words.h"

#define FILES 256 /* of a point: as many as transit_frame.file tells apart */

/* Bits of `said`, beside 1 << enum transit_fate. */
#define SAID_PAIRED (1U << TRANSIT_FATES)
#define SAID_WAY (SAID_PAIRED << 1) /* `way` is known */

struct frame_fate {
    uint32_t first, last; /* frames of the other point, with SAID_PAIRED */
    uint16_t said;
    uint8_t file;   /* of these frames */
    uint8_t way;    /* enum transit_way */
    uint8_t reason; /* enum transit_reason, of what is not judged */
};

struct frame_list {
    struct frame_fate *fates; /* owned; by frame number, from 1 */
    size_t count, capacity;
};

struct frame_fates {
    struct frame_list lists[TRANSIT_POINTS][FILES];
    bool has_several[TRANSIT_POINTS]; /* files */
    bool failed;
};

struct frame_fates *frame_fates_new(void)
{
    return calloc(1, sizeof(struct frame_fates));
}

void frame_fates_free(struct frame_fates *fates)
{
    for (unsigned point = 0; fates && point < TRANSIT_POINTS; point++)
        for (unsigned file = 0; file < FILES; file++)
            free(fates->lists[point][file].fates);
    free(fates);
}

/* The entry of a frame, a new one if need be. NULL: out of memory. */
static struct frame_fate *entry(struct frame_fates *fates, unsigned point, const struct transit_frame *frame)
{
    struct frame_list *list = &fates->lists[point][frame->file];
    void *all = list->fates;
    if (frame->number == 0 || frame->number > UINT32_MAX)
        return NULL;
    if (frame->number > list->count) {
        if (!array_reserve(&all, &list->capacity, (size_t)frame->number, sizeof *list->fates)) {
            fates->failed = true;
            return NULL;
        }
        list->fates = all;
        memset(list->fates + list->count, 0, (frame->number - list->count) * sizeof *list->fates);
        list->count = (size_t)frame->number;
    }
    fates->has_several[point] = fates->has_several[point] || frame->file > 0;
    return &list->fates[frame->number - 1];
}

static void note_partner(struct frame_fates *fates, const struct transit_pair *pair, enum transit_point point)
{
    const struct transit_frame *other = &pair->frames[!point];
    struct frame_fate *fate = entry(fates, point, &pair->frames[point]);
    uint32_t number = (uint32_t)other->number;
    if (!fate)
        return;
    bool is_first = !(fate->said & SAID_PAIRED) || fate->file != other->file;
    fate->first = is_first || number < fate->first ? number : fate->first;
    fate->last = is_first || number > fate->last ? number : fate->last;
    fate->file = other->file;
    fate->way = pair->way;
    fate->said = (uint16_t)(fate->said | SAID_PAIRED | (pair->way_known ? SAID_WAY : 0));
}

bool frame_fates_note_pair(struct frame_fates *fates, const struct transit_pair *pair)
{
    note_partner(fates, pair, TRANSIT_NEAR);
    note_partner(fates, pair, TRANSIT_FAR);
    return !fates->failed;
}

bool frame_fates_note_alone(struct frame_fates *fates, const struct transit_result *result)
{
    for (uint64_t i = 0; i < result->alone_count; i++) {
        const struct transit_alone *alone = &result->alone[i];
        struct frame_fate *fate = entry(fates, alone->point, &alone->frame);
        if (!fate)
            continue;
        bool way_known = alone->fate != TRANSIT_UNJUDGED;
        fate->said = (uint16_t)(fate->said | 1U << alone->fate | (way_known ? SAID_WAY : 0));
        if (way_known)
            fate->way = alone->way;
        else
            fate->reason = alone->reason;
    }
    return !fates->failed;
}

static const struct frame_fate *known(const struct frame_fates *fates, enum transit_point point, unsigned file,
                                      uint64_t number)
{
    const struct frame_list *list = &fates->lists[point][file % FILES];
    return number == 0 || number > list->count || list->fates[number - 1].said == 0 ? NULL : &list->fates[number - 1];
}

bool frame_fates_find(const struct frame_fates *fates, enum transit_point point, const struct transit_frame *frame,
                      struct frame_found *out)
{
    const struct frame_fate *fate = known(fates, point, frame->file, frame->number);
    *out = (struct frame_found){.paired = false};
    if (!fate)
        return false;
    *out = (struct frame_found){.paired = fate->said & SAID_PAIRED,
                                .lost = fate->said & 1U << TRANSIT_LOST,
                                .forged = fate->said & 1U << TRANSIT_FORGED,
                                .midway = fate->said & 1U << TRANSIT_MIDWAY,
                                .reason = (enum transit_reason)fate->reason,
                                .partner = {fate->said & SAID_PAIRED ? fate->first : 0, fate->file}};
    return true;
}

static void add_partners(const struct frame_fates *fates, enum transit_point point, const struct frame_fate *fate,
                         struct strbuf *text)
{
    strbuf_addf(text, "%s frame%s %u", transit_point_name(!point), plural(fate->last - fate->first + 1), fate->first);
    if (fate->last > fate->first)
        strbuf_addf(text, " to %u", fate->last);
    if (fates->has_several[!point])
        strbuf_addf(text, " of file %u", fate->file + 1U);
}

/* Of a frame that offloading made, parts may have another fate than the rest. */
static void add_fate(enum transit_point point, const struct frame_fate *fate, enum transit_fate which,
                     struct strbuf *text)
{
    const char *reason = transit_reason_text((enum transit_reason)fate->reason);
    switch (which) {
    case TRANSIT_LOST:
        strbuf_addf(text, "lost: it never came to the %s point", transit_point_name(!point));
        break;
    case TRANSIT_FORGED:
        strbuf_addf(text, "forged: it never passed the %s point", transit_point_name(!point));
        break;
    case TRANSIT_MIDWAY:
        strbuf_add(text, "an error that a router between the points sent");
        break;
    default:
        strbuf_addf(text, "not judged%s%s", reason ? ": " : "", reason ? reason : "");
        break;
    }
}

void frame_fates_add_comment(const struct frame_fates *fates, enum transit_point point, unsigned file, uint64_t number,
                             struct strbuf *text)
{
    const struct frame_fate *fate = known(fates, point, file, number);
    if (!fate) {
        strbuf_add(text, "nothing is said: a copy of another frame, not IP, or one of too many of its kind");
        return;
    }
    if (fate->said & SAID_WAY)
        strbuf_addf(text, "toward %s, ", transit_point_name(transit_receiver((enum transit_way)fate->way)));
    if (fate->said & SAID_PAIRED)
        add_partners(fates, point, fate, text);
    const char *between = fate->said & SAID_PAIRED ? "; a part is " : "";
    for (unsigned which = 0; which < TRANSIT_FATES; which++) {
        if (!(fate->said & 1U << which))
            continue;
        strbuf_add(text, between);
        add_fate(point, fate, (enum transit_fate)which, text);
        between = "; a part is ";
    }
}
