/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/missed.h"

#include <stdlib.h>

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
    if (alone->fate == TRANSIT_LOST)
        result->lost[alone->way] -= alone->packets;
    else
        result->forged[alone->way] -= alone->packets;
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

bool transit_excuse_offloaded(struct transit_result *result)
{
    uint8_t *ways =
        calloc((size_t)result->conversation_count + 1, sizeof *ways); /* bit sets of 1 << enum transit_way */
    if (!ways)
        return false;
    for (uint64_t i = 0; i < result->alone_count; i++) {
        const struct transit_alone *alone = &result->alone[i];
        if (is_claimed(alone) && alone->bytes > DATAGRAM_MOST &&
            result->conversations[alone->conversation].protocol == IP_UDP)
            ways[alone->conversation] |= (uint8_t)(1U << alone->way);
    }
    for (uint64_t i = 0; i < result->alone_count; i++) {
        struct transit_alone *alone = &result->alone[i];
        if (is_claimed(alone) && ways[alone->conversation] & 1U << alone->way)
            excuse(result, alone, TRANSIT_OFFLOADED);
    }
    free(ways);
    return true;
}
