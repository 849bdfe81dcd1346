/* SPDX-License-Identifier: BSD-2-Clause */
/* The first of these rules that holds decides:
 *   1. intercepted: a nearer device accepts the probe in the target's name.
 *   2. open: the target accepts it.
 *   3. rejected: a nearer device refuses it in the target's name.
 *   4. closed: the target refuses it.
 *   5. rejected: another device refuses it, or the target does so administratively. If that device has no route, and no
 *      port gets through, it is unreachable.
 *   6. forwarded: with --through, it expired behind the gateway.
 *   7. inconclusive: a rate limit or loss may explain the silence, or no hop shows its place.
 *   8. unanswered: the silence begins behind the last router.
 *   9. dropped: the silence begins before it, or before the hop behind the gateway. */
#include "verdict/port_verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "probe/type.h"
#include "verdict/facts/reasons.h"
#include "verdict/frames.h"
#include "verdict/words/phrase.h"

/* Confidences: an answer; a place of its own; a place that neighbours have; a silence that proves nothing. */
#define SURE_ANSWERED 0.999
#define SURE_MEASURED 0.99
#define SURE_INFERRED 0.95
#define SURE_OF_NOTHING 0.5

static struct place hop(const struct portmap *map, unsigned ttl)
{
    if (!ttl)
        return (struct place){.known = false};
    struct place place = {.known = true, .ttl = (uint8_t)ttl, .address = map->routers[ttl]};
    if (map->end_is_known && ttl >= map->end_ttl && !map->gateway.ttl)
        place.address = map->lists->traces[0]->flow.target;
    return place;
}

static bool is_placed(const struct port_entry *entry)
{
    return entry->placing != PLACING_OPEN;
}

static double sureness(const struct port_entry *entry)
{
    return entry->placing == PLACING_MEASURED ? SURE_MEASURED : SURE_INFERRED;
}

/* Whether the answer in the target's name comes from a device before the target. */
static bool is_nearer(const struct portmap *map, const struct port_entry *entry)
{
    return map->gateway.ttl || (is_placed(entry) && entry->before_ttl < map->end_ttl);
}

static void show_frames(const struct portmap *map, const struct port_entry *entry, struct verdict *out)
{
    if (entry->shown_by < 0)
        return;
    const struct probe *probe = &map->lists->traces[entry->part]->probes[entry->shown_by];
    frames_add(out->frames, &out->frame_count, frame_of_probe(probe));
    for (unsigned i = 0; i < probe->reply_count; i++)
        frames_add(out->frames, &out->frame_count, frame_of_reply(&probe->replies[i]));
}

/* The reply that shows the entry's fate. */
static const struct reply *reply_of(const struct portmap *map, const struct port_entry *entry,
                                    const struct probe **probe)
{
    *probe = &map->lists->traces[entry->part]->probes[entry->shown_by];
    for (unsigned i = 0; i < (*probe)->reply_count; i++) {
        const struct reply *reply = &(*probe)->replies[i];
        const struct port_answer *answer = &map->answers[entry->answer];
        if (reply->kind == answer->kind && addr_equal(&reply->from, &answer->from))
            return reply;
    }
    return probe_answer(*probe);
}

/* --- 1 to 4: answers in the target's name --- */

static void judge_nearer(const struct portmap *map, const struct port_entry *entry, const struct reply *reply,
                         struct verdict *out)
{
    uint8_t before_ttl = is_placed(entry) ? entry->before_ttl : map->end_ttl;
    out->confidence = sureness(entry);
    if (entry->fate == FATE_OPEN) {
        out->state = VERDICT_INTERCEPTED;
        out->at = hop(map, before_ttl);
        phrase_set_verdict(out, " at %s: a device there replies in the target's name", PLACE_TEXT(&out->at));
        return;
    }
    out->state = VERDICT_REJECTED;
    out->how = how_of_reply(reply);
    out->after = hop(map, entry->after_ttl);
    out->before = hop(map, before_ttl);
    phrase_set_verdict(out, " after %s: a device there replies in the target's name (%s)", PLACE_TEXT(&out->after),
                       phrase_how(out->how, "for an unknown reason"));
}

static void judge_target(const struct portmap *map, const struct port_entry *entry, const struct reply *reply,
                         struct verdict *out)
{
    out->confidence = SURE_ANSWERED;
    bool is_farther = !map->end_is_known || entry->passed_ttl >= map->end_ttl; /* on a longer path */
    out->at =
        (struct place){.known = true, .ttl = is_farther ? entry->answered_ttl : map->end_ttl, .address = reply->from};
    out->state = entry->fate == FATE_OPEN ? VERDICT_OPEN : VERDICT_CLOSED;
    out->how = entry->fate == FATE_OPEN ? HOW_NONE : how_of_reply(reply);
    if (entry->fate == FATE_OPEN)
        phrase_set_verdict(out, " at the target");
    else
        phrase_set_verdict(out, " at the target: %s", phrase_how(out->how, "refused"));
}

/* --- 5: other refusals --- */

/* The hop at which the sender of the refusal answers other probes, else the least that the quote shows. */
static uint8_t refuser_ttl(const struct portmap *map, const struct probe *probe, const struct reply *reply)
{
    for (unsigned ttl = 1; ttl < 256; ttl++)
        if (addr_equal(&map->routers[ttl], &reply->from))
            return (uint8_t)ttl;
    int left = reply->quoted_ttl;
    return left > 0 && left <= probe->ttl ? (uint8_t)(probe->ttl - left + 1) : probe->ttl;
}

static void judge_refused(const struct portmap *map, const struct probe *probe, const struct reply *reply,
                          struct verdict *out)
{
    bool no_route = reply_is_no_route(reply) && !map->end_is_known;
    out->state = no_route ? VERDICT_UNREACHABLE : VERDICT_REJECTED;
    out->how = how_of_reply(reply);
    out->confidence = SURE_ANSWERED;
    bool is_target = addr_equal(&reply->from, &map->lists->traces[0]->flow.target);
    out->at = (struct place){.known = true,
                             .ttl = is_target && map->end_is_known ? map->end_ttl : refuser_ttl(map, probe, reply),
                             .address = reply->from};
    phrase_set_verdict(out, " at %s: %s", PLACE_TEXT(&out->at), phrase_how(out->how, "for an unknown reason"));
}

/* --- 6 --- */

static void judge_forwarded(const struct portmap *map, struct verdict *out)
{
    const struct place behind = hop(map, map->end_ttl);
    out->confidence = SURE_ANSWERED;
    phrase_set_forwarded(out, &map->gateway, &behind);
}

/* --- 7 to 9: silence --- */

static void judge_unsure(const struct portmap *map, const struct port_entry *entry, struct verdict *out)
{
    out->state = VERDICT_INCONCLUSIVE;
    out->confidence = SURE_OF_NOTHING;
    if (map->lists->traces[entry->part]->end == END_INTERRUPTED)
        phrase_set_verdict(out, ": the run was interrupted after %u silent probes", entry->end_asked);
    else if (portmap_is_blind(map))
        phrase_set_verdict(out, ": no router behind the gateway replied");
    else if (trace_set_is_flooded(map->lists))
        phrase_set_verdict(out, ": it is silent, but forged replies may displace genuine ones");
    else if (entry->fate == FATE_SILENT)
        phrase_set_verdict(out, ": it is silent, but no hop shows where it stops");
    else
        phrase_set_verdict(out, ": a rate limit or loss may explain %u silent probes", entry->end_asked);
}

static void judge_silent(const struct portmap *map, const struct port_entry *entry, struct verdict *out)
{
    bool by_neighbours = entry->placing == PLACING_INFERRED;
    out->how = HOW_SILENT;
    out->confidence = sureness(entry);
    out->after = hop(map, entry->after_ttl);
    if (entry->before_ttl >= map->end_ttl && !map->gateway.ttl) {
        out->state = VERDICT_UNANSWERED;
        out->how = HOW_NONE;
        phrase_set_verdict(out, " after %s: open or filtered",
                           out->after.known ? PLACE_TEXT(&out->after) : "this host");
    } else {
        out->state = VERDICT_DROPPED;
        out->before = hop(map, entry->before_ttl);
        phrase_set_verdict(out, " after %s", out->after.known ? PLACE_TEXT(&out->after) : "this host");
    }
    if (by_neighbours)
        phrase_add(out->text, ", as its neighbours in the list");
}

bool ports_judge(const struct portmap *map, const struct port_entry *entry, struct verdict *out)
{
    const struct trace *trace = map->lists->traces[entry->part];
    const struct probe *probe = NULL;
    *out = (struct verdict){.trace = trace, .spec = port_list_spec(trace->ports, entry->port)};
    if (entry->fate == FATE_NOT_ASKED)
        return false;
    show_frames(map, entry, out);
    const struct reply *reply = entry->answer != NO_ANSWER ? reply_of(map, entry, &probe) : NULL;
    if (entry->fate == FATE_FORWARDED)
        judge_forwarded(map, out);
    else if (entry->fate == FATE_REFUSED)
        judge_refused(map, probe, reply, out);
    else if (reply && is_nearer(map, entry))
        judge_nearer(map, entry, reply, out);
    else if (reply)
        judge_target(map, entry, reply, out);
    else if (entry->fate == FATE_SILENT && is_placed(entry) && !trace_set_is_flooded(map->lists))
        judge_silent(map, entry, out);
    else
        judge_unsure(map, entry, out);
    phrase_end(out->text);
    return true;
}

/* --- groups --- */

static bool is_of_group(const struct port_group *group, const struct verdict *verdict)
{
    return group->trace->ports == verdict->trace->ports && group->state == verdict->state &&
           group->how == verdict->how && place_equal(&group->at, &verdict->at) &&
           place_equal(&group->after, &verdict->after) && place_equal(&group->before, &verdict->before);
}

static struct port_group *find_group(struct port_groups *groups, const struct verdict *verdict)
{
    for (unsigned i = 0; i < groups->count; i++)
        if (is_of_group(&groups->of[i], verdict))
            return &groups->of[i];
    if (groups->count == PORT_GROUPS_MOST)
        return NULL;
    struct port_group *group = &groups->of[groups->count];
    *group = (struct port_group){.trace = verdict->trace,
                                 .state = verdict->state,
                                 .how = verdict->how,
                                 .at = verdict->at,
                                 .after = verdict->after,
                                 .before = verdict->before,
                                 .ports = calloc(1, 8192),
                                 .first = verdict->spec.port,
                                 .confidence = 1};
    groups->count += group->ports != NULL;
    return group->ports ? group : NULL;
}

/* Lists stay together; ports that differ from the others come first. */
static int compare_groups(const void *a, const void *b)
{
    const struct port_group *x = a, *y = b;
    if (x->trace->ports != y->trace->ports)
        return x->trace->ports < y->trace->ports ? -1 : 1;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return (int)x->first - (int)y->first;
}

bool ports_group(const struct portmap *map, struct port_groups *out)
{
    *out = (struct port_groups){.count = 0};
    for (uint32_t i = 0; i < map->count; i++) {
        struct verdict verdict;
        if (!ports_judge(map, &map->entries[i], &verdict))
            continue;
        struct port_group *group = find_group(out, &verdict);
        if (!group && out->count < PORT_GROUPS_MOST) {
            ports_free_groups(out);
            return false;
        }
        if (!group) {
            out->left_out++;
            continue;
        }
        group->count++;
        group->inferred += map->entries[i].placing == PLACING_INFERRED;
        group->ports[verdict.spec.port >> 3] |= (uint8_t)(1U << (verdict.spec.port & 7));
        group->confidence = verdict.confidence < group->confidence ? verdict.confidence : group->confidence;
    }
    qsort(out->of, out->count, sizeof *out->of, compare_groups);
    return true;
}

void ports_free_groups(struct port_groups *groups)
{
    for (unsigned i = 0; i < groups->count; i++)
        free(groups->of[i].ports);
    groups->count = 0;
}

static bool has_port(const struct port_group *group, unsigned port)
{
    return port <= 65535 && (group->ports[port >> 3] >> (port & 7) & 1);
}

#define RANGE_BYTES 32 /* bytes of one range, and of what stands around the ranges */

/* Ports of the list that are not in the group end a range; ports that are not in the list do, too. */
static unsigned add_ports(const struct port_group *group, unsigned from, size_t most, struct strbuf *out)
{
    const char *comma = "";
    size_t before = out->length;
    for (unsigned port = from; port <= 65535; port++) {
        unsigned end = port;
        if (!has_port(group, port))
            continue;
        if (out->length - before + RANGE_BYTES > most)
            return port;
        while (has_port(group, end + 1))
            end++;
        strbuf_addf(out, "%s%u", comma, port);
        if (end > port)
            strbuf_addf(out, "-%u", end);
        comma = ",";
        port = end;
    }
    return 0;
}

static void add_variant(const struct port_list *list, struct strbuf *out)
{
    if (list->variant_given)
        strbuf_addf(out, ":%s", probe_spec_variant(&list->spec)->name);
}

unsigned ports_add_probe(const struct port_group *group, unsigned from, struct strbuf *out)
{
    const struct port_list *list = group->trace->ports;
    strbuf_addf(out, "%s/", list->spec.type->name);
    unsigned next = add_ports(group, from, PORT_LIST_TEXT_MOST - RANGE_BYTES, out);
    add_variant(list, out);
    return next;
}

/* Bytes of the ranges of a line, unless all are wanted: a reader does not look at more. */
#define RANGES_SHOWN_BYTES 800

static uint32_t count_from(const struct port_group *group, unsigned port)
{
    uint32_t count = 0;
    for (; port <= 65535; port++)
        count += has_port(group, port);
    return count;
}

void ports_add_line(const struct port_group *group, bool all, struct strbuf *out)
{
    const struct port_list *list = group->trace->ports;
    strbuf_add(out, list->spec.type->name);
    add_variant(list, out);
    strbuf_addf(out, " %s", verdict_state_name(group->state));
    bool reaches = group->state == VERDICT_OPEN || group->state == VERDICT_CLOSED;
    if (group->at.known && !reaches)
        strbuf_addf(out, " at %s", PLACE_TEXT(&group->at));
    else if (group->after.known)
        strbuf_addf(out, " after %s", PLACE_TEXT(&group->after));
    if (group->how != HOW_NONE && group->how != HOW_SILENT)
        strbuf_addf(out, ", %s", verdict_how_name(group->how));
    strbuf_add(out, ": ");
    unsigned next = add_ports(group, group->first, all ? SIZE_MAX : RANGES_SHOWN_BYTES, out);
    if (next)
        strbuf_addf(out, " and %u more ports (-v shows all)", count_from(group, next));
}

bool ports_find(const struct portmap *map, const struct probe_spec *spec, struct verdict *out)
{
    for (unsigned part = 0; map && part < map->lists->count; part++) {
        const struct trace *trace = map->lists->traces[part];
        const struct port_entry *entry = portmap_entry(map, part, spec->port);
        if (!entry || trace->ports->spec.type != spec->type)
            continue;
        const struct probe_spec own = port_list_spec(trace->ports, spec->port);
        if (probe_spec_equal(&own, spec))
            return ports_judge(map, entry, out);
    }
    return false;
}

bool ports_reach(const struct portmap *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        struct verdict verdict;
        if (map->entries[i].answer != NO_ANSWER && ports_judge(map, &map->entries[i], &verdict) &&
            verdict_passes(&verdict))
            return true;
    }
    return false;
}
