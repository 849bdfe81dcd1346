/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/matching/answer.h"

#include <stdlib.h>
#include <string.h>

#include "recognise/frames/early.h"
#include "recognise/frames/tunnels.h"
#include "recognise/matching/inferred.h"
#include "recognise/matching/match.h"
#include "recognise/runs/run.h"
#include "recognise/store/candidate.h"
#include "recognise/store/extensions.h"
#include "recognise/store/pair.h"
#include "recognise/store/results.h"

/* As far as traits say. Checksums are left out: offloading may leave them unfinished. */
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

/* Adds the fields that the quote shows changed. */
static void add_rewrites(const struct recogniser *r, const struct candidate *candidate, const struct digest *quote,
                         struct reply *reply)
{
    const struct flow *flow = &candidate->run->trace.flow;
    const struct traits *sent = &candidate->traits, *quoted = &quote->traits;
    bool is_tcp = r->digester.types[quote->protocol]->identity == IDENTITY_SEQ;
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

/* True if both are one reply that was captured twice: at two places, or before and behind a router. */
static bool is_same_reply(const struct reply *before, const struct reply *reply)
{
    nstime apart = reply->time - before->time;
    bool farther = before->file != reply->file || reply->reply_ttl < before->reply_ttl;
    bool elsewhere = farther || before->interface != reply->interface || before->reply_ttl != reply->reply_ttl;
    return elsewhere && addr_equal(&before->from, &reply->from) && before->kind == reply->kind &&
           before->ip_id == reply->ip_id && apart >= -SAME_FRAME_WITHIN &&
           apart <= (farther ? FORWARDED_WITHIN : SAME_FRAME_WITHIN);
}

/* The earlier reply that this one is a copy of; NULL: none. */
static struct reply *find_same(const struct probe *probe, const struct reply *reply)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (is_same_reply(&probe->replies[i], reply))
            return &probe->replies[i];
    return NULL;
}

/* Of two copies of a reply, takes the one
 * 1. from the file that shows its probe,
 * 2. from the interface that shows its probe,
 * 3. with the lower TTL. */
static bool is_nearer(const struct candidate *candidate, const struct reply *reply, const struct reply *before)
{
    uint8_t file = candidate->probe.file;
    if ((reply->file == file) != (before->file == file))
        return reply->file == file;
    bool here = reply->file == file && reply->interface == candidate->interface;
    bool was_here = before->file == file && before->interface == candidate->interface;
    return here != was_here ? here : reply->reply_ttl < before->reply_ttl;
}

static void note_rtt(struct run *run, const struct candidate *candidate, const struct reply *reply)
{
    nstime rtt = reply_rtt(&candidate->probe, reply);
    if (reply->kind == REPLY_TIME_EXCEEDED && rtt != NSTIME_NONE && reply->file == candidate->probe.file)
        run->rtt = rtt < ANSWER_WITHIN ? rtt : ANSWER_WITHIN; /* stamps may be wrong */
}

static void note_reply(struct run *run, const struct candidate *candidate, const struct reply *reply)
{
    struct trace *trace = &run->trace;
    uint8_t refused = trace->refused_ttl;
    struct run_ttl *at = run_at(run, candidate->traits.ttl);
    trace_note_reply(trace, candidate->probe.ttl, reply);
    if (trace->refused_ttl != refused)
        run->no_route = reply_is_no_route(reply);
    run->errors += reply->is_icmp && reply->quoted_ttl >= 0;
    if (reply->kind != REPLY_TIME_EXCEEDED)
        return;
    run->expired++;
    note_rtt(run, candidate, reply);
    if (at && addr_is_none(&at->router))
        at->router = reply->from;
}

static void fill_reply(struct recogniser *r, const struct candidate *candidate, const struct digest *digest,
                       const struct found *found, struct reply *reply)
{
    bool duplicate = reply->duplicate;
    *reply = digest->answer;
    reply->match = (uint8_t)found->match;
    reply->rule = found->rule;
    reply->hop_is_doubtful = found->hop_is_doubtful;
    reply->duplicate = duplicate;
    if (digest->kind == PACKET_ICMP_ERROR) {
        reply->extension = extension_copy(r, digest->extension);
        if (!addr_is_none(&digest->source))
            add_rewrites(r, candidate, digest, reply);
        if (found->match == MATCH_REWRITTEN)
            candidate->run->translated_pair = digest->pair_hash;
    }
    r->shows[reply->file] |= SHOWS_REPLIES;
}

static void note_owned(struct candidate *candidate, const struct reply *reply)
{
    candidate->has_bytes |= candidate->probe.reply_capacity || reply->extension || reply->rewrite_count;
}

/* A reply from another file is provisional: the file that shows the probe may show the reply as well, and later. The
 * probe goes on waiting. */
static void note_answered(struct recogniser *r, struct candidate *candidate, const struct reply *reply)
{
    if (candidate->probe.state == PROBE_OUTSTANDING && reply->file == candidate->probe.file)
        run_answered(r, candidate);
}

/* Puts a copy that was captured nearer to the prober in the place of the reply. */
static void replace_reply(struct recogniser *r, struct candidate *candidate, const struct digest *digest,
                          const struct found *found, struct reply *reply)
{
    struct trace *trace = &candidate->run->trace;
    r->reply_bytes -= candidate_reply_bytes(candidate);
    if (reply->extension)
        extension_release(r, reply->extension);
    free(reply->rewrites);
    fill_reply(r, candidate, digest, found, reply);
    note_owned(candidate, reply);
    r->reply_bytes += candidate_reply_bytes(candidate);
    note_rtt(candidate->run, candidate, reply);
    trace->last_seen = reply->time > trace->last_seen ? reply->time : trace->last_seen;
    note_answered(r, candidate, reply);
}

static void see_again(struct recogniser *r, struct candidate *candidate, const struct digest *digest,
                      const struct found *found, struct reply *reply)
{
    if (is_nearer(candidate, &digest->answer, reply))
        replace_reply(r, candidate, digest, found, reply);
}

static void add_reply(struct recogniser *r, const struct digest *digest, const struct found *found)
{
    struct candidate *candidate = found->candidate;
    struct probe *probe = &candidate->probe;
    size_t bytes = candidate_reply_bytes(candidate);
    struct reply *same = find_same(probe, &digest->answer);
    struct reply *reply = same ? NULL : candidate_next_reply(candidate);
    if (same)
        see_again(r, candidate, digest, found, same);
    if (!reply) {
        count_stray(r, same ? STRAY_COPY : STRAY_TOO_MANY);
        return;
    }
    reply->duplicate = probe->reply_count++ > 0;
    fill_reply(r, candidate, digest, found, reply);
    note_owned(candidate, reply);
    note_answered(r, candidate, reply);
    note_reply(candidate->run, candidate, reply);
    bytes = candidate_reply_bytes(candidate) - bytes;
    run_consider(r, candidate->run);
    if (bytes)
        run_note_bytes(r, bytes);
}

/* --- copies --- */

/* Finds the earlier reply that this one is a copy of, and its probe, which belongs to this pair. NULL: none. */
static struct reply *find_seen(const struct pair *pair, uint32_t word, const struct digest *digest,
                               struct candidate **candidate)
{
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct candidate *c = run->newest; c && left; c = c->before, left--) {
            if (c->settled || !c->probe.reply_count || (digest->has_word && c->traits.word != word))
                continue;
            *candidate = c;
            struct reply *same = find_same(&c->probe, &digest->answer);
            if (same)
                return same;
        }
    return NULL;
}

/* Where a NAT translated the quote, the pair is not known by it. */
static struct reply *find_seen_translated(const struct recogniser *r, const struct digest *digest,
                                          struct candidate **candidate)
{
    bool has_quote = digest->kind == PACKET_ICMP_ERROR && !addr_is_none(&digest->source) && !digest->is_fragment;
    *candidate = has_quote ? match_quoted(r, digest).candidate : NULL;
    return *candidate ? find_same(&(*candidate)->probe, &digest->answer) : NULL;
}

/* True if the prober's own capture showed the reply before, too early to be the same frame. */
static bool is_doubled(const struct probe *probe, const struct reply *reply)
{
    const struct reply *last = NULL;
    for (unsigned i = 0; i < probe->reply_count; i++) {
        const struct reply *before = &probe->replies[i];
        if (before->file == reply->file && before->interface == reply->interface &&
            before->reply_ttl == reply->reply_ttl && before->kind == reply->kind && before->ip_id == reply->ip_id &&
            addr_equal(&before->from, &reply->from))
            last = before;
    }
    return last && last->ip_id && probe->file == reply->file && reply->time - last->time > SAME_FRAME_WITHIN;
}

/* A reply that the network doubled, while another file shows both: the second is no copy. */
static bool take_doubled(struct recogniser *r, const struct pair *pair, uint32_t word, const struct digest *digest)
{
    unsigned left = SCAN_MOST;
    for (struct run *run = pair->runs; run; run = run->next_in_pair)
        for (struct candidate *c = run->newest; c && left; c = c->before, left--) {
            if (c->settled || (digest->has_word && c->traits.word != word) || !is_doubled(&c->probe, &digest->answer))
                continue;
            const struct reply *first = &c->probe.replies[0];
            struct found found = {c, (enum match)first->match, first->rule, first->hop_is_doubtful};
            add_reply(r, digest, &found);
            return true;
        }
    return false;
}

bool answer_see_again(struct recogniser *r, const struct digest *digest, bool by_others)
{
    bool is_error = digest->kind == PACKET_ICMP_ERROR;
    if ((!is_error && !digest->may_answer) || early_replace(r, digest))
        return false;
    const struct pair *pair = is_error ? pair_of_probe(r, digest) : pair_of_answered(r, digest);
    struct candidate *candidate = NULL;
    uint32_t word = is_error ? digest->traits.word : digest_answered_word(digest);
    struct reply *same = pair ? find_seen(pair, word, digest, &candidate) : NULL;
    same = same ? same : find_seen_translated(r, digest, &candidate);
    if (!same)
        return pair && by_others && take_doubled(r, pair, word, digest);
    struct found found = {candidate, (enum match)same->match, same->rule, same->hop_is_doubtful};
    see_again(r, candidate, digest, &found, same);
    return false;
}

/* A router answers again at its own hop. */
static bool is_at_its_hop(const struct candidate *candidate, const struct reply *reply)
{
    uint8_t ttl = candidate->traits.ttl;
    const struct run *run = candidate->run;
    return reply->kind != REPLY_TIME_EXCEEDED ||
           (ttl < run->by_ttl_count && addr_equal(&run->by_ttl[ttl].router, &reply->from));
}

/* In a file without copies the reply is another one if a probe waits for it. Else probes must have been sent since; the
 * one that waits may be older, since equal probes are answered in their order. */
bool answer_is_due(const struct recogniser *r, const struct digest *digest, nstime before)
{
    bool is_error = digest->kind == PACKET_ICMP_ERROR && !addr_is_none(&digest->source) && !digest->is_fragment;
    if ((!is_error && !digest->may_answer) || digest->answer.ip_id || !r->run_count)
        return false;
    struct found found = is_error ? match_quoted(r, digest) : match_answer(r, digest);
    if (!found.candidate || found.candidate->probe.reply_count || !is_at_its_hop(found.candidate, &digest->answer))
        return false;
    return !(r->shows[digest->file] & SHOWS_COPIES) || found.candidate->run->newest->probe.sent >= before;
}

/* --- ICMP errors --- */

static struct other_error make_error(const struct digest *digest)
{
    const struct reply *reply = &digest->answer;
    bool has_ports = digest->have & HAVE_PORTS;
    return (struct other_error){
        .time = digest->time,
        .frame = digest->frame,
        .from = reply->from,
        .source = digest->source,
        .target = digest->target,
        .source_port = has_ports ? (uint16_t)(digest->traits.word >> 16) : 0,
        .target_port = has_ports ? (uint16_t)digest->traits.word : 0,
        .protocol = digest->protocol,
        .version = reply->version,
        .icmp_type = reply->icmp_type,
        .icmp_code = reply->icmp_code,
        .file = digest->file,
        .has_ports = has_ports,
        .mtu = reply->mtu,
        .cut = digest->cut,
    };
}

/* Routers zero or swap the id, but hardly any makes up another. */
static bool is_same_id(uint16_t sent, uint16_t quoted)
{
    return !sent || !quoted || quoted == sent || quoted == (uint16_t)(sent << 8 | sent >> 8);
}

/* True if payload and checksum both differ. The checksum alone may be unfinished, the payload cut. Where there is no
 * checksum, payloads of equal length tell. */
static bool has_other_content(const struct traits *sent, const struct digest *quote)
{
    const struct traits *quoted = &quote->traits;
    bool is_other = quote->have & HAVE_CHECKSUM ? quoted->checksum != sent->checksum
                                                : quoted->payload_length == sent->payload_length;
    return is_other && quoted->payload_length && sent->payload_length &&
           memcmp(quoted->payload, sent->payload, sizeof sent->payload) != 0;
}

/* True if the quote agrees with the probe in all that tells probes apart. If not, its own probe may follow. */
static bool agrees(const struct candidate *candidate, const struct digest *quote)
{
    const struct traits *sent = &candidate->traits, *quoted = &quote->traits;
    const struct flow *flow = &candidate->run->trace.flow;
    bool is_translated = !addr_equal(&quote->source, &flow->source) || !addr_equal(&quote->target, &flow->target);
    if (quote->source.family == 4 && !is_same_id(sent->ip_id, quoted->ip_id))
        return false;
    if ((quote->have & (HAVE_SEQ | HAVE_INIT_TAG)) && quoted->seq != sent->seq)
        return false;
    return is_translated || (quoted->flow_label == sent->flow_label &&
                             (!quote->has_word || quoted->word == sent->word) && !has_other_content(sent, quote));
}

void answer_take_error(struct recogniser *r, const struct digest *digest, bool may_wait)
{
    bool has_quote = !addr_is_none(&digest->source);
    struct found found = choice_none();
    if (has_quote && !digest->is_fragment)
        found = match_quoted(r, digest);
    else if (!has_quote && digest->answer.kind == REPLY_TIME_EXCEEDED)
        found = match_unquoted(r, digest);
    if (found.candidate && digest->answer.kind == REPLY_OTHER) { /* the router forwarded the packet */
        count_stray(r, STRAY_ADVICE);
        return;
    }
    bool is_numbered = digest->has_word || digest->shape == SHAPE_RAW; /* else no rule finds its probe later */
    may_wait = may_wait && has_quote && is_numbered && (!found.candidate || !agrees(found.candidate, digest));
    if (may_wait && early_hold(r, digest))
        return;
    if (found.candidate) {
        add_reply(r, digest, &found);
        return;
    }
    struct other_error error = make_error(digest);
    error.extension = extension_copy(r, digest->extension);
    if (has_quote && !tunnels_has_quoted(r, digest))
        inferred_add(r, digest, &error);
    else
        results_error(r, &error);
}

/* Its probe may be missing from the capture, as those of unmatched replies are. */
static bool answer_unmatched(struct recogniser *r, const struct digest *digest)
{
    struct pair *pair = pair_of_answered(r, digest);
    struct reply reply = digest->answer;
    bool ends = reply.kind == REPLY_ECHO || reply.kind == REPLY_SYN_ACK || reply.kind == REPLY_RST;
    reply.match = MATCH_WEAK;
    reply.rule = "ports alone";
    return pair && pair->unmatched && ends && inferred_take_answer(r, pair, digest_answered_word(digest), &reply);
}

static bool has_ports(const struct run *run, uint32_t word)
{
    uint32_t source = word >> 16, target = word & 0xffff;
    return source >= run->source_port.least && source <= run->source_port.most && target >= run->target_port.least &&
           target <= run->target_port.most;
}

static void note_later(struct run *run, const struct digest *digest)
{
    const struct traits *traits = &digest->traits;
    struct later_packet *later = NULL;
    for (unsigned i = 0; i < LATER_MOST; i++)
        if (run->later[i].time && run->later[i].word == traits->word)
            later = &run->later[i];
    later = later ? later : &run->later[run->later_next++ % LATER_MOST];
    *later = (struct later_packet){
        .time = digest->time,
        .word = traits->word,
        .end = traits->seq + traits->payload_bytes + ((traits->tcp_flags & TCP_FIN) ? 1U : 0U),
    };
}

/* A packet with the host's own TTL in the connection of a probe: an answer that comes now may be to this packet. */
static void note_connection(struct recogniser *r, const struct digest *digest)
{
    bool is_later = digest->shape == SHAPE_DATA || digest->shape == SHAPE_FIN || digest->shape == SHAPE_ACK;
    if (!is_later || digest->traits.ttl <= PROBE_TTL_MOST)
        return;
    struct pair *pair = pair_of_probe(r, digest);
    for (struct run *run = pair ? pair->runs : NULL; run; run = run->next_in_pair)
        if (has_ports(run, digest->traits.word))
            note_later(run, digest);
}

/* True if the packet may answer a probe that is still to come. One that may be a probe itself has to keep its turn. */
static bool may_be_early(const struct recogniser *r, const struct digest *digest)
{
    enum reply_kind kind = digest->answer.kind;
    if (kind == REPLY_ECHO)
        return true;
    if (digest->shape != SHAPE_NONE && digest->traits.ttl <= PROBE_TTL_MOST)
        return false;
    if (r->early_count && (kind == REPLY_SYN_ACK || kind == REPLY_RST)) /* errors that belong to it may be held */
        return true;
    const struct pair *pair = r->run_count ? pair_of_answered(r, digest) : NULL;
    return pair && pair->runs;
}

bool answer_take(struct recogniser *r, const struct digest *digest, bool may_wait)
{
    if (!digest->may_answer)
        return false;
    bool may_match = pair_has_mark(r, digest->answer_hash); /* most packets are ordinary */
    struct found found = may_match ? match_answer(r, digest) : choice_none();
    bool is_sure = found.candidate && found.match != MATCH_WEAK; /* else its own probe may follow */
    if (!found.candidate)
        note_connection(r, digest);
    if (!is_sure && may_wait && may_be_early(r, digest) && early_hold(r, digest))
        return true;
    if (!found.candidate)
        return r->unmatched_count && answer_unmatched(r, digest);
    add_reply(r, digest, &found);
    return true;
}
