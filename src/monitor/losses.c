/* SPDX-License-Identifier: BSD-2-Clause */
/* losses: whether more packets are lost on the path than before, from which hop on, and whether that has ended. Only
 * loss that goes on to the end of the path counts; a router that limits its replies loses nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/minmax.h"
#include "monitor/state.h"
#include "silence/comparison.h"
#include "verdict/frames.h"
#include "verdict/words/phrase.h"

/* The last rounds that are compared with those before, from few to many: a large loss shows within few.
 * Unit: rounds. Source: chosen; half of WATCH_ROUNDS_KEPT is left for comparison. */
#define SPAN_MOST 32
static const unsigned spans[] = {8, 16, SPAN_MOST};

/* Loss has begun if so much, behind a hop and at the end of the path, is less likely than this by the loss before.
 * Unit: probability. Source: chosen: a day of one round a second has some ten thousand spans of 8 rounds, and the place
 * is that which fits best. With 10^-6, `make check-watch` saw two false losses in six days. Effect: larger ones tell
 * loss by chance; smaller ones tell it later. */
#define CHANCE_OF_LOSS 1e-8
#define CHANCE_OF_LOSS_AT_END 1e-3

/* Loss has ended once probes are so much likelier by the share lost before it began.
 * Unit: log of odds. Source: chosen; Wald's test of two shares. Effect: a smaller one ends loss in a pause of a burst;
 * a larger one tells the end later. */
#define ODDS_OF_END 12.0

/* Losses at the end that make `loss` the word of a hop.
 * Unit: probes; share. Source: chosen. Effect: with fewer, single losses are told as loss of the path. */
#define LOSSES_LEAST 3
#define LOSS_LEAST 0.02

/* Probes from one time to another. */
struct span {
    nstime from, to;
};

static nstime later(nstime a, nstime b)
{
    return a > b ? a : b;
}

/* Probes before are counted in the base. */
static nstime base_end(const struct session *session)
{
    return session_now(session) - SPAN_MOST * session_config(session)->interval;
}

static double rate(const struct loss_count *count)
{
    return (count->silent + 0.5) / (count->sent + 1.0);
}

static void add_count(struct loss_count *sum, const struct loss_count *count)
{
    sum->sent += count->sent;
    sum->silent += count->silent;
}

static bool is_in(const struct span *span, const struct probe *probe)
{
    return probe->sent >= span->from && probe->sent < span->to;
}

/* Resolved probes of the trace to this hop. */
static struct loss_count count_hop(const struct trace *trace, uint8_t ttl, const struct span *span)
{
    struct loss_count count = {0};
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (is_in(span, p) && probe_is_resolved(p)) {
            count.sent++;
            count.silent += p->state == PROBE_EXPIRED;
        }
    return count;
}

/* Those from before the recent ones: what the session has forgotten, and what it knows still. */
static struct loss_count count_before(const struct monitor *monitor, const struct session *session, unsigned index,
                                      uint8_t ttl, nstime since)
{
    const struct span known = {.from = later(base_end(session), monitor->loss_since[index]), .to = since};
    struct loss_count count = count_hop(session_trace(session, index), ttl, &known);
    add_count(&count, &monitor->loss_base[index][ttl]);
    return count;
}

/* Probes become part of the base once they are too old for the longest span. */
static void add_to_base(struct monitor *monitor, const struct session *session)
{
    nstime end = base_end(session);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        const struct span span = {.from = later(end - session_config(session)->interval, monitor->loss_since[i]),
                                  .to = end};
        if (monitor->base_since[i] != monitor->loss_since[i])
            memset(monitor->loss_base[i], 0, sizeof monitor->loss_base[i]);
        monitor->base_since[i] = monitor->loss_since[i];
        for (unsigned ttl = trace->least_ttl; ttl <= trace->most_ttl; ttl++) {
            struct loss_count count = count_hop(trace, (uint8_t)ttl, &span);
            add_count(&monitor->loss_base[i][ttl], &count);
        }
    }
}

static bool is_more(const struct loss_count *here, const struct loss_count *others, double chance)
{
    return rate(here) > rate(others) && here->silent && loss_chance_at_least(here, others) < chance;
}

/* --- words --- */

/* Probes since the verdict that holds. */
static struct loss_count count_now(const struct monitor *monitor, unsigned index, uint8_t ttl)
{
    const struct span now = {.from = monitor->loss_since[index], .to = INT64_MAX};
    return count_hop(session_trace(monitor->session, index), ttl, &now);
}

/* A hop that is probed in turns has few recent samples: then all count. */
static struct loss_count count_for_word(const struct monitor *monitor, unsigned index, uint8_t ttl)
{
    return watch_seldom_probes(monitor->session, ttl) ? count_before(monitor, monitor->session, index, ttl, INT64_MAX)
                                                      : count_now(monitor, index, ttl);
}

/* The hop behind `ttl` with the least loss; without one, the target's hop for other specs. */
static struct loss_count least_behind(const struct monitor *monitor, unsigned index, uint8_t ttl, uint8_t last)
{
    const struct session *session = monitor->session;
    struct loss_count least = {0};
    for (unsigned t = ttl + 1U; t <= last; t++) {
        struct loss_count here = count_now(monitor, index, (uint8_t)t);
        if (here.silent < here.sent && (!least.sent || rate(&here) < rate(&least)))
            least = here;
    }
    for (unsigned i = 0; i < session_trace_count(session) && ttl == last; i++) {
        struct loss_count here = count_now(monitor, i, ttl);
        if (i != index && watch_follows(session, i) && here.silent < here.sent &&
            (!least.sent || rate(&here) < rate(&least)))
            least = here;
    }
    return least;
}

/* Whether the last replies there were ICMP errors, as devices limit. */
static bool replies_are_errors(const struct trace *trace, uint8_t ttl)
{
    bool errors = false;
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        errors = p->reply_count ? reply_is_limited(probe_answer(p)) : errors;
    return errors;
}

/* Whether any spec was answered at the hop: else it is silent, and no word is due. */
static bool shows_itself(const struct monitor *monitor, uint8_t ttl)
{
    for (unsigned i = 0; i < session_trace_count(monitor->session); i++) {
        struct loss_count count = count_for_word(monitor, i, ttl);
        if (watch_follows(monitor->session, i) && count.silent < count.sent)
            return true;
    }
    return false;
}

enum row_word monitor_word(const struct monitor *monitor, unsigned index, uint8_t ttl)
{
    const struct trace *trace = session_trace(monitor->session, index);
    uint8_t last = last_ttl_of(monitor->session, index);
    struct loss_count here = count_for_word(monitor, index, ttl);
    if (!here.silent || ttl > last || !shows_itself(monitor, ttl))
        return WORD_NONE;
    struct loss_count behind = least_behind(monitor, index, ttl, last), end = count_now(monitor, index, last);
    bool may_limit = replies_are_errors(trace, ttl) || (ttl < last && here.silent == here.sent);
    /* Targets take turns at routers that were seen to limit their replies. */
    bool is_known = watch_seldom_probes(monitor->session, ttl) && rate(&here) > rate(&behind);
    if (behind.sent && (is_known || (may_limit && is_more(&here, &behind, LOSS_CHANCE_LIMIT))))
        return WORD_LIMITED;
    /* A target that limits its errors shows nothing of the way to it. */
    bool shows_path = end.silent < end.sent && !replies_are_errors(trace, last);
    bool loses = shows_path && here.silent >= LOSSES_LEAST && rate(&here) >= LOSS_LEAST && end.silent >= LOSSES_LEAST &&
                 rate(&end) >= LOSS_LEAST;
    return loses ? WORD_LOSS : WORD_NONE;
}

/* --- beginnings --- */

/* Specs that are looked at together. */
struct group {
    unsigned index[SPECS_MOST];
    unsigned count;
    uint8_t last; /* the last hop of the shortest of their paths */
};

/* The counts of a group, by hop. */
struct loss_by_hop {
    struct loss_count recent[256], before[256]; /* of hops that do not limit their replies */
    struct loss_count end_recent, end_before;
    unsigned losers; /* specs that lost probes at the end */
};

static unsigned count_lost_at_end(const struct monitor *monitor, const struct session *session,
                                  const struct group *group, nstime since)
{
    unsigned lost = 0;
    for (unsigned n = 0; n < group->count; n++) {
        unsigned index = group->index[n];
        const struct span recent = {.from = later(since, monitor->loss_since[index]), .to = INT64_MAX};
        lost += count_hop(session_trace(session, index), last_ttl_of(session, index), &recent).silent;
    }
    return lost;
}

static void gather(const struct monitor *monitor, const struct session *session, const struct group *group,
                   nstime since, struct loss_by_hop *out)
{
    *out = (struct loss_by_hop){.losers = 0};
    for (unsigned n = 0; n < group->count; n++) {
        unsigned index = group->index[n];
        const struct trace *trace = session_trace(session, index);
        const struct span recent = {.from = later(since, monitor->loss_since[index]), .to = INT64_MAX};
        uint8_t last = last_ttl_of(session, index);
        struct loss_count end = count_hop(trace, last, &recent),
                          end_before = count_before(monitor, session, index, last, since);
        add_count(&out->end_recent, &end);
        add_count(&out->end_before, &end_before);
        out->losers += end.silent > 0;
        for (unsigned ttl = 1; ttl <= last && ttl <= group->last; ttl++) {
            struct loss_count here = count_hop(trace, (uint8_t)ttl, &recent);
            struct loss_count earlier = count_before(monitor, session, index, (uint8_t)ttl, since);
            bool limited = is_more(&here, &end, LOSS_CHANCE_LIMIT) || is_more(&earlier, &end_before, LOSS_CHANCE_LIMIT);
            if (here.silent == here.sent || (ttl < last && limited))
                continue;
            add_count(&out->recent[ttl], &here);
            add_count(&out->before[ttl], &earlier);
        }
    }
}

static double likelihood(const struct loss_count *count, double share)
{
    return count->silent * log(share) + (count->sent - count->silent) * log1p(-share);
}

/* The counts of all hops behind. */
static void count_behind(const struct loss_by_hop *counts, uint8_t after, uint8_t last, struct loss_count *recent,
                         struct loss_count *before)
{
    *recent = *before = (struct loss_count){0};
    for (unsigned ttl = after + 1U; ttl <= last; ttl++) {
        add_count(recent, &counts->recent[ttl]);
        add_count(before, &counts->before[ttl]);
    }
}

/* Places that are so much less likely than the likeliest one are ruled out.
 * Unit: log of odds. Source: chosen: 1 to 400. Effect: with a smaller one the place may be wrong; a larger one leaves
 * more hops between `after` and `before`. */
#define ODDS_OF_PLACE 6.0

/* Behind which hop the loss begins: there the share is that of the end, before it that of earlier. */
struct loss_place {
    uint8_t likeliest, first, last; /* and the places that are not ruled out */
};

/* By TTL: the log of the likelihood if the loss begins right behind that hop. The share lost behind it is the one that
 * suits this place best. Returns the likeliest place. */
static uint8_t weigh_places(const struct loss_by_hop *counts, uint8_t end, double weights[256])
{
    double share_before = rate(&counts->end_before), passed = 0;
    uint8_t likeliest = 0;
    for (unsigned ttl = 0; ttl < end; ttl++) {
        struct loss_count recent, before;
        count_behind(counts, (uint8_t)ttl, end, &recent, &before);
        passed += likelihood(&counts->recent[ttl], share_before);
        weights[ttl] = passed + likelihood(&recent, rate(&recent));
        likeliest = weights[ttl] > weights[likeliest] ? (uint8_t)ttl : likeliest;
    }
    return likeliest;
}

static struct loss_place find_split(const struct loss_by_hop *counts, uint8_t end)
{
    double weights[256];
    struct loss_place place = {.likeliest = weigh_places(counts, end, weights)};
    place.first = place.last = place.likeliest;
    for (unsigned ttl = 0; ttl < end; ttl++)
        if (weights[ttl] > weights[place.likeliest] - ODDS_OF_PLACE) {
            place.first = uint8_min(place.first, ttl);
            place.last = uint8_max(place.last, ttl);
        }
    return place;
}

/* Frames of probes to the end of the path that were lost; returns the send time of the first. */
static nstime show_lost(const struct monitor *monitor, const struct session *session, const struct group *group,
                        nstime since, struct event *event)
{
    nstime first = NSTIME_NEVER;
    for (unsigned n = 0; n < group->count; n++) {
        unsigned index = group->index[n];
        const struct trace *trace = session_trace(session, index);
        for (const struct probe *p = trace_first_at(trace, last_ttl_of(session, index)); p;
             p = trace_next_at(trace, p)) {
            if (p->state != PROBE_EXPIRED || p->sent < later(since, monitor->loss_since[index]))
                continue;
            first = p->sent < first ? p->sent : first;
            event_show(event, p);
        }
    }
    return first;
}

static const struct trace *trace_of_loss(const struct session *session, const struct loss_episode *loss)
{
    return loss->trace < 0 ? NULL : session_trace(session, (unsigned)loss->trace);
}

static void place_loss(const struct session *session, const struct loss_episode *loss, struct event *event)
{
    event->after = monitor_place(session, loss->after);
    event->before = monitor_place(session, loss->before_hop);
}

/* Between the last hop that surely shows no loss, and the first one that surely does. */
static struct loss_place find_place(const struct loss_by_hop *counts, uint8_t end, struct loss_episode *loss)
{
    struct loss_place place = find_split(counts, end);
    loss->after = loss->before_hop = 0;
    for (unsigned ttl = 1; ttl <= end && !loss->before_hop; ttl++)
        if (counts->recent[ttl].sent && ttl <= place.first)
            loss->after = (uint8_t)ttl;
        else if (counts->recent[ttl].sent && ttl > place.last)
            loss->before_hop = (uint8_t)ttl;
    return place;
}

/* Loss is told once its place is known, or so long after its first lost probe.
 * Unit: rounds. Source: chosen: 20 probes of two specs to each hop. Effect: with fewer, the event leaves hops of the
 * place open that a few rounds more would have told apart; with more, it comes later. */
#define PLACE_ROUNDS 10

static bool may_tell(const struct session *session, const struct loss_place *place, nstime first_lost)
{
    return place->first == place->last ||
           session_now(session) - first_lost >= PLACE_ROUNDS * session_config(session)->interval;
}

static void tell_begin(struct monitor *monitor, const struct session *session, const struct group *group,
                       unsigned episode, const struct loss_by_hop *counts, nstime since, double chance)
{
    struct loss_episode begun = {
        .is_on = true, .before = rate(&counts->end_before), .during = rate(&counts->end_recent)};
    struct event event = {.kind = EVENT_LOSS_BEGIN, .confidence = 1 / (1 + chance)};
    struct loss_count recent, before;
    struct loss_place place = find_place(counts, group->last, &begun);
    event.time = show_lost(monitor, session, group, since, &event);
    if (!may_tell(session, &place, event.time))
        return;
    struct loss_episode *loss = &monitor->losses[episode];
    *loss = begun;
    count_behind(counts, place.likeliest, group->last, &recent, &before);
    loss->trace = group->count == 1 ? (int)group->index[0] : -1;
    event.trace = trace_of_loss(session, loss);
    place_loss(session, loss, &event);
    loss->last_lost = event.time;
    snprintf(event.from, sizeof event.from, "%.1f %%", 100.0 * before.silent / (before.sent ? before.sent : 1));
    snprintf(event.to, sizeof event.to, "%.1f %%", 100.0 * recent.silent / (recent.sent ? recent.sent : 1));
    phrase_set(event.text, "probes%s%s are lost", event.trace ? " of " : "", event.trace ? SPEC_TEXT(event.trace) : "");
    phrase_add(event.text, "%s%s: %u of %u, before %u of %u", loss->after ? " behind " : " on the path",
               loss->after ? PLACE_TEXT(&event.after) : "", recent.silent, recent.sent, before.silent, before.sent);
    phrase_end(event.text);
    monitor_tell(monitor, &event);
}

/* True: loss has begun. It is told, or will be: tell_begin(). */
static bool look_at_span(struct monitor *monitor, const struct session *session, const struct group *group,
                         unsigned episode, unsigned span)
{
    struct loss_by_hop counts;
    struct loss_count recent, before;
    nstime since = session_now(session) - span * session_config(session)->interval;
    if (count_lost_at_end(monitor, session, group, since) < LOSSES_LEAST)
        return false;
    gather(monitor, session, group, since, &counts);
    bool is_of_group = group->count == 1 || counts.losers > 1; /* else it is of a spec alone */
    if (!is_of_group || !is_more(&counts.end_recent, &counts.end_before, CHANCE_OF_LOSS_AT_END))
        return false;
    count_behind(&counts, find_split(&counts, group->last).likeliest, group->last, &recent, &before);
    double chance = rate(&recent) > rate(&before) ? loss_chance_at_least(&recent, &before) : 1;
    if (chance >= CHANCE_OF_LOSS)
        return false;
    tell_begin(monitor, session, group, episode, &counts, since, chance);
    return true;
}

/* When the loss of recent probes to the end began: they are likelier by their share than by the one before from there
 * on (Page's test). */
static nstime began(const struct monitor *monitor, const struct session *session, unsigned index)
{
    uint8_t last = last_ttl_of(session, index);
    const struct trace *trace = session_trace(session, index);
    const struct span recent = {.from = later(base_end(session), monitor->loss_since[index]), .to = INT64_MAX};
    struct loss_count end = count_hop(trace, last, &recent),
                      end_before = count_before(monitor, session, index, last, recent.from);
    double during = rate(&end), before = rate(&end_before), sum = 0;
    nstime start = recent.from;
    for (const struct probe *p = trace_first_at(trace, last); p; p = trace_next_at(trace, p)) {
        if (!is_in(&recent, p) || !probe_is_resolved(p))
            continue;
        start = sum > 0 ? start : p->sent;
        sum += p->state == PROBE_EXPIRED ? log(during / before) : log1p(-during) - log1p(-before);
        sum = sum > 0 ? sum : 0;
    }
    return start;
}

/* Whether the spec loses more than the others together since its loss began: else its loss is that of the path. Before
 * that time nothing was lost, which shows nothing of the others. */
static bool loses_alone(const struct monitor *monitor, const struct session *session, const struct group *all,
                        unsigned index)
{
    struct loss_count own = {0}, others = {0};
    nstime start = began(monitor, session, index);
    for (unsigned n = 0; n < all->count; n++) {
        unsigned i = all->index[n];
        const struct span since = {.from = later(start, monitor->loss_since[i]), .to = INT64_MAX};
        struct loss_count end = count_hop(session_trace(session, i), last_ttl_of(session, i), &since);
        add_count(i == index ? &own : &others, &end);
    }
    return is_more(&own, &others, CHANCE_OF_LOSS_AT_END);
}

/* Whether it has lost more than before, now or already. */
static bool look_at_group(struct monitor *monitor, const struct session *session, const struct group *group,
                          unsigned episode)
{
    bool has_begun = monitor->losses[episode].is_on;
    for (unsigned i = 0; i < sizeof spans / sizeof *spans && !monitor->losses[episode].is_on; i++)
        has_begun = look_at_span(monitor, session, group, episode, spans[i]) || has_begun;
    return has_begun;
}

static void add_to_group(struct group *group, const struct session *session, unsigned index)
{
    uint8_t last = last_ttl_of(session, index);
    group->last = !group->count || last < group->last ? last : group->last;
    group->index[group->count++] = index;
}

static void tell_end(struct monitor *monitor, const struct session *session, unsigned episode);

/* Whether the last probes of a spec contradict its verdict that the target answers. That is the same loss, or a change
 * that is told soon. */
static bool is_in_doubt(const struct monitor *monitor, const struct session *session, unsigned index)
{
    const struct told_verdict *told = &monitor->verdicts[index];
    return watch_follows(session, index) && told->is_told && verdict_reaches(&told->verdict) &&
           !monitor_spec_is_up(monitor, session, index);
}

void losses_look(struct monitor *monitor, const struct session *session)
{
    struct group all = {.count = 0};
    bool has_doubt = false;
    add_to_base(monitor, session);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        has_doubt = has_doubt || is_in_doubt(monitor, session, i);
        if (monitor_spec_is_up(monitor, session, i))
            add_to_group(&all, session, i);
    }
    for (unsigned e = 0; e < EPISODES_MOST; e++)
        if (monitor->losses[e].is_on && monitor->losses[e].ended > ODDS_OF_END)
            tell_end(monitor, session, e);
    if (all.count == 1 && has_doubt)
        return; /* else it would be told of that spec alone */
    bool all_lose = all.count && look_at_group(monitor, session, &all, SPECS_MOST);
    for (unsigned n = 0; n < all.count && all.count > 1 && !all_lose; n++) {
        struct group one = {.count = 0};
        add_to_group(&one, session, all.index[n]);
        if (loses_alone(monitor, session, &all, all.index[n]))
            look_at_group(monitor, session, &one, all.index[n]);
    }
}

/* --- ends --- */

static void tell_end(struct monitor *monitor, const struct session *session, unsigned episode)
{
    struct loss_episode *loss = &monitor->losses[episode];
    struct event event = {.kind = EVENT_LOSS_END, .confidence = 1 / (1 + exp(-loss->ended))};
    event.trace = trace_of_loss(session, loss);
    event.time = loss->first_kept;
    place_loss(session, loss, &event);
    frames_add(event.frames, &event.frame_count, loss->last_frame);
    snprintf(event.from, sizeof event.from, "%.1f %%", 100 * loss->during);
    snprintf(event.to, sizeof event.to, "%.1f %%", 100 * loss->before);
    phrase_set(event.text, "the loss%s%s has ended", loss->after ? " behind " : " on the path",
               loss->after ? PLACE_TEXT(&event.after) : "");
    phrase_end(event.text);
    loss->is_on = false;
    for (unsigned i = 0; i < session_trace_count(session); i++)
        if (episode == SPECS_MOST || episode == i)
            monitor_renew(&monitor->loss_since[i], loss->first_kept);
    monitor_tell(monitor, &event);
}

static void count_towards_end(struct loss_episode *loss, const struct probe *probe)
{
    bool is_lost = probe->state == PROBE_EXPIRED;
    if (probe->sent < loss->last_lost)
        return;
    if (is_lost) {
        loss->last_lost = probe->sent;
        loss->first_kept = 0;
        loss->last_frame = frame_of_probe(probe);
    } else if (!loss->first_kept) {
        loss->first_kept = probe->sent;
    }
    loss->ended += is_lost ? log(loss->before / loss->during) : log1p(-loss->before) - log1p(-loss->during);
    loss->ended = loss->ended > 0 ? loss->ended : 0;
}

void losses_settled(struct monitor *monitor, const struct session *session, unsigned trace, const struct probe *probe)
{
    struct loss_episode *of_all = &monitor->losses[SPECS_MOST], *own = &monitor->losses[trace];
    bool shows = probe_is_resolved(probe) && monitor_spec_is_up(monitor, session, trace) &&
                 probe->ttl >= last_ttl_of(session, trace);
    if (shows && of_all->is_on)
        count_towards_end(of_all, probe);
    if (shows && own->is_on)
        count_towards_end(own, probe);
}
