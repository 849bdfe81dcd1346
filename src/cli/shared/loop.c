/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/loop.h"

#include <errno.h>

#define IP_PACKET_MOST 65535 /* bytes of the longest packet that a flow builds (RFC 791 3.1) */

/* The objects of one run of the loop. */
struct run {
    struct session *session;
    struct wire *wire;
    struct dump *dump;
    const struct companion *companion;
    uint64_t kept; /* number of the last frame in the dump */
};

/* Writes claims to the capture at the point where they were made: before the next frame or deadline. */
static void keep_claims(struct run *run)
{
    struct session_claim claim;
    while (session_take_claim(run->session, &claim))
        if (run->dump)
            dump_claim(run->dump, &claim);
}

static void send_probe(struct run *run, const struct wish *wish)
{
    const struct flow *flow = session_flow(run->session, wish);
    uint8_t bytes[IP_PACKET_MOST];
    if (!flow) { /* memory is short: as if our own host had refused it */
        session_sent(run->session, wish, ENOMEM, run->wire->ops->now(run->wire));
        return;
    }
    flow_stamp(flow, wish->serial, wish->ttl, bytes);
    nstime at = run->wire->ops->now(run->wire);
    int send_errno = run->wire->ops->send(run->wire, &flow->target, bytes, flow->size);
    session_sent(run->session, wish, send_errno, at);
    keep_claims(run);
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
    while (session_close_wish(run->session, &wish))
        close_flow(run, &wish);
}

/* Handles a frame. The session must know its number before the dump has written it, because the session's events
 * contain that number. */
static void take_frame(struct run *run, struct frame *frame)
{
    struct packet packet;
    if (run->dump)
        frame->number = dump_failed(run->dump, NULL) || dump_left_out(run->dump) ? 0 : run->kept + 1;
    packet_decode(frame, &packet);
    struct frame_note note = session_frame(run->session, frame, &packet);
    keep_claims(run);
    if (run->companion && note.role == FRAME_REPLY)
        run->companion->heard(run->companion->context, &packet.outer.ip.source, frame->time);
    if (run->dump && dump_frame(run->dump, frame, &note, run->session))
        run->kept = frame->number;
}

void loop_run_deadlines(struct session *session, nstime until, const volatile sig_atomic_t *stop)
{
    while (!*stop && session_step(session, until))
        continue;
}

static nstime serve(const struct run *run, nstime until)
{
    if (!run->companion || !run->companion->serve)
        return until;
    nstime next = run->companion->serve(run->companion->context, run->wire->ops->now(run->wire), until);
    return next < until ? next : until;
}

static void carry_out(struct run *run, const struct wish *wish)
{
    if (wish->kind == WISH_CONNECT)
        connect_flow(run, wish);
    else if (wish->kind == WISH_CLOSE)
        close_flow(run, wish);
    else
        send_probe(run, wish);
}

static enum status run_loop(struct run *run, const volatile sig_atomic_t *stop, struct err *err)
{
    struct session *session = run->session;
    while (!*stop) {
        struct wish wish = session_wish(session, run->wire->ops->now(run->wire));
        keep_claims(run);
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
            loop_run_deadlines(session, frame.time, stop);
            if (!*stop)
                take_frame(run, &frame);
            break;
        case WIRE_CLAIM:
            session_claim(session, &claim);
            break;
        case WIRE_QUIET:
            loop_run_deadlines(session, run->wire->ops->drained(run->wire), stop);
            keep_claims(run);
            if (run->dump)
                dump_flush(run->dump);
            break;
        case WIRE_END:
            return STATUS_OK;
        case WIRE_FAILED:
            return STATUS_SYSTEM;
        }
    }
    return STATUS_OK;
}

enum status loop_run(struct session *session, struct wire *wire, struct dump *dump, const struct companion *companion,
                     const volatile sig_atomic_t *stop, struct err *err)
{
    struct run run = {.session = session, .wire = wire, .dump = dump, .companion = companion};
    enum status status = run_loop(&run, stop, err);
    close_all(&run);
    return status;
}
