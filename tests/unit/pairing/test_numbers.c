/* SPDX-License-Identifier: BSD-2-Clause */
/* The tuned numbers of src/pairing: each on both sides of its limit. scripts/mutate changes them one by one. */
#include "config.h"

#include "tap.h"
#include "unit/pairing/packets.h"

#define EXCHANGES 10

static unsigned lost(void)
{
    return (unsigned)(result->lost[TRANSIT_TOWARD_FAR] + result->lost[TRANSIT_TOWARD_NEAR]);
}

/* A request and its acknowledgement, with so long a delay each way. */
static void slow_exchange(nstime at, unsigned number, nstime delay)
{
    uint32_t seq = 1001 + 500 * number;
    uint16_t id = (uint16_t)(10 + number);
    see(TRANSIT_NEAR, at, up(id, TCP_ACK, seq, 5001, 500));
    see(TRANSIT_FAR, at + delay, up_far(id, TCP_ACK, seq, 5001, 500));
    see(TRANSIT_FAR, at + delay, down_far(id, TCP_ACK, 5001, seq + 500, 0));
    see(TRANSIT_NEAR, at + 2 * delay, down(id, TCP_ACK, 5001, seq + 500, 0));
}

static void exchanges(nstime delay, nstime apart)
{
    begin(0);
    for (unsigned i = 0; i < EXCHANGES; i++)
        slow_exchange(apart * i, i, delay);
}

/* Frames of a point, so that it is not silent. */
static void fill(enum transit_point point, nstime from, nstime to)
{
    for (; from <= to; from += 100 * MS)
        see_other(point, from);
}

/* A packet is lost so long before the far capture ends. */
static void lost_before_end(nstime delay, nstime before, bool is_covered)
{
    nstime end = NS_PER_S * (EXCHANGES - 1) + delay, last = end + 900 * MS;
    exchanges(delay, NS_PER_S);
    fill(TRANSIT_NEAR, end + delay + 100 * MS, last - delay - before);
    see(TRANSIT_NEAR, last - delay - before, up(90, TCP_ACK, 9001, 5001, 500));
    fill(TRANSIT_FAR, end + 100 * MS, last);
    finish();
    is_num(lost(), is_covered, "delay %lld ms, lost %lld us before the capture ends", (long long)(delay / MS),
           (long long)(before / NS_PER_US));
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_NOT_COVERED), !is_covered, "or not covered");
    pairing_free(pairing);
}

static void test_edges(void)
{
    lost_before_end(DELAY, NS_PER_MS, false);
    lost_before_end(DELAY, 3 * MS, true);
    lost_before_end(150 * MS, 60 * MS, true);
    lost_before_end(250 * MS, 60 * MS, false);
}

/* Datagrams of one way show the clock. One is lost so long before the far capture ends. */
static void one_way(nstime before, bool is_covered)
{
    begin(0);
    for (unsigned i = 0; i < 20; i++) {
        see_datagram(TRANSIT_NEAR, 100 * MS * i, 172, 7919 * (i + 1));
        if (i < 19)
            see_datagram(TRANSIT_FAR, 100 * MS * i, 172, 7919 * (i + 1));
    }
    fill(TRANSIT_FAR, 1900 * MS + DELAY, 1900 * MS + DELAY + before);
    finish();
    is_num(lost(), is_covered, "one way: a datagram is lost %lld ms before the capture ends", (long long)(before / MS));
    pairing_free(pairing);
}

/* The far capture does not run for 1.5 s. Then packets from its side are at the near point, so long apart. */
static void gap(unsigned packets, nstime apart, bool is_gap)
{
    exchanges(DELAY, 100 * MS);
    for (unsigned i = 0; i < packets; i++)
        see(TRANSIT_NEAR, 1300 * MS + apart * i, down((uint16_t)(60 + i), TCP_ACK, 5001, 6001, 0));
    for (unsigned i = EXCHANGES; i < EXCHANGES + 4; i++)
        slow_exchange(1500 * MS + 100 * MS * i, i, DELAY);
    finish();
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_SILENT), is_gap ? packets : 0,
           "%u packets %lld ms apart show that a capture was not running", packets, (long long)(apart / MS));
    pairing_free(pairing);
}

/* Bytes that the far capture lacks, although they were acknowledged. */
static void hole(nstime at, uint16_t id, uint32_t seq)
{
    see(TRANSIT_NEAR, at, up(id, TCP_ACK, seq, 5001, 500));
    see(TRANSIT_FAR, at + DELAY, down_far(id, TCP_ACK, 5001, seq + 500, 0));
    see(TRANSIT_NEAR, at + 2 * DELAY, down(id, TCP_ACK, 5001, seq + 500, 0));
}

/* The connection is older than the captures. So long after they begin, the far one lacks bytes. */
static void hole_of_old(nstime after, bool is_missed)
{
    unsigned before = (unsigned)(after / (200 * MS));
    begin(0);
    for (unsigned i = 0; i < before; i++)
        slow_exchange(200 * MS * i, i, DELAY);
    hole(after, 900, 1001 + 500 * before);
    for (unsigned i = before + 1; i < before + 6; i++)
        slow_exchange(200 * MS * i, i, DELAY);
    finish();
    is_num(result->points[TRANSIT_FAR].missed, is_missed, "bytes are missed %lld ms after a capture begins",
           (long long)(after / MS));
    pairing_free(pairing);
}

/* The far capture does not run for 3 s, and lacks an exchange. So long after that, and so many exchanges further, it
 * lacks bytes again. */
static void hole_after_gap(nstime after, unsigned further, bool is_missed)
{
    begin(0);
    handshake(0);
    for (unsigned i = 0; i < 4; i++)
        exchange(100 * MS * (i + 1), i);
    see(TRANSIT_NEAR, 2000 * MS, up(901, TCP_ACK, 3001, 5001, 500));
    see(TRANSIT_NEAR, 2020 * MS, down(901, TCP_ACK, 5001, 3501, 0));
    for (unsigned i = 0; i < further; i++)
        exchange(3500 * MS + after * i / further, 5 + i);
    hole(3500 * MS + after + MS, 902, 3501 + 500 * further);
    for (unsigned i = 0; i < 5; i++)
        exchange(3600 * MS + after + 100 * MS * i, 6 + further + i);
    finish();
    is_num(result->points[TRANSIT_FAR].missed, is_missed, "%u bytes and %lld ms behind a gap, bytes are missed",
           500 * further, (long long)(after / MS));
    pairing_free(pairing);
}

static void test_gaps(void)
{
    gap(2, 600 * MS, false);
    gap(3, 300 * MS, true);
    gap(3, 200 * MS, false);
    hole_of_old(3600 * MS, false);
    hole_of_old(4600 * MS, true);
    hole_after_gap(3600 * MS, 140, false);
    hole_after_gap(4600 * MS, 140, true);
    hole_after_gap(4600 * MS, 120, false);
}

/* Datagrams that are all the same, beside exchanges. This one is lost. */
static void alike_lost(unsigned number, bool is_judged)
{
    begin(0);
    for (unsigned i = 0; i < EXCHANGES; i++) {
        exchange(100 * MS * i, i);
        see_datagram(TRANSIT_NEAR, 100 * MS * i + 60 * MS, 24, 1);
        if (i != number)
            see_datagram(TRANSIT_FAR, 100 * MS * i + 60 * MS, 24, 1);
    }
    for (unsigned i = 0; i < 3; i++) {
        see_other(TRANSIT_NEAR, 100 * MS * (EXCHANGES + i));
        see_other(TRANSIT_FAR, 100 * MS * (EXCHANGES + i));
    }
    finish();
    is_num(lost(), is_judged, "one of alike datagrams is lost %u ms before the last sign of the clock",
           100 * (EXCHANGES - 1 - number) - 40);
    pairing_free(pairing);
}

/* A datagram from elsewhere comes to the far point, so long after the near capture begins. */
static void forged_after(nstime after, bool is_judged)
{
    begin(0);
    for (unsigned i = 0; i < 60; i++) {
        see_datagram(TRANSIT_NEAR, 200 * MS * i, 172, 7919 * (i + 1));
        see_datagram(TRANSIT_FAR, 200 * MS * i, 172, 7919 * (i + 1));
        if (200 * MS * i != after)
            continue;
        see_datagram(TRANSIT_FAR, after + MS, 172, 1299709);
        points[TRANSIT_FAR].seen[points[TRANSIT_FAR].count - 1].bytes[8] = 99; /* its TTL */
    }
    finish();
    is_num(result->forged[TRANSIT_TOWARD_FAR], is_judged, "one way: forged %lld ms after a capture begins",
           (long long)(after / MS));
    pairing_free(pairing);
}

/* --- partners --- */

/* A packet whose payload was rewritten comes so much later than usual. */
static void rewritten(nstime late, bool is_paired)
{
    struct sent far = up_far(90, TCP_ACK, 9001, 5001, 500);
    exchanges(DELAY, 100 * MS);
    see(TRANSIT_NEAR, NS_PER_S, up(90, TCP_ACK, 9001, 5001, 500));
    far.first = 1299709;
    fill(TRANSIT_FAR, NS_PER_S, NS_PER_S + late);
    see(TRANSIT_FAR, NS_PER_S + DELAY + late, far);
    finish();
    is_num(result->conversations[0].ways[TRANSIT_TOWARD_FAR].arrived, EXCHANGES + is_paired,
           "a packet with another payload, %lld ms late", (long long)(late / MS));
    pairing_free(pairing);
}

/* A packet comes so late. */
static void late(nstime late, bool is_paired)
{
    exchanges(DELAY, 100 * MS);
    see(TRANSIT_NEAR, NS_PER_S, up(90, TCP_ACK, 9001, 5001, 500));
    see_other(TRANSIT_NEAR, NS_PER_S + late);
    see(TRANSIT_FAR, NS_PER_S + late, up_far(90, TCP_ACK, 9001, 5001, 500));
    finish();
    is_num(result->conversations[0].ways[TRANSIT_TOWARD_FAR].arrived, EXCHANGES + is_paired, "a packet, %lld s late",
           (long long)(late / NS_PER_S));
    pairing_free(pairing);
}

/* A packet of a connection beside the other one. Its numbers at the far point are others, so that its payload alone
 * tells it. */
static void see_other_numbers(enum transit_point point, nstime at, uint8_t flags, uint32_t number, unsigned payload)
{
    bool is_far = point == TRANSIT_FAR;
    struct sent sent = (is_far ? up_far : up)(0, flags, (is_far ? 800000 : 700000) + number, 0, payload);
    sent.from_port = is_far ? 61007 : 40007;
    sent.timestamp = is_far ? 0 : 123456;
    sent.first = number;
    see(point, at, sent);
}

/* The far point has a SYN so long before the near one. */
static void early_syn(nstime before, bool is_proxied)
{
    exchanges(DELAY, 100 * MS);
    see_other_numbers(TRANSIT_NEAR, NS_PER_S, TCP_SYN, 0, 0);
    see_other_numbers(TRANSIT_FAR, NS_PER_S - before, TCP_SYN, 0, 0);
    for (unsigned i = 0; i < 4; i++) {
        see_other_numbers(TRANSIT_NEAR, 1100 * MS + 100 * MS * i, TCP_ACK, 1 + 500 * i, 500);
        see_other_numbers(TRANSIT_FAR, 1100 * MS + 100 * MS * i + DELAY, TCP_ACK, 1 + 500 * i, 500);
    }
    finish();
    is_num(result->conversations_paired, 2U - is_proxied, "a SYN %lld us before it was sent: no proxy",
           (long long)(before / NS_PER_US));
    pairing_free(pairing);
}

/* A connection is silent so long before another SYN. */
static void syn_again(nstime after, unsigned connections)
{
    begin(0);
    see(TRANSIT_NEAR, 0, up(10, TCP_ACK, 1001, 5001, 500));
    see(TRANSIT_NEAR, after, up(11, TCP_SYN, 777000, 0, 0));
    finish();
    is_num(result->points[TRANSIT_NEAR].conversations, connections, "a SYN after %lld s",
           (long long)(after / NS_PER_S));
    pairing_free(pairing);
}

/* The near clock was set back. A packet is lost so long after the time that came twice. */
static void set_back_before(nstime after, bool is_judged)
{
    exchanges(DELAY, 100 * MS);
    see_other(TRANSIT_NEAR, 1500 * MS);
    see_other(TRANSIT_NEAR, 1300 * MS);
    fill(TRANSIT_FAR, 1000 * MS, 1500 * MS + after);
    fill(TRANSIT_NEAR, 1400 * MS, 1500 * MS + after - DELAY);
    see(TRANSIT_NEAR, 1500 * MS + after, up(90, TCP_ACK, 9001, 5001, 500));
    for (unsigned i = EXCHANGES; i < EXCHANGES + 3; i++)
        slow_exchange(1600 * MS + after + 100 * MS * (i - EXCHANGES), i, DELAY);
    finish();
    is_num(lost(), is_judged, "a packet is lost %lld ms after a time that came twice", (long long)(after / MS));
    pairing_free(pairing);
}

/* Delays vary. For two exchanges the far clock is ahead, and a packet is lost between them. */
static void ahead_for_short(nstime ahead, bool is_judged)
{
    begin(0);
    for (unsigned i = 0; i < 4 * EXCHANGES; i++) {
        nstime at = 50 * MS * i, delay = DELAY * (1 + i % 3);
        bool is_off = i == 2 * EXCHANGES || i == 2 * EXCHANGES + 1;
        uint32_t seq = 1001 + 500 * i;
        uint16_t id = (uint16_t)(10 + i);
        see(TRANSIT_NEAR, at, up(id, TCP_ACK, seq, 5001, 500));
        see(TRANSIT_FAR, at + delay + is_off * ahead, up_far(id, TCP_ACK, seq, 5001, 500));
        see(TRANSIT_FAR, at + delay + is_off * ahead, down_far(id, TCP_ACK, 5001, seq + 500, 0));
        see(TRANSIT_NEAR, at + 2 * delay, down(id, TCP_ACK, 5001, seq + 500, 0));
        if (i == 2 * EXCHANGES)
            see(TRANSIT_NEAR, at + 25 * MS, up(200, TCP_ACK, 900001, 5001, 500));
    }
    finish();
    is_num(lost(), is_judged, "the far clock is %lld ms ahead while a packet is lost", (long long)(ahead / MS));
    pairing_free(pairing);
}

/* A forged answer of so many bytes comes in place of a long one. */
static void short_forged(unsigned payload)
{
    struct sent forged = down(0, TCP_ACK, 5001, 6001, payload);
    exchanges(DELAY, 100 * MS);
    see(TRANSIT_FAR, NS_PER_S, down_far(0, TCP_ACK, 5001, 6001, 500));
    forged.timestamp = 9000;
    forged.first = 1299709;
    see(TRANSIT_NEAR, NS_PER_S + DELAY, forged);
    finish();
    is_num(result->conversations[0].ways[TRANSIT_TOWARD_NEAR].arrived, EXCHANGES,
           "a forged answer of %u bytes is not the true one", payload);
    pairing_free(pairing);
}

static const struct transit_conversation *datagrams(void)
{
    for (uint64_t i = 0; i < result->conversation_count; i++)
        if (result->conversations[i].protocol == IP_UDP && result->conversations[i].paired)
            return &result->conversations[i];
    return NULL;
}

/* Datagrams that are all the same, beside exchanges. One comes so late. */
static void alike_late(nstime late, bool is_paired)
{
    begin(0);
    for (unsigned i = 0; i < EXCHANGES; i++) {
        exchange(100 * MS * i, i);
        see_datagram(TRANSIT_NEAR, 100 * MS * i + 40 * MS, 24, 1);
        see_datagram(TRANSIT_FAR, 100 * MS * i + 40 * MS + (i == 5 ? late : 0), 24, 1);
    }
    finish();
    is_num(datagrams()->ways[TRANSIT_TOWARD_FAR].arrived, EXCHANGES - 1 + is_paired,
           "one of alike datagrams comes %lld ms late", (long long)(late / MS));
    pairing_free(pairing);
}

/* The same where delays vary by `jitter`. */
static void alike_late_varied(nstime jitter, nstime late, bool is_paired)
{
    begin(0);
    for (unsigned i = 0; i < 2 * EXCHANGES; i++) {
        slow_exchange(100 * MS * i, i, DELAY + jitter * (i % 2));
        see_datagram(TRANSIT_NEAR, 100 * MS * i + 40 * MS, 24, 1);
        see_datagram(TRANSIT_FAR, 100 * MS * i + 40 * MS + jitter / 2 + (i == EXCHANGES + 5 ? late : 0), 24, 1);
    }
    finish();
    is_num(datagrams()->ways[TRANSIT_TOWARD_FAR].arrived, 2 * EXCHANGES - 1 + is_paired,
           "delays vary by %lld ms: one of alike datagrams comes %lld ms late", (long long)(jitter / MS),
           (long long)(late / MS));
    pairing_free(pairing);
}

/* A datagram with an id comes again, so much later. */
static void again(nstime later, bool is_duplicate)
{
    begin(0);
    for (unsigned i = 0; i < EXCHANGES; i++) {
        exchange(100 * MS * i, i);
        for (unsigned k = 0; k < (i == 5 ? 3 : 2); k++) {
            enum transit_point point = k ? TRANSIT_FAR : TRANSIT_NEAR;
            see_datagram(point, 100 * MS * i + 25 * MS + (k == 2 ? later : 0), 64, 7919 * (i + 1));
            put16(points[point].seen[points[point].count - 1].bytes + 4, (uint16_t)(500 + i));
        }
    }
    finish();
    is_num(datagrams()->ways[TRANSIT_TOWARD_FAR].duplicated, is_duplicate, "the same datagram %lld ms later",
           (long long)(later / MS));
    pairing_free(pairing);
}

/* All datagrams come so late. */
static void all_late(nstime late, bool is_paired)
{
    exchanges(DELAY, 100 * MS);
    for (unsigned i = 0; i < 60; i++) {
        nstime at = NS_PER_S + 100 * MS * i;
        if (i < 6)
            see_datagram(TRANSIT_NEAR, at, 64, 7919 * (i + 1));
        if (at >= NS_PER_S + late && at < NS_PER_S + late + 600 * MS)
            see_datagram(TRANSIT_FAR, at, 64, 7919 * (uint32_t)((at - NS_PER_S - late) / (100 * MS) + 1));
    }
    finish();
    is_num(result->conversations_paired, 1U + is_paired, "a conversation, %lld ms late", (long long)(late / MS));
    pairing_free(pairing);
}

/* Of two acknowledgements that differ in their windows the first is lost, though by its time the second is. */
static void windows(void)
{
    exchanges(DELAY, 100 * MS);
    for (unsigned i = 0; i < 3; i++) {
        enum transit_point point = i < 2 ? TRANSIT_FAR : TRANSIT_NEAR;
        struct sent ack = (i < 2 ? down_far : down)(0, TCP_ACK, 5001, 6001, 0);
        ack.timestamp = 0;
        see(point, NS_PER_S + (i < 2 ? 5 * MS * i : DELAY), ack);
        put16(points[point].seen[points[point].count - 1].bytes + 34, i ? 2000 : 1000);
    }
    for (unsigned i = EXCHANGES; i < EXCHANGES + 3; i++)
        slow_exchange(100 * MS * (i + 1), i, DELAY);
    finish();
    ok(result->alone_count == 1 && result->alone[0].frame.number == 2 * EXCHANGES + 1,
       "windows tell acknowledgements apart");
    pairing_free(pairing);
}

/* A lost segment is sent again, and comes when the lost one should. Too few packets show that ids are kept. */
static void ids_of_retransmission(void)
{
    begin(0);
    handshake(0);
    exchange(100 * MS, 0);
    for (unsigned i = 0; i < 3; i++) {
        struct sent sent = (i < 2 ? up : up_far)(i ? 91 : 90, TCP_ACK, 1501, 5001, 500);
        sent.timestamp = 0;
        see(i < 2 ? TRANSIT_NEAR : TRANSIT_FAR, 200 * MS + (i < 2 ? 5 * MS * i : DELAY), sent);
    }
    for (unsigned i = 0; i < 3; i++) {
        see_datagram(TRANSIT_NEAR, 300 * MS + 100 * MS * i, 64, 7919 * (i + 1));
        see_datagram(TRANSIT_FAR, 300 * MS + 100 * MS * i, 64, 7919 * (i + 1));
    }
    finish();
    ok(result->alone_count == 1 && result->alone[0].frame.number == 5, "a segment with another id is rather another");
    pairing_free(pairing);
}

/* The last of alike datagrams comes so late, when exchanges do not show the clock any more. */
static void alike_behind(nstime late, bool is_paired)
{
    begin(0);
    for (unsigned i = 0; i < EXCHANGES + 3; i++) {
        if (i < EXCHANGES)
            exchange(100 * MS * i, i);
        see_datagram(TRANSIT_NEAR, 100 * MS * i + 40 * MS, 24, 1);
        see_datagram(TRANSIT_FAR, 100 * MS * i + 40 * MS + (i == EXCHANGES + 2 ? late : 0), 24, 1);
    }
    finish();
    is_num(datagrams()->ways[TRANSIT_TOWARD_FAR].arrived, EXCHANGES + 2 + is_paired,
           "behind the last sign of the clock one of alike datagrams comes %lld us late",
           (long long)(late / NS_PER_US));
    pairing_free(pairing);
}

/* A censor forges a reset. It comes before the true one, and their TTLs alone differ. Both times count from the sending
 * of the true one. */
static void forged_reset(nstime delay, nstime forged_at, nstime true_at)
{
    nstime sent = NS_PER_S * EXCHANGES;
    struct sent forged = up_far(0, TCP_RST | TCP_ACK, 9001, 5001, 0);
    exchanges(delay, NS_PER_S);
    see(TRANSIT_NEAR, sent, up(0, TCP_RST | TCP_ACK, 9001, 5001, 0));
    fill(TRANSIT_NEAR, sent + 50 * MS, sent + 650 * MS);
    forged.ttl = 50;
    see(TRANSIT_FAR, sent + forged_at, forged);
    see(TRANSIT_FAR, sent + true_at, up_far(0, TCP_RST | TCP_ACK, 9001, 5001, 0));
    for (unsigned i = EXCHANGES + 1; i < EXCHANGES + 4; i++)
        slow_exchange(NS_PER_S * i, i, delay);
    finish();
    ok(!result->hops_vary, "delay %lld ms: a forged reset after %lld ms is not the true one that comes after %lld ms",
       (long long)(delay / MS), (long long)(forged_at / MS), (long long)(true_at / MS));
    is_num(result->conversations[0].ways[TRANSIT_TOWARD_FAR].arrived, EXCHANGES + 4, "and the true one has arrived");
    pairing_free(pairing);
}

/* The first segment comes with a TTL that a device set. */
static void ttl_of_first(void)
{
    struct sent first = up_far(10, TCP_ACK, 1001, 5001, 500);
    begin(0);
    first.ttl = 99;
    see(TRANSIT_NEAR, 0, up(10, TCP_ACK, 1001, 5001, 500));
    see(TRANSIT_FAR, DELAY, first);
    for (unsigned i = 1; i < EXCHANGES; i++) {
        see(TRANSIT_NEAR, 100 * MS * i, up((uint16_t)(10 + i), TCP_ACK, 1001 + 500 * i, 5001, 500));
        see(TRANSIT_FAR, 100 * MS * i + DELAY, up_far((uint16_t)(10 + i), TCP_ACK, 1001 + 500 * i, 5001, 500));
    }
    finish();
    is_num(result->conversations[0].ways[TRANSIT_TOWARD_FAR].arrived, EXCHANGES,
           "one packet with a higher TTL does not turn the way of a conversation");
    pairing_free(pairing);
}

/* A segment is lost behind a handshake, and a forged one comes in its place. */
static void ttl_of_forged(void)
{
    struct sent forged = up_far(700, TCP_ACK, 1001, 5001, 500);
    begin(0);
    handshake(0);
    see(TRANSIT_NEAR, 100 * MS, up(10, TCP_ACK, 1001, 5001, 500));
    forged.timestamp = 1010;
    forged.ttl = 99;
    see(TRANSIT_FAR, 100 * MS + DELAY, forged);
    for (unsigned i = 1; i < 4; i++) /* too few to show that ids are kept */
        exchange(100 * MS * (i + 1), i);
    finish();
    is_num(result->alone_count, 2, "a packet that gained TTL behind a handshake is a forged one");
    pairing_free(pairing);
}

static void test_partners(void)
{
    alike_behind(500 * NS_PER_US, true);
    alike_behind(2 * MS, false);
    forged_reset(DELAY, DELAY, DELAY + 5 * MS);
    forged_reset(MS, MS, 21 * MS);
    forged_reset(250 * MS, 90 * MS, 260 * MS);
    ttl_of_first();
    ttl_of_forged();
    short_forged(20);
    ids_of_retransmission();
    windows();
    alike_late(20 * MS, true);
    alike_late(30 * MS, false);
    alike_late_varied(12 * MS, 40 * MS, true);
    alike_late_varied(12 * MS, 52 * MS, false);
    again(40 * MS, true);
    again(60 * MS, false);
    all_late(3500 * MS, true);
    all_late(4500 * MS, false);
    rewritten(100 * MS, true);
    rewritten(200 * MS, false);
    late(119 * NS_PER_S, true);
    late(121 * NS_PER_S, false);
    early_syn(DELAY + 40 * NS_PER_US, false);
    early_syn(DELAY + 60 * NS_PER_US, true);
    syn_again(119 * NS_PER_S, 1);
    syn_again(121 * NS_PER_S, 2);
    set_back_before(900 * MS, false);
    set_back_before(1100 * MS, true);
    ahead_for_short(60 * MS, true);
    ahead_for_short(80 * MS, false);
}

/* --- the first reading --- */

/* The near point has a frame, and another one so much later. */
static void two_frames(nstime apart, bool is_silence, bool is_set_back)
{
    begin(0);
    see_other(TRANSIT_NEAR, 100 * NS_PER_S);
    see_other(TRANSIT_NEAR, 100 * NS_PER_S + apart);
    finish();
    is_num(first_reading.points[TRANSIT_NEAR].silence_count, is_silence, "%lld ms between frames: a silence",
           (long long)(apart / MS));
    is_num(first_reading.points[TRANSIT_NEAR].set_back_count, is_set_back, "or a clock that was set back");
    pairing_free(pairing);
}

/* So many datagrams toward far have the same id at both points, and others another one. */
static void ids(unsigned same, unsigned differ, bool is_kept)
{
    begin(0);
    for (unsigned i = 0; i < same + differ; i++)
        for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
            see_datagram((enum transit_point)point, 100 * MS * i, 64, 7919 * (i + 1));
            put16(points[point].seen[i].bytes + 4, (uint16_t)(10 + i + (i >= same && point == TRANSIT_FAR ? 1000 : 0)));
        }
    finish();
    is_num(first_reading.ids_kept[TRANSIT_TOWARD_FAR], is_kept, "%u ids are the same, %u differ", same, differ);
    pairing_free(pairing);
}

/* A capture shows so many of ten packets twice. */
static void doubled(unsigned twice, bool is_doubled)
{
    begin(0);
    for (unsigned i = 0; i < 10; i++)
        for (unsigned k = 0; k < (i < twice ? 2 : 1); k++)
            see(TRANSIT_NEAR, 100 * MS * i + 20 * NS_PER_US * k,
                up((uint16_t)(10 + i), TCP_ACK, 1001 + 500 * i, 5001, 500));
    finish();
    is_num(first_reading.points[TRANSIT_NEAR].doubled, is_doubled, "%u of 10 packets are there twice", twice);
    pairing_free(pairing);
}

/* The near capture keeps so many bytes of datagrams. */
static void cut_to(unsigned bytes, bool is_compared)
{
    begin(0);
    for (unsigned i = 0; i < 10; i++) {
        see_datagram(TRANSIT_NEAR, 100 * MS * i, 64, 7919 * (i + 1));
        see_datagram(TRANSIT_FAR, 100 * MS * i, 64, 7919 * (i + 1));
        points[TRANSIT_NEAR].seen[i].length = 28 + bytes;
    }
    finish();
    is_num(first_reading.clock.count, is_compared, "datagrams cut to %u bytes show the clock", bytes);
    pairing_free(pairing);
}

static void test_first_reading(void)
{
    two_frames(240 * MS, false, false);
    two_frames(260 * MS, true, false);
    two_frames(-90 * MS, false, false);
    two_frames(-110 * MS, false, true);
    two_frames(-59 * NS_PER_S, false, true);
    two_frames(-61 * NS_PER_S, false, false);
    ids(7, 0, false);
    ids(8, 0, true);
    ids(8, 2, true);
    ids(8, 3, false);
    doubled(5, false);
    doubled(6, true);
    cut_to(31, false);
    cut_to(32, true);
    for (unsigned count = 3; count <= 4; count++) {
        begin(0);
        for (unsigned i = 0; i < count; i++) {
            see_datagram(TRANSIT_NEAR, 100 * MS * i, 172, 7919 * (i + 1));
            see_datagram(TRANSIT_FAR, 100 * MS * i, 172, 7919 * (i + 1));
        }
        finish();
        is_num(first_reading.clock.segments[0].has_most, count == 4, "%u datagrams one way bound the clock", count);
        pairing_free(pairing);
    }
    exchanges(DELAY, 100 * MS);
    finish();
    is_num(first_reading.clock_error, DELAY + 2 * MS + (900 * MS + 2 * DELAY) / 10000,
           "a clock that is sure is wrong by half of its bounds, late stamps and a drift that no packet shows");
    pairing_free(pairing);
}

/* --- which conversations are the same --- */

/* One datagram behind a NAT, so much later than others. `server`: its target at the far point. */
static void named(unsigned payload, uint16_t id, const char *server, nstime late, bool is_paired)
{
    struct sent sent = {.from = CLIENT,
                        .to = SERVER,
                        .from_port = 45177,
                        .to_port = 7000,
                        .id = id,
                        .ttl = 64,
                        .protocol = IP_UDP,
                        .payload = payload,
                        .first = 7919};
    exchanges(DELAY, 100 * MS);
    see(TRANSIT_NEAR, NS_PER_S, sent);
    sent.from = PUBLIC;
    sent.from_port = 61007;
    sent.to = server;
    sent.ttl = 61;
    see(TRANSIT_FAR, NS_PER_S + DELAY + late, sent);
    finish();
    is_num(result->conversations_paired, 1U + is_paired, "a datagram of %u bytes%s%s, %lld ms late, pairs", payload,
           id ? " with an id" : "", server[0] == SERVER[0] ? "" : " whose target is translated",
           (long long)(late / MS));
    pairing_free(pairing);
}

/* So many acknowledgements of a connection without timestamps. A firewall changes its addresses and one of its numbers.
 */
static void one_number(unsigned count, bool is_paired)
{
    exchanges(DELAY, 100 * MS);
    for (unsigned i = 0; i < count; i++)
        for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
            bool is_far = point == TRANSIT_FAR;
            struct sent sent = (is_far ? up_far : up)(0, TCP_ACK, is_far ? 900000 : 700000, 300000 + 7919 * i, 0);
            sent.from_port = is_far ? 61007 : 40007;
            sent.to = is_far ? "203.0.113.9" : SERVER;
            sent.timestamp = 0;
            see((enum transit_point)point, NS_PER_S + 100 * MS * i + (is_far ? DELAY : 0), sent);
        }
    finish();
    is_num(result->conversations_paired, 1U + is_paired, "%u packets, one number of which is the same at both points",
           count);
    pairing_free(pairing);
}

static void test_names(void)
{
    one_number(3, false);
    one_number(4, true);
    named(6, 0, SERVER, 0, false);
    named(7, 0, SERVER, 0, true);
    named(3, 700, SERVER, 0, false);
    named(4, 700, SERVER, 0, true);
    named(7, 0, "203.0.113.9", 0, false);
    named(8, 0, "203.0.113.9", 0, true);
    named(8, 0, SERVER, 450 * MS, true);
    named(8, 0, SERVER, 550 * MS, false);
}

int main(void)
{
    test_first_reading();
    test_names();
    test_partners();
    test_edges();
    one_way(200 * MS, false);
    one_way(400 * MS, true);
    test_gaps();
    alike_lost(EXCHANGES - 2, false);
    alike_lost(EXCHANGES - 3, true);
    forged_after(3600 * MS, false);
    forged_after(4600 * MS, true);
    return tap_done();
}
