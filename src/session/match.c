/* match: whose packet is it. The strongest claim of any flow wins; a weak one is believed only where it is the only
 * one and its probe is still unanswered. */
#include "session/internal.h"

static bool is_outstanding(const struct session *session, unsigned trace, uint16_t serial)
{
    const struct probe *probe = trace_probe(&session->traces[trace], serial);
    return probe && probe->state == PROBE_OUTSTANDING;
}

/* The best of all flows for one question. A weak match is dropped where two flows raise one. */
struct best {
    struct flow_match match;
    unsigned trace, which;
    unsigned weak_claims;
};

static void consider(const struct session *session, struct best *best, unsigned trace, unsigned which,
                     struct flow_match match)
{
    if (match.match == MATCH_NONE)
        return;
    if (match.match == MATCH_WEAK && match.serial && !is_outstanding(session, trace, match.serial))
        return;
    if (match.match == MATCH_WEAK)
        best->weak_claims++;
    if (match.match > best->match.match) {
        best->match = match;
        best->trace = trace;
        best->which = which;
    }
}

static bool best_is_sound(const struct best *best)
{
    return best->match.match > MATCH_WEAK || (best->match.match == MATCH_WEAK && best->weak_claims == 1);
}

static struct packet_match found(enum frame_role role, const struct best *best)
{
    return (struct packet_match){
        .role = role, .trace = best->trace, .which = (uint8_t)best->which, .flow = best->match};
}

static struct packet_match stray(const char *reason)
{
    return (struct packet_match){.role = FRAME_STRAY, .reason = reason};
}

static struct packet_match match_error(const struct session *session, const struct packet *packet)
{
    if (!packet->quote.ip.version)
        return stray("ICMP error without a readable quote");
    struct best best = {0};
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned k = 0; k < session->traces[i].flow_count; k++)
            consider(session, &best, i, k, flow_recognise(trace_flow(&session->traces[i], k), &packet->quote, true));
    if (!best_is_sound(&best))
        return stray("ICMP error about another packet");
    const struct transport *icmp = &packet->outer.transport;
    best.match.kind = reply_kind_of_icmp(packet->outer.ip.version, icmp->type, icmp->code);
    /* The packet went on; taken for an answer, it would stand before the one that is still to come. */
    if (best.match.kind == REPLY_OTHER)
        return stray("redirect or source quench about a probe");
    return found(FRAME_REPLY, &best);
}

static bool same_pair(const struct ip_header *ip, const struct addr *source, const struct addr *target)
{
    return addr_equal(&ip->source, source) && addr_equal(&ip->target, target);
}

/* Why a packet that is no probe and no answer may have passed the filter. */
static struct packet_match match_nothing(const struct session *session, const struct packet *packet)
{
    const struct session_config *config = &session->config;
    const struct ip_header *ip = &packet->outer.ip;
    if (ip->fragment_offset)
        return stray("later fragment");
    if (same_pair(ip, &config->source, &config->target))
        return stray("our own host's other packet to the target");
    if (same_pair(ip, &config->target, &config->source))
        return stray("the target's other packet to us");
    return stray("packet between others");
}

static struct packet_match match_plain(const struct session *session, const struct packet *packet)
{
    struct best probe = {0}, answer = {0};
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned k = 0; k < session->traces[i].flow_count; k++) {
            const struct flow *flow = trace_flow(&session->traces[i], k);
            consider(session, &probe, i, k, flow_recognise(flow, &packet->outer, false));
            consider(session, &answer, i, k, flow_answer(flow, packet));
        }
    if (probe.match.match == MATCH_EXACT && probe.match.serial)
        return found(FRAME_PROBE, &probe);
    if (best_is_sound(&answer))
        return found(FRAME_REPLY, &answer);
    return match_nothing(session, packet);
}

struct packet_match match_packet(const struct session *session, const struct packet *packet)
{
    switch (packet->kind) {
    case PACKET_NOT_IP:
        return stray("not IP");
    case PACKET_ICMP_ERROR:
        return match_error(session, packet);
    case PACKET_PLAIN:
    case PACKET_MALFORMED:
        break;
    }
    return match_plain(session, packet);
}
