/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/matching/choice.h"

#include <string.h>

#define TIMELY_LEAST (20 * NS_PER_MS)  /* a reply within this time is in time for its probe, at any RTT so far */
#define TIMELY_FIRST (500 * NS_PER_MS) /* the same while no RTT is known: tools wait longer before they send again */

unsigned reply_distance(const struct reply *reply)
{
    unsigned initial = reply->reply_ttl <= 64 ? 64 : reply->reply_ttl <= 128 ? 128 : 255;
    return initial - reply->reply_ttl + 1;
}

static bool is_quote(const struct choice *choice)
{
    return choice->packet->kind == PACKET_ICMP_ERROR;
}

bool choice_is_timely(const struct candidate *candidate, nstime time)
{
    nstime usual = 4 * candidate->run->rtt, least = candidate->run->rtt ? TIMELY_LEAST : TIMELY_FIRST;
    return time - candidate->probe.sent <= (usual > least ? usual : least);
}

/* True if the reply comes from as far away as the probe went, by the reply's own TTL. The target leaves in its quote
 * what was left of the probe's TTL. */
static bool is_from_its_hop(const struct candidate *candidate, const struct reply *reply)
{
    unsigned left = reply->kind != REPLY_TIME_EXCEEDED && reply->quoted_ttl > 1 ? (unsigned)reply->quoted_ttl - 1 : 0;
    return candidate->traits.ttl == reply_distance(reply) + left;
}

/* Of candidates that agree equally and whose stamps precede the reply's, or of those that do not:
 * 1. one without a reply;
 * 2. for a direct answer, one beyond the last router;
 * 3. one that was sent just before;
 * 4. for a quote, the one whose hop the reply's own TTL shows;
 * 5. of several that were sent just before the first, else the last. */
static bool is_likelier(const struct candidate *a, const struct candidate *b, const struct choice *choice)
{
    bool quote = is_quote(choice);
    bool a_open = !a->probe.reply_count, b_open = !b->probe.reply_count;
    bool a_beyond = quote || a->probe.ttl > a->run->trace.last_router_ttl;
    bool b_beyond = quote || b->probe.ttl > b->run->trace.last_router_ttl;
    bool a_timely = choice_is_timely(a, choice->packet->time), b_timely = choice_is_timely(b, choice->packet->time);
    bool a_near = quote && is_from_its_hop(a, &choice->packet->answer);
    bool b_near = quote && is_from_its_hop(b, &choice->packet->answer);
    if (a_open != b_open)
        return a_open;
    if (a_beyond != b_beyond)
        return a_beyond;
    if (a_timely != b_timely)
        return a_timely;
    if (a_near != b_near)
        return a_near;
    return a_timely ? a->probe.sent < b->probe.sent : a->probe.sent > b->probe.sent;
}

/* A candidate is in play if it has no answer, or one that may be another's. */
static bool is_in_play(const struct candidate *candidate)
{
    return !candidate->probe.reply_count || candidate->probe.replies[0].match == MATCH_WEAK;
}

unsigned choice_agreement(const struct traits *sent, const struct digest *quote)
{
    const struct traits *traits = &quote->traits;
    bool is_4 = quote->source.family == 4;
    unsigned agreement = (is_4 ? sent->ip_id == traits->ip_id : sent->flow_label == traits->flow_label) ? 4 : 0;
    if (sent->payload_length && traits->payload_length == sent->payload_length &&
        memcmp(traits->payload, sent->payload, sizeof sent->payload) == 0)
        agreement += 2;
    agreement += sent->query_id && traits->query_id == sent->query_id ? 8 : 0;
    return agreement + ((quote->have & HAVE_CHECKSUM) && traits->checksum == sent->checksum);
}

static void note_rival(struct choice *choice, const struct candidate *candidate)
{
    uint8_t ttl = candidate->traits.ttl;
    if (!is_in_play(candidate))
        return;
    choice->least_ttl = !choice->rivals || ttl < choice->least_ttl ? ttl : choice->least_ttl;
    choice->most_ttl = !choice->rivals || ttl > choice->most_ttl ? ttl : choice->most_ttl;
    choice->rivals++;
}

/* A reply may be stamped before its probe, but only where no earlier probe fits as well. */
static unsigned rank_of(const struct choice *choice, const struct candidate *candidate, unsigned agreement)
{
    return 2 * agreement + (candidate->probe.sent <= choice->packet->time);
}

void choice_offer(struct choice *choice, struct candidate *candidate, unsigned agreement)
{
    unsigned rank = rank_of(choice, candidate, agreement);
    choice->count++;
    if (choice->best && rank < choice->best_rank)
        return;
    bool better = !choice->best || rank > choice->best_rank;
    if (better)
        choice->rivals = 0;
    note_rival(choice, candidate);
    if (better || is_likelier(candidate, choice->best, choice))
        choice->best = candidate;
    choice->best_rank = rank;
    choice->best_agreement = agreement;
}

void choice_note_answered(struct choice *choice, const struct candidate *candidate, unsigned agreement)
{
    if (!choice->best || rank_of(choice, candidate, agreement) >= choice->best_rank)
        note_rival(choice, candidate);
}

bool choice_is_alone(const struct choice *choice)
{
    return choice->rivals <= (is_in_play(choice->best) ? 1U : 0U);
}

struct found choice_found(const struct choice *choice, enum match match, const char *rule)
{
    if (!choice->best)
        return choice_none();
    bool alone = choice_is_alone(choice);
    return (struct found){
        .candidate = choice->best,
        .match = alone ? match : MATCH_WEAK,
        .rule = rule,
        .hop_is_doubtful = !alone && choice->least_ttl != choice->most_ttl,
    };
}
