/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/reading/far_end.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "probe/type.h"
#include "report/frame_fates.h"

/* The far capture runs at a time if it has frames so shortly before and behind. Unit: time. Source: chosen, longer than
 * the waits of a run. Effect: in longer silences of the far capture, no probe counts as lost. */
#define RUNS_WITHIN (10 * NS_PER_S)

/* Both ends of a flow, as the far point shows the probes. ICMP has no ports: of an echo the id stands in for one. */
struct far_flow {
    struct addr client, server;
    uint16_t client_port, server_port;
    uint8_t protocol;
};

/* A probe at the far point. */
struct arrival {
    struct transit_frame frame; /* of the far point */
    const struct trace *trace;
};

/* A probe or a reply at the near point without a partner. The far point may show it all the same: where connections of
 * the same ports follow each other, the points may tell them apart differently. */
struct lone {
    struct transit_frame frame; /* of the near point */
    uint64_t identity;          /* 0: not known yet */
};

/* A reply at the far point that has no partner. */
struct unheard {
    struct frame_number frame;
    const struct trace *trace;
    uint64_t identity;
    bool accepts;     /* as of an open port */
    bool is_doubtful; /* it may have come to the near point */
};

/* A slot of the table of flows; trace NULL: it is free. */
struct flow_slot {
    struct far_flow flow;
    const struct trace *trace;
};

struct far_end {
    struct point_pair pair;
    struct pairing *pairing;
    const struct transit_result *result;
    struct frame_fates *fates;
    uint64_t secret;
    unsigned near_files;
    nstime *times; /* of the far point's frames, by the near clock, in order */
    size_t time_count, time_capacity;
    struct arrival *arrivals; /* in the order of files and frames */
    size_t arrival_count, arrival_capacity;
    struct flow_slot *flows; /* flow_slots of them, a power of two */
    size_t flow_slots;
    struct unheard *unheard;
    size_t unheard_count, unheard_capacity;
    struct lone *lone; /* in the order of files and frames */
    size_t lone_count, lone_capacity;
    /* Identities of packets without a partner, in their order: */
    uint64_t *lone_near, *lone_far;
    size_t lone_far_count, lone_far_capacity;
    uint8_t ttl_least; /* of the chosen traces: a probe with it came to the far point; 0: none did */
};

static enum status no_memory(struct err *err)
{
    return err_set(err, STATUS_SYSTEM, "out of memory");
}

/* --- reading --- */

static void take_pair(void *context, const struct transit_pair *pair)
{
    const struct far_end *far = context;
    frame_fates_note_pair(far->fates, pair); /* frame_fates_note_alone() says if memory was short */
}

static enum status read_pairs(struct far_end *far, struct err *err)
{
    enum status status = points_overview(&far->pair, err);
    if (status != STATUS_OK)
        return status;
    const struct pairing_config config = {
        .overview = far->pair.overview, .events = {.context = far, .pair = take_pair}, .secret = far->secret};
    far->pairing = pairing_new(&config);
    far->fates = frame_fates_new();
    if (!far->pairing || !far->fates)
        return no_memory(err);
    status = points_pair(&far->pair, far->pairing, err);
    if (status != STATUS_OK)
        return status;
    bool good = pairing_finish(far->pairing, &far->result) && frame_fates_note_alone(far->fates, far->result);
    return good ? STATUS_OK : no_memory(err);
}

enum status far_end_read(struct points *points, uint64_t secret, struct far_end **out, struct err *err)
{
    struct far_end *far = calloc(1, sizeof *far);
    *out = NULL;
    if (!far)
        return no_memory(err);
    far->secret = secret;
    far->pair = (struct point_pair){.points = points, .index = {TRANSIT_NEAR, TRANSIT_FAR}};
    for (unsigned i = 0; i < points->count; i++)
        far->near_files += points->files[i].point == TRANSIT_NEAR;
    enum status status = read_pairs(far, err);
    if (status == STATUS_OK)
        *out = far;
    else
        far_end_free(far);
    return status;
}

void far_end_free(struct far_end *far)
{
    if (!far)
        return;
    pairing_free(far->pairing);
    frame_fates_free(far->fates);
    free(far->times);
    free(far->arrivals);
    free(far->flows);
    free(far->unheard);
    free(far->lone);
    free(far->lone_near);
    free(far->lone_far);
    free(far);
}

const struct transit_result *far_end_result(const struct far_end *far)
{
    return far->result;
}

/* --- frames of traces --- */

static bool find(const struct far_end *far, uint64_t frame, unsigned file, struct frame_found *out)
{
    const struct transit_frame near = {.number = frame, .file = (uint8_t)file};
    return frame_fates_find(far->fates, TRANSIT_NEAR, &near, out);
}

static struct frame_number far_number(const struct far_end *far, const struct transit_frame *frame)
{
    return (struct frame_number){.number = frame->number, .file = (uint8_t)(far->near_files + frame->file)};
}

/* --- replies at the far point --- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct far_end *far, const struct far_flow *flow)
{
    uint64_t hash = far->secret;
    for (unsigned i = 0; i < sizeof flow->client.bytes; i += 4) {
        uint32_t client, server;
        memcpy(&client, flow->client.bytes + i, sizeof client);
        memcpy(&server, flow->server.bytes + i, sizeof server);
        hash = mix(hash, (uint64_t)client << 32 | server);
    }
    return mix(hash, (uint64_t)flow->client_port << 32 | (uint64_t)flow->server_port << 8 | flow->protocol);
}

static bool is_flow(const struct far_flow *a, const struct far_flow *b)
{
    return a->protocol == b->protocol && a->client_port == b->client_port && a->server_port == b->server_port &&
           addr_equal(&a->client, &b->client) && addr_equal(&a->server, &b->server);
}

/* The slot of the flow, or the free one where it belongs. */
static struct flow_slot *slot_of(const struct far_end *far, const struct far_flow *flow)
{
    size_t at = (size_t)hash_of(far, flow) & (far->flow_slots - 1);
    while (far->flows[at].trace && !is_flow(&far->flows[at].flow, flow))
        at = (at + 1) & (far->flow_slots - 1);
    return &far->flows[at];
}

/* The flow of a packet, seen from its sender. */
static struct far_flow flow_of(const struct headers *headers)
{
    const struct transport *t = &headers->transport;
    bool is_echo = t->have & HAVE_ECHO;
    return (struct far_flow){.client = headers->ip.source,
                             .server = headers->ip.target,
                             .client_port = is_echo ? t->echo_id : t->source_port,
                             .server_port = is_echo ? 0 : t->target_port,
                             .protocol = headers->ip.protocol};
}

/* What no network changes of a packet, so that it is the same at both points. */
static uint64_t identity_of(const struct far_end *far, const struct packet *packet)
{
    const struct headers *h =
        packet->kind == PACKET_ICMP_ERROR && packet->quote.ip.version ? &packet->quote : &packet->outer;
    const struct transport *t = &h->transport;
    uint64_t hash = mix(far->secret, (uint64_t)packet->kind << 32 | (uint64_t)h->ip.protocol << 16 | h->ip.id);
    hash = mix(hash, (uint64_t)packet->outer.ip.id << 32 | t->size);
    hash = mix(mix(hash, t->seq), t->ack ^ (uint64_t)t->flags << 40 ^ (uint64_t)t->echo_seq << 48);
    return hash ? hash : 1;
}

/* The trace whose probes this packet answers in the target's name; NULL: none. */
static const struct trace *answered_by(const struct far_end *far, const struct packet *packet)
{
    struct far_flow flow;
    if (packet->kind == PACKET_ICMP_ERROR) {
        flow = flow_of(&packet->quote);
        return packet->quote.ip.version && addr_equal(&packet->outer.ip.source, &flow.server)
                   ? slot_of(far, &flow)->trace
                   : NULL;
    }
    const struct far_flow sent = flow_of(&packet->outer);
    bool is_echo = packet->outer.transport.have & HAVE_ECHO;
    flow = (struct far_flow){.client = sent.server,
                             .server = sent.client,
                             .client_port = is_echo ? sent.client_port : sent.server_port,
                             .server_port = is_echo ? 0 : sent.client_port,
                             .protocol = sent.protocol};
    return packet->kind == PACKET_PLAIN ? slot_of(far, &flow)->trace : NULL;
}

static int by_frame(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    if (x->frame.file != y->frame.file)
        return x->frame.file < y->frame.file ? -1 : 1;
    return x->frame.number < y->frame.number ? -1 : x->frame.number > y->frame.number;
}

static bool accepts(const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (packet->kind == PACKET_ICMP_ERROR)
        return false;
    return packet->outer.ip.protocol != IP_TCP || (t->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK);
}

static bool add_reply(struct far_end *far, const struct transit_frame *frame, const struct trace *trace,
                      const struct packet *packet, bool is_unheard)
{
    void *all = far->unheard;
    if (!array_reserve(&all, &far->unheard_capacity, far->unheard_count + 1, sizeof *far->unheard))
        return false;
    far->unheard = all;
    far->unheard[far->unheard_count++] = (struct unheard){.frame = far_number(far, frame),
                                                          .trace = trace,
                                                          .identity = identity_of(far, packet),
                                                          .is_doubtful = !is_unheard,
                                                          .accepts = accepts(packet)};
    return true;
}

static int by_near_frame(const void *a, const void *b)
{
    const struct lone *x = a, *y = b;
    if (x->frame.file != y->frame.file)
        return x->frame.file < y->frame.file ? -1 : 1;
    return x->frame.number < y->frame.number ? -1 : x->frame.number > y->frame.number;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static struct lone *find_lone(const struct far_end *far, uint64_t number, unsigned file)
{
    const struct lone key = {.frame = {.number = number, .file = (uint8_t)file}};
    return far->lone_count ? bsearch(&key, far->lone, far->lone_count, sizeof *far->lone, by_near_frame) : NULL;
}

static bool has_identity(const uint64_t *list, size_t count, uint64_t identity)
{
    return count && bsearch(&identity, list, count, sizeof *list, by_value) != NULL;
}

/* Whether the far point shows this packet of the near one, although the pairing did not pair it. */
static bool is_there(const struct far_end *far, uint64_t number, unsigned file)
{
    const struct lone *lone = find_lone(far, number, file);
    return lone && has_identity(far->lone_far, far->lone_far_count, lone->identity);
}

static bool add_far_identity(struct far_end *far, const struct packet *packet)
{
    void *all = far->lone_far;
    if (!array_reserve(&all, &far->lone_far_capacity, far->lone_far_count + 1, sizeof *far->lone_far))
        return false;
    far->lone_far = all;
    far->lone_far[far->lone_far_count++] = identity_of(far, packet);
    return true;
}

static void note_near(struct far_end *far, const struct point_frame *point)
{
    struct lone *lone = find_lone(far, point->frame.number, point->file);
    struct packet packet;
    if (!lone)
        return;
    points_decode(far->pair.points, &point->frame, &packet);
    lone->identity = identity_of(far, &packet);
}

/* Whether a frame of the far point alone never came to the near one. */
static bool is_unheard(const struct far_end *far, const struct transit_frame *frame, nstime common)
{
    const struct transit_point_result *near = &far->result->points[TRANSIT_NEAR];
    struct frame_found found;
    if (!frame_fates_find(far->fates, TRANSIT_FAR, frame, &found) || found.paired || found.forged)
        return false;
    /* It answers a probe that arrived, so its way is known. Probes outside of connections acknowledge bytes that no
     * capture has: such an acknowledgement shows no drops of the near capture. */
    bool is_unsure = found.reason == TRANSIT_UNPAIRED || found.reason == TRANSIT_AMBIGUOUS ||
                     found.reason == TRANSIT_WAY_UNKNOWN || found.reason == TRANSIT_CAPTURE_DROPS;
    return found.lost || (is_unsure && common < near->last);
}

/* A clock that was set back may bring them out of order: they count as the latest. */
static bool add_time(struct far_end *far, nstime time)
{
    void *all = far->times;
    nstime latest = far->time_count ? far->times[far->time_count - 1] : time;
    if (!array_reserve(&all, &far->time_capacity, far->time_count + 1, sizeof *far->times))
        return false;
    far->times = all;
    far->times[far->time_count++] = time > latest ? time : latest;
    return true;
}

/* Probes that arrive make their flows known before the replies come. */
static bool look_at_frame(void *context, const struct point_frame *point)
{
    struct far_end *far = context;
    const struct arrival key = {.frame = {.number = point->frame.number, .file = (uint8_t)point->file}};
    struct frame_found found;
    struct packet packet;
    if (point->point == TRANSIT_NEAR) {
        note_near(far, point);
        return true;
    }
    if (!add_time(far, point->common))
        return false;
    points_decode(far->pair.points, &point->frame, &packet);
    const struct arrival *arrival = bsearch(&key, far->arrivals, far->arrival_count, sizeof *far->arrivals, by_frame);
    if (arrival) {
        const struct far_flow flow = flow_of(&packet.outer);
        *slot_of(far, &flow) = (struct flow_slot){.flow = flow, .trace = arrival->trace};
        return true;
    }
    if (!frame_fates_find(far->fates, TRANSIT_FAR, &key.frame, &found) || found.paired)
        return true;
    if (!add_far_identity(far, &packet))
        return false;
    const struct trace *trace = answered_by(far, &packet);
    return !trace || add_reply(far, &key.frame, trace, &packet, is_unheard(far, &key.frame, point->common));
}

static bool add_lone(struct far_end *far, uint64_t number, unsigned file)
{
    void *all = far->lone;
    if (!array_reserve(&all, &far->lone_capacity, far->lone_count + 1, sizeof *far->lone))
        return false;
    far->lone = all;
    far->lone[far->lone_count++] = (struct lone){.frame = {.number = number, .file = (uint8_t)file}};
    return true;
}

static bool add_lone_replies(struct far_end *far, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++) {
        const struct reply *reply = &probe->replies[i];
        struct frame_found found;
        if (find(far, reply->frame, reply->file, &found) && !found.paired && !add_lone(far, reply->frame, reply->file))
            return false;
    }
    return true;
}

static bool add_arrivals(struct far_end *far, const struct trace *trace)
{
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        void *all = far->arrivals;
        struct frame_found found;
        if (!add_lone_replies(far, probe))
            return false;
        if (!find(far, probe->frame, probe->file, &found))
            continue;
        if (!found.paired) {
            if (!add_lone(far, probe->frame, probe->file))
                return false;
            continue;
        }
        if (!array_reserve(&all, &far->arrival_capacity, far->arrival_count + 1, sizeof *far->arrivals))
            return false;
        far->arrivals = all;
        far->arrivals[far->arrival_count++] = (struct arrival){.frame = found.partner, .trace = trace};
    }
    return true;
}

/* Replies that the near point shows all the same are heard. False: out of memory. */
static bool sort_identities(struct far_end *far)
{
    size_t kept = 0;
    far->lone_near = malloc((far->lone_count + 1) * sizeof *far->lone_near);
    if (!far->lone_near)
        return false;
    for (size_t i = 0; i < far->lone_count; i++)
        far->lone_near[i] = far->lone[i].identity;
    if (far->lone_count)
        qsort(far->lone_near, far->lone_count, sizeof *far->lone_near, by_value);
    if (far->lone_far_count)
        qsort(far->lone_far, far->lone_far_count, sizeof *far->lone_far, by_value);
    for (size_t i = 0; i < far->unheard_count; i++)
        if (far->unheard[i].is_doubtful || !has_identity(far->lone_near, far->lone_count, far->unheard[i].identity))
            far->unheard[kept++] = far->unheard[i];
    far->unheard_count = kept;
    return true;
}

enum status far_end_find_replies(struct far_end *far, const struct trace *const *traces, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!add_arrivals(far, traces[i]))
            return no_memory(err);
    if (!far->arrival_count)
        return STATUS_OK;
    qsort(far->arrivals, far->arrival_count, sizeof *far->arrivals, by_frame);
    if (far->lone_count)
        qsort(far->lone, far->lone_count, sizeof *far->lone, by_near_frame);
    far->flow_slots = 16;
    while (far->flow_slots < 2 * far->arrival_count)
        far->flow_slots *= 2;
    far->flows = calloc(far->flow_slots, sizeof *far->flows);
    enum status status = far->flows ? points_visit(&far->pair, look_at_frame, far, err) : no_memory(err);
    return status == STATUS_OK && !sort_identities(far) ? no_memory(err) : status;
}

/* --- a trace --- */

void far_end_choose(struct far_end *far, const struct trace *const *traces, size_t count)
{
    int hops = far->result->hops;
    far->ttl_least = hops >= 0 && hops < UINT8_MAX && !far->result->hops_vary ? (uint8_t)(hops + 1) : 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < traces[i]->probe_count; k++) {
            const struct probe *probe = &traces[i]->probes[k];
            struct frame_found found;
            if (find(far, probe->frame, probe->file, &found) && found.paired &&
                (!far->ttl_least || probe->ttl < far->ttl_least))
                far->ttl_least = probe->ttl;
        }
}

/* Whether frames of the far point stand around this time of the near clock. */
static bool runs_at(const struct far_end *far, nstime time)
{
    size_t from = 0, to = far->time_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (far->times[middle] < time)
            from = middle + 1;
        else
            to = middle;
    }
    return from > 0 && from < far->time_count && far->times[from] - far->times[from - 1] <= RUNS_WITHIN;
}

/* Whether the far capture's filter seems to let the service pass: it has packets of its protocol and, if that has
 * ports, of several ports. */
static bool far_has(const struct far_end *far, uint8_t protocol, bool has_ports)
{
    const struct transit_result *t = far->result;
    bool has_protocol = false, has_several = !has_ports;
    uint16_t port = 0;
    for (uint64_t i = 0; i < t->conversation_count && !(has_protocol && has_several); i++) {
        const struct transit_ends *ends = &t->conversations[i].ends[TRANSIT_FAR];
        if (addr_is_none(&ends->client))
            continue;
        has_protocol = has_protocol || t->conversations[i].protocol == protocol;
        has_several = has_several || (port && ends->server_port && port != ends->server_port);
        port = ends->server_port ? ends->server_port : port;
    }
    return has_protocol && has_several;
}

static bool is_explained(const struct trace *trace, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (!reply_reaches(trace, &probe->replies[i]))
            return true;
    return false;
}

/* Whether a probe without a partner never came to the far point, for any reason. */
static bool is_absent(const struct far_end *far, const struct probe *probe, const struct frame_found *found)
{
    return found->lost || (found->reason == TRANSIT_UNPAIRED && !far->result->points[TRANSIT_FAR].missed &&
                           probe->seen && runs_at(far, probe->sent));
}

/* Whether it had to come, as far as its TTL and the replies of routers tell. */
static bool is_expected(const struct far_end *far, const struct trace *trace, const struct probe *probe)
{
    return far->ttl_least && probe->ttl >= far->ttl_least && probe->state != PROBE_REFUSED &&
           !is_explained(trace, probe);
}

static void look_at_replies(const struct far_end *far, const struct trace *trace, const struct probe *probe,
                            bool is_absent_there, struct second_view *out)
{
    for (unsigned i = 0; i < probe->reply_count; i++) {
        const struct reply *reply = &probe->replies[i];
        const struct frame_number frame = {.number = reply->frame, .file = reply->file};
        struct frame_found found;
        if (!reply_reaches(trace, reply) || !find(far, reply->frame, reply->file, &found) ||
            is_there(far, reply->frame, reply->file))
            continue;
        if (found.paired) {
            second_count_add(&out->answered, frame);
            out->answered_accepts = out->answered_accepts || reply_accepts(reply);
            continue;
        }
        /* No target replies to a probe that never came. */
        if (!found.forged && !found.midway && !(found.reason == TRANSIT_UNPAIRED && is_absent_there))
            continue;
        second_count_add(&out->forged, frame);
        out->forgery = out->forgery ? out->forgery : reply;
        out->forged_accepts = reply_accepts(out->forgery);
    }
}

static void look_at_probe(const struct far_end *far, const struct trace *trace, const struct probe *probe,
                          bool is_shown, struct second_view *out)
{
    const struct frame_number near = {.number = probe->frame, .file = probe->file};
    struct frame_found found;
    if (!find(far, probe->frame, probe->file, &found))
        return;
    bool absent =
        !found.paired && is_shown && is_absent(far, probe, &found) && !is_there(far, probe->frame, probe->file);
    bool lost = absent && is_expected(far, trace, probe);
    if (found.paired) {
        second_count_add(&out->arrived, near);
        if (out->arrived.frame_count && out->arrived.frame_count < SECOND_FRAMES_MOST)
            out->arrived.frames[out->arrived.frame_count++] = far_number(far, &found.partner);
    } else if (lost) {
        second_count_add(&out->lost, near);
    }
    out->probes += found.paired || lost;
    look_at_replies(far, trace, probe, absent, out);
}

void far_end_look(void *context, const struct trace *trace, struct second_view *out)
{
    const struct far_end *far = context;
    uint8_t protocol = flow_protocol(&trace->flow) == IP_ICMP6 ? IP_ICMP : flow_protocol(&trace->flow);
    bool is_shown = far_has(far, protocol, trace->flow.spec.type->has_port);
    *out = (struct second_view){.probes = 0};
    for (size_t i = 0; i < trace->probe_count; i++)
        look_at_probe(far, trace, &trace->probes[i], is_shown, out);
    for (size_t i = 0; i < far->unheard_count; i++)
        if (far->unheard[i].trace == trace && far->unheard[i].is_doubtful) {
            out->has_doubtful_replies = true;
        } else if (far->unheard[i].trace == trace) {
            second_count_add(&out->unheard, far->unheard[i].frame);
            out->unheard_accepts = out->unheard_accepts || far->unheard[i].accepts;
        }
}
