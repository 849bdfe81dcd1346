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
    const struct pair *pair = s->run->pair;
    return pair->protocol == protocol && addr_equal(&pair->source, source) && addr_equal(&pair->target, target);
}

/* An answer held against a sighting that it may belong to. */
struct contest {
    const struct look *quote; /* NULL: a direct answer, which quotes nothing */
    nstime time;
    struct sighting *best; /* so far; NULL: none */
    unsigned best_marks;
    unsigned count; /* of those that were held against it */
};

/* What a quote has in common with a sighting beyond its key. IPv4 ids may be turned around, checksums not yet filled
 * in: neither is ever demanded. */
static unsigned marks(const struct sighting *s, const struct look *quote)
{
    if (!quote)
        return 0;
    const struct headers *h = quote->headers;
    unsigned marks = h->ip.version == 4 && s->ip_id == h->ip.id ? 4 : 0;
    if (s->head_bytes && quote->head_bytes == s->head_bytes && quote->head == s->head)
        marks += 2;
    return marks + ((h->transport.have & HAVE_CHECKSUM) && h->transport.checksum == s->checksum);
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
    bool a_beyond = contest->quote || a->probe.ttl > a->run->trace.top;
    bool b_beyond = contest->quote || b->probe.ttl > b->run->trace.top;
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
    unsigned s_marks = marks(s, contest->quote);
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
        if (s->word == word && !s->settled && is_of(s, source, target, protocol))
            contend(contest, s);
}

/* Ports (echo: id and sequence number) alone. Sure where there is only one such sighting, or the quote tells which. */
static struct found find_by_word(struct pair *pair, const struct look *quote, nstime time)
{
    struct contest contest = {.quote = quote, .time = time};
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct sighting *s = run->newest; s && left; s = s->before, left--)
            if (s->word == quote->word && !s->settled)
                contend(&contest, s);
    if (!contest.best)
        return nobody;
    return (struct found){contest.best, contest.count == 1 || contest.best_marks ? MATCH_EXACT : MATCH_WEAK, "ports"};
}

/* A UDP port that counts is as good as an id, where the packet has none. */
static bool is_counted(const struct sighting *s, const struct headers *quote)
{
    uint8_t movement = s->run->target_port.movement;
    return !quote->ip.id && !s->ip_id && (movement == MOVE_RISING || movement == MOVE_NONE) &&
           (quote->transport.have & HAVE_LENGTH) && quote->transport.length == s->payload + 8;
}

/* A capture that kept little of each packet may have cut the quote before its ports. */
static struct found find_by_id(struct pair *pair, const struct look *quote, nstime time)
{
    struct contest contest = {.quote = quote, .time = time};
    unsigned left = SCAN_MOST;
    uint16_t id = quote->headers->ip.id;
    for (struct run *run = pair->runs; run && id; run = run->next_in_pair)
        for (struct sighting *s = run->newest; s && left; s = s->before, left--)
            if (s->ip_id == id && !s->settled)
                contend(&contest, s);
    return contest.count == 1 ? (struct found){contest.best, MATCH_WEAK, "addresses and ip id"} : nobody;
}

/* What is left alone where the source was translated. */
static bool is_translated(const struct sighting *s, const struct look *quote)
{
    const struct headers *h = quote->headers;
    bool same_id = h->ip.version == 4 && h->ip.id && s->ip_id == h->ip.id;
    bool same_end = (uint16_t)s->word == (uint16_t)quote->word;
    switch (h->ip.protocol) {
    case IP_ICMP:
    case IP_ICMP6:
        return same_end && (same_id || s->word == quote->word);
    case IP_TCP:
        return same_end && s->seq == quote->seq && (same_id || s->seq);
    case IP_UDP:
        return same_end && (same_id || s->word == quote->word || is_counted(s, h));
    case IP_UDPLITE:
    case IP_SCTP:
    case IP_DCCP:
        return same_end && (same_id || s->word == quote->word);
    default:
        return same_id;
    }
}

static struct found find_translated(const struct recogniser *r, const struct look *quote, nstime time)
{
    const struct ip_header *ip = &quote->headers->ip;
    struct contest contest = {.quote = quote, .time = time};
    unsigned pairs_left = PAIRS_MOST, left = SCAN_MOST;
    struct pair *pair = pair_first_of_target(r, &ip->target, ip->protocol);
    for (; pair && pairs_left; pair = pair->next_of_target) {
        if (pair->protocol != ip->protocol || !addr_equal(&pair->target, &ip->target))
            continue; /* it shares the chain by chance, and must not count */
        pairs_left--;
        for (struct run *run = pair->runs; run; run = run->next_in_pair)
            for (struct sighting *s = run->newest; s && left; s = s->before, left--)
                if (!s->settled && is_translated(s, quote))
                    contend(&contest, s);
    }
    return contest.best ? (struct found){contest.best, MATCH_REWRITTEN, "identity, source translated"} : nobody;
}

static struct found find_quoted(const struct recogniser *r, const struct look *quote, nstime time)
{
    const struct ip_header *ip = &quote->headers->ip;
    struct contest contest = {.quote = quote, .time = time};
    contend_by_key(r, &contest, quote->key, &ip->source, &ip->target, ip->protocol, quote->word);
    if (contest.best)
        return (struct found){contest.best, MATCH_EXACT, "addresses, ports and identity"};
    struct pair *pair = pair_find(r, quote->pair_hash, &ip->source, &ip->target, ip->protocol);
    if (!quote->has_word && quote->shape != SHAPE_RAW)
        return pair ? find_by_id(pair, quote, time) : nobody;
    if (!quote->has_word)
        return find_translated(r, quote, time);
    struct found found = pair ? find_by_word(pair, quote, time) : nobody;
    return found.sighting ? found : find_translated(r, quote, time);
}

/* --- the reply --- */

static struct reply make_reply(unsigned file, const struct frame *frame, const struct packet *packet,
                               const struct found *found)
{
    struct reply reply = reply_of_packet(frame, packet);
    reply.match = (uint8_t)found->match;
    reply.rule = found->rule;
    reply.file = (uint8_t)file;
    return reply;
}

struct icmp_extension *extension_copy(struct recogniser *r, const struct icmp_extension *extension)
{
    if (!extension->present)
        return NULL;
    struct icmp_extension *copy = r->spare_count ? r->spare[--r->spare_count] : malloc(sizeof *copy);
    if (!copy)
        return NULL;
    copy->present = true;
    copy->non_compliant = extension->non_compliant;
    copy->mpls_count = extension->mpls_count;
    copy->interface_count = extension->interface_count;
    memcpy(copy->mpls, extension->mpls, extension->mpls_count * sizeof *copy->mpls);
    memcpy(copy->interfaces, extension->interfaces, extension->interface_count * sizeof *copy->interfaces);
    return copy;
}

void extension_release(struct recogniser *r, struct icmp_extension *extension)
{
    if (r->spare_count < SPARE_EXTENSIONS)
        r->spare[r->spare_count++] = extension;
    else
        free(extension);
}

/* What the quote shows changed; whether offloading left the checksums right nobody knows, so these do not count. */
static void add_rewrites(const struct sighting *s, const struct headers *quote, struct reply *reply)
{
    const struct pair *pair = s->run->pair;
    const struct transport *t = &quote->transport;
    bool has_word = s->run->shape != SHAPE_RAW;
    bool is_tcp = pair->protocol == IP_TCP;
    if (addr_equal(&quote->ip.source, &pair->source) && addr_equal(&quote->ip.target, &pair->target) &&
        quote->ip.id == s->ip_id && quote->ip.tos == s->tos && quote->ip.flow_label == s->flow_label &&
        quote->ip.dont_fragment == s->dont_fragment &&
        (!(t->have & HAVE_PORTS) || (t->source_port == s->word >> 16 && t->target_port == (uint16_t)s->word)) &&
        (!(t->have & HAVE_ECHO) || (t->echo_id == s->word >> 16 && t->echo_seq == (uint16_t)s->word)) &&
        (!is_tcp || (t->seq == s->seq && (!(t->have & HAVE_ACK) || t->ack == s->ack) &&
                     (!(t->have & HAVE_WINDOW) || t->window == s->window))))
        return;
    struct headers sent = {
        .ip = {.version = quote->ip.version,
               .protocol = pair->protocol,
               .tos = s->tos,
               .id = s->ip_id,
               .flow_label = s->flow_label,
               .dont_fragment = s->dont_fragment,
               .source = pair->source,
               .target = pair->target},
    };
    struct transport *mine = &sent.transport;
    bool is_echo = s->run->shape == SHAPE_ECHO;
    mine->have = !has_word ? 0 : is_echo ? HAVE_ECHO : HAVE_PORTS;
    mine->source_port = mine->echo_id = (uint16_t)(s->word >> 16);
    mine->target_port = mine->echo_seq = (uint16_t)s->word;
    if (is_tcp) {
        mine->have |= HAVE_SEQ | HAVE_ACK | HAVE_FLAGS | HAVE_WINDOW;
        mine->seq = s->seq;
        mine->ack = s->ack;
        mine->flags = s->tcp_flags;
        mine->window = s->window;
    }
    reply_compare_quote(reply, &sent, quote);
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

/* A second reply and those after it. */
static bool add_another(struct probe *probe, const struct reply *reply)
{
    if (probe->reply_count == REPLIES_MOST)
        return false;
    if (probe->reply_count >= probe->reply_capacity) {
        unsigned capacity = probe->reply_count * 2U;
        bool is_own = probe->reply_capacity > 0;
        struct reply *grown = realloc(is_own ? probe->replies : NULL, capacity * sizeof *grown);
        if (!grown)
            return false;
        if (!is_own)
            grown[0] = probe->replies[0];
        probe->replies = grown;
        probe->reply_capacity = (uint8_t)capacity;
    }
    probe->replies[probe->reply_count++] = *reply;
    return true;
}

static void note_reply(struct run *run, const struct sighting *s, const struct reply *reply)
{
    struct trace *trace = &run->trace;
    uint8_t refused = trace->refused_ttl;
    struct run_ttl *at = run_at(run, s->ttl);
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

/* Takes over what the reply owns. */
static void add_reply(struct recogniser *r, struct sighting *s, struct reply *reply)
{
    struct probe *probe = &s->probe;
    size_t bytes = sighting_reply_bytes(s);
    bool taken = true;
    bool again = is_same_frame(probe, reply);
    reply->duplicate = probe->reply_count > 0;
    if (again) {
        taken = false;
    } else if (!probe->reply_count) {
        s->first = *reply;
        probe->replies = &s->first;
        probe->reply_count = 1;
    } else {
        taken = add_another(probe, reply);
    }
    if (!taken) {
        count_stray(r, again ? STRAY_ANSWER_SEEN_AGAIN : STRAY_TOO_MANY);
        free(reply->extension);
        free(reply->rewrites);
        return;
    }
    if (probe->reply_count == 1)
        run_answered(r, s);
    note_reply(s->run, s, reply);
    bytes = sighting_reply_bytes(s) - bytes;
    run_consider(r, s->run);
    if (bytes)
        run_note_bytes(r, bytes);
}

/* --- ICMP errors --- */

static struct other_error make_error(unsigned file, const struct frame *frame, const struct packet *packet)
{
    const struct headers *quote = &packet->quote;
    const struct transport *t = &packet->outer.transport;
    bool has_ports = quote->transport.have & HAVE_PORTS;
    return (struct other_error){
        .time = frame->time,
        .frame = frame->number,
        .from = packet->outer.ip.source,
        .source = quote->ip.source,
        .target = quote->ip.target,
        .source_port = has_ports ? quote->transport.source_port : 0,
        .target_port = has_ports ? quote->transport.target_port : 0,
        .protocol = quote->ip.protocol,
        .version = packet->outer.ip.version,
        .icmp_type = t->type,
        .icmp_code = t->code,
        .file = (uint8_t)file,
        .has_ports = has_ports,
        .mtu = packet->mtu,
        .cut = packet->truncated && !has_ports && packet->outer.transport.captured < packet->outer.transport.size,
    };
}

void answer_take_error(struct recogniser *r, unsigned file, const struct frame *frame, const struct packet *packet,
                       const struct look *look)
{
    const struct headers *quote = &packet->quote;
    struct found found = nobody;
    if (quote->ip.version && !quote->ip.fragment_offset)
        found = find_quoted(r, look, frame->time);
    struct reply reply = make_reply(file, frame, packet, &found);
    reply.kind = (uint8_t)reply_kind_of_icmp(packet->outer.ip.version, reply.icmp_type, reply.icmp_code);
    if (found.sighting && reply.kind == REPLY_OTHER) { /* the packet went on */
        count_stray(r, STRAY_ADVICE);
        return;
    }
    reply.quoted_ttl = quote->ip.version ? quote->ip.ttl : -1;
    if (found.sighting) {
        reply.extension = extension_copy(r, &packet->extension);
        add_rewrites(found.sighting, quote, &reply);
        add_reply(r, found.sighting, &reply);
        return;
    }
    struct other_error error = make_error(file, frame, packet);
    error.extension = extension_copy(r, &packet->extension);
    if (quote->ip.version)
        orphan_add(r, look, &error, &reply);
    else
        keep_error(r, &error);
}

/* --- direct answers --- */

/* What a direct answer is held against where no key finds its probe. */
struct answer {
    uint32_t word; /* the ports that its probe would have */
    bool has_word;
    bool to_syn;       /* TCP: answers a SYN, or something else */
    bool acknowledges; /* TCP: a segment without RST, good only for what it acknowledges */
    uint32_t ack;
    nstime time;
};

static bool answers(const struct sighting *s, const struct answer *answer)
{
    if (answer->has_word && s->word != answer->word)
        return false;
    return !answer->acknowledges || (s->payload && answer->ack - s->seq == s->payload);
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

static struct found find_answered_tcp(const struct recogniser *r, const struct packet *packet, uint64_t pair_hash,
                                      uint32_t word, nstime time)
{
    const struct ip_header *ip = &packet->outer.ip;
    const struct transport *t = &packet->outer.transport;
    if (!(t->have & HAVE_FLAGS))
        return nobody;
    bool syn_ack = (t->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
    bool rst = t->flags & TCP_RST;
    /* What the target acknowledges: a SYN or a FIN counts as one. */
    if ((syn_ack || rst) && (t->flags & TCP_ACK)) {
        uint64_t key = look_key(pair_hash, word, (uint32_t)t->ack - 1);
        struct contest contest = {.time = time};
        contend_by_key(r, &contest, key, &ip->target, &ip->source, IP_TCP, word);
        if (contest.best)
            return (struct found){contest.best, contest.count == 1 ? MATCH_EXACT : MATCH_WEAK,
                                  "ports and acknowledgement"};
    }
    struct pair *pair = pair_find(r, pair_hash, &ip->target, &ip->source, IP_TCP);
    if (!pair)
        return nobody;
    struct answer answer = {
        .word = word, .has_word = true, .acknowledges = !rst, .ack = (uint32_t)t->ack, .time = time};
    struct found found = syn_ack ? nobody : guess(pair, &answer);
    if (found.sighting || !(syn_ack || rst))
        return found;
    answer.to_syn = true;
    answer.acknowledges = false;
    return guess(pair, &answer);
}

static struct found find_answered(const struct recogniser *r, const struct packet *packet, uint64_t pair_hash,
                                  nstime time)
{
    const struct ip_header *ip = &packet->outer.ip;
    const struct transport *t = &packet->outer.transport;
    uint32_t word = (uint32_t)t->target_port << 16 | t->source_port;
    if (ip->protocol == IP_ICMP || ip->protocol == IP_ICMP6) {
        word = (uint32_t)t->echo_id << 16 | t->echo_seq;
        struct contest contest = {.time = time};
        contend_by_key(r, &contest, look_key(pair_hash, word, 0), &ip->target, &ip->source, ip->protocol, word);
        return contest.best ? (struct found){contest.best, MATCH_EXACT, "echo id and sequence number"} : nobody;
    }
    if (ip->protocol == IP_TCP)
        return find_answered_tcp(r, packet, pair_hash, word, time);
    struct pair *pair = pair_find(r, pair_hash, &ip->target, &ip->source, ip->protocol);
    struct answer answer = {.word = word, .has_word = t->have & HAVE_PORTS, .time = time};
    return pair ? guess(pair, &answer) : nobody;
}

static enum reply_kind kind_of_answer(const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    switch (packet->outer.ip.protocol) {
    case IP_ICMP:
    case IP_ICMP6:
        return REPLY_ECHO;
    case IP_TCP:
        if (t->flags & TCP_RST)
            return REPLY_RST;
        return t->flags & TCP_SYN ? REPLY_SYN_ACK : REPLY_TCP;
    case IP_UDP:
    case IP_UDPLITE:
        return REPLY_UDP;
    case IP_SCTP:
        return REPLY_SCTP;
    case IP_DCCP:
        return REPLY_DCCP;
    default:
        return REPLY_OTHER;
    }
}

/* Without a probe of its own it may yet answer one whose other answers are orphans. */
static bool answer_orphans(struct recogniser *r, const struct packet *packet, uint64_t pair_hash, struct reply *reply)
{
    const struct ip_header *ip = &packet->outer.ip;
    const struct transport *t = &packet->outer.transport;
    bool is_echo = ip->protocol == IP_ICMP || ip->protocol == IP_ICMP6;
    uint32_t word =
        is_echo ? (uint32_t)t->echo_id << 16 | t->echo_seq : (uint32_t)t->target_port << 16 | t->source_port;
    struct pair *pair = pair_find(r, pair_hash, &ip->target, &ip->source, ip->protocol);
    bool ends = reply->kind == REPLY_ECHO || reply->kind == REPLY_SYN_ACK || reply->kind == REPLY_RST;
    reply->match = MATCH_WEAK;
    reply->rule = "ports alone";
    return pair && pair->orphans && ends && orphan_take_answer(r, pair, word, reply);
}

bool answer_take(struct recogniser *r, unsigned file, const struct frame *frame, const struct packet *packet,
                 const struct look *look)
{
    if (!look->may_answer || (!r->run_count && !r->orphan_count))
        return false;
    struct found found = find_answered(r, packet, look->answer_hash, frame->time);
    if (!found.sighting && !r->orphan_count)
        return false;
    struct reply reply = make_reply(file, frame, packet, &found);
    reply.kind = (uint8_t)kind_of_answer(packet);
    if (!found.sighting)
        return answer_orphans(r, packet, look->answer_hash, &reply);
    add_reply(r, found.sighting, &reply);
    return true;
}
