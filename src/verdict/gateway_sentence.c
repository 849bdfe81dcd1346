/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/gateway_sentence.h"

#include "portmap/portmap.h"
#include "verdict/words/phrase.h"

/* The first that holds:
 *   1. The run ended before it could know.
 *   2. No hop has the address.
 *   3. The target answers before the hop, or at it.
 *   4. The target is the next hop.
 *   5. The target answers further behind it, and no router between them replies.
 *   6. Nothing behind it replies. */
void gateway_describe(const struct session *session, const struct portmap *ports, char text[SENTENCE_BYTES])
{
    const struct trace_set path = session_trace_set(session);
    const struct gateway gateway = path.gateway;
    const struct place place = place_of_gateway(&gateway);
    uint8_t target_ttl = session_target_ttl(session);
    bool is_blind = ports ? portmap_is_blind(ports) : !gateway.behind_ttl;
    text[0] = '\0';
    if (!session_config_is_through(session_config(session)) || (trace_set_tests_gateway(&path) && !is_blind))
        return;
    if (!gateway.ttl && session_was_interrupted(session))
        phrase_set(text, "The run was interrupted before it found the gateway %s",
                   ADDRESS_TEXT(&session_config(session)->through));
    else if (!gateway.ttl)
        phrase_set(text, "No hop of this path replied from %s, so nothing was probed behind it",
                   ADDRESS_TEXT(&session_config(session)->through));
    else if (target_ttl && target_ttl <= gateway.ttl)
        phrase_set(text, "The target is hop %u, so no gateway at hop %u is before it", target_ttl, gateway.ttl);
    else if (target_ttl == gateway.ttl + 1)
        phrase_set(text,
                   "The target is the next hop behind %s, so no router there shows what it forwards "
                   "(leave --through out)",
                   PLACE_TEXT(&place));
    else if (target_ttl)
        phrase_set(text,
                   "No router between %s and the target replied, so nothing shows what it forwards "
                   "(leave --through out)",
                   PLACE_TEXT(&place));
    else
        phrase_set(text, "No router behind %s replied, so nothing shows what it forwards", PLACE_TEXT(&place));
    phrase_end(text);
}
