/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of a round:
 * With --through, the end of the path is the first hop behind the gateway, and an expiry there is the answer.
 *   1. Each port that was not asked yet is asked at the end of the path, in random order.
 *   2. A port that the target answers is asked at all hops before it: it shows which hops answer this protocol, and how
 *      far the target is.
 *   3. Silent ports are asked again, twice at least, with controls: ports that are known to be refused. ICMP errors are
 *      limited, so the round starts when their senders have a token again, and a control ends it: if it is answered, no
 *      silent port before it met an empty bucket. The less such ports turn out to be refused, the more fit in a round.
 *   4. Once the hops are known, ports of each kind are asked at the hops around their silence: the first, the last and
 * a middle one of each run of neighbours, and between two whose places differ; of answers in the target's name only
 * PLACED_OF_ANSWER. */
#include "ports/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/minmax.h"
#include "base/rng.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

/* Silent ports in the first round that repeats them.
 * Unit: ports. Source: chosen. Effect: more waste packets where a limit hides refusals; fewer need more rounds where
 * none does. */
#define BATCH_FIRST 256
/* Most silent ports in a round.
 * Unit: ports. Source: chosen; at 1000 a second they take less than RATE_LIMIT_REFILL. Effect: with more, the control
 * behind them proves nothing of the first. */
#define BATCH_MOST 800
/* Ports of a round are asked within this time if their resets are limited, and errors, too.
 * Unit: ns. Source: chosen; less than RATE_LIMIT_REFILL. Effect: with more, a control proves nothing of the first. */
#define SAMPLES_WITHIN NS_PER_S
/* Probes of a silent port at the end of the path.
 * Unit: probes. Source: chosen; a limited target answers one probe a second. Effect: with fewer, more ports stay
 * undecided behind a limit; more cost time where replies are lost. */
#define ASKED_MOST 40
/* Probes of each port where no router behind the gateway replies to any.
 * Unit: probes. Source: chosen; one may be lost. Effect: with more, such a run takes longer and shows no more. */
#define ASKED_BLINDLY 2
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
 * Unit: probes. Source: half of RATE_LIMIT_BURST. Effect: more empty the bucket, and their silence proves nothing. */
#define PLACED_AT_HOP 3
/* Rounds that look for places and do nothing else.
 * Unit: rounds. Source: chosen; each takes up to 1.1 s. Effect: with fewer, more ports inherit the place of neighbours;
 * more make a run longer where hops answer rarely. */
#define PLACING_ROUNDS 60
/* Runs with a middle sample, too.
 * Unit: ports. Source: chosen. Effect: a smaller number costs tokens. */
#define LONG_RUN 16

void rounds_free(struct rounds *rounds)
{
    free(rounds->asks);
    rounds->asks = NULL;
    rounds->count = rounds->next = 0;
}

/* What a round is made of. */
struct maker {
    struct rounds *rounds;
    const struct session *session;
    const struct portmap *map;
    uint8_t placed[256];     /* by TTL: asks that look for places */
    bool needs_control[256]; /* by TTL */
    bool waits;              /* hops whose tokens are spent are asked, too, after a wait */
    bool failed;
    struct rng rng;
};

static void add(struct maker *maker, struct ask ask)
{
    struct rounds *rounds = maker->rounds;
    void *array = rounds->asks;
    if (!array_reserve(&array, &rounds->capacity, rounds->count + 1, sizeof *rounds->asks)) {
        maker->failed = true;
        return;
    }
    rounds->asks = array;
    rounds->asks[rounds->count++] = ask;
}

static void add_port(struct maker *maker, unsigned part, uint16_t port, unsigned ttl, bool controls)
{
    add(maker, (struct ask){.trace = (uint8_t)(session_trace_count(maker->session) + part),
                            .ttl = (uint8_t)uint_min(ttl, session_config(maker->session)->max_ttl),
                            .port = port,
                            .controls = controls});
}

static void add_entry(struct maker *maker, const struct port_entry *entry, unsigned ttl)
{
    add_port(maker, entry->part, entry->port, ttl, false);
}

static void wait_until(struct maker *maker, nstime time)
{
    if (time > maker->rounds->not_before)
        maker->rounds->not_before = time;
}

/* A path that is longer than the target's known distance needs a larger TTL. */
static unsigned end_of(const struct portmap *map, const struct port_entry *entry)
{
    return uint_max(map->end_ttl, entry->passed_ttl + 1U);
}

/* When the hop may be asked: a router that left out the last control gets time for a token. */
static nstime ready_at(const struct maker *maker, unsigned ttl)
{
    nstime controlled = maker->rounds->controlled[ttl], expiry = maker->map->last_expiry[ttl];
    bool is_dry = controlled && (expiry == NSTIME_NONE || expiry < controlled);
    return is_dry ? controlled + RATE_LIMIT_REFILL : 0;
}

/* --- 1 --- */

static void shuffle(struct ask *asks, size_t count, struct rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = rng_below(rng, (uint32_t)i);
        struct ask kept = asks[i - 1];
        asks[i - 1] = asks[other];
        asks[other] = kept;
    }
}

static void add_new(struct maker *maker)
{
    const struct portmap *map = maker->map;
    for (uint32_t i = 0; i < map->count; i++)
        if (!map->entries[i].end_asked && map->entries[i].answer == NO_ANSWER)
            add_entry(maker, &map->entries[i], end_of(map, &map->entries[i]));
    shuffle(maker->rounds->asks, maker->rounds->count, &maker->rng);
}

/* --- 2 --- */

static bool refuses(const struct portmap *map, const struct addr *router)
{
    for (unsigned i = 0; i < map->answer_count; i++)
        if (map->answers[i].is_icmp && addr_equal(&map->answers[i].from, router))
            return true;
    return false;
}

/* Beside repetitions a router that refuses ports has no token to spare. */
static void add_scouts(struct maker *maker)
{
    const struct portmap *map = maker->map;
    bool repeats = maker->rounds->count > 0;
    for (unsigned i = 0; i < map->list_count; i++) {
        const struct portmap_list *list = &map->per_list[i];
        if (list->passer < 0)
            continue;
        const struct port_entry *passer = &map->entries[list->passer];
        for (unsigned ttl = session_config(maker->session)->first_ttl; ttl < map->end_ttl; ttl++)
            if (!(repeats && refuses(map, &map->routers[ttl])) && list->missed[ttl] < SCOUTS_MISSED &&
                list->scouted[ttl] < SCOUTS_MOST && !portmap_hop_is_visible(map, passer->part, ttl)) {
                wait_until(maker, ready_at(maker, ttl));
                add_port(maker, passer->part, passer->port, ttl, true);
            }
    }
}

/* --- 3 --- */

/* Sends between a silent port and the control behind it. */
static unsigned control_every(const struct maker *maker)
{
    nstime gap = session_config(maker->session)->send_gap;
    unsigned fit = gap > 0 ? (unsigned)(rate_limit_span(maker->map->path) / gap) : 10;
    return fit > 2 ? fit / 2 : 1;
}

/* A port for each sender of refusals; RSTs and ICMP errors apart. */
static void add_controls(struct maker *maker, bool icmp)
{
    const struct portmap *map = maker->map;
    for (unsigned i = 0; i < map->answer_count; i++) {
        const struct port_answer *answer = &map->answers[i];
        bool is_limited = icmp ? answer->is_icmp : !answer->is_icmp && answer->kind == REPLY_RST, is_told = false;
        for (unsigned k = 0; k < i; k++)
            is_told = is_told || (map->answers[k].is_icmp == answer->is_icmp && map->answers[k].kind == answer->kind &&
                                  addr_equal(&map->answers[k].from, &answer->from));
        if (!is_limited || is_told || !answer->ports)
            continue;
        add_port(maker, answer->example_part, answer->example_port, map->end_ttl, true);
        maker->rounds->asks[maker->rounds->count - 1].refused = icmp;
    }
}

static nstime last_expiry_by(const struct portmap *map, const struct addr *router)
{
    nstime latest = NSTIME_NONE;
    for (unsigned ttl = 1; ttl < 256; ttl++)
        if (addr_equal(&map->routers[ttl], router) && map->last_expiry[ttl] > latest)
            latest = map->last_expiry[ttl];
    return latest;
}

/* The last error of any sender of refusals: its refusals and expiries share one limit. It may have sent one to the last
 * control, too, which was lost. Behind a gateway, the expiries at the end of the path count as refusals do. */
static nstime last_refusal(const struct maker *maker)
{
    const struct portmap *map = maker->map;
    nstime latest = maker->rounds->refused ? maker->rounds->refused : NSTIME_NONE;
    if (map->gateway.ttl && map->last_expiry[map->end_ttl] > latest)
        latest = map->last_expiry[map->end_ttl];
    for (unsigned i = 0; i < map->answer_count; i++) {
        const struct port_answer *answer = &map->answers[i];
        if (!answer->is_icmp)
            continue;
        nstime expiry = last_expiry_by(map, &answer->from);
        latest = answer->last > latest ? answer->last : latest;
        latest = expiry > latest ? expiry : latest;
    }
    return latest;
}

/* The control of a hop: a port of the list that the target answers, else any spec that the hop answers. */
static void add_control_of_hop(struct maker *maker, unsigned ttl)
{
    const struct portmap *map = maker->map;
    for (unsigned i = 0; i < map->list_count; i++)
        if (map->per_list[i].passer >= 0 && (map->per_list[i].seen[ttl >> 5] >> (ttl & 31) & 1)) {
            const struct port_entry *passer = &map->entries[map->per_list[i].passer];
            add_port(maker, passer->part, passer->port, ttl, true);
            return;
        }
    for (unsigned i = 0; i < map->path->count; i++) {
        struct addr router = trace_router_address(map->path->traces[i], (uint8_t)ttl);
        if (addr_is_none(&router))
            continue;
        add(maker, (struct ask){.trace = (uint8_t)i, .ttl = (uint8_t)ttl, .controls = true});
        return;
    }
}

static bool some_is_forwarded(const struct portmap *map)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (map->entries[i].fate == FATE_FORWARDED)
            return true;
    return false;
}

static bool is_to_repeat(const struct portmap *map, const struct port_entry *entry)
{
    return (entry->fate == FATE_UNSURE || portmap_is_doubtful(map, entry)) && entry->end_asked < ASKED_MOST;
}

/* Behind every few asks from `first` on, and at the end, a control that the target resets. */
static void mix_in_controls(struct maker *maker, size_t first)
{
    unsigned every = control_every(maker);
    size_t count = maker->rounds->count - first;
    struct ask *asks = malloc((count + 1) * sizeof *asks);
    maker->failed = maker->failed || !asks;
    if (!asks)
        return;
    memcpy(asks, &maker->rounds->asks[first], count * sizeof *asks);
    maker->rounds->count = first;
    for (size_t i = 0; i < count; i++) {
        add(maker, asks[i]);
        if ((i + 1) % every == 0 || i + 1 == count)
            add_controls(maker, false);
    }
    free(asks);
}

/* One pass over the silent ports that were asked least, in random order: a limit that takes the last of them would
 * always take the same. */
static void add_pass(struct maker *maker, uint32_t most, unsigned fewest, nstime gap)
{
    const struct portmap *map = maker->map;
    struct rounds *rounds = maker->rounds;
    size_t first = rounds->count, before = first;
    for (unsigned asked = fewest; asked < ASKED_MOST && rounds->count - first < most; asked++) {
        before = rounds->count;
        for (uint32_t i = 0; i < map->count; i++)
            if (is_to_repeat(map, &map->entries[i]) && map->entries[i].end_asked == asked)
                add_entry(maker, &map->entries[i], end_of(map, &map->entries[i]));
        shuffle(&rounds->asks[before], rounds->count - before, &maker->rng);
    }
    rounds->count = first + uint_min((unsigned)(rounds->count - first), most);
    if (!map->reset_gap)
        mix_in_controls(maker, first);
    if (first < rounds->count)
        rounds->asks[first].gap = gap;
    for (size_t i = first; map->reset_gap && i < rounds->count; i++)
        rounds->asks[i].gap = map->reset_gap;
}

static void adapt_batch(struct rounds *rounds, uint32_t resolved)
{
    uint32_t gained = resolved - rounds->resolved;
    if (!rounds->batch)
        rounds->batch = BATCH_FIRST;
    else
        rounds->batch = gained ? 2 * gained : 2 * rounds->batch;
    rounds->batch = uint_min(rounds->batch, BATCH_MOST);
    rounds->resolved = resolved;
}

/* If resets are limited, each port takes a gap; a control behind them must come before the next token of an error. */
static uint32_t most_in_pass(const struct maker *maker, bool has_refusals)
{
    nstime gap = maker->map->reset_gap;
    if (!gap)
        return maker->rounds->batch;
    return has_refusals ? (uint32_t)(SAMPLES_WITHIN / gap) + 1 : BATCH_MOST;
}

static void add_again(struct maker *maker)
{
    const struct portmap *map = maker->map;
    unsigned fewest = ASKED_MOST;
    uint32_t resolved = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        resolved += map->entries[i].answer != NO_ANSWER;
        if (is_to_repeat(map, &map->entries[i]))
            fewest = uint_min(fewest, map->entries[i].end_asked);
    }
    if (fewest == ASKED_MOST || (portmap_is_blind(map) && fewest >= ASKED_BLINDLY))
        return;
    adapt_batch(maker->rounds, resolved);
    nstime last = last_refusal(maker);
    if (last != NSTIME_NONE)
        wait_until(maker, last + RATE_LIMIT_REFILL);
    add_pass(maker, most_in_pass(maker, last != NSTIME_NONE), fewest, 0);
    if (map->sample_span <= SAMPLE_SPAN && !map->reset_gap)
        add_pass(maker, maker->rounds->batch, fewest, SAMPLE_SPAN);
    add_controls(maker, true);
    if (map->gateway.ttl && !some_is_forwarded(map))
        add_control_of_hop(maker, map->end_ttl);
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

/* A probe that its kind lets expect an expiry needs no control: if the reply stays away, the port is asked again. */
static void add_sample(struct maker *maker, const struct port_entry *entry)
{
    const struct port_entry *like = find_like(maker->map, entry);
    uint8_t ttl = portmap_next_ttl(maker->map, entry, like);
    if (!ttl || maker->placed[ttl] >= PLACED_AT_HOP)
        return;
    bool expires = like && ttl <= like->after_ttl && !maker->rounds->controlled[ttl];
    if (ready_at(maker, ttl) > session_now(maker->session) && !maker->waits)
        return;
    maker->placed[ttl]++;
    maker->needs_control[ttl] = maker->needs_control[ttl] || !expires;
    wait_until(maker, ready_at(maker, ttl));
    add_entry(maker, entry, ttl);
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

static int compare_ttls(const void *a, const void *b)
{
    return (int)((const struct ask *)a)->ttl - (int)((const struct ask *)b)->ttl;
}

static void add_samples(struct maker *maker)
{
    const struct portmap *map = maker->map;
    size_t before = maker->rounds->count;
    for (unsigned answer = 0; answer < map->answer_count; answer++)
        add_samples_of_answer(maker, answer);
    for (uint32_t first = 0; first < map->count;) {
        uint32_t last = portmap_run_end(map, first);
        if (map->entries[first].fate == FATE_SILENT)
            add_samples_of_run(maker, first, last);
        first = last + 1;
    }
    size_t added = maker->rounds->count - before;
    if (maker->failed || (!added && maker->waits))
        return;
    if (!added) {
        maker->waits = true;
        add_samples(maker);
        return;
    }
    maker->rounds->placing += before == 0; /* other rounds are needed anyway */
    qsort(maker->rounds->asks + before, added, sizeof *maker->rounds->asks, compare_ttls);
    for (unsigned ttl = 1; ttl < 256; ttl++)
        if (maker->needs_control[ttl])
            add_control_of_hop(maker, ttl);
}

/* --- all --- */

bool rounds_plan(struct rounds *rounds, const struct session *session, const struct portmap *map)
{
    struct maker maker = {.rounds = rounds, .session = session, .map = map};
    rounds->count = rounds->next = 0;
    rounds->not_before = 0;
    rounds->made++;
    maker.rng = rng_init(session_config(session)->seed + rounds->made);
    add_new(&maker);
    if (rounds->count)
        return !maker.failed;
    add_again(&maker); /* before scouts take tokens */
    size_t repeated = rounds->count;
    add_scouts(&maker);
    if (rounds->count == repeated && rounds->placing < PLACING_ROUNDS)
        add_samples(&maker);
    return !maker.failed;
}
