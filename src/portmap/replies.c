/* SPDX-License-Identifier: BSD-2-Clause */
#include "portmap/replies.h"

#include "base/minmax.h"
#include "portmap/limited_senders.h"

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

bool portmap_is_doubtful(const struct portmap *map, const struct port_entry *entry)
{
    return entry->fate == FATE_CLOSED && map->answers[entry->answer].kind == REPLY_RST && entry->silent_first &&
           entry->answered < 2;
}

/* Replies of all ports; a port's probes at the end are counted as well. */
void replies_take(struct portmap *map, unsigned part)
{
    const struct trace *trace = map->lists->traces[part];
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        struct port_entry *entry = portmap_find(map, part, probe->target_port);
        const struct reply *reply = deciding(trace, probe);
        if (!entry)
            continue;
        if (probe->ttl >= map->end_ttl && !entry->end_asked) {
            entry->reset_at_once = reply && reply->kind == REPLY_RST;
            map->asked_first = probe->sent < map->asked_first ? probe->sent : map->asked_first;
            map->asked_last = probe->sent > map->asked_last ? probe->sent : map->asked_last;
        }
        if (probe->ttl >= map->end_ttl)
            portmap_count(&entry->end_asked);
        if (!reply) {
            entry->silent_first = entry->silent_first || (probe->ttl >= map->end_ttl && !entry->answered);
        } else if (reply->kind == REPLY_TIME_EXCEEDED && !(map->gateway.ttl && probe->ttl >= map->end_ttl)) {
            entry->passed_ttl = uint8_max(entry->passed_ttl, probe->ttl);
        } else {
            portmap_count(&entry->answered);
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

nstime replies_reset_gap(const struct portmap *map)
{
    nstime longest = 0;
    for (unsigned i = 0; i < map->answer_count; i++) {
        nstime gap = !map->answers[i].is_icmp && map->answers[i].kind == REPLY_RST ? gap_of_resets(map, i) : 0;
        longest = gap > longest ? gap : longest;
    }
    return longest;
}
