/* SPDX-License-Identifier: BSD-2-Clause */
/* session: a run from start to end, and what it wishes. */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
#include "base/rng.h"
#include "probe/type.h"
#include "session/state.h"

/* --- making and freeing --- */

/* A source port for each trace. The ports of one run differ, so that the connection state of one spec does not open the
 * path for another; their remainders by `count` differ, so that the ports of alternates do. They hardly ever equal
 * those of another run, whose connections may still be half open at the target. Each is drawn from the whole dynamic
 * range, so that a forger has to guess it. */
static void draw_ports(struct rng *rng, unsigned count, uint16_t ports[SPECS_MOST])
{
    for (unsigned i = 0; i < count; i++) {
        unsigned other = rng_below(rng, i + 1);
        ports[i] = ports[other];
        ports[other] = (uint16_t)i;
    }
    for (unsigned i = 0; i < count; i++)
        ports[i] = (uint16_t)(EPHEMERAL_FIRST + rng_below(rng, EPHEMERAL_COUNT / count) * count + ports[i]);
}

static void draw_flow(const struct session_config *config, const struct probe_spec *spec, uint16_t port,
                      struct rng *rng, struct flow *flow)
{
    uint32_t label = 1 + rng_below(rng, 0xfffff);
    *flow = (struct flow){
        .spec = *spec,
        .source = config->source,
        .target = config->target,
        .source_port = config->source_port ? config->source_port : port,
        .target_port = spec->port,
        .tos = config->tos,
        .dont_fragment = config->dont_fragment,
        .flow_label = config->flow_label >= 0 ? (uint32_t)config->flow_label : label,
        .size = config->size,
        .nonce = rng_u32(rng),
        .coding = CODING_EACH_FIELD,
    };
    if (config->target.family != 6)
        flow->flow_label = 0;
}

/* Bytes of the templates of a trace's flows. Where probes are larger than 4 KiB, a trace has fewer flows.
 * Unit: bytes. Source: chosen: 4096 flows of Ethernet's largest packets need 6 MB. Effect: a smaller
 * number leaves fewer flows to searches with large probes; a larger one lets a saved capture demand more memory. */
#define TEMPLATES_MOST (16U << 20)

/* The flows beside the trace's own. There are fewer if the probe has no field that can vary. */
static enum status build_alternates(const struct session_config *config, struct trace *trace, struct err *err)
{
    unsigned room = TEMPLATES_MOST / trace->flow.size;
    unsigned most = config->flows > 1 ? uint_min(config->flows, room) - 1U : 0;
    enum status status = STATUS_OK;
    trace->alternates = calloc(most + 1, sizeof *trace->alternates);
    if (!trace->alternates)
        return err_set(err, STATUS_SYSTEM, "out of memory");
    while (status == STATUS_OK && trace->flow_count <= most) {
        struct flow *alternate = &trace->alternates[trace->flow_count - 1];
        if (!flow_alternate(&trace->flow, trace->flow_count, session_config_traces(config), alternate))
            break;
        status = flow_build(alternate, err);
        trace->flow_count += status == STATUS_OK;
    }
    return status;
}

unsigned session_list_parts(const struct session_config *config, struct list_part out[LIST_PARTS_MOST])
{
    unsigned count = 0;
    for (unsigned i = 0; i < config->port_list_count; i++)
        for (unsigned base = 0; base < 65536; base += PORTS_OF_TRACE) {
            unsigned first = port_list_next(&config->port_lists[i], base);
            if (first && first < base + PORTS_OF_TRACE)
                out[count++] = (struct list_part){.list = &config->port_lists[i],
                                                  .first = (uint16_t)first,
                                                  .last = (uint16_t)(base + PORTS_OF_TRACE - 1)};
        }
    return count;
}

unsigned session_config_traces(const struct session_config *config)
{
    struct list_part parts[LIST_PARTS_MOST];
    return config->spec_count + session_list_parts(config, parts);
}

/* What stands at this index: a spec, or the part of a port list, for which its first port stands. */
static struct probe_spec take_spec(const struct session *session, unsigned index, struct trace *trace)
{
    struct list_part parts[LIST_PARTS_MOST];
    if (index < session->config.spec_count)
        return session->config.specs[index];
    session_list_parts(&session->config, parts);
    const struct list_part *part = &parts[index - session->config.spec_count];
    trace->ports = part->list;
    trace->first_port = part->first;
    trace->last_port = part->last;
    trace->origin.target_port_varies = true;
    return port_list_spec(part->list, part->first);
}

/* Each of its ports would take connections of its own. */
static enum status refuse_list(const struct port_list *list, struct err *err)
{
    struct strbuf text;
    strbuf_init(&text);
    port_list_add_text(list, 1, 65535, &text);
    err_set(err, STATUS_USAGE, "%s: a port list opens no connections (name 16 probes at most)", text.text);
    strbuf_free(&text);
    return STATUS_USAGE;
}

/* A session that is left alone cannot have the port of the spec beside it, though that is the one that the user named.
 */
static void leave_port(struct session *session, unsigned index)
{
    struct flow *flow = &session->traces[index].flow, own = *flow;
    flow_alternate(&own, FLOWS_COMPARED_MOST + index, session_config_traces(&session->config), flow);
}

/* `port`: for a flow that is not saved. */
static enum status build_trace(struct session *session, unsigned index, const struct flow *saved, uint16_t port,
                               struct rng *rng, struct err *err)
{
    struct trace *trace = &session->traces[index];
    trace_init(trace);
    session->trace_list[index] = trace;
    session->all_count = index + 1;
    trace->gap = session->config.gap;
    trace->max_ttl = session->config.max_ttl;
    trace->is_control = index < session->config.spec_count && session->config.controls >> index & 1;
    const struct probe_spec spec = take_spec(session, index, trace);
    if (saved)
        trace->flow = *saved;
    else
        draw_flow(&session->config, &spec, port, rng, &trace->flow);
    if (!saved && spec.idle_s && session->config.source_port)
        leave_port(session, index);
    trace->flow.port_is_given = session->config.source_port != 0;
    trace->flow.label_is_given = session->config.flow_label >= 0;
    trace->flow.template_bytes = NULL;
    trace->flow.connection = NULL;
    if (trace->ports && probe_spec_variant(&spec)->needs_connection)
        return refuse_list(trace->ports, err);
    enum status status = flow_build(&trace->flow, err);
    if (status == STATUS_OK && flow_has_session(&trace->flow))
        status = connections_build(session, index, session->config.flows, err);
    else if (status == STATUS_OK && !trace->ports)
        status = build_alternates(&session->config, trace, err);
    struct wanted **cells = &session->wants[index].cells;
    *cells = calloc((size_t)256 * session_rows(session, index), sizeof **cells);
    session->wants[index].flows_most = session_rows(session, index);
    return status == STATUS_OK && !*cells ? err_set(err, STATUS_SYSTEM, "out of memory") : status;
}

/* Bytes of the longest probe. A port of a list may have another payload than the list's first. */
#define STAMP_BYTES_OF_LISTS 65535

static enum status build_traces(struct session *session, const struct flow *flows, struct err *err)
{
    struct rng rng = rng_init(session->config.seed);
    unsigned count = session_config_traces(&session->config);
    uint16_t ports[SPECS_MOST] = {0};
    draw_ports(&rng, count, ports);
    size_t stamp_bytes = session->config.port_list_count ? STAMP_BYTES_OF_LISTS : 1;
    session->traces = calloc(count + SIZE_TRACES_MOST, sizeof *session->traces);
    session->trace_list = calloc(count, sizeof *session->trace_list);
    session->port_flow = port_flow_new();
    session->due = calloc(count + SIZE_TRACES_MOST, sizeof *session->due);
    if (!session->due || !session->traces || !session->trace_list || !session->port_flow)
        return err_set(err, STATUS_SYSTEM, "out of memory");
    for (unsigned i = 0; i < count; i++) {
        enum status status = build_trace(session, i, flows ? &flows[i] : NULL, ports[i], &rng, err);
        if (status != STATUS_OK)
            return status;
        size_t size = session->traces[i].flow.size;
        stamp_bytes = size > stamp_bytes ? size : stamp_bytes;
    }
    stamp_bytes = session->config.interface_mtu > stamp_bytes ? session->config.interface_mtu : stamp_bytes;
    session->trace_count = session->config.spec_count;
    session->stamp = malloc(stamp_bytes);
    return session->stamp ? sized_init(session, err) : err_set(err, STATUS_SYSTEM, "out of memory");
}

/* Whether stopping points exist for this confidence. */
static bool sureness_is_sound(const struct session_config *config)
{
    return config->confidence >= 500000 && config->confidence <= 999999;
}

static bool config_is_sound(const struct session_config *config)
{
    const struct strategy *strategy = config->strategy;
    return strategy && config->spec_count && config->spec_count <= SPECS_MOST &&
           session_config_traces(config) <= SPECS_MOST && config->first_ttl && config->first_ttl <= config->max_ttl &&
           (!strategy->is_endless || (config->interval >= INTERVAL_LEAST && config->interval <= INTERVAL_MOST)) &&
           config->queries && config->gap && config->flows <= strategy->flows_most &&
           (!strategy->one_spec || (config->spec_count == 1 && sureness_is_sound(config)));
}

static enum status start(struct session *session, const struct flow *flows, struct err *err)
{
    const struct strategy *strategy = session->config.strategy;
    enum status status = build_traces(session, flows, err);
    if (status == STATUS_OK && strategy->start && !strategy->start(session))
        status = err_set(err, STATUS_SYSTEM, "out of memory");
    return status;
}

struct session *session_new_with_flows(const struct session_config *config, const struct flow *flows, bool seen_only,
                                       const struct session_events *events, struct err *err)
{
    if (!config_is_sound(config)) {
        err_set(err, STATUS_USAGE,
                "a run needs a strategy, a probe, a TTL of at least 1, a query, a gap and as many flows as it can tell "
                "apart");
        return NULL;
    }
    struct session *session = calloc(1, sizeof *session);
    if (!session) {
        err_set(err, STATUS_SYSTEM, "out of memory");
        return NULL;
    }
    session->config = *config;
    session->seen_only = seen_only;
    session->now = session->last_send = NSTIME_NONE;
    session->settled_ttl = (uint8_t)(config->first_ttl - 1);
    session->max_ttl = config->max_ttl;
    if (events)
        session->events = *events;
    if (start(session, flows, err) != STATUS_OK) {
        session_free(session);
        return NULL;
    }
    session_update(session);
    return session;
}

struct session *session_new(const struct session_config *config, bool seen_only, const struct session_events *events,
                            struct err *err)
{
    return session_new_with_flows(config, NULL, seen_only, events, err);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    for (unsigned i = 0; i < session->all_count; i++) {
        trace_free(&session->traces[i]);
        free(session->wants[i].cells);
        serial_index_free(&session->pending_of[i]);
        for (unsigned ttl = 0; session->due && ttl < 256; ttl++) {
            due_free(&session->due[i].in_flight[ttl]);
            due_free(&session->due[i].expired[ttl]);
            due_free(&session->due[i].sent[ttl]);
        }
    }
    due_free(&session->pending_due);
    free(session->due);
    free(session->traces);
    free(session->trace_list);
    port_flow_free(session->port_flow);
    free(session->pending);
    free(session->claims);
    free(session->stamp);
    if (session->plan && session->config.strategy->stop)
        session->config.strategy->stop(session);
    free(session->plan);
    free(session);
}

/* --- progress --- */

/* While a capture is replayed, one more change may wait for the next update for each so many probes known: an update
 * may look at all of them. Unit: probes. Source: chosen: more than a run of ours sends. Effect: a smaller number
 * settles the hops of a replay later than the live run did; a larger one takes more time for a hostile capture. */
#define PROBES_OF_UPDATE 1024

static bool may_wait(struct session *session)
{
    size_t known = 0;
    for (unsigned i = 0; i < session->all_count; i++)
        known += session->traces[i].probe_count;
    bool is_bounded = !session->seen_only || session->config.strategy->is_endless;
    if (is_bounded || session->changes++ >= known / PROBES_OF_UPDATE)
        session->changes = 0;
    return session->changes > 0;
}

void session_update(struct session *session)
{
    const struct strategy *strategy = session->config.strategy;
    if (connections_search(session))
        return;
    bool runs = !session->seen_only || strategy->merges_hops || strategy->is_endless;
    if (!session->complete && runs && !may_wait(session))
        strategy->update(session);
}

void session_settle_hops(struct session *session, bool (*is_closed)(const struct session *session, uint8_t ttl))
{
    uint8_t target_ttl = session_target_ttl(session);
    uint8_t last = target_ttl          ? target_ttl
                   : session->complete ? session_last_ttl(session)
                                       : session_farthest_ttl(session);
    while (session->settled_ttl < last && (!is_closed || is_closed(session, (uint8_t)(session->settled_ttl + 1)))) {
        session->settled_ttl++;
        if (session->events.hop_settled)
            session->events.hop_settled(session->events.context, session, session->settled_ttl);
    }
}

/* --- wishes --- */

/* A pause of our process that later sends make up for.
 * Unit: ns. Source: chosen; a time slice of a busy machine. Effect: a smaller one sends lists slower than the rate; a
 * larger one sends bursts that a small firewall may lose. */
#define MADE_UP_MOST (10 * NS_PER_MS)

/* The budget counts sends, whether or not the capture shows them yet. An endless run never lacks serials. */
static bool may_send_more(const struct session *session, unsigned index)
{
    if (session->config.strategy->is_endless)
        return true;
    uint32_t sent = 0;
    bool shares = session->all_count > session->sized_first && !session_is_sized(session, index);
    for (unsigned i = 0; i < session->sized_first; i++)
        sent += session->next_serial[i];
    return session->next_serial[index] < (shares ? SIZED_SERIALS_FIRST - 1 : FLOW_SERIALS_MOST) &&
           (!session->config.strategy->has_budget || sent < session->config.budget);
}

/* Finds the flow for a probe of a row. If its connection is to be opened first, that is the wish. False: it is too
 * early for either, until `*again`. */
static bool take_connection(const struct session *session, nstime now, struct wish *wish, nstime *again)
{
    unsigned flow = wish->flow;
    nstime at;
    if (!session->connections[wish->trace].rows)
        return true;
    enum connection_need need = connections_need(session, wish->trace, wish->flow, wish->ttl, now, &flow, &at);
    wish->flow = (uint16_t)flow;
    if (need == CONNECTION_WANTED)
        wish->kind = WISH_CONNECT;
    if (need == CONNECTION_READY || (need == CONNECTION_WANTED && at <= now))
        return true;
    *again = at;
    return false;
}

/* Deadlines of an endless run are served together, so many times in a round at most: they settle probes, and none of
 * them sends one. A replay is the same, as each deadline is carried out with its own time.
 * Unit: 1. Source: measured: the processor time of `watch` falls by a third. Effect: a smaller number asks later again
 * after a silence; a larger one wakes the process more often. */
#define SERVED_PER_ROUND 50

static nstime served_at(const struct session *session, nstime deadline)
{
    if (!session->config.strategy->is_endless || deadline == NSTIME_NEVER)
        return deadline;
    nstime span = session->config.interval / SERVED_PER_ROUND, timer = session->config.strategy->timer(session);
    nstime together = (deadline / span + 1) * span;
    return timer < together ? timer : together;
}

struct wish session_wish(struct session *session, nstime now)
{
    struct wish wish = {.kind = WISH_WAIT, .until = NSTIME_NEVER};
    if (session->seen_only)
        return wish;
    if (connections_to_close(session, session->complete, &wish))
        return wish;
    if (session->complete) {
        wish.kind = WISH_DONE;
        return wish;
    }
    nstime again, opens_at;
    if (connections_to_open(session, now, &wish, &opens_at))
        return wish;
    bool due = session->config.strategy->next(session, now, &wish, &again);
    nstime slot = session->last_send == NSTIME_NONE ? now : session->next_slot;
    if (due && !may_send_more(session, wish.trace)) {
        due = false;
        again = NSTIME_NEVER;
    }
    wish.kind = WISH_SEND;
    due = due && take_connection(session, now, &wish, &again);
    if (due && slot <= now && wish.kind == WISH_CONNECT)
        return wish;
    if (due && slot <= now) {
        wish.serial = session_serial_after(session, session->next_serial[wish.trace]);
        return wish;
    }
    wish.kind = WISH_WAIT;
    wish.until = served_at(session, session_next_deadline(session));
    if (due && slot < wish.until)
        wish.until = slot;
    if (again < wish.until)
        wish.until = again;
    if (opens_at < wish.until)
        wish.until = opens_at;
    if (wish.until ==
        NSTIME_NEVER) /* nothing can go out and nothing is in flight: the serials are used up, for example */
        wish.kind = WISH_DONE;
    return wish;
}

/* The slots follow each other by the gap. A send that comes after its slot moves the next one, unless the gap is a
 * mean: then the sends catch up, by MADE_UP_MOST at most. */
static nstime slot_after(const struct session *session, nstime at)
{
    bool is_first = session->last_send == NSTIME_NONE;
    nstime slot = is_first || !session->config.gap_is_mean ? at : session->next_slot;
    slot = slot < at - MADE_UP_MOST ? at - MADE_UP_MOST : slot;
    return slot + session->config.send_gap;
}

void session_sent(struct session *session, const struct wish *wish, int send_errno, nstime at)
{
    struct session_claim claim = {.kind = send_errno ? CLAIM_REFUSED : CLAIM_UNSEEN,
                                  .trace = wish->trace,
                                  .flow = wish->flow,
                                  .port = wish->port,
                                  .serial = wish->serial,
                                  .ttl = wish->ttl,
                                  .at = at,
                                  .send_errno = send_errno};
    struct trace_connections *connections = &session->connections[wish->trace];
    if (connections->rows)
        connections->searches[connections_row(connections, wish->flow)].is_sent = true;
    session->next_serial[wish->trace] = wish->serial;
    session_wanted(session, wish->trace, wish->flow, wish->ttl)->commanded++;
    session->next_slot = slot_after(session, at);
    session->last_send = at;
    if (session->config.strategy->sent)
        session->config.strategy->sent(session, wish, at);
    pending_push(session, &claim);
}

/* --- the end --- */

/* Whether the refusal that ended the trace reports a missing route. */
static bool refusal_is_unreachable(const struct trace *trace)
{
    const struct probe *probe;
    const struct reply *refusal = trace_refusal(trace, &probe);
    return refusal && reply_is_no_route(refusal);
}

static enum trace_end decide_end(const struct session *session, const struct trace *trace)
{
    if (trace->reached_ttl)
        return END_REACHED;
    if (trace->loop_first)
        return END_LOOPING;
    if (trace->refused_ttl)
        return refusal_is_unreachable(trace) ? END_UNREACHABLE : END_REJECTED;
    if (session->interrupted)
        return END_INTERRUPTED;
    uint8_t last = trace_last_ttl(trace), before = (uint8_t)(session->config.first_ttl - 1);
    uint8_t heard = trace->last_router_ttl > before ? trace->last_router_ttl : before;
    return last == trace->max_ttl && last - heard < trace->gap ? END_MAX_TTL : END_SILENT;
}

void session_finish(struct session *session, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel)
{
    const nstime for_ever = NSTIME_NEVER - 1;
    session->interrupted = end == SESSION_INTERRUPTED;
    session->counters.dropped_by_kernel = dropped_by_kernel;
    /* The last live sends, whose frames the run did not wait for, no longer count. */
    if (!session->seen_only)
        session->pending_first = session->pending_count;
    session_tick(session, ended_at < for_ever ? ended_at : for_ever);
    session->over = true;
    if (!session->interrupted)
        session_tick(session, for_ever);
    session_stop_behind_gateway(session);
    for (unsigned i = 0; i < session->all_count; i++)
        session->traces[i].end = decide_end(session, &session->traces[i]);
    session->complete = true;
    session_settle_hops(session, NULL);
    for (unsigned i = 0; i < session->all_count; i++)
        while (session->settled_probes[i] < session->traces[i].probe_count)
            session_settle_probe(session, i);
}

nstime session_now(const struct session *session)
{
    return session->now;
}
