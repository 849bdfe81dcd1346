/* SPDX-License-Identifier: BSD-2-Clause */
/* gateway: rule 13: the gateway of a run with --through forwarded the probe. */
#include "verdict/rules/rules.h"

bool holds_forwarded(const struct facts *facts)
{
    uint8_t gateway_ttl = facts->set->gateway.ttl;
    return gateway_ttl && facts->last_hop > gateway_ttl;
}

void explain_forwarded(const struct facts *facts, struct verdict *out)
{
    const struct place behind = facts_place(facts->set, facts->trace, facts->last_hop);
    out->confidence = SURE;
    phrase_set_forwarded(out, &facts->set->gateway, &behind);
    evidence_show_last(facts, out);
}
