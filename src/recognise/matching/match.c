/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbered by strength; 2 to 5 try a bounded number of candidates, the newest first.
 * 1. The key: addresses, ports and IPv4 id or sequence number.
 * 2. An answer repeats the id of its query (DNS, QUIC, NTP); an answer with another id is none.
 * 3. The ports alone: a router zeroed or swapped the quoted id, or the protocol has none.
 * 4. The fields that a translator leaves alone if it does not translate the quote back: see translated.c.
 * 5. The addresses alone, or the time, where the quote holds no more.
 *
 * Under each rule a match is weak if several candidates fit equally: then the best is a guess. */
#include "recognise/matching/match.h"

#include <string.h>

#include "packet/checksum.h"
#include "recognise/matching/translated.h"
#include "recognise/runs/run.h"
#include "recognise/store/index.h"
#include "recognise/store/pair.h"

static bool is_of(const struct candidate *candidate, const struct addr *source, const struct addr *target,
                  uint8_t protocol)
{
    const struct flow *flow = &candidate->run->trace.flow; /* the pair is not in the cache */
    return candidate->run->protocol == protocol && addr_equal(&flow->source, source) &&
           addr_equal(&flow->target, target);
}

/* --- quotes --- */

static void offer_by_key(const struct recogniser *r, struct choice *choice)
{
    const struct digest *quote = choice->packet;
    unsigned left = SCAN_MOST;
    for (struct candidate *candidate = index_first(r, quote->key); candidate && left;
         candidate = index_next(r, candidate), left--)
        if (candidate->traits.word == quote->traits.word && !candidate->settled &&
            is_of(candidate, &quote->source, &quote->target, quote->protocol))
            choice_offer(choice, candidate, choice_agreement(&candidate->traits, quote));
}

/* Ports (echo: id and sequence number) alone. */
static struct found find_by_word(struct pair *pair, const struct digest *quote)
{
    struct choice choice = {.packet = quote};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (candidate->traits.word == quote->traits.word && !candidate->settled)
                choice_offer(&choice, candidate, choice_agreement(&candidate->traits, quote));
    return choice_found(&choice, MATCH_EXACT, "ports");
}

/* A quote that ends before the ports, of a packet whose id it shows. */
static struct found find_by_id(const struct pair *pair, const struct digest *quote)
{
    struct choice choice = {.packet = quote};
    unsigned left = SCAN_MOST;
    uint16_t id = quote->traits.ip_id;
    for (struct run *run = pair->runs; run && id; run = run->next_in_pair)
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (candidate->traits.ip_id == id && !candidate->settled)
                choice_offer(&choice, candidate, 0);
    return choice_found(&choice, MATCH_WEAK, "addresses and ip id");
}

/* Whether a candidate still waits for a reply, and this error comes in time to be it. */
static bool is_waiting(const struct candidate *candidate, const struct digest *error)
{
    return !candidate->settled && !candidate->probe.reply_count && choice_is_timely(candidate, error->time) &&
           run_has_two_ttls(candidate->run);
}

/* A quote that ends before the ports and shows no id either. */
static struct found find_by_addresses(const struct pair *pair, const struct digest *quote)
{
    struct choice choice = {.packet = quote};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (is_waiting(candidate, quote) && !(candidate->traits.ip_id && quote->traits.ip_id))
                choice_offer(&choice, candidate, 0);
    return choice_found(&choice, MATCH_WEAK, "addresses alone");
}

static struct found match_short(const struct recogniser *r, const struct pair *pair, const struct digest *quote)
{
    struct found found = pair ? find_by_id(pair, quote) : choice_none();
    if (!found.candidate && pair)
        found = find_by_addresses(pair, quote);
    return found.candidate ? found : translated_find(r, quote);
}

struct found match_quoted(const struct recogniser *r, const struct digest *quote)
{
    struct choice choice = {.packet = quote};
    offer_by_key(r, &choice);
    if (choice.best)
        return choice_found(&choice, MATCH_EXACT, "addresses, ports and identity");
    struct pair *pair = pair_of_probe(r, quote);
    if (!quote->has_word && quote->shape != SHAPE_RAW)
        return match_short(r, pair, quote);
    if (!quote->has_word)
        return translated_find(r, quote);
    struct found found = pair ? find_by_word(pair, quote) : choice_none();
    return found.candidate ? found : translated_find(r, quote);
}

struct found match_unquoted(const struct recogniser *r, const struct digest *error)
{
    struct choice choice = {.packet = error};
    unsigned runs_left = RUNS_OF_PAIR_MOST, left = SCAN_MOST;
    for (const struct run *run = run_newest(r); run && runs_left; run = run_older(r, run), runs_left--) {
        const struct addr *source = &run->trace.flow.source;
        if (digest_pair_hash(&r->digester, source, source, 0) != error->answer_hash)
            continue;
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--) {
            if (!is_waiting(candidate, error))
                continue;
            if (choice.best && choice.best->run != run)
                return choice_none();
            choice_offer(&choice, candidate, 0);
        }
    }
    return choice_found(&choice, MATCH_WEAK, "time alone");
}

/* --- direct answers --- */

/* A direct answer whose probe no key finds. */
struct answer {
    const struct digest *packet;
    uint32_t word;     /* ports of its probe */
    uint32_t query_id; /* of its probe; 0: unknown */
    bool is_tcp;
    bool to_syn; /* TCP: its probe is a SYN */
};

/* A later packet of the same connection, which the host sent with its own TTL: the answer may be to that one. */
static const struct later_packet *later_of(const struct candidate *candidate)
{
    const struct run *run = candidate->run;
    for (unsigned i = 0; i < LATER_MOST; i++)
        if (run->later[i].time > candidate->probe.sent && run->later[i].word == candidate->traits.word)
            return &run->later[i];
    return NULL;
}

/* Bytes of sequence space of the probe: a SYN or a FIN counts as one. */
static uint32_t length_of(const struct candidate *candidate)
{
    uint8_t flags = candidate->traits.tcp_flags;
    return candidate->traits.payload_bytes + ((flags & TCP_SYN) ? 1U : 0U) + ((flags & TCP_FIN) ? 1U : 0U);
}

enum { FITS_NOT, FITS_ROUGHLY, FITS, FITS_BY_STAMP };

/* Whether a segment's numbers are those of an answer to this probe (RFC 9293 3.10.7): it acknowledges what the probe
 * holds, or a RST takes its number from what the probe acknowledges. */
static unsigned numbers_fit(const struct candidate *candidate, const struct digest *segment)
{
    const struct traits *sent = &candidate->traits;
    uint32_t length = length_of(candidate), acknowledged = segment->traits.ack - sent->seq;
    bool is_rst = segment->answer.kind == REPLY_RST, has_ack = segment->traits.tcp_flags & TCP_ACK;
    if (candidate->run->shape == SHAPE_SYN)
        return has_ack && acknowledged == length ? FITS : FITS_ROUGHLY;
    if (!is_rst)
        return length && acknowledged == length ? FITS : FITS_NOT;
    if (!has_ack)
        return segment->traits.seq == sent->ack ? FITS : FITS_ROUGHLY;
    if (acknowledged == length)
        return FITS;
    return acknowledged == 0 || !length ? FITS_ROUGHLY : FITS_NOT;
}

/* An answer belongs to the segment that drew it. Of segments that hold the same it echoes the timestamp of one. After a
 * later packet of the connection it is the probe's only if it acknowledges what the probe alone holds, or comes as fast
 * as others do. */
static unsigned segment_fits(const struct candidate *candidate, const struct digest *segment)
{
    unsigned fits = numbers_fit(candidate, segment);
    uint32_t stamp = candidate->traits.query_id;
    if (fits == FITS && stamp && segment->answered_id == stamp)
        return FITS_BY_STAMP;
    if (candidate->run->trace.handshakes.count && stamp && segment->answered_id)
        return FITS_NOT;
    const struct later_packet *later = fits ? later_of(candidate) : NULL;
    if (!later)
        return fits;
    bool has_ack = segment->traits.tcp_flags & TCP_ACK;
    if (fits == FITS && has_ack && length_of(candidate) && later->end != segment->traits.ack)
        return fits;
    return choice_is_timely(candidate, segment->time) ? FITS_ROUGHLY : FITS_NOT;
}

static unsigned answer_fits(const struct candidate *candidate, const struct answer *answer)
{
    const struct traits *sent = &candidate->traits;
    if (candidate->settled || (answer->packet->has_word && sent->word != answer->word))
        return FITS_NOT;
    if (answer->query_id && sent->query_id && answer->query_id != sent->query_id)
        return FITS_NOT;
    if (answer->is_tcp)
        return segment_fits(candidate, answer->packet);
    return answer->packet->has_word ? FITS : FITS_ROUGHLY;
}

/* One of several segments that hold the same in one connection, which has an answer already. */
struct answered {
    struct candidate *candidate; /* the last that fits best; NULL: none */
    unsigned fits, count;        /* and how many fit as well */
};

static void note_answered(struct answered *answered, struct candidate *candidate, unsigned fits)
{
    if (!candidate->run->trace.handshakes.count || fits < answered->fits)
        return;
    if (fits > answered->fits)
        *answered = (struct answered){candidate, fits, 0};
    answered->count++;
}

/* Whether the answer is a further one to the segment that was answered: the server acknowledges it, and then sends
 * data. A segment that it fits as well was lost, or a router behind its hop let another one expire. */
static bool is_further(const struct choice *choice, const struct answered *answered)
{
    const struct candidate *best = choice->best;
    if (!answered->candidate || !best)
        return answered->candidate != NULL;
    return answered->fits > choice->best_agreement ||
           (answered->fits == choice->best_agreement && best->probe.ttl <= best->run->trace.last_router_ttl);
}

static struct found guess(const struct pair *pair, const struct answer *answer)
{
    struct choice choice = {.packet = answer->packet};
    struct answered answered = {0};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair) {
        if ((run->shape == SHAPE_SYN) != answer->to_syn)
            continue;
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--) {
            unsigned fits = answer_fits(candidate, answer);
            if (fits && candidate->probe.reply_count) {
                choice_note_answered(&choice, candidate, fits);
                note_answered(&answered, candidate, fits);
            } else if (fits) {
                choice_offer(&choice, candidate, fits);
            }
        }
    }
    if (is_further(&choice, &answered)) {
        bool alone = answered.count == 1 && answered.fits >= FITS;
        return (struct found){answered.candidate, alone ? MATCH_EXACT : MATCH_WEAK, "ports", answered.count > 1};
    }
    return choice_found(&choice, choice.best_agreement >= FITS ? MATCH_EXACT : MATCH_WEAK, "ports");
}

/* By the id that the answer repeats. The query may have a reply already; several queries may have one id. */
static struct found find_by_query_id(const struct pair *pair, const struct answer *answer)
{
    struct choice choice = {.packet = answer->packet};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct candidate *candidate = run->newest; candidate && left; candidate = candidate->before, left--)
            if (candidate->traits.query_id == answer->query_id && answer_fits(candidate, answer))
                choice_offer(&choice, candidate, FITS);
    return choice_found(&choice, MATCH_EXACT, "ports and query id");
}

/* An echo reply has its request's payload, and a checksum that differs by the type (RFC 792, RFC 4443). */
static unsigned echo_agreement(const struct traits *sent, const struct digest *reply)
{
    bool is_4 = reply->source.family == 4;
    uint16_t request_type = is_4 ? 0x0800 : 0x8000, reply_type = is_4 ? 0x0000 : 0x8100;
    bool same_sum = checksum_update(sent->checksum, request_type, reply_type) == reply->traits.checksum;
    bool same_payload = sent->payload_bytes == reply->traits.payload_bytes &&
                        memcmp(sent->payload, reply->traits.payload, sizeof sent->payload) == 0;
    return (same_sum ? 2U : 0U) + same_payload;
}

/* By what it acknowledges; an echo reply by the key and its payload. */
static struct found find_by_answer_key(const struct recogniser *r, const struct digest *digest)
{
    struct choice choice = {.packet = digest};
    bool is_echo = digest->answer.kind == REPLY_ECHO;
    uint32_t word = digest_answered_word(digest);
    unsigned left = SCAN_MOST;
    for (struct candidate *candidate = index_first(r, digest->answer_key); candidate && left;
         candidate = index_next(r, candidate), left--) {
        if (candidate->traits.word != word || candidate->settled ||
            !is_of(candidate, &digest->target, &digest->source, digest->protocol))
            continue;
        unsigned fits = is_echo ? FITS : segment_fits(candidate, digest);
        if (fits)
            choice_offer(&choice, candidate, is_echo ? echo_agreement(&candidate->traits, digest) : fits);
    }
    if (is_echo)
        return choice_found(&choice, MATCH_EXACT, "echo id and sequence number");
    return choice_found(&choice, choice.count == 1 ? MATCH_EXACT : MATCH_WEAK, "ports and acknowledgement");
}

static struct found guess_tcp(const struct pair *pair, const struct digest *digest)
{
    bool syn_ack = digest->answer.kind == REPLY_SYN_ACK, rst = digest->answer.kind == REPLY_RST;
    struct answer answer = {.packet = digest, .word = digest_answered_word(digest), .is_tcp = true};
    struct found found = syn_ack ? choice_none() : guess(pair, &answer);
    if (found.candidate || !(syn_ack || rst))
        return found;
    answer.to_syn = true;
    return guess(pair, &answer);
}

struct found match_answer(const struct recogniser *r, const struct digest *digest)
{
    struct found found = digest->may_answer_key ? find_by_answer_key(r, digest) : choice_none();
    if (found.candidate || digest->answer.kind == REPLY_ECHO)
        return found;
    struct pair *pair = pair_of_answered(r, digest);
    if (pair && r->digester.types[digest->protocol]->identity == IDENTITY_SEQ)
        return guess_tcp(pair, digest);
    struct answer answer = {.packet = digest, .word = digest_answered_word(digest), .query_id = digest->answered_id};
    if (pair && answer.query_id)
        found = find_by_query_id(pair, &answer);
    return pair && !found.candidate ? guess(pair, &answer) : found;
}
