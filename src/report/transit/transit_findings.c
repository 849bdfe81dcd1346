/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/transit/transit_findings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/transit_words.h"

#define FRAMES_NAMED_MOST 8 /* in a sentence */
/* Rows of values: more of one kind and way are one. */
#define ROWS_MOST 200

/* --- collection --- */

static enum finding_kind kind_of_field(uint8_t field, uint64_t after)
{
    switch (field) {
    case REWRITE_IP_DSCP:
        return FINDING_DSCP_REWRITE;
    case REWRITE_IP_ECN:
        return after == 0 ? FINDING_ECN_BLEACHED : FINDING_HEADER_REWRITE;
    case REWRITE_TCP_MSS:
        return FINDING_MSS_CLAMP;
    case REWRITE_TCP_OPTIONS:
        return FINDING_TCP_OPTIONS_STRIPPED;
    case REWRITE_PAYLOAD:
        return FINDING_PAYLOAD_REWRITE;
    default:
        return FINDING_HEADER_REWRITE;
    }
}

/* Fields whose values differ in each packet are one row. */
static bool counts_values(uint8_t field)
{
    return field != REWRITE_IP_ID && field != REWRITE_TCP_SEQ && field != REWRITE_TCP_ACK && field != REWRITE_PAYLOAD &&
           field != REWRITE_IP_FLOW_LABEL && field != REWRITE_TCP_WINDOW;
}

static bool is_same(const struct transit_finding *a, const struct transit_finding *b)
{
    return a->kind == b->kind && a->has_way == b->has_way && a->way == b->way && a->field == b->field &&
           (!counts_values(a->field) || (a->before == b->before && a->after == b->after));
}

/* The finding like this one; new if it is the first. NULL: out of memory, or there are too many. */
static struct transit_finding *find(struct transit_findings *all, const struct transit_finding *wanted)
{
    for (size_t i = 0; i < all->count; i++)
        if (is_same(&all->list[i], wanted))
            return &all->list[i];
    if (all->count == ROWS_MOST ||
        !array_reserve((void **)&all->list, &all->capacity, all->count + 1, sizeof *all->list))
        return NULL;
    struct transit_finding *added = &all->list[all->count++];
    *added = *wanted;
    strbuf_init(&added->text);
    return added;
}

static void show(struct transit_finding *finding, enum transit_point point, const struct transit_frame *frame)
{
    if (finding->frame_count < TRANSIT_FRAMES_SHOWN)
        finding->frames[finding->frame_count++] = (struct transit_finding_frame){point, *frame};
}

/* Counts a conversation once. */
static void count_conversation(struct transit_finding *finding, uint32_t index)
{
    if (!finding->conversations)
        finding->first = index;
    finding->last = index;
    finding->conversations++;
}

static void add_fates(struct transit_findings *all, const struct transit_result *t, uint32_t index)
{
    const struct transit_conversation *c = &t->conversations[index];
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        enum finding_kind lost = way == TRANSIT_TOWARD_FAR ? FINDING_LOST_TOWARD_FAR : FINDING_LOST_TOWARD_NEAR;
        const uint32_t counts[] = {c->ways[way].lost, c->ways[way].forged};
        const enum finding_kind kinds[] = {lost, FINDING_FORGED};
        for (unsigned i = 0; i < 2; i++) {
            const struct transit_finding wanted = {.kind = kinds[i], .has_way = true, .way = (enum transit_way)way};
            struct transit_finding *finding = counts[i] ? find(all, &wanted) : NULL;
            if (!finding)
                continue;
            count_conversation(finding, index);
            finding->packets += counts[i];
            for (uint64_t k = c->alone_from; k < c->alone_from + c->alone_count; k++) {
                const struct transit_alone *a = &t->alone[k];
                if (a->way != way || a->fate != (i ? TRANSIT_FORGED : TRANSIT_LOST))
                    continue;
                finding->repeated += a->repeated ? a->packets : 0;
                show(finding, (enum transit_point)a->point, &a->frame);
            }
        }
    }
}

/* The acknowledgements change with the sequence numbers. */
static void add_rewrites(struct transit_findings *all, const struct transit_conversation *c, uint32_t index)
{
    for (unsigned i = 0; i < c->rewrite_count; i++) {
        const struct transit_rewrite *r = &c->rewrites[i];
        bool from_near = r->way == TRANSIT_TOWARD_FAR;
        struct transit_finding wanted = {.has_way = true,
                                         .way = (enum transit_way)r->way,
                                         .field = r->field,
                                         .before = from_near ? r->near : r->far,
                                         .after = from_near ? r->far : r->near};
        wanted.kind = kind_of_field(r->field, wanted.after);
        struct transit_finding *finding = r->field == REWRITE_TCP_ACK ? NULL : find(all, &wanted);
        if (!finding)
            continue;
        if (!finding->conversations || finding->last != index)
            count_conversation(finding, index);
        finding->varies = finding->varies || r->varies || finding->before != wanted.before;
        finding->packets += r->packets;
        for (unsigned point = 0; point < TRANSIT_POINTS; point++)
            show(finding, (enum transit_point)point, &r->frames[point]);
    }
}

static void add_whole(struct transit_findings *all, const struct transit_conversation *c, uint32_t index)
{
    const enum finding_kind kinds[] = {FINDING_PROXY, FINDING_NAT};
    const bool holds[] = {c->proxied, c->paired && c->translated};
    for (unsigned i = 0; i < 2; i++) {
        const struct transit_finding wanted = {.kind = kinds[i]};
        struct transit_finding *finding = holds[i] ? find(all, &wanted) : NULL;
        if (!finding)
            continue;
        count_conversation(finding, index);
        for (unsigned way = 0; way < TRANSIT_WAYS; way++)
            finding->packets += c->ways[way].arrived;
    }
}

/* --- sentences --- */

struct sentences {
    const struct result *result; /* of the files */
    const struct transit_section *section;
};

static void add_frames(struct strbuf *text, const struct sentences *in, const struct transit_finding *f,
                       enum transit_point point)
{
    unsigned named = 0, all = 0;
    for (unsigned i = 0; i < f->frame_count; i++)
        all += f->frames[i].point == point;
    for (unsigned i = 0; i < f->frame_count && named < FRAMES_NAMED_MOST; i++) {
        if (f->frames[i].point != point)
            continue;
        strbuf_add(text, !named ? "" : named + 1 == all ? " and " : ", ");
        transit_add_frame(text, in->result, in->section, point, &f->frames[i].frame);
        named++;
    }
    if (named < all)
        strbuf_add(text, " ...");
}

static void add_where(const struct sentences *in, struct transit_finding *f)
{
    struct strbuf *text = &f->text;
    strbuf_add(text, f->conversations == 1 ? " (" : " (first in ");
    transit_add_conversation(text, &in->section->transit->conversations[f->first]);
    if (f->conversations > 1)
        strbuf_addf(text, "; %" PRIu64 " conversations", f->conversations);
    strbuf_add(text, ")");
}

static const char *point_text(const struct sentences *in, enum transit_point point)
{
    return transit_point_text(in->section, point);
}

static void say_lost(const struct sentences *in, struct transit_finding *f)
{
    enum transit_point sender = transit_sender(f->way);
    strbuf_addf(&f->text, "%" PRIu64 " of %" PRIu64 " packets toward %s %s lost", f->packets,
                in->section->transit->sent[f->way], transit_toward(in->section, f->way),
                f->packets == 1 ? "was" : "were");
    add_where(in, f);
    strbuf_addf(&f->text, ": %s passed %s (frame%s ", f->packets == 1 ? "it" : "they", point_text(in, sender),
                plural(f->frame_count));
    add_frames(&f->text, in, f, sender);
    strbuf_addf(&f->text, ") and never came to %s.", point_text(in, !sender));
    if (f->repeated)
        strbuf_addf(&f->text, " The bytes of %" PRIu64 " came with a retransmission.", f->repeated);
}

static void say_forged(const struct sentences *in, struct transit_finding *f)
{
    enum transit_point receiver = transit_receiver(f->way);
    strbuf_addf(&f->text, "%" PRIu64 " packet%s toward %s %s forged", f->packets, plural(f->packets),
                transit_toward(in->section, f->way), f->packets == 1 ? "was" : "were");
    add_where(in, f);
    strbuf_addf(&f->text, ": %s came to %s (frame%s ", f->packets == 1 ? "it" : "they", point_text(in, receiver),
                plural(f->frame_count));
    add_frames(&f->text, in, f, receiver);
    strbuf_addf(&f->text, ") and never passed %s, which would have seen %s leave.", point_text(in, !receiver),
                f->packets == 1 ? "it" : "them");
}

/* TTLs of one forged packet tell that its sender is elsewhere. */
static void say_ttl(const struct transit_result *t, struct transit_finding *f)
{
    const struct transit_conversation *c = &t->conversations[f->first];
    for (uint64_t k = c->alone_from; k < c->alone_from + c->alone_count; k++) {
        const struct transit_alone *a = &t->alone[k];
        if (a->fate != TRANSIT_FORGED || a->way != f->way || !a->usual_ttl || a->ttl == a->usual_ttl)
            continue;
        strbuf_addf(&f->text, " Its TTL there is %u, that of the others is %u.", a->ttl, a->usual_ttl);
        return;
    }
}

static const char *name_of_field(uint8_t field)
{
    static const char *const names[REWRITE_FIELDS] = {
        [REWRITE_IP_ID] = "IP id",
        [REWRITE_IP_DSCP] = "DSCP",
        [REWRITE_IP_ECN] = "ECN field",
        [REWRITE_IP_DF] = "don't-fragment bit",
        [REWRITE_IP_FLOW_LABEL] = "flow label",
        [REWRITE_TCP_SEQ] = "TCP sequence number",
        [REWRITE_TCP_FLAGS] = "TCP flags",
        [REWRITE_TCP_WINDOW] = "TCP window",
        [REWRITE_TCP_MSS] = "MSS",
        [REWRITE_TCP_OPTIONS] = "TCP options",
        [REWRITE_PAYLOAD] = "payload",
    };
    return names[field] ? names[field] : rewrite_field_name(field);
}

static void add_options(struct strbuf *text, uint64_t set)
{
    static const char *const names[] = {
        [2] = "MSS", [3] = "window scale", [4] = "SACK permitted", [5] = "SACK", [8] = "timestamps"};
    const char *between = "";
    for (unsigned kind = 0; kind < 32; kind++) {
        const char *name = kind < sizeof names / sizeof *names ? names[kind] : NULL;
        if (!(set >> kind & 1))
            continue;
        if (name)
            strbuf_addf(text, "%s%s", between, name);
        else
            strbuf_addf(text, "%soption %u", between, kind);
        between = ", ";
    }
}

static void say_options(struct transit_finding *f)
{
    uint64_t gone = f->before & ~f->after, added = f->after & ~f->before;
    strbuf_add(&f->text, ": ");
    add_options(&f->text, gone);
    strbuf_add(&f->text, gone ? " removed" : "");
    strbuf_add(&f->text, gone && added ? ", " : "");
    add_options(&f->text, added);
    strbuf_add(&f->text, added ? " added" : "");
    strbuf_add(&f->text, gone || added ? "" : "their order");
}

static void say_rewrite(const struct sentences *in, struct transit_finding *f)
{
    strbuf_addf(&f->text, "The %s of %" PRIu64 " packet%s toward %s was rewritten", name_of_field(f->field), f->packets,
                plural(f->packets), transit_toward(in->section, f->way));
    if (f->field == REWRITE_TCP_OPTIONS)
        say_options(f);
    else if (counts_values(f->field) && !f->varies)
        strbuf_addf(&f->text, " from %" PRIu64 " to %" PRIu64 "", f->before, f->after);
    if (f->conversations == 1)
        add_where(in, f);
    else
        strbuf_addf(&f->text, " (%" PRIu64 " conversations)", f->conversations);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        strbuf_addf(&f->text, point ? ", %s frame " : ": %s frame ", in->section->names[point]);
        transit_add_frame(&f->text, in->result, in->section, (enum transit_point)point, &f->frames[point].frame);
    }
    strbuf_add(&f->text, ".");
}

static void say_nat(const struct sentences *in, struct transit_finding *f)
{
    const struct transit_conversation *c = &in->section->transit->conversations[f->first];
    uint64_t translated = in->section->transit->conversations_translated;
    strbuf_addf(&f->text, "%" PRIu64 " conversation%s translated on the way: ", translated,
                translated == 1 ? " is" : "s are");
    transit_add_ends(&f->text, c, TRANSIT_NEAR);
    strbuf_addf(&f->text, " at %s is ", point_text(in, TRANSIT_NEAR));
    transit_add_ends(&f->text, c, TRANSIT_FAR);
    strbuf_addf(&f->text, " at %s.", point_text(in, TRANSIT_FAR));
}

static void say_proxy(const struct sentences *in, struct transit_finding *f)
{
    strbuf_addf(&f->text, "A proxy ended %" PRIu64 " connection%s and opened %s to the server", f->conversations,
                plural(f->conversations), f->conversations == 1 ? "another one" : "others");
    add_where(in, f);
    strbuf_add(&f->text, ": the handshakes at both points differ. So its packets are not compared.");
}

static void say(const struct sentences *in, struct transit_finding *f)
{
    switch (f->kind) {
    case FINDING_LOST_TOWARD_FAR:
    case FINDING_LOST_TOWARD_NEAR:
        say_lost(in, f);
        break;
    case FINDING_FORGED:
        say_forged(in, f);
        say_ttl(in->section->transit, f);
        break;
    case FINDING_NAT:
        say_nat(in, f);
        break;
    case FINDING_PROXY:
        say_proxy(in, f);
        break;
    default:
        say_rewrite(in, f);
    }
}

static int rank(enum finding_kind kind)
{
    switch (kind) {
    case FINDING_FORGED:
        return 0;
    case FINDING_LOST_TOWARD_FAR:
        return 1;
    case FINDING_LOST_TOWARD_NEAR:
        return 2;
    case FINDING_PROXY:
        return 3;
    case FINDING_PAYLOAD_REWRITE:
        return 4;
    case FINDING_NAT:
        return 5;
    case FINDING_HEADER_REWRITE:
        return 7;
    default:
        return 6;
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct transit_finding *x = a, *y = b;
    int order = rank(x->kind) - rank(y->kind);
    if (order)
        return order;
    if (x->packets != y->packets)
        return x->packets > y->packets ? -1 : 1;
    if (x->field != y->field)
        return x->field < y->field ? -1 : 1;
    return (int)x->way - (int)y->way;
}

bool transit_findings_make(const struct result *result, const struct transit_section *section,
                           struct transit_findings *out)
{
    const struct transit_result *t = section->transit;
    const struct sentences in = {.result = result, .section = section};
    *out = (struct transit_findings){.count = 0};
    for (uint32_t i = 0; i < t->conversation_count; i++) {
        add_fates(out, t, i);
        add_whole(out, &t->conversations[i], i);
        add_rewrites(out, &t->conversations[i], i);
    }
    if (out->count)
        qsort(out->list, out->count, sizeof *out->list, by_rank);
    bool good = true;
    for (size_t i = 0; i < out->count; i++) {
        say(&in, &out->list[i]);
        good = good && !out->list[i].text.failed;
    }
    return good;
}

void transit_findings_free(struct transit_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        strbuf_free(&findings->list[i].text);
    free(findings->list);
}
