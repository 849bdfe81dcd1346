/* SPDX-License-Identifier: BSD-2-Clause */
/* rewrites: findings on fields that routers quote with another value than was sent: a device before them changed it.
 *
 * A device on the return path may change the quote back, as a source NAT does with its own addresses. Such a change is
 * not seen here. So a later quote that fits again does not prove that the field was restored. */
#include <stdio.h>
#include <string.h>

#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* One field of one trace, as quotes show it. */
struct shown {
    const struct rewrite *rewrite; /* of the nearest change */
    struct evidence at, after;     /* after: the last before it that shows it unchanged; reply NULL: none */
    uint8_t at_ttl, after_ttl;
    bool again; /* a router behind the change quotes the field as sent */
};

static bool is_of_ip(enum rewrite_field field)
{
    return field <= REWRITE_IP_FLOW_LABEL;
}

/* Whether the field is in the 8 bytes of transport header that every quote holds (RFC 792). */
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

/* Whether the quote belongs to another of the trace's flows: then it is not compared with the probe it matched. */
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

/* A weak match fits little more than an id: other differences may come from another packet. A quote with our own flow's
 * addresses and ports is of our own packet. */
static bool is_comparable(const struct trace *trace, const struct probe *probe, const struct reply *reply)
{
    bool sure = reply->match != MATCH_WEAK || (!trace->origin.foreign && is_of_own_flow(reply));
    return sure && !is_of_another_flow(trace, probe, reply);
}

/* Whether the quote is known to be long enough to show the field. Without a list of quoted fields, that is known of a
 * later field only if another later field is shown changed. */
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

/* A checksum is compared only if nothing else that it covers differs; otherwise it is not known to be as sent. */
static bool shows_unchanged(const struct trace *trace, const struct reply *reply, enum rewrite_field field)
{
    if (!quote_shows(trace, reply, field) || rewrite_of(reply, field) || reply->rewrite_count == REWRITES_MOST)
        return false;
    for (unsigned i = 0; field == REWRITE_CHECKSUM && i < reply->rewrite_count; i++)
        if (!is_of_ip(reply->rewrites[i].field) || reply->rewrites[i].field <= REWRITE_IP_TARGET)
            return false;
    return true;
}

/* Routers may set Congestion Experienced (RFC 3168). */
static bool is_rewriting(const struct rewrite *rewrite)
{
    return rewrite->field != REWRITE_IP_ECN || rewrite->quoted != 3 || rewrite->sent == 0;
}

/* The hop of the quoting router; 0: our own host. */
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

/* A checksum alone that differs shows a translation if the quote holds all that it covers. */
static enum finding_kind kind_of(const struct rewrite *rewrite, uint32_t shown)
{
    switch (rewrite->field) {
    case REWRITE_IP_SOURCE:
    case REWRITE_IP_TARGET:
    case REWRITE_SOURCE_PORT:
    case REWRITE_TARGET_PORT:
    case REWRITE_ICMP_ID:
        return FINDING_NAT;
    case REWRITE_CHECKSUM:
        return !shown || shown & REWRITE_SHOWN_WHOLE ? FINDING_NAT : FINDING_HEADER_REWRITE;
    case REWRITE_IP_DSCP:
        return FINDING_DSCP_REWRITE;
    case REWRITE_IP_ECN:
        return rewrite->quoted == 0 ? FINDING_ECN_BLEACHED : FINDING_DSCP_REWRITE; /* one byte, written as a whole */
    case REWRITE_TCP_MSS:
        return rewrite->quoted ? FINDING_MSS_CLAMP : FINDING_NONE; /* without it, the list of options differs */
    case REWRITE_TCP_OPTIONS:
        return rewrite->sent & ~rewrite->quoted ? FINDING_TCP_OPTIONS_STRIPPED : FINDING_HEADER_REWRITE;
    case REWRITE_PAYLOAD:
        return FINDING_PAYLOAD_REWRITE;
    default:
        return FINDING_HEADER_REWRITE;
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

/* "sent 46, quoted 0"; names for options, hexadecimal for sums. */
static void format_values(const struct rewrite *rewrite, char text[VALUES_BYTES])
{
    switch (rewrite->field) {
    case REWRITE_IP_SOURCE:
    case REWRITE_IP_TARGET:
        snprintf(text, VALUES_BYTES, "sent %s, quoted %s", ADDRESS_TEXT(&rewrite->sent_address),
                 ADDRESS_TEXT(&rewrite->quoted_address));
        break;
    case REWRITE_TCP_OPTIONS: {
        uint64_t gone = rewrite->sent & ~rewrite->quoted;
        int length = snprintf(text, VALUES_BYTES, gone ? "removed: " : "added: ");
        format_options(gone ? gone : rewrite->quoted & ~rewrite->sent, text + length, VALUES_BYTES - (size_t)length);
        break;
    }
    case REWRITE_PAYLOAD:
        snprintf(text, VALUES_BYTES, "digest sent %08llx, quoted %08llx", (unsigned long long)rewrite->sent,
                 (unsigned long long)rewrite->quoted);
        break;
    case REWRITE_CHECKSUM:
        snprintf(
            text, VALUES_BYTES,
            "sent 0x%04llx, quoted 0x%04llx, while the rest of the quote is as sent: a NAT changed what it covers and "
            "changed the quote back, or the change is beyond the quote",
            (unsigned long long)rewrite->sent, (unsigned long long)rewrite->quoted);
        break;
    default:
        snprintf(text, VALUES_BYTES, "sent %llu, quoted %llu", (unsigned long long)rewrite->sent,
                 (unsigned long long)rewrite->quoted);
    }
}

/* --- one finding for a field and place --- */

/* Whether quotes are changed back, as by a NAT: then a quote of the field as sent does not show where it was changed.
 */
static bool is_undone(const struct shown *shown)
{
    return shown->again && kind_of(shown->rewrite, shown->at.reply->quoted_fields) == FINDING_NAT;
}

static void forget_place(struct shown *shown)
{
    shown->after = (struct evidence){0};
    shown->after_ttl = 0;
}

static const char *again_text(const struct shown *shown)
{
    if (is_undone(shown))
        return "; other routers quote it as sent, as behind a NAT that changes quotes back";
    return shown->again ? "; later routers quote it as sent" : "";
}

static struct place place_of(const struct evidence *evidence, uint8_t ttl)
{
    if (!evidence->reply)
        return (struct place){0};
    return (struct place){.known = true, .ttl = ttl, .address = evidence->reply->from};
}

/* The finding on this field whose range of hops overlaps this one; NULL: none. */
static struct finding *find_same(struct judgement *out, enum finding_kind kind, const char *field,
                                 const struct shown *shown)
{
    for (unsigned i = 0; i < out->finding_count; i++) {
        struct finding *finding = &out->findings[i];
        const struct finding_detail *told = finding_detail(finding, "field");
        if (finding->kind == kind && told && told->text && strcmp(told->text, field) == 0 &&
            finding->after.ttl < shown->at_ttl && shown->after_ttl < finding->at.ttl)
            return finding;
    }
    return NULL;
}

static void set_values(struct finding *finding, const struct rewrite *rewrite)
{
    finding_text(finding, "field", rewrite_field_name(rewrite->field));
    if (rewrite->field == REWRITE_IP_SOURCE || rewrite->field == REWRITE_IP_TARGET) {
        finding_address(finding, "sent", &rewrite->sent_address);
        finding_address(finding, "quoted", &rewrite->quoted_address);
        return;
    }
    finding_number(finding, "sent", (double)rewrite->sent);
    finding_number(finding, "quoted", (double)rewrite->quoted);
}

static void tell_range(const struct trace *trace, const struct shown *shown, struct finding *finding)
{
    char values[VALUES_BYTES];
    bool is_deep = !is_always_quoted(trace, shown->rewrite->field);
    const char *quotes = "";
    if (is_deep && !finding->after.known)
        quotes = "; no earlier quote is known to include it";
    else if (is_deep && finding->at.ttl > finding->after.ttl + 1)
        quotes = "; no quote in between is known to include it";
    format_values(shown->rewrite, values);
    phrase_set(finding->text, "%s is changed ", rewrite_field_name(shown->rewrite->field));
    if (finding->after.known)
        phrase_add(finding->text, "between %s and %s", PLACE_TEXT(&finding->after), PLACE_TEXT(&finding->at));
    else
        phrase_add(finding->text, "at or before %s", PLACE_TEXT(&finding->at));
    phrase_add(finding->text, ": %s%s%s", values, again_text(shown), quotes);
}

static void tell_rewrite(const struct trace *trace, const struct shown *shown, struct judgement *out)
{
    enum finding_kind kind = kind_of(shown->rewrite, shown->at.reply->quoted_fields);
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
    tell_range(trace, shown, finding);
}

/* A bit for each field that any quote shows changed. Most traces have none. */
static uint32_t fields_changed(const struct trace *trace)
{
    uint32_t fields = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            for (unsigned r = 0; r < trace->probes[i].replies[k].rewrite_count; r++)
                fields |= UINT32_C(1) << trace->probes[i].replies[k].rewrites[r].field;
    return fields;
}

void find_rewrites(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
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
