/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of a round. With --through, the end of the path is the first hop behind the gateway, and an expiry there is
 * the answer.
 *   1. Each port that was not asked yet is asked at the end of the path, in random order.
 *   2. A port that gets to the end of the path is asked at all hops before it. It shows which hops answer this
 *      protocol, and how far the target is.
 *   3. Silent ports are asked again, twice at least, with controls: ports that are known to be refused. ICMP errors are
 *      limited, so the round starts when their senders have a token again, and a control ends it: if it is answered, no
 *      silent port before it met an empty bucket. The less such ports turn out to be refused, the more fit in a round.
 *   4. Once the hops are known, ports of each kind are asked at the hops around their silence. These are the first, the
 *      last and a middle one of each run of neighbours, and one between two whose places differ. Of answers in the
 *      target's name they are PLACED_OF_ANSWER.
 *   5. While a sender of refusals has no token for rule 3, rounds follow rules 2 and 4 at other hops. A round waits for
 *      a hop without a token only if nothing else can be asked.
 *   6. Last, all ports that have the place of their neighbours are asked at the last hop that those pass. That stops
 *      where the first replies show a rate limit, as each port takes a token.
 *
 *   7. Before rule 3 waits for tokens the first time, each sender of refusals gets more of them at once, until
 *      RATE_LIMIT_UNLIMITED fall within a refill. If it refuses them all, it has no limit, and no round waits for it.
 *
 * placing.c carries out rules 2 and 4, again.c rules 3 and 7, survey.c rule 6. */
#include "ports/rounds.h"

#include <stdlib.h>

#include "ports/again.h"
#include "ports/placing.h"
#include "ports/survey.h"

void rounds_free(struct rounds *rounds)
{
    free(rounds->asks);
    rounds->asks = NULL;
    rounds->count = rounds->next = rounds->capacity = 0;
}

/* --- 1 --- */

static void add_new(struct maker *maker)
{
    const struct portmap *map = maker->map;
    for (uint32_t i = 0; i < map->count; i++)
        if (!map->entries[i].end_asked && map->entries[i].answer == NO_ANSWER)
            maker_add_entry(maker, &map->entries[i], maker_end_of(map, &map->entries[i]));
    maker_shuffle(maker->rounds->asks, maker->rounds->count, &maker->rng);
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
    bool is_early = again_tokens_at(&maker) > session_now(session);
    maker.repeats = again_is_due(map);
    if (maker.repeats && !is_early)
        again_add(&maker);
    else if (maker.repeats && !rounds->tried && !map->reset_gap && !map->gateway.ttl)
        again_try(&maker);
    placing_add(&maker);
    if (!rounds->count && maker.repeats) {
        again_add(&maker);
        placing_add(&maker);
    }
    if (!rounds->count) {
        maker.waits = true;
        placing_add(&maker);
    }
    if (!rounds->count)
        survey_add(&maker);
    if (maker.repeating)
        again_add_controls(&maker);
    return !maker.failed;
}
