/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "packet/checksum.h"
#include "probe/type.h"

#define TEXT_MOST 65536

/* --- packets --- */

static struct addr address(const char *text)
{
    struct addr a = {0};
    if (!addr_parse(text, &a))
        printf("Bail out! %s is no address\n", text);
    return a;
}

static void put(struct bytes *b, const void *from, size_t count)
{
    if (b->length + count > sizeof b->at) {
        printf("Bail out! a packet is too long\n");
        exit(1);
    }
    if (from)
        memcpy(b->at + b->length, from, count);
    else
        memset(b->at + b->length, 0, count);
    b->length += count;
}

static void put8(struct bytes *b, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(b, &byte, 1);
}

static void put16(struct bytes *b, unsigned value)
{
    put8(b, value >> 8);
    put8(b, value);
}

static void put32(struct bytes *b, uint32_t value)
{
    put16(b, value >> 16);
    put16(b, value);
}

static void set16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_ip(struct bytes *b, const struct made *m, const struct addr *from, const struct addr *to, size_t inside)
{
    if (from->family == 4) {
        put8(b, 0x45);
        put8(b, m->tos);
        put16(b, (unsigned)(20 + inside));
        put16(b, m->id);
        put16(b, m->dont_fragment ? 0x4000 : 0);
        put8(b, m->ttl);
        put8(b, m->protocol ? m->protocol : IP_UDP);
        put16(b, 0);
        put(b, from->bytes, 4);
        put(b, to->bytes, 4);
        set16(b->at + 10, checksum_finish(checksum_add(0, b->at, 20)));
        return;
    }
    put32(b, 6U << 28 | (uint32_t)m->tos << 20 | m->flow_label);
    put16(b, (unsigned)inside);
    put8(b, m->protocol ? m->protocol : IP_UDP);
    put8(b, m->ttl);
    put(b, from->bytes, 16);
    put(b, to->bytes, 16);
}

static void put_tcp(struct bytes *b, const struct made *m)
{
    put32(b, m->seq);
    put32(b, m->ack);
    put8(b, m->has_options ? 0xa0 : 0x50);
    put8(b, m->flags);
    put16(b, m->window);
    put16(b, m->checksum);
    put16(b, 0);
    if (!m->has_options)
        return;
    put(b, "\x02\x04\x05\xb4\x04\x02\x08\x0a", 8);
    put32(b, m->stamp ? m->stamp : 1);
    put32(b, m->stamp_echo);
    put(b, "\1\3\3\7", 4);
}

static void put_dccp(struct bytes *b, const struct made *m)
{
    put16(b, 0x0600); /* data offset, CCVal, CsCov */
    put16(b, m->checksum);
    put8(b, (unsigned)m->type << 1 | 1);
    put8(b, 0);
    put16(b, 0);
    put32(b, m->seq);
    put32(b, 0);
    put32(b, m->ack);
}

static void put_sctp(struct bytes *b, const struct made *m)
{
    put32(b, m->ack);
    put32(b, m->checksum);
    put8(b, m->type ? m->type : SCTP_INIT);
    put8(b, 0);
    put16(b, 20);
    put32(b, m->seq);
    put(b, "\0\1\0\0\0\1\0\1\0\0\0\1", 12);
}

static void put_echo(struct bytes *b, const struct made *m, uint8_t family)
{
    put8(b, family == 4 ? (m->is_reply ? 0 : 8) : (m->is_reply ? 129 : 128));
    put8(b, m->code);
    put16(b, m->checksum);
    put16(b, m->source);
    put16(b, m->target);
}

static void put_ports(struct bytes *b, const struct made *m, size_t payload)
{
    put16(b, m->source);
    put16(b, m->target);
    switch (m->protocol) {
    case IP_TCP:
        put_tcp(b, m);
        return;
    case IP_DCCP:
        put_dccp(b, m);
        return;
    case IP_SCTP:
        put_sctp(b, m);
        return;
    default:
        put16(b, (unsigned)(8 + payload));
        put16(b, m->checksum);
        return;
    }
}

static void put_transport(struct bytes *b, const struct made *m, uint8_t family)
{
    size_t payload = m->payload_length ? m->payload_length : m->payload ? strlen(m->payload) : 0;
    switch (m->protocol) {
    case IP_ICMP:
    case IP_ICMP6:
        put_echo(b, m, family);
        break;
    case 0:
    case IP_UDP:
    case IP_UDPLITE:
    case IP_TCP:
    case IP_DCCP:
    case IP_SCTP:
        put_ports(b, m, payload);
        break;
    default:
        break;
    }
    put(b, m->payload, payload);
}

struct bytes make_packet(const struct made *m)
{
    struct bytes inside = {.length = 0}, b = {.length = 0};
    struct addr from = address(m->from ? m->from : S4), to = address(m->to ? m->to : T4);
    put_transport(&inside, m, from.family);
    put_ip(&b, m, &from, &to, inside.length);
    put(&b, inside.at, inside.length);
    return b;
}

static void put_extension(struct bytes *b, uint32_t label)
{
    size_t start = b->length;
    put32(b, UINT32_C(0x20000000));
    put16(b, 8);
    put16(b, 0x0101);
    put32(b, label << 12 | 1U << 8 | 1);
    set16(b->at + start + 2, checksum_finish(checksum_add(0, b->at + start, b->length - start)));
}

static struct bytes make_quote(const struct made_error *e, const struct made *quoted)
{
    struct made m = *quoted;
    m.ttl = e->quoted_ttl ? e->quoted_ttl : 1;
    m.from = e->quoted_source ? e->quoted_source : m.from;
    if (e->zero_id)
        m.id = 0;
    if (e->swap_id)
        m.id = (uint16_t)(m.id << 8 | m.id >> 8);
    struct bytes b = make_packet(&m);
    size_t most = (address(m.from ? m.from : S4).family == 4 ? 20U : 40U) + (e->quote_bytes ? e->quote_bytes : 8U);
    if (!e->quote_whole && b.length > most)
        b.length = most;
    return b;
}

struct bytes make_error(const struct made_error *e, const struct made *quoted)
{
    struct bytes quote = make_quote(e, quoted), inside = {.length = 0}, b = {.length = 0};
    struct addr from = address(e->from), to = address(e->to ? e->to : quoted->from ? quoted->from : S4);
    bool is_4 = from.family == 4;
    if (e->mpls && quote.length < 128)
        put(&quote, NULL, 128 - quote.length);
    put8(&inside, e->type ? e->type : is_4 ? 11 : 3);
    put8(&inside, e->code);
    put16(&inside, 0);
    if (e->mpls)
        put32(&inside, is_4 ? (uint32_t)quote.length / 4 << 16 : (uint32_t)quote.length / 8 << 24);
    else
        put32(&inside, e->mtu);
    put(&inside, quote.at, quote.length);
    if (e->mpls)
        put_extension(&inside, e->mpls);
    struct made ip = {.protocol = is_4 ? IP_ICMP : IP_ICMP6, .ttl = e->ttl ? e->ttl : 60, .id = e->id};
    put_ip(&b, &ip, &from, &to, inside.length);
    put(&b, inside.at, inside.length);
    return b;
}

/* --- the scene --- */

/* What was reported at once, a line for each probe or error. */
struct lines {
    char **at;
    size_t count, capacity;
};

static struct scene {
    struct recogniser *keeping, *telling;
    struct lines streamed;
    unsigned file, interface;
    enum frame_direction direction;
    uint64_t numbers[256];
    uint64_t frames, malformed_only;
    size_t traces_told, errors_told;
    bool wants_all, sound;
} scene;

static void add_line(struct lines *lines, struct strbuf *line)
{
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity ? 2 * lines->capacity : 64;
        lines->at = realloc(lines->at, lines->capacity * sizeof *lines->at);
    }
    lines->at[lines->count++] = line->text;
}

static void describe_reply(struct strbuf *b, const struct reply *reply)
{
    char from[ADDR_TEXT_BYTES];
    addr_format(&reply->from, from);
    strbuf_addf(b, " [%s %lld %u:%llu %u/%u/%u m%u q%d d%d w%u x%d c%d %s]", from, (long long)reply->time, reply->file,
                (unsigned long long)reply->frame, reply->kind, reply->icmp_type, reply->icmp_code, reply->match,
                reply->quoted_ttl, reply->duplicate, reply->rewrite_count,
                reply->extension ? reply->extension->mpls_count : -1, reply->other_clock, reply->rule);
}

static void describe_probe(struct lines *lines, const struct trace *trace, const struct probe *probe)
{
    struct strbuf b;
    strbuf_init(&b);
    strbuf_addf(&b, "%u ttl %u attempt %u sent %lld %u:%llu ports %u %u", trace->number, probe->ttl, probe->attempt,
                (long long)probe->sent, probe->file, (unsigned long long)probe->frame, probe->source_port,
                probe->target_port);
    for (unsigned i = 0; i < probe->reply_count; i++)
        describe_reply(&b, &probe->replies[i]);
    add_line(lines, &b);
}

static void describe_trace(struct lines *lines, const struct trace *trace)
{
    struct strbuf b;
    strbuf_init(&b);
    strbuf_addf(&b, "%u %s %s sent %u replies %u answered %u top %u reached %u refused %u loop %u+%u ttls %u-%u",
                trace->number, trace_end_name(trace->end), trace->origin.grouped_by, trace->sent_count,
                trace->reply_count, trace->answered_count, trace->last_router_ttl, trace->reached_ttl,
                trace->refused_ttl, trace->loop_first, trace->loop_length, trace->least_ttl, trace->most_ttl);
    add_line(lines, &b);
}

static void describe_error(struct lines *lines, const struct other_error *error)
{
    struct strbuf b;
    char from[ADDR_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&error->from, from);
    addr_format(&error->target, target);
    strbuf_init(&b);
    strbuf_addf(&b, "error %s %u:%llu %u/%u about %u to %s %u %u", from, error->file, (unsigned long long)error->frame,
                error->icmp_type, error->icmp_code, error->protocol, target, error->source_port, error->target_port);
    add_line(lines, &b);
}

static void on_probe(void *context, const struct trace *trace, const struct probe *probe)
{
    describe_probe(context, trace, probe);
}

static void on_trace(void *context, const struct trace *trace)
{
    describe_trace(context, trace);
    scene.traces_told++;
}

static void on_error(void *context, const struct other_error *error)
{
    describe_error(context, error);
    scene.errors_told++;
}

void scene_begin(const struct scene_config *config)
{
    struct err err;
    scene = (struct scene){.wants_all = !config};
    struct recogniser_events events = {.context = &scene.streamed};
    if (config) {
        events.wants_trace = config->wants_trace;
        events.wants_error = config->wants_error;
    }
    scene.keeping = recogniser_new(&(struct recogniser_config){.keep = true, .secret = 1}, &events, &err);
    events.probe = on_probe;
    events.trace = on_trace;
    events.error = on_error;
    scene.telling = recogniser_new(&(struct recogniser_config){.secret = 2}, &events, &err);
    if (!scene.keeping || !scene.telling)
        printf("Bail out! %s\n", err.message);
}

void scene_from(unsigned file, unsigned interface)
{
    scene.file = file;
    scene.interface = interface;
}

void scene_heads(enum frame_direction direction)
{
    scene.direction = direction;
}

void scene_frame(unsigned file, const struct frame *frame)
{
    struct packet packet;
    packet_decode(frame, &packet);
    packet_open_tunnels(&packet);
    scene.frames++;
    scene.malformed_only += packet.kind == PACKET_MALFORMED;
    recogniser_frame(scene.keeping, file, frame, &packet);
    recogniser_frame(scene.telling, file, frame, &packet);
}

void scene_bytes(double ms, const struct bytes *bytes)
{
    struct frame frame = {.bytes = bytes->at,
                          .captured = (uint32_t)bytes->length,
                          .length = (uint32_t)bytes->length,
                          .linktype = LINKTYPE_RAW,
                          .interface = scene.interface,
                          .direction = (uint8_t)scene.direction,
                          .number = ++scene.numbers[scene.file],
                          .time = START + (nstime)(ms * (double)MS)};
    scene_frame(scene.file, &frame);
}

void scene_see(double ms, const struct made *made)
{
    struct bytes b = make_packet(made);
    scene_bytes(ms, &b);
}

void scene_error(double ms, const struct made_error *error, const struct made *quoted)
{
    struct bytes b = make_error(error, quoted);
    scene_bytes(ms, &b);
}

void scene_break_off(void)
{
    recogniser_break_off(scene.keeping);
    recogniser_break_off(scene.telling);
}

/* --- the result --- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct lines *lines)
{
    if (lines->count)
        qsort(lines->at, lines->count, sizeof *lines->at, by_text);
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->at[i]);
    free(lines->at);
    *lines = (struct lines){0};
}

static void describe_kept(struct lines *lines, const struct recognition *found)
{
    for (size_t i = 0; i < found->trace_count; i++) {
        for (size_t k = 0; k < found->traces[i]->probe_count; k++)
            describe_probe(lines, found->traces[i], &found->traces[i]->probes[k]);
        describe_trace(lines, found->traces[i]);
    }
    for (size_t i = 0; i < found->error_count; i++)
        describe_error(lines, &found->errors[i]);
}

/* True if the recogniser that reports at once and the one that keeps found the same. */
static bool is_alike(const struct recognition *found)
{
    struct lines kept = {0};
    describe_kept(&kept, found);
    sort_lines(&kept);
    sort_lines(&scene.streamed);
    bool alike = kept.count == scene.streamed.count;
    for (size_t i = 0; i < kept.count && i < scene.streamed.count && alike; i++) {
        alike = strcmp(kept.at[i], scene.streamed.at[i]) == 0;
        if (!alike)
            printf("# kept: %s\n# streamed: %s\n", kept.at[i], scene.streamed.at[i]);
    }
    free_lines(&kept);
    return alike;
}

static uint64_t strays_of(const struct recognition *found)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < found->counters.common.stray_kinds; i++)
        sum += found->counters.common.strays[i].count;
    return sum;
}

static bool adds_up(const struct recognition *found)
{
    const struct recognition_counters *c = &found->counters;
    uint64_t probes = 0, replies = 0;
    uint64_t known = c->probes + c->replies + c->errors + strays_of(found); /* and copies of malformed ones */
    bool good =
        c->common.frames == scene.frames && scene.frames >= known && scene.frames <= known + scene.malformed_only;
    for (size_t i = 0; i < found->trace_count; i++) {
        const struct trace *trace = found->traces[i];
        probes += trace->origin.inferred ? 0 : trace->probe_count;
        replies += trace->reply_count;
        good = good && trace->number == i && trace->sent_count == trace->probe_count;
    }
    if (scene.wants_all)
        good = good && probes == c->probes && replies == c->replies && found->error_count == c->errors;
    if (!good)
        printf("# %llu frames; %llu probes, %llu in traces; %llu replies, %llu in traces; %llu errors, %zu kept; "
               "%llu strays; %llu malformed\n",
               (unsigned long long)scene.frames, (unsigned long long)c->probes, (unsigned long long)probes,
               (unsigned long long)c->replies, (unsigned long long)replies, (unsigned long long)c->errors,
               found->error_count, (unsigned long long)strays_of(found), (unsigned long long)scene.malformed_only);
    return good && found->traces_found == found->trace_count;
}

/* Whether each hop lists its probes in the order of their sending. */
static bool is_in_order(const struct trace *trace)
{
    for (unsigned ttl = 0; ttl < trace->ttl_count; ttl++) {
        const struct probe *before = NULL;
        for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p)) {
            if (before && before->sent > p->sent)
                return false;
            before = p;
        }
    }
    for (size_t i = 1; i < trace->probe_count; i++)
        if (trace->probes[i - 1].sent > trace->probes[i].sent)
            return false;
    return true;
}

static bool counts_alike(const struct recognition *a, const struct recognition *b)
{
    return a->counters.probes == b->counters.probes && a->counters.replies == b->counters.replies &&
           a->counters.errors == b->counters.errors && strays_of(a) == strays_of(b) &&
           a->counters.given_up == b->counters.given_up && a->traces_found == b->traces_found && !b->trace_count;
}

const struct recognition *scene_result(void)
{
    recogniser_finish(scene.keeping);
    recogniser_finish(scene.telling);
    const struct recognition *found = recogniser_result(scene.keeping);
    scene.sound = adds_up(found) && is_alike(found) && counts_alike(found, recogniser_result(scene.telling));
    for (size_t i = 0; i < found->trace_count; i++)
        scene.sound = scene.sound && is_in_order(found->traces[i]);
    return found;
}

/* --- as text --- */

static const char *who(const struct trace *trace, const struct addr *address)
{
    static char text[ADDR_TEXT_BYTES];
    const uint8_t *b = address->bytes;
    if (trace && addr_equal(address, &trace->flow.target))
        return "T";
    if (trace && addr_equal(address, &trace->flow.source))
        return "S";
    if (address->family == 4 && b[0] == 10 && b[1] == 9)
        snprintf(text, sizeof text, "r%u", b[2]);
    else if (address->family == 6 && b[4] == 0 && b[5] == 9)
        snprintf(text, sizeof text, "r%u", b[7]);
    else
        addr_format(address, text);
    return text;
}

static void add_reply(struct strbuf *b, const struct trace *trace, const struct probe *probe, const struct reply *reply)
{
    static const char *const words[] = {
        [REPLY_ECHO] = "=echo", [REPLY_SYN_ACK] = "=synack", [REPLY_RST] = "=rst",   [REPLY_TCP] = "=tcp",
        [REPLY_UDP] = "=udp",   [REPLY_SCTP] = "=sctp",      [REPLY_DCCP] = "=dccp", [REPLY_OTHER] = "=raw",
    };
    strbuf_add(b, who(trace, &reply->from));
    if (reply->kind == REPLY_PARAMETER_PROBLEM)
        strbuf_addf(b, "!p%u", reply->icmp_code);
    else if (reply->kind == REPLY_TOO_BIG)
        strbuf_addf(b, "!F%u", reply->mtu);
    else if (reply->kind == REPLY_UNREACHABLE)
        strbuf_addf(b, "!%u", reply->icmp_code);
    else if (reply->kind != REPLY_TIME_EXCEEDED)
        strbuf_add(b, words[reply->kind]);
    if (reply->extension && reply->extension->mpls_count)
        strbuf_addf(b, "#%u", reply->extension->mpls[0].label);
    strbuf_add(b, reply->match == MATCH_WEAK ? "~" : reply->match == MATCH_REWRITTEN ? "^" : "");
    strbuf_add(b, probe->sent != NSTIME_NONE && reply_rtt(probe, reply) == NSTIME_NONE ? "?" : "");
}

static void add_hop(struct strbuf *b, const struct trace *trace, uint8_t ttl)
{
    strbuf_addf(b, " %u", ttl);
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        strbuf_add(b, p->reply_count ? " " : " *");
        for (unsigned i = 0; i < p->reply_count; i++) {
            strbuf_add(b, i ? "+" : "");
            add_reply(b, trace, p, &p->replies[i]);
        }
    }
    strbuf_add(b, ";");
}

static void add_trace(struct strbuf *b, const struct trace *trace)
{
    strbuf_addf(b, "%s%s ", b->length ? " | " : "",
                trace->flow.spec.type->protocol ? ip_protocol_name(trace->flow.spec.type->protocol) : "ip");
    if (trace->origin.inferred)
        strbuf_add(b, "inferred ");
    if (trace->origin.rounds != 1)
        strbuf_addf(b, "%u rounds ", trace->origin.rounds);
    if (trace->origin.captured_at_ttl)
        strbuf_addf(b, "behind %u ", trace->origin.captured_at_ttl);
    strbuf_addf(b, "%s:", trace_end_name(trace->end));
    for (unsigned ttl = 0; ttl < 256; ttl++)
        if (trace_asked(trace, ttl))
            add_hop(b, trace, (uint8_t)ttl);
}

static void add_error(struct strbuf *b, const struct other_error *error)
{
    strbuf_addf(b, " %s %u/%u", who(NULL, &error->from), error->icmp_type, error->icmp_code);
    if (error->protocol)
        strbuf_addf(b, " %s", ip_protocol_name(error->protocol) ? ip_protocol_name(error->protocol) : "ip");
    if (error->has_ports)
        strbuf_addf(b, " %u>%u", error->source_port, error->target_port);
    strbuf_add(b, ";");
}

const char *scene_text(void)
{
    static char text[TEXT_MOST];
    const struct recognition *found = recogniser_result(scene.keeping);
    const struct frame_counters *counters = &found->counters.common;
    struct strbuf b;
    strbuf_init(&b);
    strbuf_add(&b, scene.sound ? "" : "UNSOUND ");
    for (size_t i = 0; i < found->trace_count; i++)
        add_trace(&b, found->traces[i]);
    if (found->error_count)
        strbuf_addf(&b, "%serrors:", b.length ? " " : "");
    for (size_t i = 0; i < found->error_count; i++)
        add_error(&b, &found->errors[i]);
    for (unsigned i = 0; i < counters->stray_kinds; i++)
        strbuf_addf(&b, "%s%llu %s;",
                    i          ? " "
                    : b.length ? " other: "
                               : "other: ",
                    (unsigned long long)counters->strays[i].count, counters->strays[i].reason);
    snprintf(text, sizeof text, "%s", b.text);
    strbuf_free(&b);
    return text;
}

void scene_end(void)
{
    recogniser_free(scene.keeping);
    recogniser_free(scene.telling);
    free_lines(&scene.streamed);
}
