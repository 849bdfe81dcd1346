/* SPDX-License-Identifier: BSD-2-Clause */
#include "targets/shared_routers.h"

#include <stdlib.h>

#include "session/state.h"
#include "watch/watch.h"

/* Rounds whose probes show a limit.
 * Unit: rounds. Source: chosen; more than a full bucket of Linux lasts. Effect: with fewer, a limit shows by chance or
 * not at all; with more, a limited router is pressed longer. */
#define LIMIT_ROUNDS 8

/* A router limits its errors if at least so many of its probes, and this part of them, 1 / this, have no reply.
 * Unit: probes; a fraction. Source: chosen; ordinary loss is far smaller. Effect: with fewer, loss costs samples of
 * routers without a limit; with more, a router that limits is pressed for ever. */
#define LIMIT_SILENT 4
#define LIMIT_PART 4

/* A hop of a session. */
struct shared_hop {
    struct addr address; /* of the router that answered last, or is presumed; none: not known */
    unsigned session;
    uint8_t ttl;
    unsigned asked, silent; /* its probes of the last rounds that are settled */
    bool is_passed;         /* a hop behind it answered most of its probes */
};

struct hop_table {
    struct shared_hop of[TARGETS_MOST][256]; /* by session and TTL */
    uint8_t most_ttl;                        /* no session has a router behind it */
    const struct shared_hop *list[TARGETS_MOST * 256];
    unsigned count;
};

/* The probes come from the newest one backwards. */
static void count_probe(struct shared_hop *hop, const struct probe *probe, nstime since)
{
    const struct reply *reply = probe_answer(probe);
    if (probe->state == PROBE_OUTSTANDING || probe->state == PROBE_REFUSED)
        return;
    hop->asked += probe->sent >= since;
    hop->silent += probe->sent >= since && !reply;
    if (reply && reply->kind == REPLY_TIME_EXCEEDED && addr_is_none(&hop->address))
        hop->address = reply->from;
}

static void count_session(struct hop_table *table, const struct session *session, unsigned index, nstime since)
{
    struct shared_hop *hops = table->of[index];
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        for (size_t n = trace->probe_count; n-- > 0;)
            count_probe(&hops[trace->probes[n].ttl], &trace->probes[n], since);
    }
    bool is_passed = false;
    for (unsigned ttl = 255; ttl > 0; ttl--) {
        hops[ttl].session = index;
        hops[ttl].ttl = (uint8_t)ttl;
        hops[ttl].is_passed = is_passed;
        is_passed = is_passed || hops[ttl].silent * LIMIT_PART < hops[ttl].asked;
        if (!addr_is_none(&hops[ttl].address) && ttl > table->most_ttl)
            table->most_ttl = (uint8_t)ttl;
    }
}

/* A router that many sessions press answers few of them. Where another session has the same router behind a silent hop,
 * the silent one is the same as there. */
static void presume(struct hop_table *table, unsigned count, unsigned index, unsigned ttl)
{
    struct shared_hop *hop = &table->of[index][ttl];
    const struct addr *behind = &hop[1].address;
    for (unsigned i = 0; i < count && addr_is_none(&hop->address) && !addr_is_none(behind); i++)
        if (addr_equal(&table->of[i][ttl + 1].address, behind))
            hop->address = table->of[i][ttl].address;
}

static void list_hops(struct hop_table *table, unsigned count)
{
    for (unsigned ttl = table->most_ttl; ttl > 0; ttl--)
        for (unsigned i = 0; i < count; i++) {
            if (ttl < table->most_ttl)
                presume(table, count, i, ttl);
            if (!addr_is_none(&table->of[i][ttl].address))
                table->list[table->count++] = &table->of[i][ttl];
        }
}

/* By address, then by session and TTL. */
static int compare_hops(const void *left, const void *right)
{
    const struct shared_hop *a = *(const struct shared_hop *const *)left, *b = *(const struct shared_hop *const *)right;
    int order = addr_compare(&a->address, &b->address);
    if (order)
        return order;
    if (a->session != b->session)
        return a->session < b->session ? -1 : 1;
    return (int)a->ttl - (int)b->ttl;
}

static bool is_known_limited(const struct shared_routers *routers, const struct addr *address)
{
    for (unsigned i = 0; i < routers->limited_count; i++)
        if (addr_equal(&routers->limited[i], address))
            return true;
    return false;
}

/* A router at several hops of one target is in a loop, and counts once. */
static unsigned count_sessions(const struct shared_hop *const *hops, unsigned count)
{
    unsigned sessions = 1;
    for (unsigned i = 1; i < count; i++)
        sessions += hops[i]->session != hops[i - 1]->session;
    return sessions;
}

static bool shows_limit(const struct shared_hop *const *hops, unsigned count)
{
    unsigned asked = 0, silent = 0;
    for (unsigned i = 0; i < count; i++) {
        asked += hops[i]->is_passed ? hops[i]->asked : 0;
        silent += hops[i]->is_passed ? hops[i]->silent : 0;
    }
    return silent >= LIMIT_SILENT && silent * LIMIT_PART >= asked;
}

/* The hops of one router. */
static void take_turns(struct shared_routers *routers, struct session *const *sessions,
                       const struct shared_hop *const *hops, unsigned count)
{
    unsigned sharers = count_sessions(hops, count), turn = 0;
    bool is_limited = is_known_limited(routers, &hops[0]->address);
    if (!is_limited && sharers > 1 && shows_limit(hops, count) && routers->limited_count < LIMITED_ROUTERS_MOST) {
        routers->limited[routers->limited_count++] = hops[0]->address;
        is_limited = true;
    }
    for (unsigned i = 0; i < count; i++) {
        turn += i > 0 && hops[i]->session != hops[i - 1]->session;
        watch_take_turns(sessions[hops[i]->session], hops[i]->ttl, turn, is_limited ? sharers : 1);
    }
}

void shared_routers_look(struct shared_routers *routers, struct session *const *sessions, unsigned count, nstime now)
{
    struct hop_table *table = calloc(1, sizeof *table);
    if (!table)
        return; /* the turns stay as they are */
    for (unsigned i = 0; i < count; i++)
        count_session(table, sessions[i], i, now - LIMIT_ROUNDS * session_config(sessions[i])->interval);
    list_hops(table, count);
    qsort(table->list, table->count, sizeof *table->list, compare_hops);
    for (unsigned first = 0, next; first < table->count; first = next) {
        next = first + 1;
        while (next < table->count && addr_equal(&table->list[first]->address, &table->list[next]->address))
            next++;
        take_turns(routers, sessions, &table->list[first], next - first);
    }
    for (unsigned i = 0; i < count; i++)
        watch_look_to(sessions[i], table->most_ttl);
    free(table);
}
