/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments in TCP connections: which of them are probes, and which copy of a segment drew an answer. */
#include "probe/type.h"
#include "tap.h"
#include "unit/support/ladder.h"

#define REQUEST "GET / HTTP/1.1\r\n\r\n"
#define BYTES 18 /* of the request */
#define MINE 300000U
#define THEIRS 2100000U
#define HOST_TTL 64
#define STAMP 5000U

/* A segment of the connection from port `source`, to the target or back from it. */
static struct made segment(const char *target, uint16_t source, bool back, uint8_t flags)
{
    bool six = target[0] == '2';
    const char *host = six ? S6 : S4;
    return (struct made){.from = back ? target : host,
                         .to = back ? host : target,
                         .protocol = IP_TCP,
                         .source = back ? 80 : source,
                         .target = back ? source : 80,
                         .seq = back ? THEIRS : MINE,
                         .ack = back ? MINE : THEIRS,
                         .flags = flags,
                         .ttl = back ? 60 : HOST_TTL,
                         .has_options = true,
                         .id = six ? 0 : (uint16_t)(source + flags)};
}

static void see_handshake(double ms, const char *target, uint16_t source)
{
    struct made syn = segment(target, source, false, TCP_SYN),
                syn_ack = segment(target, source, true, TCP_SYN | TCP_ACK),
                ack = segment(target, source, false, TCP_ACK);
    syn.seq--;
    syn_ack.seq--;
    scene_see(ms, &syn);
    scene_see(ms + 1, &syn_ack);
    scene_see(ms + 2, &ack);
}

static struct made data_segment(const char *target, uint16_t source, uint8_t ttl)
{
    struct made data = segment(target, source, false, TCP_ACK | TCP_PSH);
    data.payload = REQUEST;
    data.ttl = ttl;
    data.stamp = STAMP + ttl;
    data.id = (uint16_t)(data.id ? data.id + ttl : 0);
    return data;
}

static void expire(double ms, const struct made *data, const char *target)
{
    scene_see(ms, data);
    bool six = target[0] == '2';
    error_of(ms + RTT, data, .from = six ? router6(data->ttl) : router(data->ttl), .quote_whole = six);
}

/* What the server says after the copy of this TTL. */
static void answer(double ms, const char *target, uint8_t flags, uint8_t echoed)
{
    struct made segment_back = segment(target, 40000, true, flags);
    segment_back.ack += BYTES;
    segment_back.stamp_echo = echoed ? STAMP + echoed : 0;
    segment_back.payload = flags & TCP_PSH ? "HTTP/1.1 200 OK\r\n" : NULL;
    segment_back.id = (uint16_t)(flags * 100 + echoed);
    scene_see(ms, &segment_back);
}

/* The specs of all traces. */
static void is_spec(const char *want, const char *name)
{
    const struct recognition *found = scene_result();
    struct strbuf got;
    strbuf_init(&got);
    for (size_t i = 0; i < found->trace_count; i++) {
        char text[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&found->traces[i]->flow.spec, text);
        strbuf_addf(&got, "%s%s", i ? " " : "", text);
    }
    is_text(got.text, want, "%s", name);
    strbuf_free(&got);
}

/* --- what the run is --- */

enum { WITHOUT, WITH, OF_OTHER_NUMBERS, ONE_OF_THREE };

/* A connection a TTL, with or without its handshake. */
static void see_sweep(const char *target, unsigned handshakes)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        uint16_t source = (uint16_t)(40000 + ttl);
        struct made data = data_segment(target, source, ttl);
        if (handshakes == WITH || handshakes == OF_OTHER_NUMBERS || (handshakes == ONE_OF_THREE && ttl == 3))
            see_handshake(ttl * 1000, target, source);
        if (handshakes == OF_OTHER_NUMBERS)
            data.seq -= 1000;
        expire(ttl * 1000 + 10, &data, target);
    }
}

static void test_specs(void)
{
    static const struct {
        const char *target;
        unsigned handshakes;
        const char *want, *name;
    } rows[] = {
        {T4, WITH, "tcp/80:data", "segments in connections"},
        {T6, WITH, "tcp/80:data", "the same over IPv6"},
        {T4, ONE_OF_THREE, "tcp/80:data", "the capture began within the run"},
        {T4, WITHOUT, "tcp/80:ack", "segments without a connection"},
        {T4, OF_OTHER_NUMBERS, "tcp/80:ack", "segments whose numbers are not those of the connection"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        see_sweep(rows[i].target, rows[i].handshakes);
        is_spec(rows[i].want, rows[i].name);
        scene_end();
    }
}

/* --- connections that were left alone --- */

#define SECOND 1000.0
#define HANDSHAKE_MS 2 /* its last packet */

static void see_ladder(double ms, uint16_t source)
{
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made data = data_segment(T4, source, ttl);
        data.id = (uint16_t)(data.id + (unsigned)(ms / SECOND));
        expire(ms + 10 * ttl, &data, T4);
    }
}

/* The first packet of the ladder. */
static double after(double seconds)
{
    return HANDSHAKE_MS + seconds * SECOND - 10;
}

static void test_idle(void)
{
    scene_begin(NULL);
    see_handshake(0, T4, 40000);
    see_ladder(after(60), 40000);
    is_spec("tcp/80:data@60s", "a connection that was left alone for 60 s");
    scene_end();

    scene_begin(NULL);
    see_handshake(0, T4, 40000);
    see_ladder(after(4.9), 40000);
    is_spec("tcp/80:data", "a pause of 4.9 s");
    scene_end();

    scene_begin(NULL);
    see_handshake(0, T4, 40000);
    see_ladder(after(5.1), 40000);
    is_spec("tcp/80:data@5s", "one of 5.1 s");
    scene_end();

    for (unsigned back = 0; back < 2; back++) {
        struct made keep_alive = segment(T4, 40000, back, TCP_ACK);
        keep_alive.seq--;
        keep_alive.id++;
        scene_begin(NULL);
        see_handshake(0, T4, 40000);
        scene_see(57 * SECOND, &keep_alive);
        see_ladder(after(60), 40000);
        is_spec("tcp/80:data", back ? "a keep-alive of the server" : "a keep-alive of the client");
        scene_end();
    }

    scene_begin(NULL);
    see_handshake(0, T4, 40000);
    see_ladder(after(1), 40000);
    see_ladder(after(90), 40000);
    is_spec("tcp/80:data tcp/80:data@89s", "a second ladder in the same connection, much later");
    scene_end();

    scene_begin(NULL);
    see_handshake(0, T4, 40001);
    see_handshake(59 * SECOND, T4, 40002);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made data = data_segment(T4, (uint16_t)(40001 + ttl % 2), ttl);
        expire(60 * SECOND + 10 * ttl, &data, T4);
    }
    is_spec("tcp/80:data", "a ladder over an old connection and a new one");
    scene_end();

    scene_begin(NULL);
    see_handshake(0, T4, 40000);
    see_handshake(0, T4, 40000);
    see_ladder(after(200000), 40000);
    is_spec("tcp/80:data@86400s", "two days: as a spec can say");
    scene_end();
}

/* --- copies in one connection --- */

/* Copies with TTL 1 to 5 in one connection; the router of hop 3 is silent, the target is hop 5. */
static double see_copies(const char *target)
{
    scene_begin(NULL);
    see_handshake(0, target, 40000);
    for (uint8_t ttl = 1; ttl <= 5; ttl++) {
        struct made data = data_segment(target, 40000, ttl);
        if (ttl == 3 || ttl == 5)
            scene_see(10 + ttl, &data);
        else
            expire(10 + ttl, &data, target);
    }
    return 15;
}

static void test_copies(void)
{
    static const char *const targets[] = {T4, T6};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        double ms = see_copies(targets[i]);
        answer(ms + RTT, targets[i], TCP_ACK, 5);
        answer(ms + 2 * RTT, targets[i], TCP_ACK | TCP_PSH, 5);
        scene_is("tcp reached: 1 r1; 2 r2; 3 *; 4 r4; 5 T=tcp+T=tcp; other: 3 ordinary traffic;",
                 "one connection: the acknowledgement and the data are replies to the copy whose timestamp they echo");
    }
    double ms = see_copies(T4);
    answer(ms + RTT, T4, TCP_ACK, 0);
    answer(ms + 2 * RTT, T4, TCP_ACK | TCP_PSH, 0);
    scene_is("tcp reached: 1 r1; 2 r2; 3 *; 4 r4; 5 T=tcp~+T=tcp~; other: 3 ordinary traffic;",
             "without timestamps the match is weak, and the silent hop nearer than a router gets no reply");
}

/* Two copies are under way when the reply to the first comes. */
static void test_overtaken(void)
{
    scene_begin(NULL);
    see_handshake(0, T4, 40000);
    for (uint8_t ttl = 1; ttl <= 2; ttl++) {
        struct made data = data_segment(T4, 40000, ttl);
        expire(10 + ttl, &data, T4);
    }
    for (uint8_t ttl = 3; ttl <= 4; ttl++) {
        struct made data = data_segment(T4, 40000, ttl);
        scene_see(20 + ttl, &data);
    }
    answer(30, T4, TCP_ACK, 4);
    answer(31, T4, TCP_ACK, 3);
    scene_is("tcp reached: 1 r1; 2 r2; 3 T=tcp; 4 T=tcp; other: 3 ordinary traffic;",
             "replies that overtake each other belong to the copies whose timestamps they echo");
}

/* --- what is no reply --- */

static void test_other_segments(void)
{
    double ms = see_copies(T4);
    struct made fin = segment(T4, 40000, true, TCP_FIN | TCP_ACK), banner = segment(T4, 40000, true, TCP_ACK | TCP_PSH);
    banner.payload = "220 ready\r\n";
    scene_see(ms + RTT, &banner);
    scene_see(ms + 2 * RTT, &fin);
    scene_is("tcp silent: 1 r1; 2 r2; 3 *; 4 r4; 5 *; other: 5 ordinary traffic;",
             "what the server sends without having got the data is no reply");
}

/* --- another clock --- */

/* Of two captures each has one direction, and the clock of the server's side is known to some milliseconds. */
static void test_late_handshake(void)
{
    struct made syn_ack = segment(T4, 40000, true, TCP_SYN | TCP_ACK);
    syn_ack.seq--;
    for (unsigned stranger = 0; stranger < 2; stranger++) {
        scene_begin(NULL);
        for (uint8_t ttl = 1; ttl <= 3; ttl++) {
            struct made data = data_segment(T4, 40000, ttl);
            expire(10 * ttl, &data, T4);
        }
        syn_ack.ack -= stranger ? 1U << 31 : 0;
        scene_see(40, &syn_ack);
        scene_see(45, &syn_ack);
        is_spec(stranger ? "tcp/80:ack" : "tcp/80:data",
                stranger ? "the SYN/ACK of a later connection from the same port" : "a SYN/ACK behind the segments");
        if (!stranger)
            is_num(scene_result()->traces[0]->handshakes.count, 3, "each segment counts once");
        scene_end();
    }
}

int main(void)
{
    test_specs();
    test_late_handshake();
    test_idle();
    test_copies();
    test_overtaken();
    test_other_segments();
    return tap_done();
}
