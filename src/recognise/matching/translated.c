/* SPDX-License-Identifier: BSD-2-Clause */
/* A translator of addresses leaves the IPv4 id, sequence numbers and payload alone, and mostly one port or both. It
 * changes a checksum by the difference of what it translates (RFC 1624). A quote belongs to a probe
 * 1. of the same target and target port: as behind a source NAT;
 * 2. of the same source and source port: as behind a destination NAT, a port forwarding or a load balancer;
 * 3. of neither: then the error must have come to the probe's source, and more of the identity must fit.
 * Over IPv6 no id tells the packets apart. So ports, and payload or checksum, must fit, and the run have two TTLs. */
#include "recognise/matching/translated.h"

#include <string.h>

#include "packet/checksum.h"
#include "recognise/runs/pattern.h"
#include "recognise/runs/run.h"
#include "recognise/store/pair.h"
#include "recognise/store/senders.h"

#define PAIRS_MOST 16     /* pairs tried for a quote whose source was translated: bounds the time per frame */
#define RUNS_TRIED_MOST 8 /* the newest, for a quote whose target was translated: likewise */
#define TRIED_MOST 64     /* their candidates */

/* What of a quote fits a candidate. */
struct fit {
    bool source, target;           /* addresses */
    bool recipient;                /* the error came to the probe's source */
    bool source_port, target_port; /* echo: id, sequence number */
    bool id;                       /* IPv4 */
    bool no_id;                    /* there is none to compare: IPv6, or a router cleared it */
    bool seq;                      /* TCP ... */
    bool payload, other_payload;
    bool sum; /* the transport checksum, once the translation is undone */
};

/* A counting UDP port identifies a packet without IP id as well. */
static bool is_counted(const struct candidate *candidate, const struct digest *quote)
{
    uint8_t movement = candidate->run->target_port.movement;
    return candidate->run->shape == SHAPE_UDP && !quote->traits.ip_id && !candidate->traits.ip_id &&
           (movement == MOVE_RISING || movement == MOVE_NONE) && (quote->have & HAVE_LENGTH) &&
           quote->length == candidate->traits.payload_bytes + 8;
}

static uint32_t sum_of(const struct addr *source, const struct addr *target, uint32_t word, bool with_addresses)
{
    uint32_t sum = (word >> 16) + (word & 0xffff);
    if (with_addresses) {
        sum = checksum_add(sum, source->bytes, addr_length(source));
        sum = checksum_add(sum, target->bytes, addr_length(target));
    }
    return sum;
}

/* RFC 1624: the probe's checksum, changed by what was translated, is that of the quote. */
static bool sum_fits(const struct candidate *candidate, const struct digest *quote)
{
    const struct flow *flow = &candidate->run->trace.flow;
    bool with_addresses = candidate->run->protocol != IP_ICMP;
    if (!(quote->have & HAVE_CHECKSUM) || !quote->traits.checksum)
        return false;
    uint32_t before = sum_of(&flow->source, &flow->target, candidate->traits.word, with_addresses);
    uint32_t after = sum_of(&quote->source, &quote->target, quote->traits.word, with_addresses);
    uint32_t sum =
        (uint16_t)~candidate->traits.checksum + (uint32_t)checksum_finish(before) + (uint16_t)~checksum_finish(after);
    return checksum_finish(sum) == quote->traits.checksum;
}

/* Sets what the first bytes of the payload say. Zeros may be the padding of a short quote (RFC 4884 4.1). */
static void compare_payload(const struct traits *sent, const struct traits *quoted, struct fit *fit)
{
    static const uint8_t zeros[SHOWN_BYTES];
    size_t length = quoted->payload_length < sent->payload_length ? quoted->payload_length : sent->payload_length;
    bool tells = memcmp(quoted->payload, zeros, length) != 0;
    bool same = memcmp(sent->payload, quoted->payload, length) == 0;
    fit->payload = tells && same;
    fit->other_payload = tells && !same;
}

static bool id_fits(uint16_t sent, uint16_t quoted)
{
    return sent && (sent == quoted || (uint16_t)(sent << 8 | sent >> 8) == quoted);
}

static struct fit fit_of(const struct recogniser *r, const struct candidate *candidate, const struct digest *quote)
{
    const struct flow *flow = &candidate->run->trace.flow;
    const struct traits *sent = &candidate->traits, *quoted = &quote->traits;
    bool both_4 = quote->source.family == 4 && flow->source.family == 4;
    struct fit fit = {
        .source = addr_equal(&quote->source, &flow->source),
        .target = addr_equal(&quote->target, &flow->target),
        .recipient = digest_pair_hash(&r->digester, &flow->source, &flow->source, 0) == quote->answer_hash,
        .source_port = quote->has_word && sent->word >> 16 == quoted->word >> 16,
        .target_port = quote->has_word && (uint16_t)sent->word == (uint16_t)quoted->word,
        .id = both_4 && id_fits(sent->ip_id, quoted->ip_id),
        .no_id = !both_4 || !sent->ip_id || !quoted->ip_id,
        .seq = sent->seq == quoted->seq,
        .sum = sum_fits(candidate, quote),
    };
    compare_payload(sent, quoted, &fit);
    return fit;
}

/* Without an id, the packet must be like a probe of a ladder in what the quote shows. While the run has one TTL, it
 * must be one that waits. */
static bool is_of_ladder(const struct candidate *candidate, const struct digest *quote)
{
    return run_has_two_ttls(candidate->run) ||
           (!candidate->probe.reply_count && choice_is_timely(candidate, quote->time));
}

static bool is_like_a_probe(const struct candidate *candidate, const struct digest *quote, const struct fit *fit)
{
    if (!fit->no_id || fit->other_payload || !is_of_ladder(candidate, quote))
        return false;
    if (fit->source_port && fit->target_port)
        return fit->payload || fit->sum || fit->recipient;
    return fit->sum && (fit->source_port || fit->target_port || fit->payload);
}

static bool fits_seq(const struct candidate *candidate, const struct fit *fit)
{
    bool one_port = fit->source_port || fit->target_port, both_ports = fit->source_port && fit->target_port;
    if (!fit->seq)
        return fit->id && both_ports;
    return fit->id || (candidate->traits.seq && one_port) || candidate->traits.seq > UINT16_MAX;
}

/* A NAT may change the echo id, but not the sequence number. */
static bool fits_echo(const struct candidate *candidate, const struct digest *quote, const struct fit *fit)
{
    bool sure = fit->target || fit->source || fit->sum || fit->id;
    if (fit->source_port && fit->target_port)
        return (fit->target || fit->id || is_like_a_probe(candidate, quote, fit)) && sure;
    return fit->target_port && sure && (fit->id || is_like_a_probe(candidate, quote, fit));
}

static bool fits_ports(const struct candidate *candidate, const struct digest *quote, const struct fit *fit)
{
    if (fit->target && fit->target_port && (fit->id || fit->source_port || is_counted(candidate, quote)))
        return true;
    if (fit->source && fit->source_port && fit->target_port && is_counted(candidate, quote))
        return true;
    bool port_tells = fit->target_port && candidate->run->target_port.movement != MOVE_CONSTANT;
    if (fit->id && (fit->source_port || port_tells || fit->sum || fit->payload))
        return true;
    return is_like_a_probe(candidate, quote, fit);
}

static bool is_translated(const struct recogniser *r, const struct candidate *candidate, const struct digest *quote,
                          const struct fit *fit)
{
    const struct probe_type *type = r->digester.types[candidate->run->protocol];
    if (!fit->source && !fit->target && !fit->recipient)
        return false;
    if (!quote->has_word)
        return fit->id && (fit->source || fit->target || !type->protocol);
    if (type->identity == IDENTITY_SEQ)
        return fits_seq(candidate, fit);
    return type->identity == IDENTITY_ECHO ? fits_echo(candidate, quote, fit) : fits_ports(candidate, quote, fit);
}

/* An own run with such packets has sent the quoted packet, unless a candidate waits just now. */
static bool is_of_own_run(const struct recogniser *r, const struct digest *quote)
{
    const struct pair *pair = pair_of_probe(r, quote);
    for (const struct run *run = pair ? pair->runs : NULL; run; run = run->next_in_pair)
        if (pattern_covers(run, &quote->traits))
            return true;
    return false;
}

/* Ports that are as sent tell more than a checksum, from which those that were translated are taken out. */
static unsigned agreement_of(const struct candidate *candidate, const struct digest *quote, const struct fit *fit)
{
    unsigned ports = (fit->source_port ? 1U : 0U) + (fit->target_port ? 1U : 0U);
    return choice_agreement(&candidate->traits, quote) + (fit->sum ? 4U : 0U) + 16U * ports;
}

/* A quick look, since most candidates fit in nothing. */
static bool may_fit(const struct candidate *candidate, const struct digest *quote)
{
    const struct traits *sent = &candidate->traits, *quoted = &quote->traits;
    uint32_t other = sent->word ^ quoted->word;
    return !candidate->settled &&
           (id_fits(sent->ip_id, quoted->ip_id) || (quote->has_word && (!(other >> 16) || !(other & 0xffff))) ||
            (sent->seq && sent->seq == quoted->seq) || !sent->ip_id);
}

static void offer_run(const struct recogniser *r, struct choice *choice, const struct run *run, bool must_wait,
                      unsigned *left)
{
    const struct digest *quote = choice->packet;
    for (struct candidate *candidate = run->newest; candidate && *left; candidate = candidate->before, (*left)--) {
        if (!may_fit(candidate, quote) ||
            (must_wait && (candidate->probe.reply_count || !choice_is_timely(candidate, quote->time))))
            continue;
        struct fit fit = fit_of(r, candidate, quote);
        if (is_translated(r, candidate, quote, &fit))
            choice_offer(choice, candidate, agreement_of(candidate, quote, &fit));
    }
}

static void offer_same_target(const struct recogniser *r, struct choice *choice)
{
    const struct digest *quote = choice->packet;
    unsigned pairs_left = PAIRS_MOST, left = SCAN_MOST;
    struct pair *pair = pair_first_of_target(r, &quote->target, quote->protocol);
    for (; pair && pairs_left; pair = pair->next_of_target) {
        if (pair->protocol != quote->protocol || !addr_equal(&pair->target, &quote->target))
            continue; /* it shares the chain by chance */
        pairs_left--;
        for (struct run *run = pair->runs; run; run = run->next_in_pair)
            offer_run(r, choice, run, false, &left);
    }
}

/* The same transport; a translator between IPv4 and IPv6 also changes the protocol number of ICMP. */
static bool is_same_protocol(const struct recogniser *r, const struct run *run, const struct digest *quote)
{
    bool both_echo = r->digester.types[run->protocol]->identity == IDENTITY_ECHO &&
                     r->digester.types[quote->protocol]->identity == IDENTITY_ECHO;
    return run->protocol == quote->protocol || both_echo;
}

/* The run that sent a packet of this source port and identity; if there is none, and the quote is of no run either, the
 * newest few. */
static void offer_same_sender(const struct recogniser *r, struct choice *choice)
{
    const struct digest *quote = choice->packet;
    unsigned runs_left = RUNS_TRIED_MOST, left = SCAN_MOST;
    bool must_wait = is_of_own_run(r, quote);
    const struct candidate *sent = senders_find(r, quote);
    if (sent && is_same_protocol(r, sent->run, quote))
        offer_run(r, choice, sent->run, must_wait, &left);
    if (choice->best || must_wait)
        return;
    left = TRIED_MOST;
    for (const struct run *run = run_newest(r); run && runs_left; run = run_older(r, run), runs_left--)
        if (is_same_protocol(r, run, quote))
            offer_run(r, choice, run, false, &left);
}

static struct found found_of(const struct choice *choice)
{
    const struct digest *quote = choice->packet;
    const struct flow *flow = &choice->best->run->trace.flow;
    const char *rule = addr_equal(&flow->target, &quote->target)   ? "identity, source translated"
                       : addr_equal(&flow->source, &quote->source) ? "identity, target translated"
                                                                   : "identity, both addresses translated";
    bool is_short = !quote->has_word && quote->shape != SHAPE_RAW;
    return choice_found(choice, is_short ? MATCH_WEAK : MATCH_REWRITTEN, rule);
}

struct found translated_find(const struct recogniser *r, const struct digest *quote)
{
    struct choice choice = {.packet = quote};
    offer_same_target(r, &choice);
    if (!choice.best)
        offer_same_sender(r, &choice);
    return choice.best ? found_of(&choice) : choice_none();
}
