/* SPDX-License-Identifier: BSD-2-Clause */
/* answer: which sighting an ICMP error or a direct answer belongs to.
 *
 * By the key first: addresses, ports and IPv4 id or sequence number, exactly. Then, each among a bounded number of
 * sightings, the newest first: ports alone (the id was zeroed or turned around by the quoting router), and what a NAT
 * that did not translate the quote back leaves alone: target, id, sequence number. */
#include <stdlib.h>
#include <string.h>

#include "recognise/internal.h"

#define PAIRS_MOST 16 /* looked at for a quote whose source was translated */
#define TIMELY_LEAST (20 * NS_PER_MS)

/* A sighting, and how surely it is the right one. */
struct found {
    struct sighting *sighting; /* NULL: none */
    enum match match;
    const char *rule; /* constant */
};

static const struct found nobody = {NULL, MATCH_NONE, ""};

static bool is_of(const struct sighting *s, const struct addr *source, const struct addr *target, uint8_t protocol)
{
    const struct flow *flow = &s->run->trace.flow; /* where its pair would have to be fetched */
    return s->run->protocol == protocol && addr_equal(&flow->source, source) && addr_equal(&flow->target, target);
}

/* An answer held against a sighting that it may belong to. */
struct contest {
    const struct digest *quote; /* NULL: a direct answer, which quotes nothing */
    nstime time;
    struct sighting *best; /* so far; NULL: none */
    unsigned best_marks;
    unsigned count; /* of those that were held against it */
};

/* What a quote has in common with a sighting beyond its key. IPv4 ids may be turned around, checksums not yet filled
 * in: neither is ever demanded. */
static unsigned marks(const struct traits *sent, const struct digest *quote)
{
    if (!quote)
        return 0;
    const struct traits *traits = &quote->traits;
    unsigned marks = quote->source.family == 4 && sent->ip_id == traits->ip_id ? 4 : 0;
    if (sent->payload_length && traits->payload_length == sent->payload_length &&
        memcmp(traits->payload, sent->payload, sizeof sent->payload) == 0)
        marks += 2;
    return marks + ((quote->have & HAVE_CHECKSUM) && traits->checksum == sent->checksum);
}

/* Whether the answer came about as soon as others did: much later it belongs to a later probe. */
static bool is_timely(const struct sighting *s, nstime time)
{
    nstime usual = 4 * s->run->rtt;
    return time - s->probe.sent <= (usual > TIMELY_LEAST ? usual : TIMELY_LEAST);
}

/* Of those that agree in as much: who is not answered, who is beyond the last router (a direct answer), who was asked
 * just before; and of several that were, the first. */
static bool is_likelier(const struct sighting *a, const struct sighting *b, const struct contest *contest)
{
    bool a_open = !a->probe.reply_count, b_open = !b->probe.reply_count;
    bool a_beyond = contest->quote || a->probe.ttl > a->run->trace.last_router_ttl;
    bool b_beyond = contest->quote || b->probe.ttl > b->run->trace.last_router_ttl;
    bool a_timely = is_timely(a, contest->time), b_timely = is_timely(b, contest->time);
    if (a_open != b_open)
        return a_open;
    if (a_beyond != b_beyond)
        return a_beyond;
    if (a_timely != b_timely)
        return a_timely;
    return a_timely ? a->probe.sent < b->probe.sent : a->probe.sent > b->probe.sent;
}

static void contend(struct contest *contest, struct sighting *s)
{
    unsigned s_marks = marks(&s->traits, contest->quote);
    contest->count++;
    if (contest->best &&
        (s_marks < contest->best_marks || (s_marks == contest->best_marks && !is_likelier(s, contest->best, contest))))
        return;
    contest->best = s;
    contest->best_marks = s_marks;
}

/* All that have this key, and these addresses and ports. */
static void contend_by_key(const struct recogniser *r, struct contest *contest, uint64_t key, const struct addr *source,
                           const struct addr *target, uint8_t protocol, uint32_t word)
{
    unsigned left = SCAN_MOST;
    for (struct sighting *s = index_first(r, key); s && left; s = index_next(r, s), left--)
        if (s->traits.word == word && !s->settled && is_of(s, source, target, protocol))
            contend(contest, s);
}

/* Ports (echo: id and sequence number) alone. Sure where there is only one such sighting, or the quote tells which. */
static struct found find_by_word(struct pair *pair, const struct digest *quote)
{
    struct contest contest = {.quote = quote, .time = quote->time};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct sighting *s = run->newest; s && left; s = s->before, left--)
            if (s->traits.word == quote->traits.word && !s->settled)
                contend(&contest, s);
    if (!contest.best)
        return nobody;
    return (struct found){contest.best, contest.count == 1 || contest.best_marks ? MATCH_EXACT : MATCH_WEAK, "ports"};
}

/* A UDP port that counts is as good as an id, where the packet has none. */
static bool is_counted(const struct sighting *s, const struct digest *quote)
{
    uint8_t movement = s->run->target_port.movement;
    return s->run->shape == SHAPE_UDP && !quote->traits.ip_id && !s->traits.ip_id &&
           (movement == MOVE_RISING || movement == MOVE_NONE) && (quote->have & HAVE_LENGTH) &&
           quote->length == s->traits.payload_bytes + 8;
}

/* A capture that kept little of each packet may have cut the quote before its ports. */
static struct found find_by_id(struct pair *pair, const struct digest *quote)
{
    struct contest contest = {.quote = quote, .time = quote->time};
    unsigned left = SCAN_MOST;
    uint16_t id = quote->traits.ip_id;
    for (struct run *run = pair->runs; run && id; run = run->next_in_pair)
        for (struct sighting *s = run->newest; s && left; s = s->before, left--)
            if (s->traits.ip_id == id && !s->settled)
                contend(&contest, s);
    return contest.count == 1 ? (struct found){contest.best, MATCH_WEAK, "addresses and ip id"} : nobody;
}

/* What is left alone where the source was translated. */
static bool is_translated(const struct probe_type *type, const struct sighting *s, const struct digest *quote)
{
    const struct traits *sent = &s->traits, *traits = &quote->traits;
    bool same_id = quote->source.family == 4 && traits->ip_id && sent->ip_id == traits->ip_id;
    bool same_end = (uint16_t)sent->word == (uint16_t)traits->word;
    if (!type->protocol)
        return same_id;
    if (type->identity == IDENTITY_SEQ)
        return same_end && sent->seq == traits->seq && (same_id || sent->seq);
    return same_end && (same_id || sent->word == traits->word || is_counted(s, quote));
}

static struct found find_translated(const struct recogniser *r, const struct digest *quote)
{
    struct contest contest = {.quote = quote, .time = quote->time};
    unsigned pairs_left = PAIRS_MOST, left = SCAN_MOST;
    struct pair *pair = pair_first_of_target(r, &quote->target, quote->protocol);
    for (; pair && pairs_left; pair = pair->next_of_target) {
        if (pair->protocol != quote->protocol || !addr_equal(&pair->target, &quote->target))
            continue; /* it shares the chain by chance, and must not count */
        pairs_left--;
        for (struct run *run = pair->runs; run; run = run->next_in_pair)
            for (struct sighting *s = run->newest; s && left; s = s->before, left--)
                if (!s->settled && is_translated(r->types[quote->protocol], s, quote))
                    contend(&contest, s);
    }
    return contest.best ? (struct found){contest.best, MATCH_REWRITTEN, "identity, source translated"} : nobody;
}

static struct found find_quoted(const struct recogniser *r, const struct digest *quote)
{
    struct contest contest = {.quote = quote, .time = quote->time};
    contend_by_key(r, &contest, quote->key, &quote->source, &quote->target, quote->protocol, quote->traits.word);
    if (contest.best)
        return (struct found){contest.best, MATCH_EXACT, "addresses, ports and identity"};
    struct pair *pair = pair_find(r, quote->pair_hash, &quote->source, &quote->target, quote->protocol);
    if (!quote->has_word && quote->shape != SHAPE_RAW)
        return pair ? find_by_id(pair, quote) : nobody;
    if (!quote->has_word)
        return find_translated(r, quote);
    struct found found = pair ? find_by_word(pair, quote) : nobody;
    return found.sighting ? found : find_translated(r, quote);
}

/* --- the reply --- */

struct icmp_extension *extension_copy(struct recogniser *r, const struct icmp_extension *extension)
{
    if (!extension)
        return NULL;
    struct icmp_extension *copy = r->spare_count ? r->spare[--r->spare_count] : malloc(sizeof *copy);
    if (copy)
        icmp_extension_copy(copy, extension);
    return copy;
}

void extension_release(struct recogniser *r, struct icmp_extension *extension)
{
    if (r->spare_count < SPARE_EXTENSIONS)
        r->spare[r->spare_count++] = extension;
    else
        free(extension);
}

/* As far as the traits tell: whether offloading left the checksums right nobody knows, so these do not count. */
static struct headers headers_of(const struct addr *source, const struct addr *target, uint8_t protocol, uint32_t have,
                                 const struct traits *traits)
{
    struct headers headers = {
        .ip = {.version = source->family,
               .protocol = protocol,
               .tos = traits->tos,
               .id = traits->ip_id,
               .flow_label = traits->flow_label,
               .dont_fragment = traits->dont_fragment,
               .source = *source,
               .target = *target},
    };
    struct transport *transport = &headers.transport;
    transport->have = have & (HAVE_PORTS | HAVE_ECHO | HAVE_SEQ | HAVE_ACK | HAVE_FLAGS | HAVE_WINDOW);
    transport->source_port = transport->echo_id = (uint16_t)(traits->word >> 16);
    transport->target_port = transport->echo_seq = (uint16_t)traits->word;
    transport->seq = traits->seq;
    transport->ack = traits->ack;
    transport->flags = traits->tcp_flags;
    transport->window = traits->window;
    return headers;
}

/* What the quote shows changed. */
static void add_rewrites(const struct recogniser *r, const struct sighting *s, const struct digest *quote,
                         struct reply *reply)
{
    const struct flow *flow = &s->run->trace.flow;
    const struct traits *sent = &s->traits, *quoted = &quote->traits;
    bool is_tcp = r->types[quote->protocol]->identity == IDENTITY_SEQ;
    if (addr_equal(&quote->source, &flow->source) && addr_equal(&quote->target, &flow->target) &&
        quoted->ip_id == sent->ip_id && quoted->tos == sent->tos && quoted->flow_label == sent->flow_label &&
        quoted->dont_fragment == sent->dont_fragment && (!quote->has_word || quoted->word == sent->word) &&
        (!is_tcp || (quoted->seq == sent->seq && (!(quote->have & HAVE_ACK) || quoted->ack == sent->ack) &&
                     (!(quote->have & HAVE_WINDOW) || quoted->window == sent->window))))
        return;
    struct headers before = headers_of(&flow->source, &flow->target, quote->protocol, quote->have, sent);
    struct headers after = headers_of(&quote->source, &quote->target, quote->protocol, quote->have, quoted);
    reply_compare_quote(reply, &before, &after);
}

static bool is_same_frame(const struct probe *probe, const struct reply *reply)
{
    for (unsigned i = 0; i < probe->reply_count; i++) {
        const struct reply *other = &probe->replies[i];
        nstime apart = reply->time - other->time;
        bool elsewhere =
            other->interface != reply->interface || other->reply_ttl != reply->reply_ttl || other->file != reply->file;
        if (elsewhere && addr_equal(&other->from, &reply->from) && other->kind == reply->kind &&
            other->ip_id == reply->ip_id && apart <= SAME_FRAME_WITHIN && apart >= -SAME_FRAME_WITHIN)
            return true;
    }
    return false;
}

/* Where the next reply to the probe goes. NULL: it has too many, or memory is short. */
static struct reply *next_reply(struct sighting *s)
{
    struct probe *probe = &s->probe;
    if (!probe->reply_count)
        return probe->replies = &s->first;
    if (probe->reply_count == REPLIES_MOST)
        return NULL;
    if (probe->reply_count >= probe->reply_capacity) {
        unsigned capacity = probe->reply_count * 2U;
        bool is_own = probe->reply_capacity > 0;
        struct reply *grown = realloc(is_own ? probe->replies : NULL, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        if (!is_own)
            grown[0] = s->first;
        probe->replies = grown;
        probe->reply_capacity = (uint8_t)capacity;
    }
    return &probe->replies[probe->reply_count];
}

static void note_reply(struct run *run, const struct sighting *s, const struct reply *reply)
{
    struct trace *trace = &run->trace;
    uint8_t refused = trace->refused_ttl;
    struct run_ttl *at = run_at(run, s->traits.ttl);
    trace_note_reply(trace, s->probe.ttl, reply);
    if (trace->refused_ttl != refused)
        run->no_route = reply_is_no_route(reply);
    run->errors += reply->is_icmp && reply->quoted_ttl >= 0;
    if (reply->kind != REPLY_TIME_EXCEEDED)
        return;
    run->expired++;
    nstime rtt = reply_rtt(&s->probe, reply);
    run->rtt = rtt < ANSWER_WITHIN ? rtt : ANSWER_WITHIN; /* stamps may be anything */
    if (at && addr_is_none(&at->router))
        at->router = reply->from;
}

static void add_reply(struct recogniser *r, const struct digest *look, const struct found *found)
{
    struct sighting *s = found->sighting;
    struct probe *probe = &s->probe;
    size_t bytes = sighting_reply_bytes(s);
    bool again = is_same_frame(probe, &look->answer);
    struct reply *reply = again ? NULL : next_reply(s);
    if (!reply) {
        count_stray(r, again ? STRAY_ANSWER_SEEN_AGAIN : STRAY_TOO_MANY);
        return;
    }
    *reply = look->answer;
    reply->match = (uint8_t)found->match;
    reply->rule = found->rule;
    reply->duplicate = probe->reply_count > 0;
    if (look->kind == PACKET_ICMP_ERROR) {
        reply->extension = extension_copy(r, look->extension);
        add_rewrites(r, s, look, reply);
    }
    if (probe->reply_count++ == 0)
        run_answered(r, s);
    note_reply(s->run, s, reply);
    bytes = sighting_reply_bytes(s) - bytes;
    run_consider(r, s->run);
    if (bytes)
        run_note_bytes(r, bytes);
}

/* --- ICMP errors --- */

static struct other_error make_error(const struct digest *look)
{
    const struct reply *reply = &look->answer;
    bool has_ports = look->have & HAVE_PORTS;
    return (struct other_error){
        .time = look->time,
        .frame = look->frame,
        .from = reply->from,
        .source = look->source,
        .target = look->target,
        .source_port = has_ports ? (uint16_t)(look->traits.word >> 16) : 0,
        .target_port = has_ports ? (uint16_t)look->traits.word : 0,
        .protocol = look->protocol,
        .version = reply->version,
        .icmp_type = reply->icmp_type,
        .icmp_code = reply->icmp_code,
        .file = look->file,
        .has_ports = has_ports,
        .mtu = reply->mtu,
        .cut = look->cut,
    };
}

void answer_take_error(struct recogniser *r, const struct digest *look)
{
    bool has_quote = !addr_is_none(&look->source);
    struct found found = has_quote && !look->is_fragment ? find_quoted(r, look) : nobody;
    if (found.sighting && look->answer.kind == REPLY_OTHER) { /* the packet went on */
        count_stray(r, STRAY_ADVICE);
        return;
    }
    if (found.sighting) {
        add_reply(r, look, &found);
        return;
    }
    struct other_error error = make_error(look);
    error.extension = extension_copy(r, look->extension);
    if (has_quote)
        inferred_add(r, look, &error);
    else
        results_error(r, &error);
}

/* --- direct answers --- */

/* What a direct answer is held against where no key finds its probe. */
struct answer {
    uint32_t word;     /* the ports that its probe would have */
    uint32_t query_id; /* that its probe would have; 0: any */
    bool has_word;
    bool to_syn;       /* TCP: answers a SYN, or something else */
    bool acknowledges; /* TCP: a segment without RST, good only for what it acknowledges */
    uint32_t ack;
    nstime time;
};

static bool answers(const struct sighting *s, const struct answer *answer)
{
    const struct traits *sent = &s->traits;
    if (answer->has_word && sent->word != answer->word)
        return false;
    if (answer->query_id && sent->query_id && answer->query_id != sent->query_id)
        return false;
    unsigned bytes = sent->payload_bytes + (s->run->shape == SHAPE_FIN ? 1U : 0U); /* a FIN counts as one */
    return !answer->acknowledges || (bytes && answer->ack - sent->seq == bytes);
}

static struct found guess(const struct pair *pair, const struct answer *answer)
{
    struct contest contest = {.time = answer->time};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair) {
        if ((run->shape == SHAPE_SYN) != answer->to_syn)
            continue;
        for (struct sighting *s = run->newest; s && left; s = s->before, left--)
            if (answers(s, answer) && !s->probe.reply_count && !s->settled)
                contend(&contest, s);
    }
    bool only = contest.count == 1 && answer->has_word;
    return contest.best ? (struct found){contest.best, only ? MATCH_EXACT : MATCH_WEAK, "ports"} : nobody;
}

/* The answer repeats the id of its query, which may have been answered before. Several queries may have one id. */
static struct found find_by_query_id(const struct pair *pair, const struct answer *answer)
{
    struct contest contest = {.time = answer->time};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct sighting *s = run->newest; s && left; s = s->before, left--)
            if (s->traits.query_id == answer->query_id && answers(s, answer) && !s->settled)
                contend(&contest, s);
    if (!contest.best)
        return nobody;
    return (struct found){contest.best, contest.count == 1 ? MATCH_EXACT : MATCH_WEAK, "ports and query id"};
}

/* By what it acknowledges, or, of an echo, by the key alone. */
static struct found find_by_answer_key(const struct recogniser *r, const struct digest *look)
{
    struct contest contest = {.time = look->time};
    contend_by_key(r, &contest, look->answer_key, &look->target, &look->source, look->protocol,
                   digest_answered_word(look));
    if (!contest.best)
        return nobody;
    if (look->answer.kind == REPLY_ECHO)
        return (struct found){contest.best, MATCH_EXACT, "echo id and sequence number"};
    return (struct found){contest.best, contest.count == 1 ? MATCH_EXACT : MATCH_WEAK, "ports and acknowledgement"};
}

static struct found guess_tcp(const struct pair *pair, const struct digest *look)
{
    bool syn_ack = look->answer.kind == REPLY_SYN_ACK, rst = look->answer.kind == REPLY_RST;
    struct answer answer = {.word = digest_answered_word(look),
                            .has_word = true,
                            .acknowledges = !rst,
                            .ack = look->traits.ack,
                            .time = look->time};
    struct found found = syn_ack ? nobody : guess(pair, &answer);
    if (found.sighting || !(syn_ack || rst))
        return found;
    answer.to_syn = true;
    answer.acknowledges = false;
    return guess(pair, &answer);
}

static struct found find_answered(const struct recogniser *r, const struct digest *look)
{
    struct found found = look->may_answer_key ? find_by_answer_key(r, look) : nobody;
    if (found.sighting || look->answer.kind == REPLY_ECHO)
        return found;
    struct pair *pair = pair_find(r, look->answer_hash, &look->target, &look->source, look->protocol);
    if (pair && r->types[look->protocol]->identity == IDENTITY_SEQ)
        return guess_tcp(pair, look);
    struct answer answer = {.word = digest_answered_word(look),
                            .query_id = look->answered_id,
                            .has_word = look->has_word,
                            .time = look->time};
    if (pair && answer.query_id)
        found = find_by_query_id(pair, &answer);
    return pair && !found.sighting ? guess(pair, &answer) : found;
}

/* Without a probe of its own it may yet answer one whose other answers are orphans. */
static bool answer_orphans(struct recogniser *r, const struct digest *look)
{
    struct pair *pair = pair_find(r, look->answer_hash, &look->target, &look->source, look->protocol);
    struct reply reply = look->answer;
    bool ends = reply.kind == REPLY_ECHO || reply.kind == REPLY_SYN_ACK || reply.kind == REPLY_RST;
    reply.match = MATCH_WEAK;
    reply.rule = "ports alone";
    return pair && pair->orphans && ends && inferred_take_answer(r, pair, digest_answered_word(look), &reply);
}

bool answer_take(struct recogniser *r, const struct digest *look)
{
    if (!look->may_answer || (!r->run_count && !r->orphan_count))
        return false;
    struct found found = find_answered(r, look);
    if (!found.sighting)
        return r->orphan_count && answer_orphans(r, look);
    add_reply(r, look, &found);
    return true;
}
