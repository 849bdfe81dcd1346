/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbered by strength; 2 to 4 try a bounded number of candidates, the newest first.
 * 1. The key: addresses, ports and IPv4 id or sequence number.
 * 2. An answer repeats the id of its query (DNS, QUIC, NTP); an answer with another id is none.
 * 3. The ports alone: a router zeroed or swapped the quoted id, or the protocol has none.
 * 4. What a NAT leaves alone that does not translate the quote back: target, id, sequence number. */
#include "recognise/match.h"

#include <string.h>

#include "recognise/index.h"
#include "recognise/pair.h"

#define PAIRS_MOST 16 /* pairs tried for a quote whose source was translated: bounds the time per frame */
#define TIMELY_LEAST (20 * NS_PER_MS) /* a reply within this time is in time for its probe, whatever the RTT so far */

static const struct found no_match = {NULL, MATCH_NONE, ""};

static bool is_of(const struct candidate *candidate, const struct addr *source, const struct addr *target,
                  uint8_t protocol)
{
    const struct flow *flow = &candidate->run->trace.flow; /* the pair is not in the cache */
    return candidate->run->protocol == protocol && addr_equal(&flow->source, source) &&
           addr_equal(&flow->target, target);
}

/* The best of the candidates that a reply may belong to. */
struct choice {
    const struct digest *quote; /* NULL: a direct answer, which quotes nothing */
    nstime time;
    struct candidate *best; /* NULL: none so far */
    unsigned best_agreement;
    unsigned count; /* of the candidates that fit */
};

/* How much of a quote agrees with a candidate beyond the key. Nothing of it is required: routers swap IPv4 ids, and
 * captures hold checksums that are not filled in yet. */
static unsigned agreement_of(const struct traits *sent, const struct digest *quote)
{
    if (!quote)
        return 0;
    const struct traits *traits = &quote->traits;
    unsigned agreement = quote->source.family == 4 && sent->ip_id == traits->ip_id ? 4 : 0;
    if (sent->payload_length && traits->payload_length == sent->payload_length &&
        memcmp(traits->payload, sent->payload, sizeof sent->payload) == 0)
        agreement += 2;
    return agreement + ((quote->have & HAVE_CHECKSUM) && traits->checksum == sent->checksum);
}

/* True if the reply came about as fast as others did; a much later one belongs to a later probe. */
static bool is_timely(const struct candidate *candidate, nstime time)
{
    nstime usual = 4 * candidate->run->rtt;
    return time - candidate->probe.sent <= (usual > TIMELY_LEAST ? usual : TIMELY_LEAST);
}

/* Of candidates that agree equally:
 * 1. one whose stamp precedes the reply's;
 * 2. one without a reply;
 * 3. for a direct answer, one beyond the last router;
 * 4. one that was sent just before: of several the first, else the last. */
static bool is_likelier(const struct candidate *a, const struct candidate *b, const struct choice *choice)
{
    bool a_before = a->probe.sent <= choice->time, b_before = b->probe.sent <= choice->time;
    bool a_open = !a->probe.reply_count, b_open = !b->probe.reply_count;
    bool a_beyond = choice->quote || a->probe.ttl > a->run->trace.last_router_ttl;
    bool b_beyond = choice->quote || b->probe.ttl > b->run->trace.last_router_ttl;
    bool a_timely = is_timely(a, choice->time), b_timely = is_timely(b, choice->time);
    if (a_before != b_before)
        return a_before;
    if (a_open != b_open)
        return a_open;
    if (a_beyond != b_beyond)
        return a_beyond;
    if (a_timely != b_timely)
        return a_timely;
    return a_timely ? a->probe.sent < b->probe.sent : a->probe.sent > b->probe.sent;
}

static void offer(struct choice *choice, struct candidate *candidate)
{
    unsigned agreement = agreement_of(&candidate->traits, choice->quote);
    choice->count++;
    if (choice->best && (agreement < choice->best_agreement ||
                         (agreement == choice->best_agreement && !is_likelier(candidate, choice->best, choice))))
        return;
    choice->best = candidate;
    choice->best_agreement = agreement;
}

/* Offers all candidates with this key, addresses and ports. */
static void offer_by_key(const struct recogniser *r, struct choice *choice, uint64_t key, const struct addr *source,
                         const struct addr *target, uint8_t protocol, uint32_t word)
{
    unsigned left = SCAN_MOST;
    for (struct candidate *candidate = index_first(r, key); candidate && left;
         candidate = index_next(r, candidate), left--)
        if (candidate->traits.word == word && !candidate->settled && is_of(candidate, source, target, protocol))
            offer(choice, candidate);
}

/* Ports (echo: id and sequence number) alone. Exact if only one candidate fits, or the quote says which. */
static struct found find_by_word(struct pair *pair, const struct digest *quote)
{
    struct choice choice = {.quote = quote, .time = quote->time};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (candidate->traits.word == quote->traits.word && !candidate->settled)
                offer(&choice, candidate);
    if (!choice.best)
        return no_match;
    return (struct found){choice.best, choice.count == 1 || choice.best_agreement ? MATCH_EXACT : MATCH_WEAK, "ports"};
}

/* A counting UDP port identifies a packet without IP id as well. */
static bool is_counted(const struct candidate *candidate, const struct digest *quote)
{
    uint8_t movement = candidate->run->target_port.movement;
    return candidate->run->shape == SHAPE_UDP && !quote->traits.ip_id && !candidate->traits.ip_id &&
           (movement == MOVE_RISING || movement == MOVE_NONE) && (quote->have & HAVE_LENGTH) &&
           quote->length == candidate->traits.payload_bytes + 8;
}

/* For a capture that cut the quote before its ports. */
static struct found find_by_id(struct pair *pair, const struct digest *quote)
{
    struct choice choice = {.quote = quote, .time = quote->time};
    unsigned left = SCAN_MOST;
    uint16_t id = quote->traits.ip_id;
    for (struct run *run = pair->runs; run && id; run = run->next_in_pair)
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (candidate->traits.ip_id == id && !candidate->settled)
                offer(&choice, candidate);
    return choice.count == 1 ? (struct found){choice.best, MATCH_WEAK, "addresses and ip id"} : no_match;
}

/* True if all agrees that a translator of the source leaves alone. */
static bool is_translated(const struct probe_type *type, const struct candidate *candidate, const struct digest *quote)
{
    const struct traits *sent = &candidate->traits, *traits = &quote->traits;
    bool same_id = quote->source.family == 4 && traits->ip_id && sent->ip_id == traits->ip_id;
    bool same_end = (uint16_t)sent->word == (uint16_t)traits->word;
    if (!type->protocol)
        return same_id;
    if (type->identity == IDENTITY_SEQ)
        return same_end && sent->seq == traits->seq && (same_id || sent->seq);
    return same_end && (same_id || sent->word == traits->word || is_counted(candidate, quote));
}

static struct found find_translated(const struct recogniser *r, const struct digest *quote)
{
    struct choice choice = {.quote = quote, .time = quote->time};
    unsigned pairs_left = PAIRS_MOST, left = SCAN_MOST;
    struct pair *pair = pair_first_of_target(r, &quote->target, quote->protocol);
    for (; pair && pairs_left; pair = pair->next_of_target) {
        if (pair->protocol != quote->protocol || !addr_equal(&pair->target, &quote->target))
            continue; /* it shares the chain by chance */
        pairs_left--;
        for (struct run *run = pair->runs; run; run = run->next_in_pair)
            for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
                if (!candidate->settled && is_translated(r->digester.types[quote->protocol], candidate, quote))
                    offer(&choice, candidate);
    }
    return choice.best ? (struct found){choice.best, MATCH_REWRITTEN, "identity, source translated"} : no_match;
}

struct found match_quoted(const struct recogniser *r, const struct digest *quote)
{
    struct choice choice = {.quote = quote, .time = quote->time};
    offer_by_key(r, &choice, quote->key, &quote->source, &quote->target, quote->protocol, quote->traits.word);
    if (choice.best)
        return (struct found){choice.best, MATCH_EXACT, "addresses, ports and identity"};
    struct pair *pair = pair_find(r, quote->pair_hash, &quote->source, &quote->target, quote->protocol);
    if (!quote->has_word && quote->shape != SHAPE_RAW)
        return pair ? find_by_id(pair, quote) : no_match;
    if (!quote->has_word)
        return find_translated(r, quote);
    struct found found = pair ? find_by_word(pair, quote) : no_match;
    return found.candidate ? found : find_translated(r, quote);
}

/* --- direct answers --- */

/* A direct answer whose probe no key finds. */
struct answer {
    uint32_t word;     /* ports of its probe */
    uint32_t query_id; /* of its probe; 0: unknown */
    bool has_word;
    bool to_syn;       /* TCP: its probe is a SYN */
    bool acknowledges; /* TCP, no RST: it answers only what it acknowledges */
    uint32_t ack;
    nstime time;
};

static bool answers(const struct candidate *candidate, const struct answer *answer)
{
    const struct traits *sent = &candidate->traits;
    if (answer->has_word && sent->word != answer->word)
        return false;
    if (answer->query_id && sent->query_id && answer->query_id != sent->query_id)
        return false;
    unsigned bytes = sent->payload_bytes + (candidate->run->shape == SHAPE_FIN ? 1U : 0U); /* a FIN counts as one */
    return !answer->acknowledges || (bytes && answer->ack - sent->seq == bytes);
}

static struct found guess(const struct pair *pair, const struct answer *answer)
{
    struct choice choice = {.time = answer->time};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair) {
        if ((run->shape == SHAPE_SYN) != answer->to_syn)
            continue;
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (answers(candidate, answer) && !candidate->probe.reply_count && !candidate->settled)
                offer(&choice, candidate);
    }
    bool only = choice.count == 1 && answer->has_word;
    return choice.best ? (struct found){choice.best, only ? MATCH_EXACT : MATCH_WEAK, "ports"} : no_match;
}

/* By the id that the answer repeats. The query may have a reply already; several queries may have one id. */
static struct found find_by_query_id(const struct pair *pair, const struct answer *answer)
{
    struct choice choice = {.time = answer->time};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (candidate->traits.query_id == answer->query_id && answers(candidate, answer) && !candidate->settled)
                offer(&choice, candidate);
    if (!choice.best)
        return no_match;
    return (struct found){choice.best, choice.count == 1 ? MATCH_EXACT : MATCH_WEAK, "ports and query id"};
}

/* By what it acknowledges; an echo reply by the key alone. */
static struct found find_by_answer_key(const struct recogniser *r, const struct digest *digest)
{
    struct choice choice = {.time = digest->time};
    offer_by_key(r, &choice, digest->answer_key, &digest->target, &digest->source, digest->protocol,
                 digest_answered_word(digest));
    if (!choice.best)
        return no_match;
    if (digest->answer.kind == REPLY_ECHO)
        return (struct found){choice.best, MATCH_EXACT, "echo id and sequence number"};
    return (struct found){choice.best, choice.count == 1 ? MATCH_EXACT : MATCH_WEAK, "ports and acknowledgement"};
}

static struct found guess_tcp(const struct pair *pair, const struct digest *digest)
{
    bool syn_ack = digest->answer.kind == REPLY_SYN_ACK, rst = digest->answer.kind == REPLY_RST;
    struct answer answer = {.word = digest_answered_word(digest),
                            .has_word = true,
                            .acknowledges = !rst,
                            .ack = digest->traits.ack,
                            .time = digest->time};
    struct found found = syn_ack ? no_match : guess(pair, &answer);
    if (found.candidate || !(syn_ack || rst))
        return found;
    answer.to_syn = true;
    answer.acknowledges = false;
    return guess(pair, &answer);
}

struct found match_answer(const struct recogniser *r, const struct digest *digest)
{
    struct found found = digest->may_answer_key ? find_by_answer_key(r, digest) : no_match;
    if (found.candidate || digest->answer.kind == REPLY_ECHO)
        return found;
    struct pair *pair = pair_find(r, digest->answer_hash, &digest->target, &digest->source, digest->protocol);
    if (pair && r->digester.types[digest->protocol]->identity == IDENTITY_SEQ)
        return guess_tcp(pair, digest);
    struct answer answer = {.word = digest_answered_word(digest),
                            .query_id = digest->answered_id,
                            .has_word = digest->has_word,
                            .time = digest->time};
    if (pair && answer.query_id)
        found = find_by_query_id(pair, &answer);
    return pair && !found.candidate ? guess(pair, &answer) : found;
}
