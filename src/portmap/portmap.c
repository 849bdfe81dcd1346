/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of all ports, in two passes over the probes: first the replies (replies.h), then the silences behind them
 * (silences.h). */
#include "portmap/portmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
#include "portmap/limited_senders.h"
#include "portmap/places.h"
#include "portmap/replies.h"
#include "portmap/silences.h"

/* --- entries --- */

static bool make_entries(struct portmap *map)
{
    size_t total = 0;
    for (unsigned i = 0; i < map->lists->count; i++) {
        const struct trace *trace = map->lists->traces[i];
        for (unsigned port = trace->first_port; port && port <= trace->last_port;
             port = port_list_next(trace->ports, port + 1))
            total++;
    }
    map->entries = calloc(total + 1, sizeof *map->entries);
    for (unsigned i = 0; map->entries && i < map->lists->count; i++) {
        const struct trace *trace = map->lists->traces[i];
        map->first_of_part[i] = map->count;
        for (unsigned port = trace->first_port; port && port <= trace->last_port;
             port = port_list_next(trace->ports, port + 1))
            map->entries[map->count++] =
                (struct port_entry){.port = (uint16_t)port, .part = (uint8_t)i, .answer = NO_ANSWER, .shown_by = -1};
    }
    map->first_of_part[map->lists->count] = map->count;
    return map->entries != NULL;
}

struct port_entry *portmap_find(const struct portmap *map, unsigned part, unsigned port)
{
    uint32_t low = map->first_of_part[part], high = map->first_of_part[part + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map->entries[middle].port < port)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < map->first_of_part[part + 1] && map->entries[low].port == port;
    return found ? &map->entries[low] : NULL;
}

const struct port_entry *portmap_entry(const struct portmap *map, unsigned part, unsigned port)
{
    return part < map->lists->count ? portmap_find(map, part, port) : NULL;
}

/* --- the path --- */

static void learn_routers(struct portmap *map, const struct trace_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->traces[i]->probe_count; k++) {
            const struct probe *probe = &set->traces[i]->probes[k];
            const struct reply *reply = probe_answer(probe);
            if (!reply || reply->kind != REPLY_TIME_EXCEEDED)
                continue;
            if (addr_is_none(&map->routers[probe->ttl]))
                map->routers[probe->ttl] = reply->from;
            if (probe->sent > map->last_expiry[probe->ttl])
                map->last_expiry[probe->ttl] = probe->sent;
        }
}

static uint8_t last_router(const struct portmap *map)
{
    unsigned ttl = 255;
    while (ttl && addr_is_none(&map->routers[ttl]))
        ttl--;
    return (uint8_t)ttl;
}

/* The smallest TTL behind the last router at which a port answers in the target's name. */
static uint8_t answered_behind(const struct portmap *map, unsigned router)
{
    uint8_t least = 0;
    for (unsigned i = 0; i < map->lists->count; i++) {
        const struct trace *trace = map->lists->traces[i];
        for (size_t k = 0; k < trace->probe_count; k++) {
            const struct probe *probe = &trace->probes[k];
            const struct reply *reply = probe_answer(probe);
            if (reply && probe->ttl > router && reply_reaches(trace, reply) && (!least || probe->ttl < least))
                least = probe->ttl;
        }
    }
    return least;
}

static void learn_end(struct portmap *map)
{
    map->gateway = map->path->gateway;
    if (map->gateway.ttl) {
        map->end_ttl = map->gateway.behind_ttl ? map->gateway.behind_ttl : (uint8_t)(map->gateway.ttl + 1);
        map->end_is_known = true;
        return;
    }
    uint8_t target_ttl = trace_set_target_ttl(map->path), router = last_router(map);
    if (!target_ttl || router >= target_ttl)
        target_ttl = answered_behind(map, router);
    map->end_is_known = target_ttl != 0;
    map->end_ttl = target_ttl ? target_ttl : map->path->max_ttl;
}

bool portmap_is_blind(const struct portmap *map)
{
    return map->gateway.ttl && addr_is_none(&map->routers[map->end_ttl]);
}

bool portmap_hop_is_unlimited(const struct portmap *map, unsigned ttl)
{
    return map->unlimited[ttl >> 5] >> (ttl & 31) & 1;
}

/* --- lists --- */

static void add_list(struct portmap *map, unsigned part)
{
    const struct port_list *list = map->lists->traces[part]->ports;
    unsigned i = 0;
    while (i < map->list_count && map->per_list[i].list != list)
        i++;
    if (i == map->list_count)
        map->per_list[map->list_count++] = (struct portmap_list){.list = list, .passer = -1};
    map->list_of_part[part] = (uint8_t)i;
}

static bool is_answered_at_end(const struct portmap *map, const struct port_entry *entry)
{
    bool gets_there =
        map->gateway.ttl ? entry->fate == FATE_FORWARDED : entry->fate == FATE_OPEN || entry->fate == FATE_CLOSED;
    return gets_there && entry->answered_ttl >= map->end_ttl && entry->passed_ttl < map->end_ttl;
}

/* An open port is better than a closed one, whose refusals may be limited. */
static void choose_passers(struct portmap *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        struct portmap_list *list = &map->per_list[map->list_of_part[map->entries[i].part]];
        bool is_better =
            list->passer < 0 || (map->entries[list->passer].fate != FATE_OPEN && map->entries[i].fate == FATE_OPEN);
        if (is_better && is_answered_at_end(map, &map->entries[i]))
            list->passer = i;
    }
}

/* A hop that answers no protocol at all has no limit to explain its silence. */
static bool is_missed(const struct portmap *map, const struct limited_senders *senders, const struct probe *probe)
{
    return probe->state == PROBE_EXPIRED &&
           (addr_is_none(&map->routers[probe->ttl]) || limited_senders_could_expire(senders, probe->sent, probe->ttl));
}

static void learn_hops_of_lists(struct portmap *map, const struct limited_senders *senders, unsigned part)
{
    const struct trace *trace = map->lists->traces[part];
    struct portmap_list *list = &map->per_list[map->list_of_part[part]];
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe_answer(probe);
        const struct port_entry *entry = probe->ttl < map->end_ttl ? portmap_find(map, part, probe->target_port) : NULL;
        if (!entry)
            continue;
        if (reply && reply->kind == REPLY_TIME_EXCEEDED)
            list->seen[probe->ttl >> 5] |= UINT32_C(1) << (probe->ttl & 31);
        if (!is_answered_at_end(map, entry))
            continue;
        portmap_count(&list->scouted[probe->ttl]);
        if (!reply && is_missed(map, senders, probe))
            portmap_count(&list->missed[probe->ttl]);
    }
}

bool portmap_hop_is_visible(const struct portmap *map, unsigned part, unsigned ttl)
{
    const struct portmap_list *list = &map->per_list[map->list_of_part[part]];
    if (ttl == 0 || ttl >= map->end_ttl)
        return false;
    bool own = list->seen[ttl >> 5] >> (ttl & 31) & 1;
    return own || (list->passer < 0 && !addr_is_none(&map->routers[ttl]));
}

/* The router whose error a probe like this one is known to draw; NULL: none. */
static const struct addr *sender_of(const struct portmap *map, const struct trace *trace, unsigned part,
                                    const struct probe *probe)
{
    const struct addr *router = &map->routers[probe->ttl];
    if (!trace->ports)
        return router;
    const struct port_entry *entry = portmap_find(map, part, probe->target_port);
    if (!entry || entry->answer == NO_ANSWER)
        return NULL;
    const struct port_answer *answer = &map->answers[entry->answer];
    if (probe->ttl >= map->end_ttl)
        return answer->is_icmp ? &answer->from : NULL;
    return is_answered_at_end(map, entry) && portmap_hop_is_visible(map, part, probe->ttl) ? router : NULL;
}

static void find_missed(const struct portmap *map, const struct trace_set *set, struct limited_senders *senders)
{
    for (unsigned i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->traces[i]->probe_count; k++) {
            const struct probe *probe = &set->traces[i]->probes[k];
            const struct addr *sender = probe->state == PROBE_EXPIRED ? sender_of(map, set->traces[i], i, probe) : NULL;
            if (sender)
                limited_senders_miss(senders, sender);
        }
}

static void find_unlimited(struct portmap *map, struct limited_senders *senders)
{
    find_missed(map, map->path, senders);
    find_missed(map, map->lists, senders);
    limited_senders_find_unlimited(senders, map->unlimited);
}

static bool fill(struct portmap *map)
{
    struct limited_senders *senders = malloc(sizeof *senders);
    map->asked_first = NSTIME_NEVER;
    map->asked_last = NSTIME_NONE;
    for (unsigned ttl = 0; ttl < 256; ttl++)
        map->last_expiry[ttl] = NSTIME_NONE;
    learn_routers(map, map->path);
    learn_routers(map, map->lists);
    learn_end(map);
    bool good = senders && make_entries(map) && limited_senders_gather(map->path, map->lists, senders);
    for (unsigned i = 0; i < map->lists->count; i++)
        add_list(map, i);
    for (unsigned i = 0; good && i < map->lists->count; i++)
        replies_take(map, i);
    if (good)
        choose_passers(map);
    map->reset_gap = good ? replies_reset_gap(map) : 0;
    good = good && limited_senders_pace(senders, map->lists, map->end_ttl, map->reset_gap);
    for (unsigned i = 0; good && i < map->lists->count; i++)
        learn_hops_of_lists(map, senders, i);
    if (good)
        find_unlimited(map, senders);
    map->errors_are_unlimited = good && limited_senders_are_unlimited(senders, map->end_ttl, map->gateway.ttl);
    good = good && silences_take(map, senders);
    if (senders)
        limited_senders_free(senders);
    free(senders);
    if (!good)
        return false;
    places_find(map);
    return true;
}

struct portmap *portmap_new(const struct trace_set *path, const struct trace_set *lists)
{
    struct portmap *map = calloc(1, sizeof *map);
    if (!map)
        return NULL;
    map->path_set = *path;
    map->list_set = *lists;
    map->path = &map->path_set;
    map->lists = &map->list_set;
    if (fill(map))
        return map;
    portmap_free(map);
    return NULL;
}

void portmap_free(struct portmap *map)
{
    if (!map)
        return;
    free(map->entries);
    free(map);
}
