/* SPDX-License-Identifier: BSD-2-Clause */
/* gateway: rule 12: the gateway of a run with --through forwarded the probe. */
#include "verdict/rules/rules.h"

bool holds_forwarded(const struct facts *facts)
{
    uint8_t gateway_ttl = facts->set->gateway.ttl;
    return gateway_ttl && facts->last_hop > gateway_ttl;
}

void explain_forwarded(const struct facts *facts, struct verdict *out)
{
    const struct gateway *gateway = &facts->set->gateway;
    out->state = VERDICT_FORWARDED;
    out->confidence = SURE;
    out->at = (struct place){.known = true, .ttl = gateway->ttl, .address = gateway->address};
    out->before = facts_place(facts->set, facts->trace, facts->last_hop);
    evidence_show_last(facts, out);
    phrase_set_verdict(out, " at %s: it expired at %s", PLACE_TEXT(&out->at), PLACE_TEXT(&out->before));
}
