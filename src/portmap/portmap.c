/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of all ports, in two passes over the probes: first the replies, then the silences behind them. */
#include "portmap/portmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
#include "portmap/limited_senders.h"
#include "portmap/places.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

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

static struct port_entry *find_entry(const struct portmap *map, unsigned part, unsigned port)
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
    return part < map->lists->count ? find_entry(map, part, port) : NULL;
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

/* --- replies --- */

/* The reply that decides: one that accepts, else one that refuses, else an expiry. NULL: none. */
static const struct reply *deciding(const struct trace *trace, const struct probe *probe)
{
    const struct reply *best = NULL;
    unsigned best_rank = 0;
    for (unsigned i = 0; i < probe->reply_count; i++) {
        const struct reply *reply = &probe->replies[i];
        unsigned rank = reply_reaches(trace, reply)          ? (reply_accepts(reply) ? 4 : 3)
                        : reply_rejects(trace, reply)        ? 2
                        : reply->kind == REPLY_TIME_EXCEEDED ? 1
                                                             : 0;
        if (rank > best_rank) {
            best = reply;
            best_rank = rank;
        }
    }
    return best;
}

static bool answer_fits(const struct port_answer *answer, const struct reply *reply)
{
    return answer->kind == reply->kind && answer->is_icmp == reply->is_icmp && answer->icmp_type == reply->icmp_type &&
           answer->icmp_code == reply->icmp_code && answer->reply_ttl == reply->reply_ttl &&
           addr_equal(&answer->from, &reply->from);
}

static uint8_t take_answer(struct portmap *map, const struct trace *trace, const struct port_entry *entry,
                           const struct probe *probe, const struct reply *reply)
{
    unsigned i = 0;
    while (i < map->answer_count && !answer_fits(&map->answers[i], reply))
        i++;
    if (i == PORT_ANSWERS_MOST)
        return NO_ANSWER;
    if (i == map->answer_count)
        map->answers[map->answer_count++] = (struct port_answer){
            .from = reply->from,
            .kind = reply->kind,
            .icmp_type = reply->icmp_type,
            .icmp_code = reply->icmp_code,
            .reply_ttl = reply->reply_ttl,
            .is_icmp = reply->is_icmp,
            .in_target_name = reply_reaches(trace, reply),
            .last = NSTIME_NONE,
        };
    if (probe->sent > map->answers[i].last)
        map->answers[i].last = probe->sent;
    map->answers[i].example_part = entry->part;
    map->answers[i].example_port = entry->port;
    map->answers[i].example = probe;
    map->answers[i].reply = reply;
    return (uint8_t)i;
}

static enum port_fate fate_of(const struct trace *trace, const struct reply *reply)
{
    if (reply->kind == REPLY_TIME_EXCEEDED)
        return FATE_FORWARDED;
    if (!reply_reaches(trace, reply))
        return FATE_REFUSED;
    if (reply_accepts(reply))
        return FATE_OPEN;
    return reply_closes(reply) ? FATE_CLOSED : FATE_REFUSED;
}

static void take_final(struct portmap *map, struct port_entry *entry, const struct trace *trace, size_t index,
                       const struct reply *reply)
{
    const struct probe *probe = &trace->probes[index];
    enum port_fate fate = fate_of(trace, reply);
    bool is_first = entry->answer == NO_ANSWER, is_nearer = probe->ttl < entry->answered_ttl;
    uint8_t answer = take_answer(map, trace, entry, probe, reply);
    if (answer == NO_ANSWER || (!is_first && !is_nearer && !(fate == FATE_OPEN && entry->fate != FATE_OPEN)))
        return;
    entry->answer = answer;
    entry->answered_ttl = probe->ttl;
    entry->fate = (uint8_t)fate;
    entry->shown_by = (int32_t)index;
}

static void count_to(uint8_t *counter)
{
    *counter = (uint8_t)(*counter + (*counter < UINT8_MAX));
}

bool portmap_is_doubtful(const struct portmap *map, const struct port_entry *entry)
{
    return entry->fate == FATE_CLOSED && map->answers[entry->answer].kind == REPLY_RST && entry->silent_first &&
           entry->answered < 2;
}

/* Replies of all ports; a port's probes at the end are counted as well. */
static void take_replies(struct portmap *map, unsigned part)
{
    const struct trace *trace = map->lists->traces[part];
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        struct port_entry *entry = find_entry(map, part, probe->target_port);
        const struct reply *reply = deciding(trace, probe);
        if (!entry)
            continue;
        if (probe->ttl >= map->end_ttl && !entry->end_asked) {
            entry->reset_at_once = reply && reply->kind == REPLY_RST;
            map->asked_first = probe->sent < map->asked_first ? probe->sent : map->asked_first;
            map->asked_last = probe->sent > map->asked_last ? probe->sent : map->asked_last;
        }
        if (probe->ttl >= map->end_ttl)
            count_to(&entry->end_asked);
        if (!reply) {
            entry->silent_first = entry->silent_first || (probe->ttl >= map->end_ttl && !entry->answered);
        } else if (reply->kind == REPLY_TIME_EXCEEDED && !(map->gateway.ttl && probe->ttl >= map->end_ttl)) {
            entry->passed_ttl = uint8_max(entry->passed_ttl, probe->ttl);
        } else {
            count_to(&entry->answered);
            take_final(map, entry, trace, i, reply);
        }
    }
}

/* --- limited resets --- */

/* A device that resets only some of its ports at once resets that many in the time that they were asked in. A bucket
 * adds its burst to that, so half as many are expected to find a token. */
static nstime gap_of_resets(const struct portmap *map, unsigned answer)
{
    uint32_t reset = 0, at_once = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        reset += map->entries[i].answer == answer;
        at_once += map->entries[i].answer == answer && map->entries[i].reset_at_once;
    }
    bool is_limited = reset >= RESETS_JUDGED && at_once < RESETS_LIMITED * reset;
    return is_limited ? 2 * (map->asked_last - map->asked_first) / (at_once + 1) : 0;
}

static nstime find_reset_gap(const struct portmap *map)
{
    nstime longest = 0;
    for (unsigned i = 0; i < map->answer_count; i++) {
        nstime gap = !map->answers[i].is_icmp && map->answers[i].kind == REPLY_RST ? gap_of_resets(map, i) : 0;
        longest = gap > longest ? gap : longest;
    }
    return longest;
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
        const struct port_entry *entry = probe->ttl < map->end_ttl ? find_entry(map, part, probe->target_port) : NULL;
        if (!entry)
            continue;
        if (reply && reply->kind == REPLY_TIME_EXCEEDED)
            list->seen[probe->ttl >> 5] |= UINT32_C(1) << (probe->ttl & 31);
        if (!is_answered_at_end(map, entry))
            continue;
        count_to(&list->scouted[probe->ttl]);
        if (!reply && is_missed(map, senders, probe))
            count_to(&list->missed[probe->ttl]);
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

/* --- silences --- */

struct samples {
    nstime end, hop; /* by entry: the first probe of the last sample counted there */
};

/* Whether the silent probe at the end of the path is so long after the last sample that it is one of its own. */
static bool starts_sample(const struct portmap *map, struct samples *samples, const struct probe *probe)
{
    if (samples->end != NSTIME_NONE && probe->sent - samples->end < map->sample_span)
        return false;
    samples->end = probe->sent;
    return true;
}

/* What the ports with an answer show of losses, by the probes at the end that no known limit can have kept from an
 * answer. A loss is seldom followed by another of the same port, but a limit that only some ports meet takes them again
 * and again. So probes of ports that lost one before are counted apart. */
struct losses {
    struct loss_count {
        uint32_t lost, answered;
    } first, again;
};

/* `assumed`: losses assumed beforehand, in `of` probes. */
static double chance_of(const struct loss_count *count, double assumed, double of)
{
    return (count->lost + assumed) / (count->lost + count->answered + of);
}

static void count_loss(struct portmap *map, struct losses *losses, struct port_entry *entry, struct samples *samples,
                       const struct probe *probe)
{
    struct loss_count *count = entry->end_proofs ? &losses->again : &losses->first;
    if (probe->state == PROBE_ANSWERED)
        count->answered++;
    else if (starts_sample(map, samples, probe)) {
        count->lost++;
        count_to(&entry->end_proofs);
    }
}

static void take_silence(struct portmap *map, struct port_entry *entry, struct samples *samples, size_t index,
                         const struct probe *probe)
{
    if (probe->ttl >= map->end_ttl) {
        if (!starts_sample(map, samples, probe))
            return;
        count_to(&entry->end_proofs);
        entry->shown_by = entry->answer == NO_ANSWER ? (int32_t)index : entry->shown_by;
        return;
    }
    if (probe->ttl <= entry->passed_ttl || (entry->silent_ttl && probe->ttl > entry->silent_ttl))
        return;
    if (probe->ttl == entry->silent_ttl && sample_is_same(samples->hop, probe->sent))
        return;
    unsigned proofs = probe->ttl == entry->silent_ttl ? entry->hop_proofs + 1U : 1;
    entry->hop_proofs = (uint8_t)uint_min(proofs, UINT8_MAX);
    entry->silent_ttl = probe->ttl;
    samples->hop = probe->sent;
}

/* Behind a gateway a probe that passes expires. */
static bool could_answer_at_end(const struct portmap *map, const struct limited_senders *senders,
                                const struct probe *probe)
{
    return limited_senders_could_refuse(senders, probe->sent, map->end_ttl) &&
           (!map->gateway.ttl || limited_senders_could_expire(senders, probe->sent, probe->ttl));
}

static bool take_silences(struct portmap *map, const struct limited_senders *senders, unsigned part,
                          struct losses *losses)
{
    const struct trace *trace = map->lists->traces[part];
    uint32_t first = map->first_of_part[part], count = map->first_of_part[part + 1] - first;
    struct samples *samples = malloc((count + 1) * sizeof *samples);
    for (uint32_t i = 0; samples && i < count; i++)
        samples[i] = (struct samples){NSTIME_NONE, NSTIME_NONE};
    for (size_t i = 0; samples && i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        bool is_silent = probe->state == PROBE_EXPIRED, is_answered = probe->state == PROBE_ANSWERED;
        struct port_entry *entry = is_silent || is_answered ? find_entry(map, part, probe->target_port) : NULL;
        bool at_end = probe->ttl >= map->end_ttl;
        if (!entry || (entry->answer != NO_ANSWER ? !at_end : is_answered))
            continue;
        bool has_answer = entry->answer != NO_ANSWER;
        bool proves = has_answer ? limited_senders_could_answer(senders, probe->sent, map->answers[entry->answer].reply)
                      : at_end   ? could_answer_at_end(map, senders, probe)
                                 : limited_senders_could_expire(senders, probe->sent, probe->ttl);
        if (proves && has_answer)
            count_loss(map, losses, entry, &samples[(size_t)(entry - map->entries) - first], probe);
        else if (proves)
            take_silence(map, entry, &samples[(size_t)(entry - map->entries) - first], i, probe);
    }
    free(samples);
    return samples != NULL;
}

/* Samples after which of so many ports no more than `most` are expected to be silent by chance. `again`: the chance of
 * the later samples. More than PORT_PROOFS_MOST: no number is enough. */
static unsigned proofs_of(uint32_t ports, double most, double first, double again)
{
    unsigned proofs = 1;
    double mistaken = ports * first;
    for (; mistaken > most && proofs <= PORT_PROOFS_MOST; proofs++)
        mistaken *= again;
    return proofs <= PORT_PROOFS_MOST ? proofs : UINT8_MAX;
}

/* Half a loss in ten is assumed beforehand; once a port has lost one, half a loss in two of its later ones. */
static void find_proofs(struct portmap *map, const struct losses *losses)
{
    double first = chance_of(&losses->first, 0.5, 10);
    double again = losses->first.lost ? chance_of(&losses->again, 0.5, 2) : first;
    uint32_t asked = 0, silent = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        asked += map->entries[i].end_asked > 0;
        silent += map->entries[i].end_asked > 0 && map->entries[i].answer == NO_ANSWER;
    }
    map->proofs = proofs_of(asked, PORTS_MISTAKEN, first, again > first ? again : first);
    map->hop_proofs = proofs_of(silent, PLACES_MISTAKEN, first, first);
}

static void settle_fates(struct portmap *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        struct port_entry *entry = &map->entries[i];
        if (entry->answer != NO_ANSWER)
            map->answers[entry->answer].ports++;
        else if (entry->end_asked)
            entry->fate = entry->end_proofs >= map->proofs ? FATE_SILENT : FATE_UNSURE;
    }
}

/* One lost refusal may have emptied a bucket for all ports that were asked until it had a token again. */
static nstime find_sample_span(const struct portmap *map)
{
    bool has_errors = map->gateway.ttl;
    for (unsigned i = 0; i < map->answer_count; i++)
        has_errors = has_errors || map->answers[i].is_icmp;
    return has_errors && !map->errors_are_unlimited ? RATE_LIMIT_REFILL : SAMPLE_SPAN;
}

static bool fill(struct portmap *map)
{
    struct losses losses = {.first = {0, 0}, .again = {0, 0}};
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
        take_replies(map, i);
    if (good)
        choose_passers(map);
    map->reset_gap = good ? find_reset_gap(map) : 0;
    good = good && limited_senders_pace(senders, map->lists, map->end_ttl, map->reset_gap);
    for (unsigned i = 0; good && i < map->lists->count; i++)
        learn_hops_of_lists(map, senders, i);
    map->errors_are_unlimited = good && limited_senders_are_unlimited(senders, map->end_ttl, map->gateway.ttl);
    map->sample_span = find_sample_span(map);
    for (unsigned i = 0; good && i < map->lists->count; i++)
        good = take_silences(map, senders, i, &losses);
    find_proofs(map, &losses);
    if (senders)
        limited_senders_free(senders);
    free(senders);
    if (!good)
        return false;
    settle_fates(map);
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
