/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/loop.h"

#include <errno.h>

#define IP_PACKET_MOST 65535 /* bytes of the longest packet that a flow builds (RFC 791 3.1) */

/* The objects of one run of the loop. */
struct run {
    struct targets *targets;
    struct session *session; /* the one that is served now, */
    unsigned index;          /* and its number */
    struct wire *wire;
    struct dump *dump;
    const struct companion *companion;
    uint64_t kept;  /* number of the last frame in the dump */
    nstime flushed; /* when the dump was */
};

void loop_keep_claims(const struct targets *targets, struct dump *dump)
{
    struct session_claim claim;
    for (unsigned i = 0; i < targets->count; i++)
        while (session_take_claim(targets_session(targets, i), &claim)) {
            claim.target = i;
            if (dump)
                dump_claim(dump, &claim);
        }
}

static void serve_session(struct run *run, unsigned index)
{
    run->index = index;
    run->session = targets_session(run->targets, index);
}

static void send_probe(struct run *run, const struct wish *wish)
{
    const struct flow *flow = session_flow(run->session, wish);
    uint8_t bytes[IP_PACKET_MOST];
    if (!flow) { /* memory is short: as if our own host had refused it */
        nstime at = run->wire->ops->now(run->wire);
        session_sent(run->session, wish, ENOMEM, at);
        targets_sent(run->targets, run->index, at);
        return;
    }
    flow_stamp(flow, wish->serial, wish->ttl, bytes);
    nstime at = run->wire->ops->now(run->wire);
    int send_errno = run->wire->ops->send(run->wire, &flow->target, bytes, flow->size);
    session_sent(run->session, wish, send_errno, at);
    targets_sent(run->targets, run->index, at);
    loop_keep_claims(run->targets, run->dump);
}

/* A query of our own begins a UDP session. */
static int send_opener(struct run *run, const struct flow *flow, const struct wish *wish)
{
    uint8_t bytes[IP_PACKET_MOST];
    flow_stamp(flow, wish->serial, wish->ttl, bytes);
    return run->wire->ops->send(run->wire, &flow->target, bytes, flow->size);
}

/* The wish's connection: our kernel opens it. */
static void connect_flow(struct run *run, const struct wish *wish)
{
    nstime at = run->wire->ops->now(run->wire);
    const struct flow *flow = session_flow(run->session, wish);
    int connect_errno =
        flow_needs_connection(flow) ? run->wire->ops->connect(run->wire, flow) : send_opener(run, flow, wish);
    session_connected(run->session, wish, connect_errno, at);
}

/* Our kernel does not know of the probes' data, and nothing of a connection that a RST ended. So it may not end the
 * connection at the target: one of these two does. */
static void close_flow(struct run *run, const struct wish *wish)
{
    const struct flow *flow = session_flow(run->session, wish);
    uint8_t bytes[IP_PACKET_MOST];
    if (!flow_needs_connection(flow)) {
        session_closed(run->session, wish);
        return;
    }
    run->wire->ops->disconnect(run->wire, flow);
    for (unsigned behind_data = 0; connection_was_open(flow->connection) && behind_data < 2; behind_data++) {
        size_t length = flow_stamp_reset(flow, behind_data, bytes);
        run->wire->ops->send(run->wire, &flow->target, bytes, length);
    }
    session_closed(run->session, wish);
}

/* However the run ends, no connection is left open at either end. */
static void close_all(struct run *run)
{
    struct wish wish;
    for (unsigned i = 0; i < run->targets->count; i++) {
        serve_session(run, i);
        while (session_close_wish(run->session, &wish))
            close_flow(run, &wish);
    }
}

/* Handles a frame. The session must know its number before the dump has written it, because the session's events
 * contain that number. */
static void take_frame(struct run *run, struct frame *frame)
{
    struct packet packet;
    if (run->dump)
        frame->number = dump_failed(run->dump, NULL) || dump_left_out(run->dump) ? 0 : run->kept + 1;
    packet_decode(frame, &packet);
    struct frame_note note = targets_frame(run->targets, frame, &packet, &run->index);
    serve_session(run, run->index);
    loop_keep_claims(run->targets, run->dump);
    for (const struct companion *c = run->companion; c && note.role == FRAME_REPLY; c = c->next)
        if (c->heard)
            c->heard(c->context, &packet.outer.ip.source, frame->time);
    if (run->dump && dump_frame(run->dump, frame, &note, run->session))
        run->kept = frame->number;
}

void loop_run_deadlines(struct targets *targets, nstime until, const volatile sig_atomic_t *stop)
{
    while (!*stop && targets_step(targets, until))
        continue;
}

/* A long run often has nothing to do for a moment. If it is killed, its capture lacks so much at most.
 * Unit: ns. Source: chosen. Effect: a smaller one writes each packet by itself; a larger one loses more. */
#define FLUSHED_EVERY (100 * NS_PER_MS)

static void flush_dump(struct run *run)
{
    nstime now = run->wire->ops->now(run->wire);
    if (!run->dump || now - run->flushed < FLUSHED_EVERY)
        return;
    dump_flush(run->dump);
    run->flushed = now;
}

static nstime serve(const struct run *run, nstime until)
{
    for (const struct companion *c = run->companion; c; c = c->next)
        if (c->serve) {
            nstime next = c->serve(c->context, run->wire->ops->now(run->wire), until);
            until = next < until ? next : until;
        }
    return until;
}

static void carry_out(struct run *run, const struct wish *wish)
{
    if (wish->kind == WISH_CONNECT)
        connect_flow(run, wish);
    else if (wish->kind == WISH_CLOSE)
        close_flow(run, wish);
    else
        send_probe(run, wish);
    targets_changed(run->targets, run->index);
}

static void take_claim(struct run *run, const struct session_claim *claim)
{
    if (claim->target >= run->targets->count)
        return;
    if (!claim_is_of_probe(claim)) {
        if (run->targets->happened)
            run->targets->happened(run->targets->context, claim);
        return;
    }
    session_claim(targets_session(run->targets, claim->target), claim);
    targets_changed(run->targets, claim->target);
}

static enum status run_loop(struct run *run, const volatile sig_atomic_t *stop, struct err *err)
{
    while (!*stop) {
        unsigned index = 0;
        struct wish wish = targets_wish(run->targets, run->wire->ops->now(run->wire), &index);
        serve_session(run, index);
        loop_keep_claims(run->targets, run->dump);
        if (wish.kind == WISH_DONE)
            return STATUS_OK;
        if (wish.kind != WISH_WAIT) {
            carry_out(run, &wish);
            continue;
        }
        struct frame frame = {0};
        struct session_claim claim;
        switch (run->wire->ops->receive(run->wire, serve(run, wish.until), &frame, &claim, err)) {
        case WIRE_FRAME:
            loop_run_deadlines(run->targets, frame.time, stop);
            if (!*stop)
                take_frame(run, &frame);
            break;
        case WIRE_CLAIM:
            take_claim(run, &claim);
            break;
        case WIRE_QUIET:
            loop_run_deadlines(run->targets, run->wire->ops->drained(run->wire), stop);
            loop_keep_claims(run->targets, run->dump);
            flush_dump(run);
            break;
        case WIRE_END:
            return STATUS_OK;
        case WIRE_FAILED:
            return STATUS_SYSTEM;
        }
    }
    return STATUS_OK;
}

enum status loop_run_targets(struct targets *targets, struct wire *wire, struct dump *dump,
                             const struct companion *companion, const volatile sig_atomic_t *stop, struct err *err)
{
    struct run run = {.targets = targets, .wire = wire, .dump = dump, .companion = companion};
    serve_session(&run, 0);
    enum status status = run_loop(&run, stop, err);
    close_all(&run);
    return status;
}

enum status loop_run(struct session *session, struct wire *wire, struct dump *dump, const struct companion *companion,
                     const volatile sig_atomic_t *stop, struct err *err)
{
    struct targets targets;
    targets_init(&targets, &session, 1);
    return loop_run_targets(&targets, wire, dump, companion, stop, err);
}
