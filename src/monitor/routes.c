/* SPDX-License-Identifier: BSD-2-Clause */
/* routes: whether another router stands at a hop. A balancer shows its routers in turns; a new route shows a new one
 * and the old ones no more. */
#include <stdio.h>

#include "monitor/state.h"
#include "silence/comparison.h"
#include "verdict/words/phrase.h"

/* A new address at a hop, and no old one since, is a change if it is less likely than this, by how often new addresses
 * came before.
 * Unit: probability. Source: chosen; two replies of each of two specs are enough. Effect: a larger one takes a balancer
 * for changes; a smaller one tells changes later. */
#define CHANCE_OF_ADDRESS 1e-3

/* Replies of one flow at one hop that are compared, and addresses that are told apart; all others count as one.
 * Unit: replies; addresses. Source: more than WATCH_ROUNDS_KEPT; a balancer with more routers shows new ones so often
 * that they tell nothing. */
#define REPLIES_COMPARED_MOST 256
#define ADDRESSES_MOST 32

/* The replies of one flow at a hop, in order of sending. */
struct turns {
    const struct probe *probes[REPLIES_COMPARED_MOST];
    uint8_t which[REPLIES_COMPARED_MOST]; /* number of the address */
    unsigned count;
    struct addr addresses[ADDRESSES_MOST];
    unsigned address_count;
};

/* The last change of address: none of the addresses before it came again. */
struct turn {
    unsigned before, news; /* replies before; those among them that brought a new address, except the first */
    unsigned length;       /* replies behind; 0: there is no change */
    const struct probe *last, *first; /* the last one before, and the first one behind */
};

/* The node at the hop; a refusal shows only a node before it. */
static const struct addr *shown_by(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    bool shows =
        reply && (reply->kind == REPLY_TIME_EXCEEDED || reply_reaches(trace, reply)) && !reply->hop_is_doubtful;
    return shows ? &reply->from : NULL;
}

static unsigned number_of(struct turns *turns, const struct addr *address)
{
    unsigned i = 0;
    while (i < turns->address_count && !addr_equal(&turns->addresses[i], address))
        i++;
    if (i == turns->address_count && i < ADDRESSES_MOST)
        turns->addresses[turns->address_count++] = *address;
    return i;
}

static void gather(const struct trace *trace, unsigned flow, uint8_t ttl, nstime since, struct turns *out)
{
    out->count = out->address_count = 0;
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        const struct addr *shown = p->flow == flow && p->sent >= since ? shown_by(trace, p) : NULL;
        if (!shown || out->count == REPLIES_COMPARED_MOST)
            continue;
        out->probes[out->count] = p;
        out->which[out->count++] = (uint8_t)number_of(out, shown);
    }
}

static void find_turn(const struct turns *turns, struct turn *out)
{
    unsigned last[ADDRESSES_MOST + 1] = {0}, reach = 0, news = 0, seen = 0;
    bool known[ADDRESSES_MOST + 1] = {false};
    *out = (struct turn){0};
    for (unsigned i = 0; i < turns->count; i++)
        last[turns->which[i]] = i;
    for (unsigned i = 0; i + 1 < turns->count; i++) {
        unsigned which = turns->which[i];
        news += seen > 0 && !known[which];
        seen += !known[which];
        known[which] = true;
        reach = last[which] > reach ? last[which] : reach;
        if (reach == i)
            *out = (struct turn){.before = i + 1,
                                 .news = news,
                                 .length = turns->count - i - 1,
                                 .last = turns->probes[i],
                                 .first = turns->probes[i + 1]};
    }
}

/* A change at a hop, over all flows of all specs. */
struct change {
    double chance;
    unsigned specs;             /* that show it; */
    unsigned index, last_index; /* the first and the last of them */
    nstime time;                /* the first reply from a new address belongs to a probe that was sent then */
    struct addr from, to;
};

static void add_turn(struct change *change, unsigned index, const struct turn *turn)
{
    change->chance *= loss_chance(turn->before, turn->news, turn->length);
    change->index = change->specs ? change->index : index;
    change->specs += !change->specs || change->last_index != index;
    change->last_index = index;
    if (change->time == NSTIME_NONE || turn->first->sent < change->time) {
        change->time = turn->first->sent;
        change->from = probe_answer(turn->last)->from;
        change->to = probe_answer(turn->first)->from;
    }
}

/* `event`, unless NULL, gets the frames that show it. */
static void find_change(const struct monitor *monitor, const struct session *session, uint8_t ttl,
                        struct change *change, struct event *event)
{
    struct turns turns;
    struct turn turn;
    *change = (struct change){.chance = 1, .time = NSTIME_NONE};
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (unsigned flow = 0; flow < trace->flow_count && watch_follows(session, i); flow++) {
            gather(trace, flow, ttl, monitor->route_since[i][ttl], &turns);
            find_turn(&turns, &turn);
            if (!turn.length)
                continue;
            add_turn(change, i, &turn);
            if (event) {
                event_show(event, turn.last);
                event_show(event, turn.first);
            }
        }
    }
}

/* The change may have come between the probes of two hops: those before the first sure one, if they have changed since
 * the last round, belong to it. */
static uint8_t first_changed(const struct session *session, const struct change *changes, uint8_t sure)
{
    uint8_t first = sure;
    nstime before = changes[sure].time - session_config(session)->interval;
    for (unsigned ttl = sure; ttl > 0 && changes[ttl].specs && changes[ttl].time >= before - NS_PER_S; ttl--)
        first = (uint8_t)ttl;
    return first;
}

/* Whether the hop before is known to be as it was: a probe to it, sent behind the first sign of the change, is
 * resolved. Until then the change may have begun there. */
static bool is_first(const struct session *session, const struct change *change, uint8_t ttl)
{
    const struct trace *trace = session_trace(session, change->index);
    bool found = ttl == 1 || watch_seldom_probes(session, ttl - 1);
    for (const struct probe *p = trace_first_at(trace, ttl - 1); p && !found; p = trace_next_at(trace, p))
        found = p->sent > change->time && probe_is_resolved(p);
    return found;
}

/* All hops behind that have changed, too, belong to the same change; the ones where the new route is not seen yet will.
 */
static void renew(struct monitor *monitor, const struct session *session, uint8_t first, nstime since)
{
    for (unsigned i = 0; i < session_trace_count(session); i++)
        for (unsigned ttl = first; ttl < 256; ttl++) {
            monitor_renew(&monitor->route_since[i][ttl], since);
            monitor_renew(&monitor->times_since[i][ttl], since);
        }
}

static void tell(struct monitor *monitor, const struct session *session, uint8_t ttl, double chance)
{
    struct event event = {.kind = EVENT_ROUTE_CHANGE, .confidence = 1 / (1 + chance)};
    struct change change;
    find_change(monitor, session, ttl, &change, &event);
    const struct place from = {.known = true, .ttl = ttl, .address = change.from};
    event.time = change.time;
    event.trace = change.specs == 1 ? session_trace(session, change.index) : NULL;
    event.at = (struct place){.known = true, .ttl = ttl, .address = change.to};
    addr_format(&change.from, event.from);
    addr_format(&change.to, event.to);
    phrase_set(event.text, "the route changed: %s took the place of %s", event.to, PLACE_TEXT(&from));
    phrase_end(event.text);
    monitor_tell(monitor, &event);
}

void routes_look(struct monitor *monitor, const struct session *session)
{
    struct change changes[256];
    uint8_t sure = 0, most = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        uint8_t ttl = session_trace(session, i)->most_ttl;
        most = ttl > most ? ttl : most;
    }
    for (unsigned ttl = 1; ttl <= most; ttl++)
        find_change(monitor, session, (uint8_t)ttl, &changes[ttl], NULL);
    for (unsigned ttl = 1; ttl <= most && !sure; ttl++)
        sure = changes[ttl].specs && changes[ttl].chance < CHANCE_OF_ADDRESS ? (uint8_t)ttl : 0;
    monitor->route_waits = false;
    if (!sure)
        return;
    uint8_t first = first_changed(session, changes, sure);
    monitor->route_waits = !is_first(session, &changes[first], first);
    if (monitor->route_waits)
        return;
    nstime since = changes[first].time < changes[sure].time ? changes[first].time : changes[sure].time;
    tell(monitor, session, first, changes[sure].chance);
    renew(monitor, session, first, since);
}

/* Most replies come from the router that answered before: they cost a look at one hop of one flow. */
void routes_answered(struct monitor *monitor, const struct session *session, unsigned index, const struct probe *probe)
{
    struct turns turns;
    struct turn turn = {0};
    if (!monitor->route_waits && watch_follows(session, index)) {
        gather(session_trace(session, index), probe->flow, probe->ttl, monitor->route_since[index][probe->ttl], &turns);
        find_turn(&turns, &turn);
    }
    if (monitor->route_waits || turn.length)
        routes_look(monitor, session);
}
