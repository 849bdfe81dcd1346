/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_state.h"

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct event **a, struct event **b)
{
    struct event *kept = *a;
    *a = *b;
    *b = kept;
}

static void heap_push(struct sim *sim, struct event *event)
{
    if (sim->event_count == sim->event_capacity) {
        sim->event_capacity = sim->event_capacity ? 2 * sim->event_capacity : 64;
        sim->events = realloc(sim->events, sim->event_capacity * sizeof(struct event *));
        if (!sim->events)
            abort();
    }
    size_t i = sim->event_count++;
    sim->events[i] = event;
    for (; i > 0 && earlier(sim->events[i], sim->events[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&sim->events[i], &sim->events[(i - 1) / 2]);
}

static struct event *heap_pop(struct sim *sim)
{
    struct event *top = sim->events[0];
    sim->events[0] = sim->events[--sim->event_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < sim->event_count; child++)
            if (earlier(sim->events[child], sim->events[least]))
                least = child;
        if (least == i)
            return top;
        swap(&sim->events[i], &sim->events[least]);
        i = least;
    }
}

void sim_schedule(struct sim *sim, nstime at, enum event_kind kind, unsigned node, unsigned link, const struct pkt *p)
{
    struct event *event = malloc(sizeof *event);
    if (!event)
        abort();
    *event = (struct event){.at = at, .order = sim->order++, .kind = kind, .node = node, .link = link, .packet = *p};
    heap_push(sim, event);
}

bool sim_chance(struct sim *sim, double share)
{
    if (share <= 0 || sim->ideal)
        return false;
    return (double)rng_below(&sim->rng, 1000000) < share * 1000000;
}

bool tuple_of(const struct headers *h, struct tuple *out)
{
    *out = (struct tuple){.protocol = h->ip.protocol, .source = h->ip.source, .target = h->ip.target};
    if (h->transport.have & HAVE_PORTS) {
        out->source_port = h->transport.source_port;
        out->target_port = h->transport.target_port;
    } else if (h->transport.have & HAVE_ECHO)
        out->source_port = h->transport.echo_id;
    return h->ip.fragment_offset == 0;
}

bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
    return a->protocol == b->protocol && addr_equal(&a->source, &b->source) && addr_equal(&a->target, &b->target) &&
           a->source_port == b->source_port && a->target_port == b->target_port;
}

struct tuple tuple_reversed(const struct tuple *t)
{
    return (struct tuple){.protocol = t->protocol,
                          .source = t->target,
                          .target = t->source,
                          .source_port = t->target_port,
                          .target_port = t->source_port};
}

static void show(struct sim *sim, const struct pkt *p, enum frame_direction direction, struct frame *frame)
{
    sim->shown = *p;
    *frame = (struct frame){.bytes = sim->shown.bytes,
                            .captured = p->length,
                            .length = p->length,
                            .linktype = LINKTYPE_RAW,
                            .direction = (uint8_t)direction,
                            .time = sim->now};
}

/* Runs one event; true where the client's capture saw a frame. */
static bool run_event(struct sim *sim, struct event *event, struct frame *frame)
{
    const struct node *client = &sim->net->nodes[sim->net->client];
    struct packet packet;
    bool captured = false;
    switch (event->kind) {
    case EVENT_LEAVE:
        captured = pkt_decode(&event->packet, &packet) && !sim_chance(sim, client->unseen);
        if (captured)
            show(sim, &event->packet, FRAME_OUT, frame);
        router_originate(sim, event->node, &event->packet);
        return captured;
    case EVENT_ARRIVE:
        captured = event->node == sim->net->client;
        if (captured)
            show(sim, &event->packet, FRAME_IN, frame);
        router_receive(sim, event->node, event->link, &event->packet);
        return captured;
    case EVENT_RETRY:
        tcp_retry(sim, event->node, event->link, &event->packet);
        return false;
    case EVENT_IDLE:
        tcp_idle(sim, event->node, &event->packet);
        return false;
    case EVENT_UNRESOLVED:
        router_unresolved(sim, event->node, event->link, &event->packet);
        return false;
    }
    return false;
}

static void change_net(struct sim *sim, nstime now)
{
    while (sim->change_count && sim->changes->at <= now) {
        sim->net = sim->changes++->net;
        sim->change_count--;
    }
}

static enum wire_event receive(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                               struct err *err)
{
    struct sim *sim = (struct sim *)wire;
    (void)claim;
    while (sim->event_count > 0 && sim->events[0]->at <= (until > sim->now ? until : sim->now)) {
        struct event *event = heap_pop(sim);
        sim->now = event->at;
        change_net(sim, sim->now);
        bool captured = run_event(sim, event, frame);
        free(event);
        if (captured)
            return WIRE_FRAME;
    }
    if (until == NSTIME_NEVER) {
        err_set(err, STATUS_SYSTEM, "simulated network: waited for ever, and nothing is on its way");
        return WIRE_FAILED;
    }
    if (until > sim->now)
        sim->now = until;
    change_net(sim, sim->now);
    return WIRE_QUIET;
}

static int send_packet(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length)
{
    struct sim *sim = (struct sim *)wire;
    struct pkt p;
    struct packet packet;
    (void)target;
    if (sim->watch.sent)
        sim->watch.sent(sim->watch.context, sim->now, bytes, length);
    if (length > sizeof p.bytes)
        return EMSGSIZE;
    p.length = (uint16_t)length;
    memcpy(p.bytes, bytes, length);
    if (!pkt_decode(&p, &packet))
        return EINVAL;
    if (sim->net->nodes[sim->net->client].refuse[packet.outer.ip.protocol])
        return EPERM;
    int refused = router_client_errno(sim, &p);
    if (!refused)
        sim_schedule(sim, sim->now + SIM_STAMP_DELAY, EVENT_LEAVE, sim->net->client, NO_LINK, &p);
    return refused;
}

static int connect_flow(struct wire *wire, const struct flow *flow)
{
    tcp_connect((struct sim *)wire, flow);
    return 0;
}

static void disconnect_flow(struct wire *wire, const struct flow *flow)
{
    tcp_disconnect((struct sim *)wire, flow);
}

static nstime now(struct wire *wire)
{
    return sim_now((struct sim *)wire);
}

static uint64_t dropped(struct wire *wire)
{
    (void)wire;
    return 0;
}

static void close_wire(struct wire *wire)
{
    (void)wire;
}

static const struct wire_ops ops = {.receive = receive,
                                    .send = send_packet,
                                    .connect = connect_flow,
                                    .disconnect = disconnect_flow,
                                    .now = now,
                                    .drained = now,
                                    .dropped = dropped,
                                    .close = close_wire};

struct sim *sim_new(const struct net *net, uint64_t seed)
{
    struct sim *sim = calloc(1, sizeof *sim);
    if (!sim)
        return NULL;
    sim->wire.ops = &ops;
    sim->net = net;
    sim->seed = seed;
    sim->rng = rng_init(seed);
    sim->now = SIM_START;
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    for (size_t i = 0; i < sim->event_count; i++)
        free(sim->events[i]);
    free(sim->events);
    free(sim->translations);
    free(sim->half_open);
    free(sim->tcp_ends);
    free(sim->passed);
    free(sim);
}

struct wire *sim_wire(struct sim *sim)
{
    return &sim->wire;
}

void sim_set_watch(struct sim *sim, const struct sim_watch *watch)
{
    sim->watch = *watch;
}

void sim_set_changes(struct sim *sim, const struct sim_change *changes, unsigned count)
{
    sim->changes = changes;
    sim->change_count = count;
}

nstime sim_now(const struct sim *sim)
{
    return sim->now;
}

static void describe(const struct frame *frame, struct sim_answer *out)
{
    struct packet packet;
    packet_decode(frame, &packet);
    *out = (struct sim_answer){.answered = true,
                               .from = packet.outer.ip.source,
                               .protocol = packet.outer.ip.protocol,
                               .icmp_type = packet.outer.transport.type,
                               .icmp_code = packet.outer.transport.code,
                               .tcp_flags = packet.outer.transport.flags,
                               .ttl = packet.outer.ip.ttl,
                               .rtt = frame->time - SIM_START - SIM_STAMP_DELAY};
}

struct sim_answer sim_ask(const struct sim *sim, const uint8_t *bytes, size_t length)
{
    struct sim_answer answer = {0};
    struct sim *alone = sim_new(sim->net, sim->seed);
    struct addr none = {0};
    struct frame frame;
    struct session_claim claim;
    if (!alone)
        abort();
    alone->ideal = true;
    if (send_packet(&alone->wire, &none, bytes, length) == 0)
        while (receive(&alone->wire, SIM_START + 60 * NS_PER_S, &frame, &claim, NULL) == WIRE_FRAME)
            if (frame.direction == FRAME_IN && !answer.answered)
                describe(&frame, &answer);
    sim_free(alone);
    return answer;
}
