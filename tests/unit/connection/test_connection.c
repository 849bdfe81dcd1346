/* SPDX-License-Identifier: BSD-2-Clause */
/* What single segments make of a connection: tables of segments and the state behind each. */
#include "connection/connection.h"
#include "tap.h"

#define OUR 1000U  /* initial sequence numbers */
#define PEER 5000U /* the target's */
#define NOW (100 * NS_PER_S)

/* A segment, and what becomes of the connection. */
struct step {
    bool leaves;
    uint8_t flags;
    uint32_t seq, ack;
    uint16_t data;
    uint32_t stamp, echo; /* 0: it has no timestamps */
    enum segment segment;
    enum connection_state state;
};

static struct headers headers_of(const struct step *step)
{
    struct headers h = {.ip = {.version = 4, .ttl = 57, .protocol = IP_TCP, .flow_label = 77}};
    h.transport = (struct transport){.have = HAVE_PORTS | HAVE_SEQ | HAVE_ACK | HAVE_FLAGS | HAVE_WINDOW | HAVE_OPTIONS,
                                     .seq = step->seq,
                                     .ack = step->ack,
                                     .flags = step->flags,
                                     .window = 500,
                                     .header_length = 32,
                                     .size = 32U + step->data};
    h.transport.tcp_options = (struct tcp_options){
        .has_timestamps = step->stamp != 0, .timestamp = step->stamp, .timestamp_echo = step->echo};
    return h;
}

static void run(const char *name, const struct step *steps, unsigned count, struct connection *out)
{
    connection_init(out);
    for (unsigned i = 0; i < count; i++) {
        struct headers h = headers_of(&steps[i]);
        enum segment segment = connection_take(out, &h, steps[i].leaves, NOW + i, i + 1);
        is_num(segment, steps[i].segment, "%s, step %u: the segment", name, i + 1);
        is_num(out->state, steps[i].state, "%s, step %u: the state", name, i + 1);
    }
}

#define RUN(name, steps, out) run(name, steps, sizeof(steps) / sizeof *(steps), out)
#define SYN_LEAVES                                                                                                     \
    {                                                                                                                  \
        true, TCP_SYN, OUR, 0, 0, 10, 0, SEGMENT_HANDSHAKE, CONNECTION_OPENING                                         \
    }
#define SYN_ACK_COMES                                                                                                  \
    {                                                                                                                  \
        false, TCP_SYN | TCP_ACK, PEER, OUR + 1, 0, 90, 10, SEGMENT_HANDSHAKE, CONNECTION_ANSWERED                     \
    }
#define ACK_LEAVES                                                                                                     \
    {                                                                                                                  \
        true, TCP_ACK, OUR + 1, PEER + 1, 0, 12, 90, SEGMENT_HANDSHAKE, CONNECTION_ESTABLISHED                         \
    }

static void test_established(void)
{
    static const struct step steps[] = {
        SYN_LEAVES,
        {false, TCP_SYN | TCP_ACK, PEER, OUR + 2, 0, 90, 10, SEGMENT_NONE, CONNECTION_OPENING},
        SYN_LEAVES,
        SYN_ACK_COMES,
        ACK_LEAVES,
        {true, TCP_PSH | TCP_ACK, OUR + 1, PEER + 1, 20, 99, 90, SEGMENT_DATA, CONNECTION_ESTABLISHED},
        {true, TCP_PSH | TCP_ACK, OUR + 2, PEER + 1, 20, 99, 90, SEGMENT_NONE, CONNECTION_ESTABLISHED},
        {false, TCP_ACK, PEER + 1, OUR + 21, 0, 95, 99, SEGMENT_PEER, CONNECTION_ESTABLISHED},
        {false, TCP_PSH | TCP_ACK, PEER + 1, OUR + 1, 30, 95, 12, SEGMENT_PEER, CONNECTION_ESTABLISHED},
        {true, TCP_ACK, OUR + 1, PEER + 31, 0, 14, 95, SEGMENT_KERNEL, CONNECTION_ESTABLISHED},
        {false, TCP_FIN | TCP_ACK, PEER + 31, OUR + 1, 0, 96, 14, SEGMENT_PEER, CONNECTION_ESTABLISHED},
        {false, TCP_RST, PEER + 31 + 65536, 0, 0, 0, 0, SEGMENT_NONE, CONNECTION_ESTABLISHED},
        {false, TCP_RST, PEER + 31 - 65536, 0, 0, 0, 0, SEGMENT_NONE, CONNECTION_ESTABLISHED},
        {false, TCP_RST, PEER + 31 + 65535, 0, 0, 0, 0, SEGMENT_RESET, CONNECTION_RESET},
        {false, TCP_RST, PEER + 31, 0, 0, 0, 0, SEGMENT_RESET, CONNECTION_RESET},
        {true, TCP_RST, OUR + 1, 0, 0, 0, 0, SEGMENT_KERNEL, CONNECTION_RESET},
    };
    struct connection c;
    RUN("a connection", steps, &c);
    is_num(c.snd_nxt, OUR + 1, "its next number is that of our kernel: it knows no data of ours");
    is_num(c.rcv_nxt, PEER + 31, "our kernel expects what follows the target's data");
    ok(c.has_timestamps && c.timestamp == 12 && c.echo == 90, "timestamps are those of the handshake");
    ok(c.fin_at != NSTIME_NONE, "the target closed it");
    is_num(c.syn_ack_ttl, 57, "the TTL of the SYN/ACK is kept");
    is_num(c.flow_label, 77, "our kernel's flow label is kept");
    is_num(c.kernel_at, NOW + 9, "our kernel spoke last in frame 10");
    is_num(c.opened_at, NOW, "it was opened by the first SYN");
    is_num(c.syn_frame, 1, "which is frame 1");
    is_num(c.answer_frame, 4, "it was accepted by frame 4");
    is_num(c.end_frame, 14, "and ended by the first RST that counts");
}

static void test_failed(void)
{
    static const struct step refused[] = {
        SYN_LEAVES,
        {false, TCP_RST | TCP_ACK, 0, OUR + 5, 0, 0, 0, SEGMENT_NONE, CONNECTION_OPENING},
        {false, TCP_RST, PEER, 0, 0, 0, 0, SEGMENT_NONE, CONNECTION_OPENING},
        {false, TCP_RST | TCP_ACK, 0, OUR + 1, 0, 0, 0, SEGMENT_REFUSAL, CONNECTION_REFUSED},
        {false, TCP_ACK, PEER, OUR + 1, 0, 0, 0, SEGMENT_NONE, CONNECTION_REFUSED},
    };
    /* Our kernel took the SYN/ACK first; or it took the RST first, and resets what the SYN/ACK opens. */
    static const struct step swapped[] = {
        SYN_LEAVES,
        {false, TCP_RST | TCP_ACK, 0, OUR + 1, 0, 0, 0, SEGMENT_REFUSAL, CONNECTION_REFUSED},
        {false, TCP_SYN | TCP_ACK, PEER, OUR + 1, 0, 90, 10, SEGMENT_HANDSHAKE, CONNECTION_REFUSED},
        {true, TCP_ACK, OUR + 1, PEER, 0, 12, 90, SEGMENT_KERNEL, CONNECTION_REFUSED},
        ACK_LEAVES,
        {false, TCP_RST | TCP_ACK, PEER + 1, OUR + 1, 0, 0, 0, SEGMENT_RESET, CONNECTION_RESET},
    };
    static const struct step in_order[] = {
        SYN_LEAVES,
        {false, TCP_RST | TCP_ACK, 0, OUR + 1, 0, 0, 0, SEGMENT_REFUSAL, CONNECTION_REFUSED},
        {false, TCP_SYN | TCP_ACK, PEER, OUR + 1, 0, 90, 10, SEGMENT_HANDSHAKE, CONNECTION_REFUSED},
        {true, TCP_RST, OUR + 1, 0, 0, 0, 0, SEGMENT_KERNEL, CONNECTION_REFUSED},
    };
    static const struct step late[] = {SYN_ACK_COMES, ACK_LEAVES};
    static const struct step syn[] = {SYN_LEAVES};
    struct connection c;
    RUN("a closed port", refused, &c);
    ok(connection_failed(&c), "that handshake failed");
    RUN("a RST that the capture has before the SYN/ACK", swapped, &c);
    ok(c.has_timestamps && c.timestamp == 12 && c.answer_frame == 5, "the acknowledgement shows that it was open");
    RUN("a RST before the SYN/ACK", in_order, &c);
    RUN("a SYN", syn, &c);
    connection_give_up(&c);
    is_num(c.state, CONNECTION_SILENT, "nothing answers it");
    struct headers h = headers_of(&late[0]);
    connection_take(&c, &h, false, NOW + 9, 9);
    is_num(c.state, CONNECTION_ANSWERED, "a late SYN/ACK opens it after all");
    connection_give_up(&c);
    is_num(c.state, CONNECTION_ANSWERED, "which cannot be given up any more");
    connection_assume_established(&c);
    ok(connection_is_open(&c) && c.timestamp == 10,
       "without the frame of our ACK the SYN's timestamp stands in for it");
    RUN("a SYN", syn, &c);
    connection_refuse(&c, NOW, 3);
    ok(c.state == CONNECTION_REFUSED && c.answer_frame == 3, "an ICMP error refuses it");
}

/* The capture may lack the SYN. */
static void test_unseen(void)
{
    static const struct step steps[] = {SYN_ACK_COMES, ACK_LEAVES};
    static const struct step bare[] = {
        SYN_LEAVES,
        {false, TCP_SYN | TCP_ACK, PEER, OUR + 1, 0, 0, 0, SEGMENT_HANDSHAKE, CONNECTION_ANSWERED},
        {true, TCP_ACK, OUR + 1, PEER + 1, 0, 0, 0, SEGMENT_HANDSHAKE, CONNECTION_ESTABLISHED},
    };
    struct connection c;
    RUN("without a SYN", steps, &c);
    ok(c.has_timestamps && c.timestamp == 12, "the SYN/ACK shows that both sides use timestamps");
    RUN("without timestamps", bare, &c);
    ok(!c.has_timestamps, "the target uses none");
}

/* The longest time without a packet counts, until the first probe or the end. */
static void test_idle(void)
{
    static const struct step opening[] = {SYN_LEAVES, SYN_ACK_COMES, ACK_LEAVES};
    static const struct step talk = {false, TCP_PSH | TCP_ACK, PEER + 1, OUR + 1, 30, 95, 12, 0, 0},
                             data = {true, TCP_PSH | TCP_ACK, OUR + 1, PEER + 1, 20, 99, 90, 0, 0},
                             fin = {false, TCP_FIN | TCP_ACK, PEER + 31, OUR + 1, 0, 96, 14, 0, 0},
                             rst = {false, TCP_RST, PEER + 31, 0, 0, 0, 0, 0, 0},
                             ours = {true, TCP_RST, OUR + 1, 0, 0, 0, 0, 0, 0};
    struct connection c;
    struct headers h;
    RUN("a connection that is left alone", opening, &c);
    is_num(c.last_at, NOW + 2, "it is idle from the end of the handshake on");
    h = headers_of(&talk);
    connection_take(&c, &h, false, NOW + 10 * NS_PER_S, 4);
    connection_take(&c, &h, false, NOW + 14 * NS_PER_S, 5);
    is_num(c.idle, 10 * NS_PER_S - 2, "the longest time without a packet");
    ok(!c.is_used, "the target's data do not end it");
    h = headers_of(&data);
    connection_take(&c, &h, true, NOW + 15 * NS_PER_S, 6);
    is_num(c.last_at, NOW + 14 * NS_PER_S, "data like a probe's do not count by themselves");
    connection_use(&c, NOW + 34 * NS_PER_S);
    h = headers_of(&talk);
    connection_take(&c, &h, false, NOW + 90 * NS_PER_S, 7);
    is_num(c.idle, 20 * NS_PER_S, "nothing counts behind the first probe");
    RUN("a connection that the target closes", opening, &c);
    h = headers_of(&fin);
    connection_take(&c, &h, false, NOW + 60 * NS_PER_S, 4);
    ok(c.is_used && c.fin_at == NOW + 60 * NS_PER_S && c.end_frame == 4 && c.end_ttl == 57, "its FIN ends it");
    is_num(c.idle, 60 * NS_PER_S - 2, "after that time");
    RUN("a connection that is reset", opening, &c);
    h = headers_of(&rst);
    connection_take(&c, &h, false, NOW + 60 * NS_PER_S, 4);
    ok(c.is_used && c.state == CONNECTION_RESET && c.end_frame == 4 && c.end_ttl == 57, "the RST ends it");
    is_num(c.idle, 60 * NS_PER_S - 2, "after that time");
    RUN("a connection that we close", opening, &c);
    h = headers_of(&ours);
    connection_take(&c, &h, true, NOW + 60 * NS_PER_S, 4);
    ok(c.state == CONNECTION_CLOSED && connection_was_open(&c) && !connection_is_open(&c), "our RST closes it");
    ok(!c.is_used && c.idle == 0, "which is no end by the target");
    h = headers_of(&rst);
    connection_take(&c, &h, false, NOW + 61 * NS_PER_S, 5);
    is_num(c.state, CONNECTION_CLOSED, "a RST behind it changes nothing");
}

/* A query and its answer begin a UDP session. */
static void test_query(void)
{
    struct connection c;
    connection_init(&c);
    connection_query(&c, NOW, 1);
    ok(c.state == CONNECTION_OPENING && c.syn_frame == 1, "a query leaves");
    connection_give_up(&c);
    connection_query(&c, NOW + 5, 2);
    ok(c.state == CONNECTION_OPENING && c.opened_at == NOW + 5, "and another one");
    connection_answer(&c, NOW + 9, 3);
    ok(connection_is_open(&c) && c.answer_frame == 3 && c.last_at == NOW + 9, "its answer begins the session");
    connection_answer(&c, NOW + NS_PER_S, 4);
    ok(c.answer_frame == 3 && c.idle == NS_PER_S - 9, "a later answer is a packet of it");
    connection_init(&c);
    connection_answer(&c, NOW, 1);
    ok(connection_is_open(&c), "the capture may lack the query");
    connection_init(&c);
    connection_query(&c, NOW, 1);
    connection_refuse(&c, NOW + 1, 2);
    connection_answer(&c, NOW + 2, 3);
    is_num(c.state, CONNECTION_REFUSED, "no answer follows an ICMP error");
}

int main(void)
{
    test_established();
    test_failed();
    test_unseen();
    test_idle();
    test_query();
    return tap_done();
}
