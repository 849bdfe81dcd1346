/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of a round. With --through, the end of the path is the first hop behind the gateway, and an expiry there is
 * the answer.
 *   1. Each port that was not asked yet is asked at the end of the path, in random order.
 *   2. A port that gets to the end of the path is asked at all hops before it: it shows which hops answer this
 * protocol, and how far the target is.
 *   3. Silent ports are asked again, twice at least, with controls: ports that are known to be refused. ICMP errors are
 *      limited, so the round starts when their senders have a token again, and a control ends it: if it is answered, no
 *      silent port before it met an empty bucket. The less such ports turn out to be refused, the more fit in a round.
 *   4. Once the hops are known, ports of each kind are asked at the hops around their silence. These are the first, the
 *      last and a middle one of each run of neighbours, and one between two whose places differ. Of answers in the
 *      target's name they are PLACED_OF_ANSWER.
 *   5. While a sender of refusals has no token for rule 3, rounds follow rules 2 and 4 at other hops. A round waits for
 *      a hop without a token only if nothing else can be asked. */
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
    uint8_t placed[256];                       /* by TTL: asks that look for places */
    bool needs_control[256], has_control[256]; /* by TTL */
    bool waits;                                /* hops whose tokens are spent are asked, too, after a wait */
    bool repeats;                              /* ports are to be asked again, in this round or in another */
    bool repeating;                            /* in this round */
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

/* Whether no probe that was sent to the hop at this time or later expired there; false at time 0. */
static bool is_silent_since(const struct maker *maker, unsigned ttl, nstime time)
{
    nstime expiry = maker->map->last_expiry[ttl];
    return time && (expiry == NSTIME_NONE || expiry < time);
}

/* When the hop may be asked: a router that left out the last control gets time for a token. */
static nstime ready_at(const struct maker *maker, unsigned ttl)
{
    nstime controlled = maker->rounds->controlled[ttl];
    return is_silent_since(maker, ttl, controlled) ? controlled + RATE_LIMIT_REFILL : 0;
}

/* Whether the hop may be asked in this round, which may have to wait for it. */
static bool may_ask(struct maker *maker, unsigned ttl)
{
    nstime ready = ready_at(maker, ttl);
    if (ready > session_now(maker->session) && !maker->waits)
        return false;
    wait_until(maker, ready);
    return true;
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

/* A probe of a spec of the path that this hop answers, if there is one. */
static void add_spec(struct maker *maker, unsigned ttl)
{
    const struct trace_set *path = maker->map->path;
    for (unsigned i = 0; i < path->count; i++) {
        struct addr router = trace_router_address(path->traces[i], (uint8_t)ttl);
        if (addr_is_none(&router))
            continue;
        add(maker, (struct ask){.trace = (uint8_t)i, .ttl = (uint8_t)ttl, .controls = true});
        return;
    }
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
            if (is_to_scout(map, list, ttl) && spares_token(maker, list, ttl) && may_ask(maker, ttl)) {
                add_port(maker, map->entries[list->passer].part, map->entries[list->passer].port, ttl, true);
                if (list->scouted[ttl])
                    add_spec(maker, ttl);
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

/* The last error of any sender of refusals: its refusals and expiries share one limit. Behind a gateway, the expiries
 * at the end of the path count as refusals do. */
static nstime last_error(const struct maker *maker)
{
    const struct portmap *map = maker->map;
    nstime latest = map->gateway.ttl ? map->last_expiry[map->end_ttl] : NSTIME_NONE;
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

/* Whether errors need no wait: no limit is seen, and the last control was answered. */
static bool errors_are_free(const struct maker *maker)
{
    nstime control = maker->rounds->refused;
    return maker->map->errors_are_unlimited && (!control || last_error(maker) >= control);
}

/* When the round may start for the sake of tokens; 0: at once. */
static nstime tokens_at(const struct maker *maker)
{
    nstime control = maker->rounds->refused, last = last_error(maker);
    last = control && control > last ? control : last;
    return last == NSTIME_NONE || errors_are_free(maker) ? 0 : last + RATE_LIMIT_REFILL;
}

static bool is_to_repeat(const struct portmap *map, const struct port_entry *entry)
{
    return (entry->fate == FATE_UNSURE || portmap_is_doubtful(map, entry)) && entry->end_asked < ASKED_MOST;
}

/* Behind every few asks from `first` on, and at the end, a control that the target resets. If errors need no wait, one
 * of each of their senders, too. */
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
        if ((i + 1) % every == 0 && errors_are_free(maker))
            add_controls(maker, true);
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

/* Probes of the silent port that was asked least; ASKED_MOST: none is to be asked again. */
static unsigned fewest_asked(const struct portmap *map)
{
    unsigned fewest = ASKED_MOST;
    for (uint32_t i = 0; i < map->count; i++)
        if (is_to_repeat(map, &map->entries[i]))
            fewest = uint_min(fewest, map->entries[i].end_asked);
    return portmap_is_blind(map) && fewest >= ASKED_BLINDLY ? ASKED_MOST : fewest;
}

/* Controls that are refused are added later, at the end of the round. */
static void add_again(struct maker *maker, unsigned fewest)
{
    const struct portmap *map = maker->map;
    uint32_t resolved = 0;
    for (uint32_t i = 0; i < map->count; i++)
        resolved += map->entries[i].answer != NO_ANSWER;
    adapt_batch(maker->rounds, resolved);
    nstime tokens = tokens_at(maker);
    wait_until(maker, tokens);
    maker->repeating = true;
    add_pass(maker, most_in_pass(maker, tokens), fewest, 0);
    if (map->sample_span <= SAMPLE_SPAN && !map->reset_gap)
        add_pass(maker, maker->rounds->batch, fewest, SAMPLE_SPAN);
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
    bool expires = is_to_expire(maker, entry, like, ttl) && !ready_at(maker, ttl);
    if (!may_ask(maker, ttl))
        return;
    maker->placed[ttl]++;
    maker->has_control[ttl] = maker->has_control[ttl] || expires;
    maker->needs_control[ttl] =
        maker->needs_control[ttl] || entry->silent_ttl == ttl || is_silent_since(maker, ttl, maker->rounds->asked[ttl]);
    add_port(maker, entry->part, entry->port, ttl, expires);
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
    add_spec(maker, ttl);
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
        if (maker->needs_control[ttl] && !maker->has_control[ttl])
            add_control_of_hop(maker, ttl);
}

/* --- all --- */

static bool some_is_forwarded(const struct portmap *map)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (map->entries[i].fate == FATE_FORWARDED)
            return true;
    return false;
}

/* Behind a gateway a port that was forwarded is a control, or else a spec. */
static void add_last_controls(struct maker *maker)
{
    add_controls(maker, true);
    if (maker->map->gateway.ttl && !some_is_forwarded(maker->map))
        add_control_of_hop(maker, maker->map->end_ttl);
}

static void add_at_hops(struct maker *maker)
{
    add_scouts(maker);
    if (maker->rounds->placing < PLACING_ROUNDS)
        add_samples(maker);
}

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
    unsigned fewest = fewest_asked(map);
    bool is_early = tokens_at(&maker) > session_now(session);
    maker.repeats = fewest < ASKED_MOST;
    if (maker.repeats && !is_early)
        add_again(&maker, fewest);
    add_at_hops(&maker);
    if (!rounds->count && maker.repeats) {
        add_again(&maker, fewest);
        add_at_hops(&maker);
    }
    if (!rounds->count) {
        maker.waits = true;
        add_at_hops(&maker);
    }
    if (maker.repeating)
        add_last_controls(&maker);
    return !maker.failed;
}
