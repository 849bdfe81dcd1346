/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/answer.h"

#include <stdlib.h>

#include "recognise/candidate.h"
#include "recognise/extensions.h"
#include "recognise/inferred.h"
#include "recognise/match.h"
#include "recognise/pair.h"
#include "recognise/results.h"
#include "recognise/run.h"

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
    nstime rtt = reply_rtt(&candidate->probe, reply);
    run->rtt = rtt < ANSWER_WITHIN ? rtt : ANSWER_WITHIN; /* stamps may be wrong */
    if (at && addr_is_none(&at->router))
        at->router = reply->from;
}

static void add_reply(struct recogniser *r, const struct digest *digest, const struct found *found)
{
    struct candidate *candidate = found->candidate;
    struct probe *probe = &candidate->probe;
    size_t bytes = candidate_reply_bytes(candidate);
    bool again = is_same_frame(probe, &digest->answer);
    struct reply *reply = again ? NULL : candidate_next_reply(candidate);
    if (!reply) {
        count_stray(r, again ? STRAY_ANSWER_SEEN_AGAIN : STRAY_TOO_MANY);
        return;
    }
    *reply = digest->answer;
    reply->match = (uint8_t)found->match;
    reply->rule = found->rule;
    reply->hop_is_doubtful = found->hop_is_doubtful;
    reply->duplicate = probe->reply_count > 0;
    if (digest->kind == PACKET_ICMP_ERROR) {
        reply->extension = extension_copy(r, digest->extension);
        if (!addr_is_none(&digest->source))
            add_rewrites(r, candidate, digest, reply);
        if (found->match == MATCH_REWRITTEN)
            candidate->run->translated_pair = digest->pair_hash;
    }
    if (probe->reply_count++ == 0)
        run_answered(r, candidate);
    note_reply(candidate->run, candidate, reply);
    bytes = candidate_reply_bytes(candidate) - bytes;
    run_consider(r, candidate->run);
    if (bytes)
        run_note_bytes(r, bytes);
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

void answer_take_error(struct recogniser *r, const struct digest *digest)
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
    if (found.candidate) {
        add_reply(r, digest, &found);
        return;
    }
    struct other_error error = make_error(digest);
    error.extension = extension_copy(r, digest->extension);
    if (has_quote)
        inferred_add(r, digest, &error);
    else
        results_error(r, &error);
}

/* Its probe may be missing from the capture, as those of unmatched replies are. */
static bool answer_unmatched(struct recogniser *r, const struct digest *digest)
{
    struct pair *pair = pair_find(r, digest->answer_hash, &digest->target, &digest->source, digest->protocol);
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
    struct pair *pair = pair_find(r, digest->pair_hash, &digest->source, &digest->target, digest->protocol);
    for (struct run *run = pair ? pair->runs : NULL; run; run = run->next_in_pair)
        if (has_ports(run, digest->traits.word))
            note_later(run, digest);
}

bool answer_take(struct recogniser *r, const struct digest *digest)
{
    if (!digest->may_answer || (!r->run_count && !r->unmatched_count))
        return false;
    struct found found = match_answer(r, digest);
    if (!found.candidate) {
        note_connection(r, digest);
        return r->unmatched_count && answer_unmatched(r, digest);
    }
    add_reply(r, digest, &found);
    return true;
}
