/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/findings/finding.h"

#include <string.h>

#include "address/special.h"

struct finding *finding_add(struct judgement *out, enum finding_kind kind, const struct trace *trace)
{
    if (out->finding_count == FINDINGS_MOST)
        return NULL;
    struct finding *finding = &out->findings[out->finding_count++];
    *finding = (struct finding){.kind = kind, .trace = trace};
    return finding;
}

struct finding *finding_at(struct judgement *out, enum finding_kind kind, const struct trace *trace,
                           const struct place *at)
{
    for (unsigned i = 0; i < out->finding_count; i++) {
        struct finding *finding = &out->findings[i];
        if (finding->kind == kind && finding->at.ttl == at->ttl && addr_equal(&finding->at.address, &at->address)) {
            finding->trace = finding->trace == trace ? trace : NULL;
            return finding;
        }
    }
    struct finding *finding = finding_add(out, kind, trace);
    if (finding)
        finding->at = *at;
    return finding;
}

/* The detail of this name, or else the first free one; the last if all are taken. */
static struct finding_detail *detail_for(struct finding *finding, const char *name)
{
    unsigned row = 0;
    while (row < FINDING_DETAILS_MOST - 1 && finding->detail[row].name && strcmp(finding->detail[row].name, name) != 0)
        row++;
    finding->detail[row].name = name;
    return &finding->detail[row];
}

void finding_number(struct finding *finding, const char *name, double number)
{
    detail_for(finding, name)->number = number;
}

void finding_text(struct finding *finding, const char *name, const char *text)
{
    detail_for(finding, name)->text = text;
}

void finding_flag(struct finding *finding, const char *name, bool is_set)
{
    struct finding_detail *detail = detail_for(finding, name);
    detail->number = is_set;
    detail->is_flag = true;
}

void finding_address(struct finding *finding, const char *name, const struct addr *address)
{
    detail_for(finding, name)->address = *address;
}

const struct finding_detail *finding_detail(const struct finding *finding, const char *name)
{
    for (unsigned i = 0; i < FINDING_DETAILS_MOST && finding->detail[i].name; i++)
        if (strcmp(finding->detail[i].name, name) == 0)
            return &finding->detail[i];
    return NULL;
}

void finding_show(struct finding *finding, const struct probe *probe, const struct reply *reply)
{
    frames_add(finding->frames, &finding->frame_count, frame_of_probe(probe));
    if (reply)
        frames_add(finding->frames, &finding->frame_count, frame_of_reply(reply));
}

struct addr sole_router(const struct trace *trace, uint8_t ttl, struct evidence *first)
{
    *first = (struct evidence){0};
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        for (unsigned k = 0; k < p->reply_count; k++) {
            const struct reply *reply = &p->replies[k];
            if (reply->kind != REPLY_TIME_EXCEEDED)
                continue;
            if (addr_equal(&reply->from, &trace->flow.target) ||
                (first->reply && !addr_equal(&reply->from, &first->reply->from)))
                return (struct addr){0};
            if (!first->reply)
                *first = (struct evidence){p, reply};
        }
    return first->reply ? first->reply->from : (struct addr){0};
}

bool is_one_router(const struct evidence *nearer, const struct evidence *farther)
{
    if (!nearer->reply || !farther->reply || !addr_equal(&nearer->reply->from, &farther->reply->from) ||
        special_is_shared(&nearer->reply->from))
        return false;
    int hops = farther->probe->ttl - nearer->probe->ttl;
    return hops == 0 || nearer->reply->reply_ttl - farther->reply->reply_ttl != hops;
}

struct place place_of_hop(const struct trace_set *set, uint8_t ttl)
{
    if (!set->count || !ttl)
        return (struct place){0};
    return facts_place(set, set->traces[0], ttl);
}
