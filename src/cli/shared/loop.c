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

enum status loop_run(struct session *session, struct wire *wire, struct dump *dump, const struct companion *companion,
                     const volatile sig_atomic_t *stop, struct err *err)
{
    struct run run = {.session = session, .wire = wire, .dump = dump, .companion = companion};
    while (!*stop) {
        struct wish wish = session_wish(session, wire->ops->now(wire));
        keep_claims(&run);
        if (wish.kind == WISH_DONE)
            return STATUS_OK;
        if (wish.kind == WISH_SEND) {
            send_probe(&run, &wish);
            continue;
        }
        struct frame frame = {0};
        struct session_claim claim;
        switch (wire->ops->receive(wire, serve(&run, wish.until), &frame, &claim, err)) {
        case WIRE_FRAME:
            loop_run_deadlines(session, frame.time, stop);
            if (!*stop)
                take_frame(&run, &frame);
            break;
        case WIRE_CLAIM:
            session_claim(session, &claim);
            break;
        case WIRE_QUIET:
            loop_run_deadlines(session, wire->ops->drained(wire), stop);
            keep_claims(&run);
            if (dump)
                dump_flush(dump);
            break;
        case WIRE_END:
            return STATUS_OK;
        case WIRE_FAILED:
            return STATUS_SYSTEM;
        }
    }
    return STATUS_OK;
}
