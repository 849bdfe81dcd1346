/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/list_witness.h"

#include "verdict/frames.h"
#include "verdict/words/phrase.h"

/* One port went on, and it may have taken another path.
 * Unit: probability. Source: chosen. Effect: the confidence in reports. */
#define SURE_BY_PORT 0.95

/* The first hop behind `ttl` at which a port of a list expired, the probe, and its list; 0: none. */
static unsigned find_witness(const struct portmap *map, unsigned ttl, const struct trace **list,
                             const struct probe **witness)
{
    unsigned nearest = 0;
    for (unsigned i = 0; i < map->lists->count; i++) {
        const struct trace *trace = map->lists->traces[i];
        for (size_t k = 0; k < trace->probe_count; k++) {
            const struct probe *probe = &trace->probes[k];
            const struct reply *reply = probe_answer(probe);
            if (!reply || reply->kind != REPLY_TIME_EXCEEDED || probe->ttl <= ttl || (nearest && probe->ttl >= nearest))
                continue;
            nearest = probe->ttl;
            *list = trace;
            *witness = probe;
        }
    }
    return nearest;
}

void list_witness_judge(const struct portmap *map, struct verdict *verdict)
{
    const struct trace *list = NULL;
    const struct probe *witness = NULL;
    if (verdict->state != VERDICT_UNANSWERED || !find_witness(map, verdict->trace->last_router_ttl, &list, &witness))
        return;
    const struct reply *reply = probe_answer(witness);
    const struct probe_spec spec = trace_probe_spec(list, witness);
    char port[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&spec, port);
    verdict->state = VERDICT_DROPPED;
    verdict->how = HOW_SILENT;
    verdict->before = (struct place){.known = true, .ttl = witness->ttl, .address = reply->from};
    if (verdict->confidence > SURE_BY_PORT)
        verdict->confidence = SURE_BY_PORT;
    if (verdict->frame_count > VERDICT_FRAMES_MOST - 2)
        verdict->frame_count = VERDICT_FRAMES_MOST - 2;
    frames_add(verdict->frames, &verdict->frame_count, frame_of_probe(witness));
    frames_add(verdict->frames, &verdict->frame_count, frame_of_reply(reply));
    phrase_set_verdict(verdict, " after %s: %s got to %s",
                       verdict->after.known ? PLACE_TEXT(&verdict->after) : "this host", port,
                       PLACE_TEXT(&verdict->before));
}
