/* SPDX-License-Identifier: BSD-2-Clause */
/* When the session closes its connections, by frames made by hand in an order that no simulated network has. */
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/handmade.h"
#include "unit/support/scene.h"

#define CLIENT "10.0.0.2"
#define SERVER "10.0.9.9"
#define OUR 1000U
#define PEER 5000U

static void see_segment(struct session *session, bool leaves, uint8_t flags, uint32_t seq, uint32_t ack, nstime at)
{
    const struct flow *flow = &session_trace(session, 0)->flow;
    struct made made = {.from = leaves ? CLIENT : SERVER,
                        .to = leaves ? SERVER : CLIENT,
                        .protocol = IP_TCP,
                        .source = leaves ? flow->source_port : flow->target_port,
                        .target = leaves ? flow->target_port : flow->source_port,
                        .seq = seq,
                        .ack = ack,
                        .flags = flags,
                        .ttl = 60};
    struct bytes bytes = make_packet(&made);
    see_bytes(session, bytes.at, bytes.length, at);
}

/* Whether the session wishes that now. */
static bool wishes(struct session *session, enum wish_kind kind, nstime at, struct wish *wish)
{
    *wish = session_wish(session, START + at);
    return wish->kind == kind;
}

/* A device and the target answer the SYN at the same moment. The capture has the RST first; our kernel took the
 * SYN/ACK. */
static void test_closed_again(void)
{
    static const char *const specs[] = {"tcp/443:data", NULL};
    struct session_config config = handmade_config(specs);
    struct err err = {0};
    struct wish wish;
    struct session *session = session_new(&config, false, NULL, &err);
    if (!session) {
        printf("Bail out! %s\n", err.message);
        return;
    }
    ok(wishes(session, WISH_CONNECT, 0, &wish), "a connection opens");
    session_connected(session, &wish, 0, START);
    see_segment(session, true, TCP_SYN, OUR, 0, 0);
    see_segment(session, false, TCP_RST | TCP_ACK, 0, OUR + 1, MS);
    ok(wishes(session, WISH_CLOSE, MS, &wish), "a RST refuses it, so it is closed");
    session_closed(session, &wish);
    ok(!wishes(session, WISH_CLOSE, MS, &wish), "once");
    see_segment(session, false, TCP_SYN | TCP_ACK, PEER, OUR + 1, MS);
    see_segment(session, true, TCP_ACK, OUR + 1, PEER + 1, MS);
    see_segment(session, false, TCP_RST | TCP_ACK, PEER + 1, OUR + 1, MS);
    ok(wishes(session, WISH_CLOSE, MS, &wish), "our acknowledgement shows that it was open, so it is closed again");
    session_closed(session, &wish);
    ok(!wishes(session, WISH_CLOSE, MS, &wish), "and that was the last time");
    session_free(session);
}

int main(void)
{
    test_closed_again();
    return tap_done();
}
