/* SPDX-License-Identifier: BSD-2-Clause */
/* rewrites: findings on what routers quote otherwise than it was sent: changed on the way to them.
 *
 * What a device on the way back undoes in the quote (a source NAT translates its own addresses back) is not seen here,
 * and nothing is said of it. A quote that fits again behind one that did not is no proof that nothing was changed. */
#include <stdio.h>
#include <string.h>

#include "silence/sample.h"
#include "verdict/findings/findings.h"

/* What quotes show of one field for one trace. */
struct shown {
    const struct rewrite *rewrite; /* of the nearest change */
    struct evidence at, after;     /* after: the last before it that shows it unchanged; reply NULL: none */
    uint8_t at_ttl, after_ttl;
    bool again; /* behind the change somebody quotes what was sent */
};

static bool is_of_ip(enum rewrite_field field)
{
    return field <= REWRITE_IP_FLOW_LABEL;
}

/* What is in the 8 bytes of transport header that every quote holds (RFC 792). */
static bool is_always_quoted(const struct trace *trace, enum rewrite_field field)
{
    switch (field) {
    case REWRITE_SOURCE_PORT:
    case REWRITE_TARGET_PORT:
    case REWRITE_TCP_SEQ:
    case REWRITE_ICMP_ID:
    case REWRITE_ICMP_SEQ:
        return true;
    case REWRITE_CHECKSUM:
        return trace->flow.spec.protocol != IP_TCP;
    default:
        return is_of_ip(field);
    }
}

static const struct rewrite *rewrite_of(const struct reply *reply, enum rewrite_field field)
{
    for (unsigned i = 0; i < reply->rewrite_count; i++)
        if (reply->rewrites[i].field == field)
            return &reply->rewrites[i];
    return NULL;
}

/* Whether the quote is of another of the trace's flows: whatever matched it, it is not compared with its own probe. */
static bool is_of_another_flow(const struct trace *trace, const struct probe *probe, const struct reply *reply)
{
    const struct rewrite *port = rewrite_of(reply, REWRITE_SOURCE_PORT);
    port = port ? port : rewrite_of(reply, REWRITE_ICMP_ID);
    for (unsigned flow = 0; port && flow < trace->flow_count; flow++)
        if (flow != probe->flow && port->quoted == trace_flow(trace, flow)->source_port)
            return true;
    return false;
}

/* Whether addresses and ports are in the quote, and as sent. */
static bool is_of_own_flow(const struct reply *reply)
{
    const uint32_t ports = 1U << REWRITE_SOURCE_PORT | 1U << REWRITE_TARGET_PORT;
    return (reply->quoted_fields & ports) == ports && !rewrite_of(reply, REWRITE_IP_SOURCE) &&
           !rewrite_of(reply, REWRITE_IP_TARGET) && !rewrite_of(reply, REWRITE_SOURCE_PORT) &&
           !rewrite_of(reply, REWRITE_TARGET_PORT);
}

/* A weak match fits little more than an id: what else differs may not be a change, but another packet. But one of our
 * own flow is no other's. */
static bool is_comparable(const struct trace *trace, const struct probe *probe, const struct reply *reply)
{
    bool sure = reply->match != MATCH_WEAK || (!trace->origin.foreign && is_of_own_flow(reply));
    return sure && !is_of_another_flow(trace, probe, reply);
}

/* Whether the quote is long enough to show the field. Of a field behind what every quote holds that is known only where
 * another one there is shown changed. */
static bool quote_shows(const struct trace *trace, const struct reply *reply, enum rewrite_field field)
{
    if (!reply->is_icmp || reply->quoted_ttl < 0)
        return false;
    if (reply->quoted_fields)
        return reply->quoted_fields >> field & 1;
    if (is_always_quoted(trace, field))
        return true;
    for (unsigned i = 0; i < reply->rewrite_count; i++)
        if (!is_always_quoted(trace, reply->rewrites[i].field))
            return true;
    return false;
}

/* The checksum is told only where nothing else that it covers differs: then it is not known to be as sent. */
static bool shows_unchanged(const struct trace *trace, const struct reply *reply, enum rewrite_field field)
{
    if (!quote_shows(trace, reply, field) || rewrite_of(reply, field) || reply->rewrite_count == REWRITES_MOST)
        return false;
    for (unsigned i = 0; field == REWRITE_CHECKSUM && i < reply->rewrite_count; i++)
        if (!is_of_ip(reply->rewrites[i].field) || reply->rewrites[i].field <= REWRITE_IP_TARGET)
            return false;
    return true;
}

/* Congestion experienced is for routers to say (RFC 3168). */
static bool is_rewriting(const struct rewrite *rewrite)
{
    return rewrite->field != REWRITE_IP_ECN || rewrite->quoted != 3 || rewrite->sent == 0;
}

/* The hop of who quotes; 0: our own host. */
static uint8_t quoting_hop(const struct trace_set *set, const struct trace *trace, const struct probe *probe,
                           const struct reply *reply, struct hop_lookup *lookup)
{
    if (reply->kind == REPLY_TIME_EXCEEDED || !reply_refuses(trace, reply))
        return probe->ttl;
    if (addr_equal(&reply->from, &trace->flow.source))
        return 0;
    uint8_t hop = facts_look_up_hop(set, &reply->from, lookup);
    return hop && hop < probe->ttl ? hop : probe->ttl;
}

static void note_changed(const struct trace_set *set, const struct trace *trace, enum rewrite_field field,
                         struct shown *out)
{
    struct hop_lookup lookup = {0};
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++) {
            const struct reply *reply = &trace->probes[i].replies[k];
            const struct rewrite *rewrite = rewrite_of(reply, field);
            if (!rewrite || !is_rewriting(rewrite) || !is_comparable(trace, &trace->probes[i], reply))
                continue;
            uint8_t hop = quoting_hop(set, trace, &trace->probes[i], reply, &lookup);
            if (!hop || (out->rewrite && hop >= out->at_ttl))
                continue;
            out->rewrite = rewrite;
            out->at_ttl = hop;
            out->at = (struct evidence){&trace->probes[i], reply};
        }
}

static void note_unchanged(const struct trace_set *set, const struct trace *trace, enum rewrite_field field,
                           struct shown *out)
{
    struct hop_lookup lookup = {0};
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++) {
            const struct reply *reply = &trace->probes[i].replies[k];
            if (!shows_unchanged(trace, reply, field) || !is_comparable(trace, &trace->probes[i], reply))
                continue;
            uint8_t hop = quoting_hop(set, trace, &trace->probes[i], reply, &lookup);
            out->again = out->again || hop > out->at_ttl;
            if (hop && hop < out->at_ttl && hop > out->after_ttl) {
                out->after_ttl = hop;
                out->after = (struct evidence){&trace->probes[i], reply};
            }
        }
}

/* --- the kinds --- */

/* A checksum that alone differs tells of a translation where all that it covers is in the quote. */
static const char *kind_of(const struct rewrite *rewrite, uint32_t shown)
{
    switch (rewrite->field) {
    case REWRITE_IP_SOURCE:
    case REWRITE_IP_TARGET:
    case REWRITE_SOURCE_PORT:
    case REWRITE_TARGET_PORT:
    case REWRITE_ICMP_ID:
        return "nat";
    case REWRITE_CHECKSUM:
        return !shown || shown & REWRITE_SHOWN_WHOLE ? "nat" : "header-rewrite";
    case REWRITE_IP_DSCP:
        return "dscp-rewrite";
    case REWRITE_IP_ECN:
        return rewrite->quoted == 0 ? "ecn-bleached" : "dscp-rewrite"; /* one byte, written as a whole */
    case REWRITE_TCP_MSS:
        return rewrite->quoted ? "mss-clamp" : NULL; /* without it: the options tell */
    case REWRITE_TCP_OPTIONS:
        return rewrite->sent & ~rewrite->quoted ? "tcp-options-stripped" : "header-rewrite";
    case REWRITE_PAYLOAD:
        return "payload-rewrite";
    default:
        return "header-rewrite";
    }
}

/* Kinds of TCP options (RFC 9293, 7323, 2018), "MSS, timestamps". */
static void format_options(uint64_t set, char *text, size_t room)
{
    static const char *const names[] = {[2] = "MSS", [3] = "window scale", [4] = "SACK permitted", [8] = "timestamps"};
    size_t length = 0;
    *text = '\0';
    for (unsigned kind = 0; kind < 64 && length + 24 < room; kind++) {
        if (!(set >> kind & 1))
            continue;
        const char *comma = length ? ", " : "";
        if (kind < sizeof names / sizeof *names && names[kind])
            length += (size_t)snprintf(text + length, room - length, "%s%s", comma, names[kind]);
        else
            length += (size_t)snprintf(text + length, room - length, "%soption %u", comma, kind);
    }
}

#define VALUES_BYTES 200

/* "sent 46, quoted 0", or what is more telling. */
static void format_values(const struct rewrite *rewrite, char text[VALUES_BYTES])
{
    char sent[ADDR_TEXT_BYTES], quoted[ADDR_TEXT_BYTES];
    switch (rewrite->field) {
    case REWRITE_IP_SOURCE:
    case REWRITE_IP_TARGET:
        addr_format(&rewrite->sent_address, sent);
        addr_format(&rewrite->quoted_address, quoted);
        snprintf(text, VALUES_BYTES, "sent %s, quoted %s", sent, quoted);
        break;
    case REWRITE_TCP_OPTIONS: {
        uint64_t gone = rewrite->sent & ~rewrite->quoted;
        int length = snprintf(text, VALUES_BYTES, gone ? "gone: " : "added: ");
        format_options(gone ? gone : rewrite->quoted & ~rewrite->sent, text + length, VALUES_BYTES - (size_t)length);
        break;
    }
    case REWRITE_PAYLOAD:
        snprintf(text, VALUES_BYTES, "its digest was %08llx and is %08llx", (unsigned long long)rewrite->sent,
                 (unsigned long long)rewrite->quoted);
        break;
    case REWRITE_CHECKSUM:
        snprintf(text, VALUES_BYTES,
                 "sent 0x%04llx, quoted 0x%04llx, with all else in the quote as sent: what it covers was changed and, "
                 "in the quote, changed back, as a NAT does, or is beyond the quote",
                 (unsigned long long)rewrite->sent, (unsigned long long)rewrite->quoted);
        break;
    default:
        snprintf(text, VALUES_BYTES, "sent %llu, quoted %llu", (unsigned long long)rewrite->sent,
                 (unsigned long long)rewrite->quoted);
    }
}

/* --- one finding for a field and place --- */

/* Whether what was changed is changed back in quotes, as a NAT does: then no quote of it as sent tells a place. */
static bool is_undone(const struct shown *shown)
{
    const char *kind = kind_of(shown->rewrite, shown->at.reply->quoted_fields);
    return shown->again && kind && strcmp(kind, "nat") == 0;
}

static void forget_place(struct shown *shown)
{
    shown->after = (struct evidence){0};
    shown->after_ttl = 0;
}

static const char *again_text(const struct shown *shown)
{
    if (is_undone(shown))
        return "; other routers quote it as sent, as where a NAT changes it back in what they quote";
    return shown->again ? "; behind that it is quoted as sent again" : "";
}

static struct place place_of(const struct evidence *evidence, uint8_t ttl)
{
    if (!evidence->reply)
        return (struct place){0};
    return (struct place){.known = true, .ttl = ttl, .address = evidence->reply->from};
}

static const char *detail_text(const struct finding *finding, const char *name)
{
    for (unsigned i = 0; i < sizeof finding->detail / sizeof *finding->detail && finding->detail[i].name; i++)
        if (strcmp(finding->detail[i].name, name) == 0)
            return finding->detail[i].text;
    return NULL;
}

/* The finding on this field whose bracket meets this one; NULL: none. */
static struct finding *find_same(struct judgement *out, const char *kind, const char *field, const struct shown *shown)
{
    for (unsigned i = 0; i < out->finding_count; i++) {
        struct finding *finding = &out->findings[i];
        const char *told = detail_text(finding, "field");
        if (strcmp(finding->kind, kind) == 0 && told && strcmp(told, field) == 0 &&
            finding->after.ttl < shown->at_ttl && shown->after_ttl < finding->at.ttl)
            return finding;
    }
    return NULL;
}

static void set_values(struct finding *finding, const struct rewrite *rewrite)
{
    finding_text(finding, "field", rewrite_field_name(rewrite->field));
    if (rewrite->field == REWRITE_IP_SOURCE || rewrite->field == REWRITE_IP_TARGET) {
        addr_format(&rewrite->sent_address, finding->addresses[0]);
        addr_format(&rewrite->quoted_address, finding->addresses[1]);
        finding_text(finding, "sent", finding->addresses[0]);
        finding_text(finding, "quoted", finding->addresses[1]);
        return;
    }
    finding_number(finding, "sent", (double)rewrite->sent);
    finding_number(finding, "quoted", (double)rewrite->quoted);
}

static void tell_bracket(const struct trace *trace, const struct shown *shown, struct finding *finding)
{
    char at[PLACE_TEXT_BYTES], after[PLACE_TEXT_BYTES], values[VALUES_BYTES];
    bool is_deep = !is_always_quoted(trace, shown->rewrite->field);
    const char *quotes = "";
    if (is_deep && !finding->after.known)
        quotes = "; no quote before is known to be long enough to show it";
    else if (is_deep && finding->at.ttl > finding->after.ttl + 1)
        quotes = "; no quote between is known to be long enough to show it";
    format_values(shown->rewrite, values);
    place_format(&finding->at, at);
    int length =
        snprintf(finding->text, sizeof finding->text, "%s is changed ", rewrite_field_name(shown->rewrite->field));
    size_t used = (size_t)length, room = sizeof finding->text - used;
    if (finding->after.known)
        used +=
            (size_t)snprintf(finding->text + used, room, "between %s and %s", place_format(&finding->after, after), at);
    else
        used += (size_t)snprintf(finding->text + used, room, "at or before %s", at);
    room = sizeof finding->text - used;
    snprintf(finding->text + used, room, ": %s%s%s", values, again_text(shown), quotes);
}

static void tell_rewrite(const struct trace *trace, const struct shown *shown, struct judgement *out)
{
    const char *kind = kind_of(shown->rewrite, shown->at.reply->quoted_fields);
    if (!kind)
        return;
    struct finding *same = find_same(out, kind, rewrite_field_name(shown->rewrite->field), shown);
    struct finding *finding = same ? same : finding_add(out, kind, trace);
    if (!finding)
        return;
    if (!same || shown->at_ttl < finding->at.ttl)
        finding->at = place_of(&shown->at, shown->at_ttl);
    if (!same || shown->after_ttl > finding->after.ttl)
        finding->after = place_of(&shown->after, shown->after_ttl);
    if (finding->trace != trace)
        finding->trace = NULL;
    if (shown->after.reply)
        finding_show(finding, shown->after.probe, shown->after.reply);
    finding_show(finding, shown->at.probe, shown->at.reply);
    if (!same)
        set_values(finding, shown->rewrite);
    tell_bracket(trace, shown, finding);
}

/* A bit for each field that any quote shows changed: most traces have none. */
static uint32_t fields_changed(const struct trace *trace)
{
    uint32_t fields = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            for (unsigned r = 0; r < trace->probes[i].replies[k].rewrite_count; r++)
                fields |= UINT32_C(1) << trace->probes[i].replies[k].rewrites[r].field;
    return fields;
}

void find_rewrites(const struct trace_set *set, struct judgement *out)
{
    uint32_t fields[SPECS_MOST];
    for (unsigned i = 0; i < set->count; i++)
        fields[i] = fields_changed(set->traces[i]);
    for (int field = 0; field < REWRITE_FIELDS; field++)
        for (unsigned i = 0; i < set->count; i++) {
            struct shown shown = {0};
            if (!(fields[i] >> field & 1))
                continue;
            note_changed(set, set->traces[i], (enum rewrite_field)field, &shown);
            if (!shown.rewrite)
                continue;
            note_unchanged(set, set->traces[i], (enum rewrite_field)field, &shown);
            if (is_undone(&shown))
                forget_place(&shown);
            tell_rewrite(set->traces[i], &shown, out);
        }
}

/* --- the TTL --- */

/* Whether a router answered the probe before it, one hop nearer, of the same flow: so this one came one hop further
 * with nothing to spare. But a packet that is too big is so before its TTL is lowered: the router where one less
 * expired has two left of this one. */
static bool expired_before(const struct trace *trace, const struct probe *probe, const struct reply *reply)
{
    unsigned looked_at = 0;
    const struct probe *p = trace_first_at(trace, (uint8_t)(probe->ttl - 1));
    for (; p && looked_at < SAMPLE_PROBES_MOST; p = trace_next_at(trace, p), looked_at++)
        if (p->flow == probe->flow && p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED &&
            p->replies[0].quoted_ttl == 1)
            return reply->quoted_ttl != 2 || !addr_equal(&reply->from, &p->replies[0].from);
    return false;
}

static struct finding *tell_ttl(const struct trace *trace, const struct evidence *shown, const char *why,
                                struct judgement *out)
{
    char place[PLACE_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES];
    struct place at = {.known = true, .ttl = shown->probe->ttl, .address = shown->reply->from};
    struct finding *finding = finding_at(out, "ttl-rewrite", trace, &at);
    if (!finding)
        return NULL;
    if (at.ttl > 1)
        finding->after = (struct place){
            .known = true, .ttl = (uint8_t)(at.ttl - 1), .address = trace_router_address(trace, (uint8_t)(at.ttl - 1))};
    finding_text(finding, "field", "ip.ttl");
    finding_number(finding, "sent", shown->probe->ttl);
    finding_number(finding, "quoted", shown->reply->quoted_ttl);
    finding_show(finding, shown->probe, shown->reply);
    probe_spec_format(&trace->flow.spec, spec);
    snprintf(finding->text, sizeof finding->text, "the TTL of %s is changed before %s: sent %u, quoted %d, %s", spec,
             place_format(&at, place), shown->probe->ttl, shown->reply->quoted_ttl, why);
    return finding;
}

/* One router at three TTLs or more, with nothing left at any: somebody before it lowers the TTL to what it likes. */
static void find_lowered(const struct trace *trace, struct judgement *out)
{
    for (unsigned ttl = 1; ttl + 2U <= trace->last_router_ttl && !trace->loop_first; ttl++) {
        struct evidence shown[3];
        struct addr routers[3];
        for (unsigned i = 0; i < 3; i++)
            routers[i] = sole_router(trace, (uint8_t)(ttl + i), &shown[i]);
        bool alike =
            !addr_is_none(&routers[0]) && addr_equal(&routers[0], &routers[1]) && addr_equal(&routers[0], &routers[2]);
        if (!alike || shown[1].reply->quoted_ttl > 1 || shown[2].reply->quoted_ttl > 1)
            continue;
        struct finding *finding = tell_ttl(trace, &shown[2], "and the same router answers two hops before", out);
        for (unsigned i = 0; finding && i < 2; i++)
            finding_show(finding, shown[i].probe, shown[i].reply);
        return;
    }
}

/* What stands one hop before some answers, and whether the ways there are all of one length, as far as they show. */
struct approach {
    struct evidence before; /* its sole router */
    bool is_one_length;
};

static struct approach approach_of(const struct trace_set *set, const struct responders *responders,
                                   const struct trace *trace, uint8_t ttl)
{
    struct approach approach = {.is_one_length = !responders_are_spread(responders, ttl)};
    sole_router(trace, (uint8_t)(ttl - 1), &approach.before);
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->reached_ttl && set->traces[i]->reached_ttl < ttl)
            approach.is_one_length = false;
    return approach;
}

static bool quotes_one_less(const struct approach *approach, int quoted)
{
    return approach->before.reply && approach->before.reply->quoted_ttl == quoted - 1;
}

/* Rising quoted TTLs are a tunnel's (structure.c). */
static const char *raised(const struct approach *approach, const struct trace *trace, const struct probe *probe,
                          const struct reply *reply)
{
    if (!reply->is_icmp || reply->quoted_ttl < 0)
        return NULL;
    if (reply->quoted_ttl > probe->ttl)
        return "more than was sent";
    if (reply->kind == REPLY_TIME_EXCEEDED)
        return reply->quoted_ttl > 1 && !reply->extension && !quotes_one_less(approach, reply->quoted_ttl)
                   ? "where nothing is left to a packet that expires"
                   : NULL;
    return reply->quoted_ttl > 1 && approach->is_one_length && expired_before(trace, probe, reply)
               ? "where one less expired one hop before"
               : NULL;
}

/* What is behind follows from it: true where there was one. */
static bool find_raised_at(const struct approach *approach, const struct trace *trace, uint8_t ttl,
                           struct judgement *out)
{
    unsigned looked_at = 0;
    const struct probe *p = trace_first_at(trace, ttl);
    for (; p && looked_at < SAMPLE_PROBES_MOST; p = trace_next_at(trace, p), looked_at++)
        for (unsigned k = 0; k < p->reply_count; k++) {
            const char *why = raised(approach, trace, p, &p->replies[k]);
            if (!why)
                continue;
            tell_ttl(trace, &(struct evidence){p, &p->replies[k]}, why, out);
            return true;
        }
    return false;
}

static void find_raised(const struct trace_set *set, const struct responders *responders, const struct trace *trace,
                        struct judgement *out)
{
    for (unsigned ttl = 1; ttl <= trace->most_ttl; ttl++) {
        struct approach approach = approach_of(set, responders, trace, (uint8_t)ttl);
        if (find_raised_at(&approach, trace, (uint8_t)ttl, out))
            return;
    }
}

void find_ttl_rewrites(const struct trace_set *set, struct judgement *out)
{
    struct responders responders;
    responders_gather(set, &responders);
    for (unsigned i = 0; i < set->count; i++) {
        find_lowered(set->traces[i], out);
        find_raised(set, &responders, set->traces[i], out);
    }
}
