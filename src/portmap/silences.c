/* SPDX-License-Identifier: BSD-2-Clause */
#include "portmap/silences.h"

#include <stdlib.h>

#include "portmap/replies.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

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
        portmap_count(&entry->end_proofs);
    }
}

static void take_silence(struct portmap *map, const struct limited_senders *senders, struct port_entry *entry,
                         struct samples *samples, size_t index, const struct probe *probe)
{
    if (probe->ttl >= map->end_ttl) {
        if (!starts_sample(map, samples, probe))
            return;
        portmap_count(&entry->end_proofs);
        entry->shown_by = entry->answer == NO_ANSWER ? (int32_t)index : entry->shown_by;
        return;
    }
    if (probe->ttl <= entry->passed_ttl || (entry->silent_ttl && probe->ttl > entry->silent_ttl))
        return;
    bool is_first = probe->ttl != entry->silent_ttl;
    bool is_sure = limited_senders_surely_could_expire(senders, probe->sent, probe->ttl);
    entry->hop_is_sure = is_sure || (!is_first && entry->hop_is_sure);
    if (!is_first && sample_is_same(samples->hop, probe->sent))
        return;
    entry->hop_proofs = is_first ? 0 : entry->hop_proofs;
    portmap_count(&entry->hop_proofs);
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
        struct port_entry *entry = is_silent || is_answered ? portmap_find(map, part, probe->target_port) : NULL;
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
            take_silence(map, senders, entry, &samples[(size_t)(entry - map->entries) - first], i, probe);
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

bool silences_take(struct portmap *map, const struct limited_senders *senders)
{
    struct losses losses = {.first = {0, 0}, .again = {0, 0}};
    bool good = true;
    map->sample_span = find_sample_span(map);
    for (unsigned i = 0; good && i < map->lists->count; i++)
        good = take_silences(map, senders, i, &losses);
    if (!good)
        return false;
    find_proofs(map, &losses);
    settle_fates(map);
    return true;
}
