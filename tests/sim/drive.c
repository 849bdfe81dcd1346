/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/drive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/file.h"
#include "cli/shared/loop.h"
#include "strategies/strategies.h"
#include "verdict/verdict.h"

#define STEPS_MOST 200000 /* no run of these tests comes near; a session that never ends does */

struct record {
    bool is_claim;
    struct session_claim claim;
    struct frame frame; /* its bytes are owned */
};

/* --- configuration --- */

enum status drive_config(const struct net *net, uint8_t family, const char *specs, uint64_t seed,
                         struct session_config *out, struct err *err)
{
    char list[256];
    char *rest = NULL;
    *out = (struct session_config){.source = *net_address(net, net->client, family),
                                   .target = net->target[family == 6],
                                   .automatic = strcmp(specs, "auto") == 0,
                                   .strategy = &strategy_trace,
                                   .first_ttl = 1,
                                   .max_ttl = 30,
                                   .queries = 3,
                                   .gap = 8,
                                   .max_wait = 3200 * NS_PER_MS,
                                   .slow_wait = SLOW_WAIT,
                                   .send_gap = 500 * NS_PER_US,
                                   .dont_fragment = true,
                                   .flow_label = -1,
                                   .seed = seed};
    snprintf(list, sizeof list, "%s", out->automatic ? "udp,icmp,tcp/443,tcp/80" : specs);
    for (char *spec = strtok_r(list, ",", &rest); spec; spec = strtok_r(NULL, ",", &rest)) {
        enum status status = probe_spec_parse(spec, &out->specs[out->spec_count++], err);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* --- what a session holds, as text --- */

static void describe_quote(const struct reply *reply, struct strbuf *out)
{
    for (unsigned i = 0; i < reply->rewrite_count; i++) {
        const struct rewrite *r = &reply->rewrites[i];
        strbuf_addf(out, " %s %" PRIx64 ">%" PRIx64, rewrite_field_name(r->field), r->sent, r->quoted);
    }
    if (!reply->extension)
        return;
    strbuf_addf(out, " extension %d", reply->extension->non_compliant);
    for (unsigned i = 0; i < reply->extension->mpls_count; i++)
        strbuf_addf(out, " %u/%u/%u", reply->extension->mpls[i].label, reply->extension->mpls[i].tc,
                    reply->extension->mpls[i].ttl);
}

static void describe_reply(const struct reply *reply, struct strbuf *out)
{
    char from[ADDR_TEXT_BYTES];
    addr_format(&reply->from, from);
    strbuf_addf(out, "    %s at %" PRId64 " frame %" PRIu64 " %s %s (%s) %u/%u%s%s ttl %u quoted %d mtu %u %u %u %u",
                from, reply->time, reply->frame, reply_kind_name(reply->kind), match_name(reply->match), reply->rule,
                reply->icmp_type, reply->icmp_code, reply->late ? " late" : "", reply->duplicate ? " duplicate" : "",
                reply->reply_ttl, reply->quoted_ttl, reply->mtu, reply->tcp_flags, reply->tcp_window, reply->ip_id);
    strbuf_addf(out, " version %u answer %u df %d", reply->version, reply->answer_type, reply->dont_fragment);
    describe_quote(reply, out);
    strbuf_add(out, "\n");
}

static void describe_trace(const struct trace *trace, struct strbuf *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&trace->flow.spec, spec);
    strbuf_addf(out, "trace %s: %zu probes, %u replies, top %u, reached %u, refused %u, loop %u+%u, last %u, %s\n",
                spec, trace->probe_count, trace->reply_count, trace->last_router_ttl, trace->reached_ttl,
                trace->refused_ttl, trace->loop_first, trace->loop_length, trace_last_ttl(trace),
                trace_end_name(trace->end));
    strbuf_addf(out, "  from %" PRId64 " to %" PRId64 "\n", trace->first_sent, trace->last_seen);
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        strbuf_addf(out, "  %u flow %u ttl %u attempt %u at %" PRId64 " frame %" PRIu64 " seen %d errno %d state %d\n",
                    p->serial, p->flow, p->ttl, p->attempt, p->sent, p->frame, p->seen, p->send_errno, (int)p->state);
        for (unsigned r = 0; r < p->reply_count; r++)
            describe_reply(&p->replies[r], out);
    }
    for (unsigned ttl = 1; ttl <= trace_last_ttl(trace); ttl++) {
        struct hop_stats s;
        trace_hop_stats(trace, (uint8_t)ttl, &s);
        strbuf_addf(out, "  hop %u: %u of %u, %g %g\n", ttl, s.received, s.sent, s.received ? s.avg_ms : 0,
                    s.received ? s.jitter_ms : 0);
    }
}

static void describe_place(const char *name, const struct place *place, struct strbuf *out)
{
    char address[ADDR_TEXT_BYTES];
    addr_format(&place->address, address);
    if (place->known)
        strbuf_addf(out, " %s %u (%s)", name, place->ttl, address);
}

static void describe_verdicts(const struct session *session, struct strbuf *out)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    if (!judgement)
        abort();
    verdict_judge(session, judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *v = &judgement->verdicts[i];
        strbuf_addf(out, "verdict %s %s", verdict_state_name(v->state), v->how ? verdict_how_name(v->how) : "-");
        describe_place("at", &v->at, out);
        describe_place("after", &v->after, out);
        describe_place("before", &v->before, out);
        strbuf_addf(out, " %.4f, %u frames: %s\n", v->confidence, v->frame_count, v->text);
    }
    for (unsigned i = 0; i < judgement->finding_count; i++)
        strbuf_addf(out, "finding %s: %s\n", finding_kind_name(judgement->findings[i].kind),
                    judgement->findings[i].text);
    verdict_release(judgement);
    free(judgement);
}

static void describe_mtu(const struct session *session, struct strbuf *out)
{
    struct path_mtu mtu;
    char text[SENTENCE_BYTES];
    if (!path_mtu_find(session, session_now(session), &mtu))
        return;
    verdict_describe_mtu(&mtu, text);
    strbuf_addf(out, "%s%s back %u\n", text, mtu.complete ? "" : " incomplete", mtu.back);
    for (unsigned i = 0; i < mtu.lie_count; i++) {
        verdict_describe_mtu_lie(&mtu.lies[i], text);
        strbuf_addf(out, "%s\n", text);
    }
}

void drive_describe(const struct session *session, struct strbuf *out)
{
    const struct frame_counters *counters = session_counters(session);
    for (unsigned i = 0; i < session_all_count(session); i++)
        describe_trace(session_trace(session, i), out);
    for (unsigned ttl = 1; ttl <= session_last_ttl(session); ttl++) {
        const struct trace *trace = session_hop_trace(session, (uint8_t)ttl);
        strbuf_addf(out, "line %u: trace %td\n", ttl, trace ? trace - session_trace(session, 0) : -1);
    }
    strbuf_addf(out, "last %u, unseen %u, frames %" PRIu64 ", malformed %" PRIu64 "\n", session_last_ttl(session),
                session_unseen_probes(session), counters->frames, counters->malformed);
    for (unsigned i = 0; i < counters->stray_kinds; i++)
        strbuf_addf(out, "stray %s: %" PRIu64 "\n", counters->strays[i].reason, counters->strays[i].count);
    describe_verdicts(session, out);
    describe_mtu(session, out);
}

static void probe_settled(void *context, const struct session *session, const struct trace *trace,
                          const struct probe *probe)
{
    strbuf_addf(context, "settled trace %td serial %u state %d replies %u\n", trace - session_trace(session, 0),
                probe->serial, (int)probe->state, probe->reply_count);
}

static void hop_settled(void *context, const struct session *session, uint8_t ttl)
{
    const struct trace *trace = session_hop_trace(session, ttl);
    strbuf_addf(context, "settled hop %u trace %td\n", ttl, trace ? trace - session_trace(session, 0) : -1);
}

static struct session_events events_into(struct strbuf *out)
{
    return (struct session_events){.context = out, .probe_settled = probe_settled, .hop_settled = hop_settled};
}

/* --- watching what is sent --- */

/* Probes handed to the wire at this hop that the session has neither an answer to nor given up. */
static unsigned unanswered(const struct trace *trace, const unsigned sent[256], unsigned ttl)
{
    unsigned resolved = 0;
    for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p))
        resolved += p->state != PROBE_OUTSTANDING;
    return sent[ttl] - resolved;
}

struct watcher {
    struct drive *drive;
    unsigned sent[SPECS_MOST][256];
};

static int whose(const struct session *session, const struct headers *h)
{
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (unsigned k = 0; k < trace->flow_count; k++)
            if (flow_recognise(trace_flow(trace, k), h, false).match == MATCH_EXACT)
                return (int)i;
    }
    for (unsigned i = session_trace_count(session); i < session_all_count(session); i++) {
        struct wish wish = {.trace = i, .port = h->transport.target_port};
        bool fits = port_list_has(session_trace(session, i)->ports, wish.port);
        const struct flow *flow = fits ? session_flow(session, &wish) : NULL;
        if (flow && flow_recognise(flow, h, false).match == MATCH_EXACT)
            return (int)i;
    }
    return -1;
}

static bool is_size_probe(const struct session *session, const struct headers *h)
{
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_size_trace(session, i);
        for (unsigned k = 0; trace && k < trace->flow_count; k++)
            if (flow_recognise(trace_flow(trace, k), h, false).serial >= SIZED_SERIALS_FIRST)
                return true;
    }
    return false;
}

static bool is_target_hop(const struct session *session, unsigned ttl)
{
    uint8_t target_ttl = session_target_ttl(session);
    return target_ttl && ttl >= target_ttl;
}

static void count_sent(struct watcher *w, const struct headers *h)
{
    struct drive *d = w->drive;
    if (is_size_probe(d->session, h))
        return;
    int trace = whose(d->session, h);
    unsigned ttl = h->ip.ttl, of_all = 0;
    if (trace < 0) {
        err_set(&d->err, STATUS_SYSTEM, "a packet was sent that its own flow does not recognise");
        return;
    }
    w->sent[trace][ttl]++;
    if (is_target_hop(d->session, ttl))
        return;
    for (unsigned i = 0; i < session_trace_count(d->session); i++) {
        unsigned of_spec = unanswered(session_trace(d->session, i), w->sent[i], ttl);
        of_all += of_spec;
        if (of_spec > d->most_of_spec)
            d->most_of_spec = of_spec;
    }
    if (of_all > d->most_of_all)
        d->most_of_all = of_all;
}

static void watch_sent(void *context, nstime at, const uint8_t *bytes, size_t length)
{
    struct watcher *w = context;
    struct drive *d = w->drive;
    struct headers h;
    const char *malformed = NULL;
    headers_decode(bytes, length, false, &h, &malformed);
    if (h.ip.protocol == IP_TCP && (h.transport.flags & TCP_RST))
        return; /* it ends a connection */
    if (d->sent_count++ == 0)
        d->first_send = at;
    d->last_send = at;
    d->sends = (d->sends ^ (uint64_t)at) * 1099511628211U;
    for (size_t i = 0; i < length; i++)
        d->sends = (d->sends ^ bytes[i]) * 1099511628211U;
    count_sent(w, &h);
}

/* --- a live run, onto a tape --- */

static struct record *add_record(struct drive *d)
{
    if (d->tape_count % 256 == 0) {
        d->tape = realloc(d->tape, (d->tape_count + 256) * sizeof *d->tape);
        if (!d->tape)
            abort();
    }
    return &d->tape[d->tape_count++];
}

static void tape_claims(struct drive *d)
{
    struct session_claim claim;
    while (session_take_claim(d->session, &claim))
        *add_record(d) = (struct record){.is_claim = true, .claim = claim};
}

static void tape_frame(struct drive *d, struct frame *frame, uint64_t number)
{
    struct packet packet;
    uint8_t *bytes = malloc(frame->captured);
    if (!bytes)
        abort();
    frame->number = number;
    packet_decode(frame, &packet);
    session_frame(d->session, frame, &packet);
    tape_claims(d);
    memcpy(bytes, frame->bytes, frame->captured);
    struct record *record = add_record(d);
    *record = (struct record){.frame = *frame};
    record->frame.bytes = bytes;
}

static void send_probe(struct drive *d, struct wire *wire, const struct wish *wish)
{
    const struct flow *flow = session_flow(d->session, wish);
    uint8_t bytes[65535];
    flow_stamp(flow, wish->serial, wish->ttl, bytes);
    int refused = wire->ops->send(wire, &flow->target, bytes, flow->size);
    session_sent(d->session, wish, refused, sim_now(d->sim));
    tape_claims(d);
}

/* As cli/loop ends a connection. */
static void close_flow(struct drive *d, struct wire *wire, const struct wish *wish)
{
    const struct flow *flow = session_flow(d->session, wish);
    uint8_t bytes[65535];
    if (flow_needs_connection(flow))
        wire->ops->disconnect(wire, flow);
    for (unsigned behind_data = 0;
         flow_needs_connection(flow) && connection_was_open(flow->connection) && behind_data < 2; behind_data++)
        wire->ops->send(wire, &flow->target, bytes, flow_stamp_reset(flow, behind_data, bytes));
    session_closed(d->session, wish);
}

/* As cli/loop opens a connection or a UDP session. */
static void open_flow(struct drive *d, struct wire *wire, const struct wish *wish)
{
    const struct flow *flow = session_flow(d->session, wish);
    uint8_t bytes[65535];
    nstime at = sim_now(d->sim);
    int refused = 0;
    d->connects[d->connect_count++ % CONNECTS_NOTED] = at;
    if (flow_needs_connection(flow)) {
        refused = wire->ops->connect(wire, flow);
    } else {
        flow_stamp(flow, wish->serial, wish->ttl, bytes);
        refused = wire->ops->send(wire, &flow->target, bytes, flow->size);
    }
    session_connected(d->session, wish, refused, at);
}

static bool carry_out(struct drive *d, struct wire *wire, const struct wish *wish)
{
    if (wish->kind == WISH_CONNECT) {
        open_flow(d, wire, wish);
    } else if (wish->kind == WISH_CLOSE) {
        close_flow(d, wire, wish);
    } else {
        return false;
    }
    return true;
}

static nstime earlier(nstime a, nstime b)
{
    return a < b ? a : b;
}

/* The forged packet that is due. It comes between the network's frames, and is not on the tape. */
static void feed_forged(struct drive *d)
{
    uint8_t bytes[FORGE_BYTES];
    struct frame frame = {.bytes = bytes, .linktype = LINKTYPE_RAW, .direction = FRAME_IN, .time = d->next_forged};
    struct packet packet;
    frame.captured = frame.length = (uint32_t)forge_next(d->forger, bytes);
    packet_decode(&frame, &packet);
    session_frame(d->session, &frame, &packet);
    d->next_forged += d->forge_gap;
}

/* What cli/loop does, with a tape for a dump. False where there is no end to it. */
static bool run(struct drive *d, struct wire *wire, nstime stop)
{
    uint64_t number = 0;
    for (unsigned step = 0; step < STEPS_MOST; step++) {
        struct frame frame = {0};
        struct session_claim claim;
        d->end = sim_now(d->sim) >= stop ? SESSION_INTERRUPTED : SESSION_COMPLETE;
        if (d->end == SESSION_INTERRUPTED)
            return true;
        struct wish wish = session_wish(d->session, sim_now(d->sim));
        tape_claims(d);
        if (wish.kind == WISH_DONE)
            return true;
        if (carry_out(d, wire, &wish))
            continue;
        nstime free_at = d->sent_count && d->sent_count < d->stalled_sends ? d->last_send + d->stall : 0;
        if (wish.kind == WISH_SEND && free_at > sim_now(d->sim)) {
            wish.until = free_at;
        } else if (wish.kind == WISH_SEND) {
            send_probe(d, wire, &wish);
            continue;
        }
        nstime until = earlier(wish.until == NSTIME_NEVER ? wish.until : wish.until + d->oversleep, stop);
        bool forged = d->forger && d->next_forged <= until;
        switch (wire->ops->receive(wire, forged ? d->next_forged : until, &frame, &claim, &d->err)) {
        case WIRE_FRAME:
            tape_frame(d, &frame, ++number);
            break;
        case WIRE_QUIET:
            if (forged) {
                feed_forged(d);
                step--;
                break;
            }
            session_tick(d->session, wire->ops->drained(wire));
            tape_claims(d);
            break;
        default:
            return false;
        }
    }
    err_set(&d->err, STATUS_SYSTEM, "the run does not end");
    return false;
}

static bool live(struct drive *d, const struct net *net, const struct session_config *config, nstime most)
{
    struct watcher watcher = {.drive = d};
    d->net = net;
    d->config = *config;
    d->sends = 14695981039346656037U;
    strbuf_init(&d->settled);
    struct session_events events = events_into(&d->settled);
    d->session = session_new(config, false, &events, &d->err);
    d->sim = sim_new(net, config->seed);
    if (!d->session || !d->sim)
        return false;
    sim_set_watch(d->sim, &(struct sim_watch){.context = &watcher, .sent = watch_sent});
    bool good = run(d, sim_wire(d->sim), most == NSTIME_NEVER ? NSTIME_NEVER : SIM_START + most);
    struct wish wish;
    while (session_close_wish(d->session, &wish))
        close_flow(d, sim_wire(d->sim), &wish);
    sim_set_watch(d->sim, &(struct sim_watch){0});
    d->done = sim_now(d->sim);
    d->ended_at = session_now(d->session);
    session_finish(d->session, d->end, d->ended_at, 0);
    return good && d->err.status == STATUS_OK;
}

bool drive_live(struct drive *d, const struct net *net, const struct session_config *config, nstime most)
{
    *d = (struct drive){0};
    return live(d, net, config, most);
}

bool drive_live_sleepy(struct drive *d, const struct net *net, const struct session_config *config, nstime oversleep)
{
    *d = (struct drive){.oversleep = oversleep};
    return live(d, net, config, NSTIME_NEVER);
}

bool drive_live_busy(struct drive *d, const struct net *net, const struct session_config *config, nstime stall,
                     unsigned sends)
{
    *d = (struct drive){.stall = stall, .stalled_sends = sends};
    return live(d, net, config, NSTIME_NEVER);
}

bool drive_live_forged(struct drive *d, const struct net *net, const struct session_config *config,
                       struct forger *forger, nstime gap)
{
    *d = (struct drive){.forger = forger, .forge_gap = gap, .next_forged = SIM_START};
    return live(d, net, config, 600 * NS_PER_S);
}

unsigned drive_connections_left(struct drive *d, unsigned *client)
{
    struct wire *wire = sim_wire(d->sim);
    struct frame frame;
    struct session_claim claim;
    nstime until = sim_now(d->sim) + NS_PER_S;
    while (wire->ops->receive(wire, until, &frame, &claim, &d->err) == WIRE_FRAME)
        continue;
    *client = sim_connections(d->sim, d->net->client);
    return sim_connections(d->sim, (unsigned)net_find(d->net, "target"));
}

void drive_free(struct drive *d)
{
    for (size_t i = 0; i < d->tape_count; i++)
        if (!d->tape[i].is_claim)
            free((void *)(uintptr_t)d->tape[i].frame.bytes);
    free(d->tape);
    session_free(d->session);
    sim_free(d->sim);
    strbuf_free(&d->settled);
}

/* --- replays --- */

static void copy_flows(const struct session *session, struct flow flows[SPECS_MOST])
{
    for (unsigned i = 0; i < session_all_count(session); i++) {
        flows[i] = session_trace(session, i)->flow;
        flows[i].template_bytes = NULL;
    }
}

bool drive_replay(const struct drive *d, struct strbuf *out, struct err *err)
{
    struct flow flows[SPECS_MOST];
    struct session_events events = events_into(out);
    copy_flows(d->session, flows);
    struct session *session = session_new_with_flows(&d->config, flows, true, &events, err);
    if (!session)
        return false;
    for (size_t i = 0; i < d->tape_count; i++) {
        struct packet packet;
        if (d->tape[i].is_claim) {
            session_claim(session, &d->tape[i].claim);
            continue;
        }
        packet_decode(&d->tape[i].frame, &packet);
        session_frame(session, &d->tape[i].frame, &packet);
    }
    session_finish(session, d->end, d->ended_at, 0);
    drive_describe(session, out);
    session_free(session);
    return true;
}

bool drive_replays_alike(const struct drive *d)
{
    struct strbuf live, replayed;
    struct err err = {0};
    strbuf_init(&live);
    strbuf_init(&replayed);
    strbuf_add(&live, d->settled.text ? d->settled.text : "");
    drive_describe(d->session, &live);
    bool same = drive_replay(d, &replayed, &err) && strcmp(live.text, replayed.text) == 0;
    strbuf_free(&live);
    strbuf_free(&replayed);
    return same;
}

static bool save(const struct drive *d, const char *path, struct strbuf *out, struct err *err)
{
    const volatile sig_atomic_t stop = 0;
    struct session_events events = events_into(out);
    struct dump_run kept = {.command = "trace", .options = "", .interface = "sim", .linktype = LINKTYPE_RAW};
    struct session *session = session_new(&d->config, false, &events, err);
    struct sim *sim = sim_new(d->net, d->config.seed);
    struct dump *dump = NULL;
    enum status status = session && sim ? dump_open(path, &dump, err) : STATUS_SYSTEM;
    nstime ended_at = NSTIME_NONE;
    if (!status) {
        dump_begin(dump, &kept, session);
        status = loop_run(session, sim_wire(sim), dump, NULL, &stop, err);
        ended_at = session_now(session);
        session_finish(session, SESSION_COMPLETE, ended_at, 0);
        drive_describe(session, out);
    }
    if (dump) {
        enum status closed = dump_close(dump, SESSION_COMPLETE, ended_at, 0, err);
        status = status ? status : closed;
    }
    session_free(session);
    sim_free(sim);
    return !status;
}

static bool load(const char *path, struct strbuf *out, struct err *err)
{
    const volatile sig_atomic_t stop = 0;
    struct session_events events = events_into(out);
    const struct saved_run *saved = NULL;
    struct session *session = NULL;
    struct wire *wire = NULL;
    enum status status = file_wire_open(path, &wire, &saved, err);
    if (!status && !saved->present)
        status = err_set(err, STATUS_SYSTEM, "%s: its headers do not tell of the run", path);
    if (!status) {
        session = session_new_with_flows(&saved->config, saved->flows, true, &events, err);
        status = session ? loop_run(session, wire, NULL, NULL, &stop, err) : STATUS_SYSTEM;
    }
    if (!status) {
        session_finish(session, saved->end, saved->ended_at, saved->dropped_by_kernel);
        drive_describe(session, out);
    }
    session_free(session);
    if (wire)
        wire->ops->close(wire);
    return !status;
}

bool drive_saved(const struct drive *d, const char *path, struct strbuf *live, struct strbuf *replayed, struct err *err)
{
    return save(d, path, live, err) && load(path, replayed, err);
}
