/* SPDX-License-Identifier: BSD-2-Clause */
/* The hop before which a port is stopped is found for some ports of each run of neighbours; the others take it from
 * their neighbours on both sides. */
#include "portmap/places.h"

#include "base/minmax.h"

/* The smallest TTL known to draw nothing more than the end does. */
static unsigned stopped_ttl(const struct portmap *map, const struct port_entry *entry)
{
    unsigned stopped = map->end_ttl;
    if (entry->answer != NO_ANSWER)
        return uint_min(entry->answered_ttl, stopped);
    bool is_proven = entry->hop_proofs >= map->hop_proofs && (entry->hop_is_sure || entry->hop_proofs > 1);
    return is_proven ? uint_min(entry->silent_ttl, stopped) : stopped;
}

bool portmap_is_stopped(const struct portmap *map, const struct port_entry *entry)
{
    switch ((enum port_fate)entry->fate) {
    case FATE_SILENT:
        return true;
    case FATE_OPEN:
    case FATE_CLOSED:
    case FATE_REFUSED:
        return map->answers[entry->answer].in_target_name;
    case FATE_FORWARDED:
    case FATE_NOT_ASKED:
    case FATE_UNSURE:
        break;
    }
    return false;
}

static bool is_between(const struct portmap *map, const struct port_entry *entry, unsigned ttl)
{
    return ttl > entry->passed_ttl && ttl < stopped_ttl(map, entry) && portmap_hop_is_visible(map, entry->part, ttl);
}

/* From the end towards us: a probe that was stopped before takes no token of the router, and the first that expires
 * shows the place. So each port takes one token, whatever the length of the path. Where neighbours have a place, the
 * port is asked there. */
uint8_t portmap_next_ttl(const struct portmap *map, const struct port_entry *entry, const struct port_entry *like)
{
    unsigned high = stopped_ttl(map, entry);
    bool is_begun = entry->answer == NO_ANSWER && is_between(map, entry, entry->silent_ttl);
    if (is_begun)
        return entry->silent_ttl; /* a proof that has begun is completed first */
    if (like && is_between(map, entry, like->before_ttl))
        return like->before_ttl;
    if (like && is_between(map, entry, like->after_ttl))
        return like->after_ttl;
    for (unsigned ttl = high; ttl-- > entry->passed_ttl + 1U;)
        if (is_between(map, entry, ttl))
            return (uint8_t)ttl;
    return 0;
}

static unsigned visible_before(const struct portmap *map, unsigned part, unsigned ttl)
{
    while (ttl > 0 && !portmap_hop_is_visible(map, part, ttl))
        ttl--;
    return ttl;
}

static void measure(const struct portmap *map, struct port_entry *entry)
{
    entry->placing = PLACING_OPEN;
    if (!portmap_is_stopped(map, entry) || portmap_next_ttl(map, entry, NULL))
        return;
    entry->placing = PLACING_MEASURED;
    entry->before_ttl = (uint8_t)stopped_ttl(map, entry);
    entry->after_ttl = (uint8_t)visible_before(map, entry->part, uint_min(entry->passed_ttl, entry->before_ttl - 1U));
}

uint32_t portmap_run_end(const struct portmap *map, uint32_t first)
{
    const struct port_entry *entries = map->entries;
    uint32_t end = first;
    while (end + 1 < map->first_of_part[entries[first].part + 1] && entries[end + 1].fate == entries[first].fate &&
           entries[end + 1].answer == entries[first].answer)
        end++;
    return end;
}

static bool same_place(const struct port_entry *a, const struct port_entry *b)
{
    return a->after_ttl == b->after_ttl && a->before_ttl == b->before_ttl;
}

/* Whether the entry's own probes contradict the place. */
static bool may_be_there(const struct portmap *map, const struct port_entry *entry, const struct port_entry *place)
{
    return entry->passed_ttl < place->before_ttl && stopped_ttl(map, entry) > place->after_ttl;
}

/* The entries between two measured ones with the same place take it over. */
static void infer_between(struct portmap *map, uint32_t left, uint32_t right)
{
    const struct port_entry *place = &map->entries[left];
    for (uint32_t i = left + 1; i < right && same_place(place, &map->entries[right]); i++) {
        struct port_entry *entry = &map->entries[i];
        if (!may_be_there(map, entry, place))
            continue;
        entry->placing = PLACING_INFERRED;
        entry->after_ttl = place->after_ttl;
        entry->before_ttl = place->before_ttl;
    }
}

static void infer_run(struct portmap *map, uint32_t first, uint32_t last)
{
    uint32_t left = last + 1;
    for (uint32_t i = first; i <= last; i++) {
        if (map->entries[i].placing != PLACING_MEASURED)
            continue;
        if (left <= last)
            infer_between(map, left, i);
        left = i;
    }
}

/* Ports with one answer in the target's name, from one distance, are answered by one device. Silent ports may be
 * dropped by different ones, so only neighbours share a place. */
struct kind_place {
    const struct port_entry *place; /* the first measured entry of the kind; NULL: none */
    bool differs;                   /* others were measured elsewhere */
};

struct kinds {
    struct kind_place of[PORT_LISTS_MOST][PORT_ANSWERS_MOST];
};

static struct kind_place *kind_of(struct kinds *kinds, const struct portmap *map, const struct port_entry *entry)
{
    return &kinds->of[map->list_of_part[entry->part]][entry->answer];
}

static void infer_alike(struct portmap *map)
{
    struct kinds kinds = {0};
    for (uint32_t i = 0; i < map->count; i++) {
        const struct port_entry *entry = &map->entries[i];
        if (entry->placing != PLACING_MEASURED || entry->answer == NO_ANSWER)
            continue;
        struct kind_place *kind = kind_of(&kinds, map, entry);
        kind->differs = kind->differs || (kind->place && !same_place(kind->place, entry));
        kind->place = kind->place ? kind->place : entry;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        struct port_entry *entry = &map->entries[i];
        if (entry->answer == NO_ANSWER)
            continue;
        const struct kind_place *kind = kind_of(&kinds, map, entry);
        if (entry->placing != PLACING_OPEN || !portmap_is_stopped(map, entry) || !kind->place || kind->differs ||
            !may_be_there(map, entry, kind->place))
            continue;
        entry->placing = PLACING_INFERRED;
        entry->after_ttl = kind->place->after_ttl;
        entry->before_ttl = kind->place->before_ttl;
    }
}

void places_find(struct portmap *map)
{
    for (uint32_t i = 0; i < map->count; i++)
        measure(map, &map->entries[i]);
    for (uint32_t first = 0; first < map->count;) {
        uint32_t last = portmap_run_end(map, first);
        infer_run(map, first, last);
        first = last + 1;
    }
    infer_alike(map);
}
