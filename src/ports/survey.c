/* SPDX-License-Identifier: BSD-2-Clause */
#include "ports/survey.h"

/* Ports that are asked at a hop to see whether its router limits its errors.
 * Unit: ports. Source: twice RATE_LIMIT_UNLIMITED, as some may be stopped before. Effect: with fewer, such routers look
 * limited, and fewer places are measured; more are lost at a limited router. */
#define SURVEY_TRIAL 16
/* Ports of one round at a hop.
 * Unit: ports. Source: chosen. Effect: with more, more are lost at a router whose limit shows late. */
#define SURVEY_MOST 800
/* Rounds of this kind.
 * Unit: rounds. Source: chosen; 65535 ports take 82. Effect: with fewer, the last ports of a long list keep the place
 * of their neighbours. */
#define SURVEY_ROUNDS 200

static bool is_to_survey(const struct port_entry *entry, unsigned ttl)
{
    return entry->fate == FATE_SILENT && entry->placing == PLACING_INFERRED && entry->after_ttl == ttl &&
           entry->passed_ttl < ttl;
}

static void survey_hop(struct maker *maker, unsigned ttl, uint32_t most)
{
    const struct portmap *map = maker->map;
    unsigned every = maker_control_every(maker);
    uint32_t added = 0;
    for (uint32_t i = 0; i < map->count && added < most; i++) {
        if (!is_to_survey(&map->entries[i], ttl))
            continue;
        maker_add_entry(maker, &map->entries[i], ttl);
        if (++added % every == 0)
            maker_add_control(maker, ttl);
    }
    if (!added)
        return;
    maker_add_control(maker, ttl);
    maker->rounds->surveyed[ttl] = true;
}

void survey_add(struct maker *maker)
{
    if (maker->rounds->surveys == SURVEY_ROUNDS)
        return;
    for (unsigned ttl = session_config(maker->session)->first_ttl; ttl < maker->map->end_ttl; ttl++) {
        bool is_unlimited = portmap_hop_is_unlimited(maker->map, ttl);
        if (is_unlimited || !maker->rounds->surveyed[ttl])
            survey_hop(maker, ttl, is_unlimited ? SURVEY_MOST : SURVEY_TRIAL);
    }
    maker->rounds->surveys += maker->rounds->count > 0;
}
