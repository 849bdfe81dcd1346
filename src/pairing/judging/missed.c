/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/missed.h"

#include <stdlib.h>
#include <string.h>

static void excuse_way(struct transit_way_result *way, const struct transit_alone *alone, enum transit_reason reason)
{
    if (alone->fate == TRANSIT_LOST) {
        way->lost -= alone->packets;
        way->sent -= alone->packets;
    } else {
        way->forged -= alone->packets;
    }
    way->reason = way->unjudged ? way->reason : (uint8_t)reason;
    way->unjudged += alone->packets;
}

static void excuse(struct transit_result *result, struct transit_alone *alone, enum transit_reason reason)
{
    if (alone->conversation != TRANSIT_NOT_LISTED)
        excuse_way(&result->conversations[alone->conversation].ways[alone->way], alone, reason);
    if (alone->fate == TRANSIT_LOST) {
        result->lost[alone->way] -= alone->packets;
        result->sent[alone->way] -= alone->packets;
    } else {
        result->forged[alone->way] -= alone->packets;
    }
    result->unjudged += alone->packets;
    result->unjudged_because[reason] += alone->packets;
    alone->fate = TRANSIT_UNJUDGED;
    alone->reason = (uint8_t)reason;
}

void transit_excuse_missed(struct transit_result *result, enum transit_point point, transit_passes *passes,
                           void *context)
{
    for (uint64_t i = 0; i < result->alone_count; i++) {
        struct transit_alone *alone = &result->alone[i];
        bool is_lone = alone->fate == TRANSIT_LOST || alone->fate == TRANSIT_FORGED;
        if (alone->point == point && is_lone && passes(context, &alone->frame))
            excuse(result, alone, TRANSIT_MISSED);
    }
}

void transit_excuse_expired(struct transit_result *result)
{
    for (uint64_t i = 0; i < result->alone_count && !result->hops_vary; i++) {
        struct transit_alone *alone = &result->alone[i];
        if (alone->fate == TRANSIT_LOST && alone->ttl <= result->hops)
            excuse(result, alone, TRANSIT_EXPIRED);
    }
}

static bool is_claimed(const struct transit_alone *alone)
{
    return (alone->fate == TRANSIT_LOST || alone->fate == TRANSIT_FORGED) && alone->conversation != TRANSIT_NOT_LISTED;
}

/* --- ports that are used again --- */

/* The times of two points' frames may differ so much. Unit: time. Source: more than delays and clocks make. */
#define REUSED_WITHIN NS_PER_S

/* A conversation of one point, by its ends there. */
struct place {
    const struct transit_conversation *conversation;
    enum transit_point point;
};

static int by_ends(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const struct transit_ends *p = &x->conversation->ends[x->point], *q = &y->conversation->ends[y->point];
    if (x->point != y->point)
        return x->point < y->point ? -1 : 1;
    if (x->conversation->protocol != y->conversation->protocol)
        return x->conversation->protocol < y->conversation->protocol ? -1 : 1;
    if (p->client_port != q->client_port)
        return p->client_port < q->client_port ? -1 : 1;
    if (p->server_port != q->server_port)
        return p->server_port < q->server_port ? -1 : 1;
    int order = memcmp(p->client.bytes, q->client.bytes, sizeof p->client.bytes);
    return order ? order : memcmp(p->server.bytes, q->server.bytes, sizeof p->server.bytes);
}

static size_t gather_unpaired(const struct transit_result *result, struct place *out)
{
    size_t count = 0;
    for (uint64_t i = 0; i < result->conversation_count; i++) {
        const struct transit_conversation *c = &result->conversations[i];
        for (unsigned point = 0; point < TRANSIT_POINTS && !c->paired && c->protocol == IP_TCP; point++)
            if (!addr_is_none(&c->ends[point].client))
                out[count++] = (struct place){c, (enum transit_point)point};
    }
    if (count)
        qsort(out, count, sizeof *out, by_ends);
    return count;
}

static nstime near_time(const struct transit_result *result, enum transit_point point, nstime time)
{
    return point == TRANSIT_FAR && result->clock.count ? clock_correct(&result->clock, time) : time;
}

/* Whether one of the other point's conversations without partner may hold the packet. */
static bool may_be_in(const struct transit_result *result, const struct transit_alone *alone, const struct place *list,
                      size_t count)
{
    enum transit_point other = alone->point == TRANSIT_NEAR ? TRANSIT_FAR : TRANSIT_NEAR;
    const struct place key = {&result->conversations[alone->conversation], other};
    nstime time = near_time(result, (enum transit_point)alone->point, alone->time);
    const struct place *found = count ? bsearch(&key, list, count, sizeof *list, by_ends) : NULL;
    while (found && found > list && by_ends(found - 1, &key) == 0)
        found--;
    for (; found && found < list + count && by_ends(found, &key) == 0; found++)
        if (time >= near_time(result, other, found->conversation->first[other]) - REUSED_WITHIN &&
            time <= near_time(result, other, found->conversation->last[other]) + REUSED_WITHIN)
            return true;
    return false;
}

bool transit_excuse_reused(struct transit_result *result)
{
    struct place *list = malloc((TRANSIT_POINTS * (size_t)result->conversation_count + 1) * sizeof *list);
    if (!list)
        return false;
    size_t count = gather_unpaired(result, list);
    for (uint64_t i = 0; i < result->alone_count && count; i++)
        if (is_claimed(&result->alone[i]) && may_be_in(result, &result->alone[i], list, count))
            excuse(result, &result->alone[i], TRANSIT_AMBIGUOUS);
    free(list);
    return true;
}
