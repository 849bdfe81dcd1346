/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules 2 and 4 of a round. */
#include "ports/placing.h"

#include <stdlib.h>

#include "silence/sample.h"

/* Silent probes to one hop, none of them by a rate limit, that show it to be silent to a list's protocol; and probes in
 * all.
 * Unit: probes. Source: chosen. Effect: with fewer, a lost reply hides a hop, and places are less exact; more cost
 * tokens and, where a router spends its tokens on refusals, up to 1.1 s each. */
#define SCOUTS_MISSED 2
#define SCOUTS_MOST 10
/* Ports of one answer in the target's name whose place is measured.
 * Unit: ports. Source: chosen; one device answers them. Effect: more cost a token of the last router each. */
#define PLACED_OF_ANSWER 2
/* Probes of one round that may each take a token of the same router.
 * Unit: probes. Source: RATE_LIMIT_BURST. Effect: more empty the bucket, and their silence proves nothing; with fewer,
 * more rounds are needed, each with a control. */
#define PLACED_AT_HOP 6
/* Rounds that look for places and do nothing else.
 * Unit: rounds. Source: chosen; each takes up to 1.1 s. Effect: with fewer, more ports inherit the place of neighbours;
 * more make a run longer where hops answer rarely. */
#define PLACING_ROUNDS 60
/* Runs with a middle sample, too.
 * Unit: ports. Source: chosen. Effect: a smaller number costs tokens. */
#define LONG_RUN 16

/* --- 2 --- */

static bool refuses(const struct portmap *map, const struct addr *router)
{
    for (unsigned i = 0; i < map->answer_count; i++)
        if (map->answers[i].is_icmp && addr_equal(&map->answers[i].from, router))
            return true;
    return false;
}

/* Whether a probe of a port that the target answers is to show if the hop answers this protocol. */
static bool is_to_scout(const struct portmap *map, const struct portmap_list *list, unsigned ttl)
{
    return list->passer >= 0 && list->missed[ttl] < SCOUTS_MISSED && list->scouted[ttl] < SCOUTS_MOST &&
           !portmap_hop_is_visible(map, map->entries[list->passer].part, ttl);
}

/* A router that refuses ports has no token to spare while ports are repeated; in a round that does so a scout is a
 * control, too. Half of the scouts are left for later: refused ports may take the tokens before them. */
static bool spares_token(const struct maker *maker, const struct portmap_list *list, unsigned ttl)
{
    if (!maker->repeats || !refuses(maker->map, &maker->map->routers[ttl]))
        return true;
    return maker->repeating && list->scouted[ttl] < SCOUTS_MOST / 2;
}

/* A scout that is repeated has a control behind it, which shows if the hop is silent to this protocol alone. */
static void add_scouts(struct maker *maker)
{
    const struct portmap *map = maker->map;
    for (unsigned i = 0; i < map->list_count; i++) {
        const struct portmap_list *list = &map->per_list[i];
        for (unsigned ttl = session_config(maker->session)->first_ttl; ttl < map->end_ttl; ttl++)
            if (is_to_scout(map, list, ttl) && spares_token(maker, list, ttl) && maker_may_ask(maker, ttl)) {
                maker_add_port(maker, map->entries[list->passer].part, map->entries[list->passer].port, ttl, true);
                if (list->scouted[ttl])
                    maker_add_spec(maker, ttl);
            }
    }
}

/* --- 4 --- */

static bool is_measured(const struct portmap *map, uint32_t index)
{
    return map->entries[index].placing == PLACING_MEASURED;
}

/* A measured entry of the same kind, of the nearest before it, else of the first behind; NULL: none. */
static const struct port_entry *find_like(const struct portmap *map, const struct port_entry *entry)
{
    uint32_t own = (uint32_t)(entry - map->entries), first = map->first_of_part[entry->part],
             end = map->first_of_part[entry->part + 1];
    for (uint32_t i = own; i-- > first;)
        if (is_measured(map, i) && map->entries[i].fate == entry->fate && map->entries[i].answer == entry->answer)
            return &map->entries[i];
    for (uint32_t i = own + 1; i < end; i++)
        if (is_measured(map, i) && map->entries[i].fate == entry->fate && map->entries[i].answer == entry->answer)
            return &map->entries[i];
    return NULL;
}

/* Whether the port is expected to pass this hop: others of its kind do, or it is answered as the one that scouts. */
static bool is_to_expire(const struct maker *maker, const struct port_entry *entry, const struct port_entry *like,
                         unsigned ttl)
{
    int64_t passer = maker->map->per_list[maker->map->list_of_part[entry->part]].passer;
    return (like && ttl <= like->after_ttl) ||
           (entry->answer != NO_ANSWER && passer >= 0 && maker->map->entries[passer].answer == entry->answer);
}

/* Whether a hop behind this one is still to be scouted: the port may be known to be stopped there. */
static bool is_too_early(const struct maker *maker, const struct port_entry *entry, unsigned ttl)
{
    const struct portmap *map = maker->map;
    bool early = false;
    while (!early && ++ttl < map->end_ttl)
        early = is_to_scout(map, &map->per_list[map->list_of_part[entry->part]], ttl);
    return early;
}

/* A probe that is expected to expire is a control itself; others often are, too, and a control costs a token. So a hop
 * has a separate control only if the last probes there were silent, or if the port was silent there before. A router
 * that refuses ports spends its tokens on that first. */
static void add_sample(struct maker *maker, const struct port_entry *entry)
{
    const struct portmap *map = maker->map;
    const struct port_entry *like = find_like(map, entry);
    uint8_t ttl = portmap_next_ttl(map, entry, like);
    if (!ttl || maker->placed[ttl] >= PLACED_AT_HOP || is_too_early(maker, entry, ttl) ||
        (maker->repeats && !maker->repeating && refuses(map, &map->routers[ttl])))
        return;
    bool expires = is_to_expire(maker, entry, like, ttl) && !maker_ready_at(maker, ttl);
    if (!maker_may_ask(maker, ttl))
        return;
    maker->placed[ttl]++;
    maker->has_control[ttl] = maker->has_control[ttl] || expires;
    maker->needs_control[ttl] = maker->needs_control[ttl] || entry->silent_ttl == ttl ||
                                maker_is_silent_since(maker, ttl, maker->rounds->asked[ttl]);
    struct ask ask = maker_ask(maker, entry->part, entry->port, ttl);
    ask.controls = ask.guessed = expires;
    maker_add(maker, ask);
}

/* The entry in the middle between two measured neighbours whose places differ; `first` itself: there is none. */
static uint32_t find_border(const struct portmap *map, uint32_t first, uint32_t last)
{
    uint32_t left = first;
    for (uint32_t i = first + 1; i <= last; i++) {
        const struct port_entry *a = &map->entries[left], *b = &map->entries[i];
        if (b->placing != PLACING_MEASURED)
            continue;
        if (a->placing == PLACING_MEASURED && i - left > 1 &&
            (a->after_ttl != b->after_ttl || a->before_ttl != b->before_ttl))
            return left + (i - left) / 2;
        left = i;
    }
    return first;
}

/* Whether its own probes show that it is stopped before the place of its neighbours. */
static bool is_apart(const struct portmap *map, uint32_t index)
{
    const struct port_entry *entry = &map->entries[index];
    return entry->placing == PLACING_OPEN && entry->silent_ttl;
}

/* The first and the last of each stretch of such ports between two measured ones of one place. */
static void add_samples_apart(struct maker *maker, uint32_t first, uint32_t last)
{
    const struct portmap *map = maker->map;
    uint32_t left = first;
    for (uint32_t right = first + 1; right <= last; right++) {
        const struct port_entry *a = &map->entries[left], *b = &map->entries[right];
        if (!is_measured(map, right))
            continue;
        for (uint32_t i = left + 1; i < right && a->before_ttl == b->before_ttl && a->after_ttl == b->after_ttl; i++)
            if (is_apart(map, i) && !(is_apart(map, i - 1) && is_apart(map, i + 1)))
                add_sample(maker, &map->entries[i]);
        left = right;
    }
}

static void add_samples_of_run(struct maker *maker, uint32_t first, uint32_t last)
{
    const struct portmap *map = maker->map;
    uint32_t middle = first + (last - first) / 2;
    if (!is_measured(map, first))
        add_sample(maker, &map->entries[first]);
    if (last > first && !is_measured(map, last))
        add_sample(maker, &map->entries[last]);
    if (last - first >= LONG_RUN && !is_measured(map, middle))
        add_sample(maker, &map->entries[middle]);
    if (is_measured(map, first) && is_measured(map, last)) {
        uint32_t border = find_border(map, first, last);
        if (border != first)
            add_sample(maker, &map->entries[border]);
        add_samples_apart(maker, first, last);
    }
}

static void add_samples_of_answer(struct maker *maker, unsigned answer)
{
    const struct portmap *map = maker->map;
    unsigned samples = 0;
    for (uint32_t i = 0; i < map->count && samples < PLACED_OF_ANSWER; i++) {
        const struct port_entry *entry = &map->entries[i];
        if (entry->answer != answer || !portmap_is_stopped(map, entry))
            continue;
        samples++;
        if (!is_measured(map, i))
            add_sample(maker, entry);
    }
}

/* Controls come last. */
static int compare_asks(const void *a, const void *b)
{
    const struct ask *x = a, *y = b;
    if (x->ttl != y->ttl)
        return (int)x->ttl - (int)y->ttl;
    if (x->controls != y->controls)
        return (int)x->controls - (int)y->controls;
    return x->trace != y->trace ? (int)x->trace - (int)y->trace : (int)x->port - (int)y->port;
}

/* A router with few tokens shows the first port that passes it, and the silence of those before. So rounds go through
 * the list in both directions. */
static int compare_asks_back(const void *a, const void *b)
{
    const struct ask *x = a, *y = b;
    bool is_alike = x->ttl == y->ttl && x->controls == y->controls;
    return is_alike ? compare_asks(b, a) : compare_asks(a, b);
}

/* If a wait for tokens keeps ports undecided, a first proof of their silence is enough to look for their place. */
static bool is_worth_placing(const struct portmap *map, const struct port_entry *entry)
{
    bool waits = map->sample_span > SAMPLE_SPAN && !map->reset_gap;
    return entry->fate == FATE_SILENT || (entry->fate == FATE_UNSURE && waits && entry->end_proofs > 0);
}

/* The last of the neighbours in one list that are worth placing; before `first`: there is none. */
static int64_t silent_run_end(const struct portmap *map, uint32_t first)
{
    uint32_t end = first;
    while (end < map->first_of_part[map->entries[first].part + 1] && is_worth_placing(map, &map->entries[end]))
        end++;
    return (int64_t)end - 1;
}

static void add_samples(struct maker *maker)
{
    const struct portmap *map = maker->map;
    size_t before = maker->rounds->count;
    for (unsigned answer = 0; answer < map->answer_count; answer++)
        add_samples_of_answer(maker, answer);
    for (uint32_t first = 0; first < map->count;) {
        int64_t last = silent_run_end(map, first);
        if (last >= first)
            add_samples_of_run(maker, first, (uint32_t)last);
        first = last >= first ? (uint32_t)last + 1 : first + 1;
    }
    size_t added = maker->rounds->count - before;
    if (maker->failed || !added)
        return;
    maker->rounds->placing += !maker->repeats; /* other rounds are needed anyway */
    qsort(maker->rounds->asks + before, added, sizeof *maker->rounds->asks,
          maker->rounds->made % 2 ? compare_asks : compare_asks_back);
    for (unsigned ttl = 1; ttl < 256; ttl++)
        if (maker->needs_control[ttl] && !maker->has_control[ttl]) {
            maker_add_control(maker, ttl);
            if (!maker_ready_at(maker, ttl)) /* two replies show that the first token was there before */
                maker_add_control(maker, ttl);
        }
}

/* --- both --- */

void placing_add(struct maker *maker)
{
    add_scouts(maker);
    if (maker->rounds->placing < PLACING_ROUNDS)
        add_samples(maker);
}
