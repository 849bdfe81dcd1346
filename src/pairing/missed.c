/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/missed.h"

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
        bool is_claimed = alone->fate == TRANSIT_LOST || alone->fate == TRANSIT_FORGED;
        if (alone->point == point && is_claimed && passes(context, &alone->frame))
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
