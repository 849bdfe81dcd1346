/* SPDX-License-Identifier: BSD-2-Clause */
/* Rule 3 of a round. */
#include "ports/again.h"

#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
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
/* Probes that try a sender of errors leave within this time.
 * Unit: ns. Source: chosen; they are fewer than RATE_LIMIT_UNLIMITED for each of a few senders. Effect: with less, the
 * errors before them may be older than a refill, and the trial shows nothing; with more, it takes more tokens. */
#define TRIAL_WITHIN (100 * NS_PER_MS)
/* Probes of each port where no router behind the gateway replies to any.
 * Unit: probes. Source: chosen; one may be lost. Effect: with more, such a run takes longer and shows no more. */
#define ASKED_BLINDLY 2

/* Whether a port with this answer is the control of its sender; RSTs and ICMP errors apart. */
static bool gives_control(const struct portmap *map, unsigned index, bool icmp)
{
    const struct port_answer *answer = &map->answers[index];
    bool is_limited = icmp ? answer->is_icmp : !answer->is_icmp && answer->kind == REPLY_RST, is_told = false;
    for (unsigned k = 0; k < index; k++)
        is_told = is_told || (map->answers[k].is_icmp == answer->is_icmp && map->answers[k].kind == answer->kind &&
                              addr_equal(&map->answers[k].from, &answer->from));
    return is_limited && !is_told && answer->ports;
}

static void add_control(struct maker *maker, const struct port_answer *answer)
{
    struct ask ask = maker_ask(maker, answer->example_part, answer->example_port, maker->map->end_ttl);
    ask.controls = true;
    ask.refused = answer->is_icmp;
    maker_add(maker, ask);
}

/* A control for each sender of refusals. */
static void add_controls(struct maker *maker, bool icmp)
{
    for (unsigned i = 0; i < maker->map->answer_count; i++)
        if (gives_control(maker->map, i, icmp))
            add_control(maker, &maker->map->answers[i]);
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

/* Whether errors need no wait: no limit is seen, and the last control was answered. If resets are limited, a round is
 * too slow for its one control, and each needs rested senders. */
static bool errors_are_free(const struct maker *maker)
{
    nstime control = maker->rounds->refused;
    return maker->map->errors_are_unlimited && !maker->map->reset_gap && (!control || last_error(maker) >= control);
}

nstime again_tokens_at(const struct maker *maker)
{
    nstime control = maker->rounds->refused, last = last_error(maker);
    last = control && control > last ? control : last;
    return last == NSTIME_NONE || errors_are_free(maker) ? 0 : last + RATE_LIMIT_REFILL;
}

/* Errors of this router to probes that were sent since then. */
static unsigned count_errors(const struct maker *maker, const struct addr *router, nstime since)
{
    unsigned count = 0;
    for (unsigned i = 0; i < session_all_count(maker->session); i++) {
        const struct trace *trace = session_trace(maker->session, i);
        for (size_t k = 0; k < trace->probe_count; k++) {
            const struct probe *probe = &trace->probes[k];
            count += probe->sent >= since && probe->reply_count && reply_is_limited(&probe->replies[0]) &&
                     addr_equal(&probe->replies[0].from, router);
        }
    }
    return count;
}

/* As few as show it: each takes a token, if there is a limit. */
void again_try(struct maker *maker)
{
    nstime since = session_now(maker->session) + TRIAL_WITHIN - RATE_LIMIT_REFILL;
    maker->rounds->tried = true;
    for (unsigned i = 0; i < maker->map->answer_count; i++) {
        const struct port_answer *answer = &maker->map->answers[i];
        if (!gives_control(maker->map, i, true))
            continue;
        for (unsigned count = count_errors(maker, &answer->from, since); count < RATE_LIMIT_UNLIMITED; count++)
            add_control(maker, answer);
    }
}

static bool is_to_repeat(const struct portmap *map, const struct port_entry *entry)
{
    return (entry->fate == FATE_UNSURE || portmap_is_doubtful(map, entry)) && entry->end_asked < ASKED_MOST;
}

/* Behind every few asks from `first` on, and at the end, a control that the target resets. If errors need no wait, one
 * of each of their senders, too. */
static void mix_in_controls(struct maker *maker, size_t first)
{
    unsigned every = maker_control_every(maker);
    size_t count = maker->rounds->count - first;
    struct ask *asks = malloc((count + 1) * sizeof *asks);
    maker->failed = maker->failed || !asks;
    if (!asks)
        return;
    memcpy(asks, &maker->rounds->asks[first], count * sizeof *asks);
    maker->rounds->count = first;
    for (size_t i = 0; i < count; i++) {
        maker_add(maker, asks[i]);
        if ((i + 1) % every == 0 || i + 1 == count)
            add_controls(maker, false);
        if ((i + 1) % every == 0 && errors_are_free(maker))
            add_controls(maker, true);
    }
    free(asks);
}

static uint16_t in_ms(nstime gap)
{
    nstime ms = (gap + NS_PER_MS - 1) / NS_PER_MS;
    return (uint16_t)(ms < UINT16_MAX ? ms : UINT16_MAX);
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
                maker_add_entry(maker, &map->entries[i], maker_end_of(map, &map->entries[i]));
        maker_shuffle(&rounds->asks[before], rounds->count - before, &maker->rng);
    }
    rounds->count = first + uint_min((unsigned)(rounds->count - first), most);
    if (!map->reset_gap)
        mix_in_controls(maker, first);
    if (first < rounds->count)
        rounds->asks[first].gap_ms = in_ms(gap);
    for (size_t i = first; map->reset_gap && i < rounds->count; i++)
        rounds->asks[i].gap_ms = in_ms(map->reset_gap);
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

bool again_is_due(const struct portmap *map)
{
    return fewest_asked(map) < ASKED_MOST;
}

/* Controls that are refused are added later, at the end of the round. */
void again_add(struct maker *maker)
{
    const struct portmap *map = maker->map;
    unsigned fewest = fewest_asked(map);
    uint32_t resolved = 0;
    for (uint32_t i = 0; i < map->count; i++)
        resolved += map->entries[i].answer != NO_ANSWER;
    adapt_batch(maker->rounds, resolved);
    nstime tokens = again_tokens_at(maker);
    maker_wait(maker, tokens);
    maker->repeating = true;
    add_pass(maker, most_in_pass(maker, tokens > 0), fewest, 0);
    if (map->sample_span <= SAMPLE_SPAN && !map->reset_gap)
        add_pass(maker, maker->rounds->batch, fewest, SAMPLE_SPAN);
}

static bool some_is_forwarded(const struct portmap *map)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (map->entries[i].fate == FATE_FORWARDED)
            return true;
    return false;
}

/* Behind a gateway a port that was forwarded is a control, or else a spec. */
void again_add_controls(struct maker *maker)
{
    add_controls(maker, true);
    if (maker->map->gateway.ttl && !some_is_forwarded(maker->map))
        maker_add_control(maker, maker->map->end_ttl);
}
