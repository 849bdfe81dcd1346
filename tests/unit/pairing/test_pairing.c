/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of two points, made by hand: which pair, and what becomes of the others. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "unit/pairing/packets.h"

static void nothing_lost(nstime ahead)
{
    begin(ahead);
    frame_it();
    end_it();
    finish();
    const struct transit_conversation *c = &result->conversations[0];
    const struct clock_segment *segment = &result->clock.segments[0];
    is_num(result->conversation_count, 1, "a connection behind a NAT, %lld s: one conversation",
           (long long)(ahead / NS_PER_S));
    ok(c->paired && c->translated && c->client_is_far == false, "it is paired and translated");
    is_num(c->ways[TRANSIT_TOWARD_FAR].arrived, 9, "all arrived, toward far");
    is_num(c->ways[TRANSIT_TOWARD_NEAR].arrived, 9, "and toward near");
    is_num(result->alone_count, 0, "no packet is alone");
    is_num(result->hops, 3, "three routers");
    ok(result->clock.count == 1 && segment->least <= ahead && segment->most >= ahead, "the offset lies in its bounds");
    is_num(segment->most - segment->least, 2 * DELAY, "which are a round trip apart");
    pairing_free(pairing);
}

static void lost_and_forged(void)
{
    begin(5 * NS_PER_S);
    frame_it();
    see(TRANSIT_NEAR, 1000 * MS, up(20, TCP_ACK, 3001, 5001, 500)); /* lost */
    see(TRANSIT_NEAR, 1300 * MS, up(21, TCP_ACK, 3001, 5001, 500)); /* and sent again */
    see(TRANSIT_FAR, 1310 * MS, up_far(21, TCP_ACK, 3001, 5001, 500));
    see(TRANSIT_FAR, 1310 * MS, down_far(21, TCP_ACK, 5001, 3501, 0)); /* lost */
    struct sent reset = down(22, TCP_RST, 5001, 0, 0);
    reset.ttl = 62;
    see(TRANSIT_NEAR, 1400 * MS, reset);
    for (unsigned i = 5; i < 9; i++)
        exchange(3000 * MS + 100 * MS * i, i);
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], 1, "a segment was lost");
    is_num(result->lost[TRANSIT_TOWARD_NEAR], 1, "an acknowledgement was lost");
    is_num(result->forged[TRANSIT_TOWARD_NEAR], 1, "a reset was forged");
    is_num(result->alone_count, 3, "no other packet is alone");
    for (uint64_t i = 0; i < result->alone_count; i++) {
        const struct transit_alone *a = &result->alone[i];
        if (a->fate == TRANSIT_FORGED)
            ok(a->point == TRANSIT_NEAR && a->frame.number == 13 && a->ttl == 62 && a->usual_ttl == 61,
               "the reset: its frame and TTL");
        else if (a->way == TRANSIT_TOWARD_FAR)
            ok(a->point == TRANSIT_NEAR && a->frame.number == 11 && a->repeated && a->bytes == 500,
               "the segment: its frame, and that it came later");
    }
    pairing_free(pairing);
}

/* 10 segments leave in one frame; the seventh is lost. */
static void offload(void)
{
    begin(0);
    frame_it();
    see(TRANSIT_NEAR, 1000 * MS, up(100, TCP_ACK, 3001, 5001, 10000));
    for (unsigned i = 0; i < 10; i++) {
        struct sent part = up_far((uint16_t)(100 + i), TCP_ACK, 3001 + 1000 * i, 5001, 1000);
        part.timestamp = 1100;
        if (i != 6)
            see(TRANSIT_FAR, 1010 * MS + i * 10000, part);
    }
    end_it();
    finish();
    const struct transit_way_result *way = &result->conversations[0].ways[TRANSIT_TOWARD_FAR];
    is_num(way->arrived, 18, "a segment of 10,000 bytes is ten packets");
    is_num(way->lost, 1, "one of them was lost");
    ok(result->alone_count == 1 && result->alone[0].seq == 9001 && result->alone[0].bytes == 1000,
       "the bytes that were lost");
    pairing_free(pairing);
}

/* The far capture lacks a segment that was acknowledged, so nothing is called lost. */
static void capture_drops(void)
{
    begin(0);
    handshake(0);
    for (unsigned i = 0; i < 12; i++)
        exchange(100 * MS * (i + 1), i);
    see(TRANSIT_NEAR, 1300 * MS, up(30, TCP_ACK, 7001, 5001, 500)); /* the capture drops it */
    see(TRANSIT_FAR, 1310 * MS, down_far(30, TCP_ACK, 5001, 7501, 0));
    see(TRANSIT_NEAR, 1320 * MS, down(30, TCP_ACK, 5001, 7501, 0));
    see(TRANSIT_NEAR, 1350 * MS, up(31, TCP_ACK, 7501, 5001, 0)); /* lost, or the same */
    for (unsigned i = 13; i < 18; i++)
        exchange(100 * MS * (i + 1), i);
    finish();
    is_num(result->lost[0] + result->lost[1], 0, "a capture that lacks acknowledged bytes: nothing is lost");
    is_num(result->points[TRANSIT_FAR].missed, 1, "it is told");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_MISSED), 1, "the segment was missed");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_CAPTURE_DROPS), 1, "the other packet is not judged");
    pairing_free(pairing);
}

/* The far capture lacks a segment and its acknowledgement: only the near capture has both. */
static void unseen(void)
{
    begin(0);
    frame_it();
    see(TRANSIT_NEAR, 500 * MS, up(90, TCP_ACK, 3001, 5001, 500));
    see(TRANSIT_NEAR, 520 * MS, down(90, TCP_ACK, 5001, 3501, 0));
    see(TRANSIT_NEAR, 550 * MS, up(91, TCP_ACK, 3501, 5001, 0));
    for (unsigned i = 5; i < 9; i++)
        exchange(100 * MS * (i + 1), i);
    finish();
    is_num(result->forged[TRANSIT_TOWARD_NEAR], 0, "a packet with the TTL of its way is not called forged");
    is_num(result->lost[TRANSIT_TOWARD_FAR], 0, "what it acknowledges is not called lost");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_MISSED), 2, "the other capture lacks both");
    ok(result->points[TRANSIT_FAR].unseen == 1 && result->points[TRANSIT_FAR].unseen_example == 12, "it is told");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_CAPTURE_DROPS), 1, "and it may lack another");
    pairing_free(pairing);
}

/* A frame of the near point is as long as four datagrams of `bytes` that the far point alone has. `is_told`: it may be
 * a datagram of its own. */
static void joined(unsigned bytes, bool is_told)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 14; i++) {
        nstime at = 2000 * MS + 100 * MS * i;
        bool is_joined = i == 10;
        see_datagram(TRANSIT_NEAR, at, is_joined ? 4 * bytes : bytes, 7919 * (i + 1));
        for (unsigned k = 0; k < (is_joined ? 4 : 1); k++)
            see_datagram(TRANSIT_FAR, at, bytes, is_joined ? 1299709 * (k + 1) : 7919 * (i + 1));
    }
    finish();
    is_num(result->points[TRANSIT_NEAR].unseen, is_told ? 4 : 0, "frames of %u bytes: what the near capture lacks",
           4 * bytes);
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_OFFLOADED), is_told ? 0 : 5, "frames of %u bytes: joined datagrams",
           4 * bytes);
    is_num(result->lost[TRANSIT_TOWARD_FAR], is_told, "frames of %u bytes: what is lost", 4 * bytes);
    pairing_free(pairing);
}

/* The far clock is set forward by 1.5 s, and then a few packets of one way alone are at both points. */
static void clock_set(void)
{
    begin(0);
    frame_it();
    for (unsigned i = 3; i < 30; i++) {
        see_other(TRANSIT_NEAR, 200 * MS * i + 1);
        see_other(TRANSIT_FAR, 200 * MS * i + 1 + (i > 14) * 1500 * MS);
        if (i < 16 || i > 18)
            continue;
        see(TRANSIT_NEAR, 200 * MS * i + 20 * MS, up((uint16_t)(70 + i), TCP_ACK, 3001 + 500 * (i - 16), 5001, 500));
        if (i != 17)
            see(TRANSIT_FAR, 200 * MS * i + 1530 * MS,
                up_far((uint16_t)(70 + i), TCP_ACK, 3001 + 500 * (i - 16), 5001, 500));
    }
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], 0, "where the clock may have been set, nothing is called lost");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_AMBIGUOUS), 1, "the packet is in doubt");
    pairing_free(pairing);
}

/* Near its end the far clock is set forward, by too little for a silence. Two datagrams are at both points then, so far
 * apart that they do not pair, and a third at the near point alone. */
static void clock_set_at_end(nstime forward)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 10; i++) {
        nstime at = 600 * MS + 30 * MS * i;
        see_datagram(TRANSIT_NEAR, at, 172, 7919 * (i + 1));
        if (i < 9)
            see_datagram(TRANSIT_FAR, at + (i < 7 ? 0 : forward), 172, 7919 * (i + 1));
    }
    for (unsigned i = 0; i < 2; i++) {
        see_other(TRANSIT_NEAR, 1080 * MS + 300 * MS * i);
        see_other(TRANSIT_FAR, 1080 * MS + 300 * MS * i);
    }
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], forward ? 0 : 1, "what is lost, the clock set by %lld ms",
           (long long)(forward / MS));
    is_num(clock_is_known(&result->clock, START + 870 * MS), !forward, "and whether the clock is known there");
    pairing_free(pairing);
}

/* A host stands still for 60 ms, so that packets both ways are late. Between them one is lost. */
static void stands_still(void)
{
    begin(0);
    handshake(0);
    for (unsigned i = 0; i < 12; i++)
        exchange(100 * MS * (i + 1), i);
    see(TRANSIT_NEAR, 1300 * MS, up(50, TCP_ACK, 7001, 5001, 500));
    see(TRANSIT_NEAR, 1305 * MS, up(51, TCP_ACK, 7501, 5001, 500)); /* lost */
    see(TRANSIT_FAR, 1370 * MS, up_far(50, TCP_ACK, 7001, 5001, 500));
    see(TRANSIT_FAR, 1371 * MS, down_far(50, TCP_ACK, 5001, 7501, 0));
    see(TRANSIT_NEAR, 1441 * MS, down(50, TCP_ACK, 5001, 7501, 0));
    for (unsigned i = 13; i < 20; i++)
        exchange(200 * MS + 100 * MS * i, i);
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], 1, "packets that are late both ways are no clock that was set");
    pairing_free(pairing);
}

/* The far capture is silent for `silence`, and in it the near one has a packet for the far point alone: a segment,
 * which its receiver would acknowledge, or a datagram. `interval`: between other packets. */
static void silent(nstime silence, nstime interval, bool is_answered)
{
    nstime after = 4 * interval + silence, middle = after - silence / 2;
    begin(0);
    handshake(0);
    for (unsigned i = 0; i < 9; i++) {
        nstime at = i < 4 ? interval * (i + 1) : after + interval * (i - 4);
        if (i == 4 && is_answered)
            see(TRANSIT_NEAR, middle, up(20, TCP_ACK, 3001, 5001, 500)); /* lost, or the capture did not run */
        else if (i == 4)
            see_datagram(TRANSIT_NEAR, middle, 40, 1299709);
        exchange(at, i);
        see_datagram(TRANSIT_NEAR, at + 3 * DELAY, 40, 7919 * (i + 1));
        see_datagram(TRANSIT_FAR, at + 3 * DELAY, 40, 7919 * (i + 1));
    }
    finish();
}

static void silences(void)
{
    silent(1900 * MS, 100 * MS, false);
    is_num(result->lost[TRANSIT_TOWARD_FAR], 1, "a packet in a silence of less than 2 s is lost");
    pairing_free(pairing);
    silent(2150 * MS, 200 * MS, false);
    is_num(result->lost[TRANSIT_TOWARD_FAR], 0, "in a longer one, nothing shows that the capture was running");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_SILENT), 1, "it is told");
    pairing_free(pairing);
    silent(2300 * MS, 3000 * MS, false);
    is_num(result->lost[TRANSIT_TOWARD_FAR], 1, "silences of that length are usual in a quiet capture");
    pairing_free(pairing);
    silent(2900 * MS, 100 * MS, true);
    is_num(result->lost[TRANSIT_TOWARD_FAR], 1,
           "a segment that is not acknowledged in a silence of less than 3 s is lost");
    pairing_free(pairing);
    silent(3300 * MS, 100 * MS, true);
    is_num(result->lost[TRANSIT_TOWARD_FAR], 0, "in a longer one, its acknowledgement may be lost");
    pairing_free(pairing);
}

/* --- datagrams that are alike --- */

/* A datagram between the client and the server, whose addresses are translated both. */
static void see_alike(enum transit_point point, nstime at, bool is_up, uint8_t ttl, uint32_t first)
{
    bool is_near = point == TRANSIT_NEAR;
    struct sent sent = {.from = is_near ? CLIENT : PUBLIC,
                        .to = is_near ? SERVER : "10.9.0.5",
                        .from_port = is_near ? 45177 : 1042,
                        .to_port = 7000,
                        .ttl = ttl,
                        .protocol = IP_UDP,
                        .payload = 45,
                        .first = first};
    if (!is_up) {
        struct sent back = sent;
        back.from = sent.to;
        back.to = sent.from;
        back.from_port = sent.to_port;
        back.to_port = sent.from_port;
        sent = back;
    }
    see(point, at, sent);
}

static void see_up(nstime at, uint32_t first)
{
    see_alike(TRANSIT_NEAR, at, true, 64, first);
    see_alike(TRANSIT_FAR, at + DELAY, true, 61, first);
}

/* A lost segment is sent again, and the near capture lacks it: its id and timestamp show that it is another packet. */
static void sent_again(uint16_t id, unsigned lost)
{
    begin(0);
    frame_it();
    see(TRANSIT_NEAR, 600 * MS, up(50, TCP_ACK, 3001, 5001, 500));
    see(TRANSIT_FAR, 900 * MS, up_far(id, TCP_ACK, 3001, 5001, 500));
    end_it();
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], lost, "a segment, and %s 290 ms late", lost ? "another one" : "it comes");
    pairing_free(pairing);
}

/* A SYN is sent six times through a firewall that adds constants to sequence numbers, and the answers to it are lost.
 * If the last one arrives, it shows the constant. */
static void numbers_unknown(bool arrives)
{
    const uint32_t added = 77777;
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 6; i++) {
        nstime at = 600 * MS + i * 1500 * MS;
        uint16_t id = (uint16_t)(60 + i);
        struct sent syn = up(id, TCP_SYN, 70000, 0, 0);
        struct sent syn_far = up_far(id, TCP_SYN, 70000 + added, 0, 0);
        struct sent answer = down(id, TCP_SYN | TCP_ACK, 90000, 70001, 0);
        struct sent answer_far = down_far(id, TCP_SYN | TCP_ACK, 90000 + 3 * added, 70001 + added, 0);
        syn.from_port = answer.to_port = 40001;
        syn_far.from_port = answer_far.to_port = 61001;
        see(TRANSIT_NEAR, at, syn);
        see(TRANSIT_FAR, at + DELAY, syn_far);
        see(TRANSIT_FAR, at + DELAY, answer_far);
        if (arrives && i == 5)
            see(TRANSIT_NEAR, at + 2 * DELAY, answer);
        exchange(at + 100 * MS, i + 4);
        exchange(at + 800 * MS, i + 10);
    }
    for (unsigned i = 16; i < 20; i++)
        exchange(9600 * MS + 300 * MS * (i - 16), i);
    finish();
    is_num(result->lost[TRANSIT_TOWARD_NEAR], arrives ? 5 : 0, "answers to a SYN are lost%s",
           arrives ? ", but for the last" : ", and nothing shows their numbers");
    pairing_free(pairing);
}

/* The far host has closed the connection. It answers a segment that its capture lacks with a reset, or it sends the
 * reset on its own. */
static void answered_by_reset(uint8_t more)
{
    struct sent near = down(60, (uint8_t)(TCP_RST | more), 5001, 0, 0), far = down_far(60, near.flags, 5001, 0, 0);
    begin(0);
    frame_it();
    see(TRANSIT_NEAR, 600 * MS, up(50, TCP_ACK, 3001, 5001, 500));
    see(TRANSIT_FAR, 600 * MS + DELAY, far);
    see(TRANSIT_NEAR, 600 * MS + 2 * DELAY, near);
    for (unsigned i = 0; i < 20; i++) {
        see_datagram(TRANSIT_NEAR, 700 * MS + i * 100 * MS, 40, 7919 * (i + 1));
        see_datagram(TRANSIT_FAR, 700 * MS + i * 100 * MS, 40, 7919 * (i + 1));
    }
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], more ? 1 : 0, "a segment before a reset that acknowledges %s",
           more ? "bytes is lost" : "nothing may have come");
    pairing_free(pairing);
}

/* Both hosts send the same datagrams. The first ones are lost, both ways. */
static void alike_both_ways(void)
{
    bool is_right = false;
    begin(0);
    for (unsigned i = 0; i < 4; i++) {
        see_alike(TRANSIT_NEAR, 300 * MS * i, true, 64, 1);
        see_alike(TRANSIT_FAR, 300 * MS * i + DELAY, false, 64, 1);
    }
    for (unsigned i = 4; i < 12; i++) {
        see_up(300 * MS * i, 1);
        see_alike(TRANSIT_FAR, 300 * MS * i + 100 * MS, false, 64, 1);
        see_alike(TRANSIT_NEAR, 300 * MS * i + 100 * MS + DELAY, false, 61, 1);
    }
    finish();
    for (uint64_t i = 0; i < result->conversation_count; i++) {
        const struct transit_ends *near = &result->conversations[i].ends[TRANSIT_NEAR];
        const struct transit_ends *far = &result->conversations[i].ends[TRANSIT_FAR];
        is_right = is_right || (result->conversations[i].paired && near->server_port == far->server_port);
    }
    ok(is_right, "alike datagrams both ways: the port of the service shows which host is which");
    pairing_free(pairing);
}

/* A question is sent three times, and all answers are lost: they are the same. */
static void answers_lost(void)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 3; i++) {
        see_up(600 * MS + i * NS_PER_S, 7919);
        see_alike(TRANSIT_FAR, 601 * MS + i * NS_PER_S + DELAY, false, 64, 104729);
        exchange(700 * MS + i * NS_PER_S, i + 4);
    }
    for (unsigned i = 7; i < 12; i++)
        exchange(3000 * MS + 100 * MS * i, i);
    finish();
    is_num(result->lost[TRANSIT_TOWARD_NEAR], 3, "all answers to one question are lost");
    pairing_free(pairing);
}

/* Of a row of datagrams that are the same, so many arrive. */
static void row_lost(unsigned arrive, unsigned lost)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 10 + arrive; i++) {
        nstime at = 600 * MS + i * 300 * MS;
        if (i % 2 == 0 && i / 2 < arrive)
            see_up(at, 7919);
        else
            see_alike(TRANSIT_NEAR, at, true, 64, 7919);
        exchange(at + 100 * MS, i + 4);
    }
    for (unsigned i = 30; i < 40; i++)
        exchange(3000 * MS + 100 * MS * i, i);
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], lost, "%u datagrams of a row arrive, and 10 do not", arrive);
    pairing_free(pairing);
}

/* Four datagrams of a row do not arrive, and other packets show the clock around the first `shown` of the row. The far
 * point alone has another one later: it may be any of them, if a clock was set unseen. */
static void row_in_doubt(unsigned shown, bool has_other, unsigned lost)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 16; i++) {
        if (i % 4 != 2)
            see_up(600 * MS + i * 300 * MS, 7919);
        else
            see_alike(TRANSIT_NEAR, 600 * MS + i * 300 * MS, true, 64, 7919);
        if (i < shown)
            exchange(700 * MS + i * 300 * MS, i + 4);
    }
    if (has_other)
        see_alike(TRANSIT_FAR, 5450 * MS, true, 61, 7919);
    for (unsigned i = 0; i < 20; i++) {
        see_other(TRANSIT_NEAR, 5500 * MS + i * 200 * MS);
        see_other(TRANSIT_FAR, 5500 * MS + i * 200 * MS);
    }
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], lost, "the clock is shown at %u of a row: %u are lost%s", shown, lost,
           has_other ? ", since another is alone" : "");
    pairing_free(pairing);
}

/* One of a row is lost; or it arrives, as does the segment behind it and its acknowledgement. */
static void see_beat(unsigned i, nstime ahead, bool is_lost)
{
    nstime at = 600 * MS + i * 300 * MS, later = at + 150 * MS;
    uint32_t seq = 3001 + 500 * i;
    uint16_t id = (uint16_t)(100 + i);
    see_alike(TRANSIT_NEAR, at, true, 64, 7919);
    if (!is_lost)
        see_alike(TRANSIT_FAR, at + DELAY + ahead, true, 61, 7919);
    see(TRANSIT_NEAR, later, up(id, TCP_ACK, seq, 5001, 500));
    see(TRANSIT_FAR, later + DELAY + ahead, up_far(id, TCP_ACK, seq, 5001, 500));
    see(TRANSIT_FAR, later + DELAY + ahead, down_far(id, TCP_ACK, 5001, seq + 500, 0));
    see(TRANSIT_NEAR, later + 2 * DELAY, down(id, TCP_ACK, 5001, seq + 500, 0));
}

/* The far clock is set forward by 100 s within a row of datagrams. Of these, three are lost. */
static void row_around_step(void)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 40; i++)
        see_beat(i, i < 20 ? 0 : 100 * NS_PER_S, i == 10 || i == 20 || i == 30);
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], 2, "of a row, one is lost before the clock was set, and one after");
    is_num(result->unjudged, 1, "nothing is said of the one around that time");
    pairing_free(pairing);
}

/* An answer and the true one behind it begin alike. The far capture cuts longer packets. */
static void forged_tail(void)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 3; i++) {
        nstime at = 600 * MS + 100 * MS * i;
        struct point *near = &points[TRANSIT_NEAR];
        see_up(at, 7919 * (i + 1));
        see_alike(TRANSIT_FAR, at + DELAY + MS, false, 64, 104729 * (i + 1));
        see_alike(TRANSIT_NEAR, at + DELAY + 2 * MS, false, 63, 104729 * (i + 1)); /* forged */
        near->seen[near->count - 1].bytes[28 + 44] ^= 1;
        see_alike(TRANSIT_NEAR, at + 2 * DELAY + MS, false, 61, 104729 * (i + 1));
    }
    end_it();
    for (unsigned i = 0; i < points[TRANSIT_FAR].count; i++) {
        struct seen *seen = &points[TRANSIT_FAR].seen[i];
        seen->length = seen->on_wire > 200 ? 20 + 32 + 24 : seen->length;
    }
    finish();
    is_num(result->forged[TRANSIT_TOWARD_NEAR], 3, "forged answers that begin as the true ones do");
    is_num(result->lost[TRANSIT_TOWARD_NEAR], 0, "and the true ones are not lost");
    ok(result->clock.count && result->clock.segments[0].least < -MS * 2, "the forged ones do not bound the clock");
    pairing_free(pairing);
}

/* --- ICMP errors --- */

/* Port unreachable or time exceeded, with the packet that it is about. */
static void see_error(enum transit_point point, nstime at, const char *from, uint8_t type, uint8_t ttl, uint16_t quoted)
{
    bool is_near = point == TRANSIT_NEAR;
    struct seen *seen = &points[point].seen[points[point].count++];
    *seen = (struct seen){.time = START + at + (is_near ? 0 : far_ahead), .length = 56, .on_wire = 56};
    uint8_t *ip = seen->bytes, *quote = ip + 28;
    ip[0] = quote[0] = 0x45;
    put16(ip + 2, 56);
    put16(ip + 4, (uint16_t)(7000 + quoted));
    ip[8] = ttl;
    ip[9] = 1;
    put_address(ip + 12, from);
    put_address(ip + 16, is_near ? CLIENT : PUBLIC);
    ip[20] = type;
    ip[21] = type == 3 ? 3 : 0;
    put16(quote + 2, 60);
    put16(quote + 4, quoted);
    quote[8] = 1;
    quote[9] = IP_UDP;
    put_address(quote + 12, is_near ? CLIENT : PUBLIC);
    put_address(quote + 16, SERVER);
    put16(quote + 20, is_near ? 40000 : 61000);
    put16(quote + 22, 33434);
    put16(quote + 24, 40);
}

enum error_seen { AT_NEAR = 1, AT_FAR = 2, AT_BOTH = 3 };

/* Errors of one sender, one after the other, each seen at these points. */
static void errors(const char *from, uint8_t type, const enum error_seen *seen, unsigned count)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < count; i++) {
        if (seen[i] & AT_FAR)
            see_error(TRANSIT_FAR, (600 + 100 * i) * MS, from, type, 64, (uint16_t)(50 + i));
        if (seen[i] & AT_NEAR)
            see_error(TRANSIT_NEAR, (600 + 100 * i) * MS + DELAY, from, type, 61, (uint16_t)(50 + i));
    }
    for (unsigned i = 4; i < 9; i++)
        exchange(1000 * MS + 100 * MS * i, i);
    finish();
}

static void check_errors(uint64_t lost, uint64_t forged, uint64_t midway, const char *name)
{
    is_num(result->lost[TRANSIT_TOWARD_NEAR], lost, "%s: lost", name);
    is_num(result->forged[TRANSIT_TOWARD_NEAR], forged, "%s: forged", name);
    is_num(result->midway, midway, "%s: of a router between", name);
    pairing_free(pairing);
}

static void all_errors(void)
{
    static const enum error_seen near = AT_NEAR, far = AT_FAR, both[] = {AT_BOTH, AT_BOTH, AT_BOTH},
                                 and_near[] = {AT_BOTH, AT_BOTH, AT_NEAR}, and_far[] = {AT_BOTH, AT_BOTH, AT_FAR},
                                 apart[] = {AT_NEAR, AT_FAR};
    errors("10.0.9.1", 11, &near, 1);
    check_errors(0, 0, 1, "a router between the points");
    errors("198.18.0.1", 11, both, 3);
    check_errors(0, 0, 0, "a router behind the far point");
    errors("198.18.0.1", 11, and_far, 3);
    check_errors(1, 0, 0, "a router behind the far point, and one error does not arrive");
    errors(SERVER, 3, &far, 1);
    check_errors(1, 0, 0, "the error of the far host does not arrive");
    errors(SERVER, 3, both, 3);
    check_errors(0, 0, 0, "errors of the far host arrive");
    errors(SERVER, 3, &near, 1);
    check_errors(0, 1, 0, "an error in the name of the far host");
    errors(SERVER, 3, and_near, 3);
    check_errors(0, 1, 0, "an error in the name of the far host, beside its own");
    errors(SERVER, 3, apart, 2);
    check_errors(0, 0, 0, "errors that may be the same, with another quote");
}

/* Of two acknowledgements that only their SACK blocks tell apart, the second is lost, though by its time it came. */
static void sacked(void)
{
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 2; i++) {
        struct sent ack = down_far(0, TCP_ACK, 5001, 3001, 0);
        ack.timestamp = 0;
        ack.sacked = 2 - i;
        see(TRANSIT_FAR, (600 + 5 * i) * MS, ack);
        ack.to = CLIENT;
        ack.to_port = 40000;
        ack.ttl = 61;
        if (i == 0)
            see(TRANSIT_NEAR, 615 * MS, ack);
    }
    for (unsigned i = 4; i < 8; i++)
        exchange(100 * MS * (i + 3), i);
    finish();
    ok(result->alone_count == 1 && result->alone[0].fate == TRANSIT_LOST && result->alone[0].frame.number == 12,
       "SACK blocks tell acknowledgements apart");
    pairing_free(pairing);
}

/* The far capture begins late and ends early. */
static void cut(void)
{
    begin(0);
    see(TRANSIT_NEAR, 0, up(1, TCP_ACK, 501, 5001, 500));
    for (unsigned i = 0; i < 6; i++)
        exchange(100 * MS * (i + 1), i);
    see(TRANSIT_NEAR, 5000 * MS, up(40, TCP_ACK, 4001, 5001, 500));
    finish();
    is_num(result->lost[TRANSIT_TOWARD_FAR], 0, "what only one capture covers is not lost");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_NOT_COVERED), 2, "both are outside");
    pairing_free(pairing);
}

/* A query whose answer never comes, beside queries that are answered. */
static void queries(void)
{
    begin(-3 * NS_PER_S);
    for (unsigned i = 0; i < 10; i++) {
        struct sent query = {.from = CLIENT,
                             .to = SERVER,
                             .from_port = (uint16_t)(50000 + i),
                             .to_port = 53,
                             .ttl = 64,
                             .protocol = IP_UDP,
                             .payload = 40,
                             .first = 7919 * (i + 1)};
        struct sent answer = {.from = SERVER,
                              .to = CLIENT,
                              .from_port = 53,
                              .to_port = (uint16_t)(50000 + i),
                              .ttl = 61,
                              .protocol = IP_UDP,
                              .payload = 60,
                              .first = 104729 * (i + 1)};
        nstime at = 200 * MS * i;
        bool is_lost = i == 4, is_answered = i != 4 && i != 6;
        see(TRANSIT_NEAR, at, query);
        query.ttl = 61;
        query.from = PUBLIC;
        if (!is_lost)
            see(TRANSIT_FAR, at + DELAY, query);
        struct sent far_answer = answer;
        far_answer.ttl = 64;
        far_answer.to = PUBLIC;
        if (!is_lost)
            see(TRANSIT_FAR, at + DELAY, far_answer);
        if (is_answered)
            see(TRANSIT_NEAR, at + 2 * DELAY, answer);
    }
    finish();
    is_num(result->conversations_paired, 9, "queries: nine conversations are at both points");
    is_num(result->lost[TRANSIT_TOWARD_FAR], 1, "a query was lost, with all of its conversation");
    is_num(result->lost[TRANSIT_TOWARD_NEAR], 1, "an answer was lost");
    pairing_free(pairing);
}

/* Captures of other hosts. */
static void nothing_shared(void)
{
    begin(0);
    for (unsigned i = 0; i < 5; i++)
        see(TRANSIT_NEAR, i * MS, up((uint16_t)(10 + i), TCP_ACK, 1001 + 500 * i, 5001, 500));
    for (unsigned i = 0; i < 5; i++)
        see(TRANSIT_FAR, i * MS,
            (struct sent){.from = "203.0.113.1",
                          .to = "203.0.113.2",
                          .from_port = 1,
                          .to_port = 2,
                          .ttl = 64,
                          .protocol = IP_UDP,
                          .payload = 40,
                          .first = i});
    finish();
    is_num(result->conversations_paired, 0, "captures of other hosts share nothing");
    is_num(count_fate(TRANSIT_UNJUDGED, TRANSIT_UNPAIRED), 10, "no packet is judged");
    is_num(result->clock.count, 0, "no clock is compared");
    pairing_free(pairing);
}

/* The proxy opens a connection of its own. */
static void proxy(void)
{
    begin(0);
    for (unsigned i = 0; i < 2; i++) {
        struct sent syn = up(1, TCP_SYN, i ? 777000 : 1000, 0, 0),
                    answer = down(2, TCP_SYN | TCP_ACK, i ? 990000 : 5000, i ? 777001 : 1001, 0);
        struct sent data = up(3, TCP_ACK, i ? 777001 : 1001, i ? 990001 : 5001, 400);
        data.first = 1001;
        if (i) {
            syn.ttl = data.ttl = 62;
            answer.ttl = 64;
            syn.id = data.id = 700;
            syn.timestamp = data.timestamp = 555000;
        }
        nstime at = i ? 30 * MS : 0;
        see(i ? TRANSIT_FAR : TRANSIT_NEAR, at, syn);
        see(i ? TRANSIT_FAR : TRANSIT_NEAR, at + 10 * MS, answer);
        see(i ? TRANSIT_FAR : TRANSIT_NEAR, at + 20 * MS, data);
    }
    finish();
    is_num(result->lost[0] + result->lost[1] + result->forged[0] + result->forged[1], 0,
           "a proxy: nothing is lost and nothing forged");
    pairing_free(pairing);
}

/* A probe of a traceroute: all have the same payload, and source ports of their own. */
static struct sent probe(unsigned number, bool is_far)
{
    return (struct sent){.from = is_far ? PUBLIC : CLIENT,
                         .to = SERVER,
                         .from_port = (uint16_t)(50000 + 7 * number),
                         .to_port = (uint16_t)(33434 + number),
                         .id = (uint16_t)(3000 + 77 * number),
                         .ttl = (uint8_t)(is_far ? 1 + number / 3 : 4 + number / 3),
                         .protocol = IP_UDP,
                         .payload = 32,
                         .first = 1};
}

/* The first six probes expire before the far point. */
static void alike_probes(void)
{
    unsigned paired = 0, wrong = 0;
    begin(0);
    frame_it();
    for (unsigned i = 0; i < 12; i++) {
        see(TRANSIT_NEAR, 1000 * MS + 20 * MS * i, probe(i, false));
        if (i >= 6)
            see(TRANSIT_FAR, 1010 * MS + 20 * MS * i, probe(i, true));
    }
    end_it();
    finish();
    for (uint64_t i = 0; i < result->conversation_count; i++) {
        const struct transit_conversation *c = &result->conversations[i];
        if (c->protocol != IP_UDP || !c->paired)
            continue;
        paired++;
        wrong += c->ends[TRANSIT_NEAR].server_port != c->ends[TRANSIT_FAR].server_port;
    }
    is_num(wrong, 0, "probes with the same payload: none pairs with the next one");
    is_num(paired, 6, "and each pairs");
    pairing_free(pairing);
}

/* So many packets that the overview can keep some of them only: both points keep the same ones. */
static void test_many(void)
{
    struct seen seen;
    struct overview *view = overview_new();
    struct overview_result out;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        for (uint32_t i = 0; i < 100000; i++) {
            points[point].count = 0;
            see((enum transit_point)point, (nstime)i * NS_PER_US,
                (struct sent){.from = "10.0.0.1",
                              .to = "192.0.2.1",
                              .from_port = 4000,
                              .to_port = 4001,
                              .ttl = (uint8_t)(64 - point),
                              .protocol = IP_UDP,
                              .payload = 32,
                              .first = i});
            seen = points[point].seen[0];
            const struct frame frame = {.bytes = seen.bytes,
                                        .captured = (uint32_t)seen.length,
                                        .length = seen.on_wire,
                                        .linktype = LINKTYPE_RAW,
                                        .time = seen.time,
                                        .number = i + 1};
            struct packet packet;
            packet_decode(&frame, &packet);
            overview_take(view, (enum transit_point)point, &frame, &packet);
        }
    bool good = overview_finish(view, &out);
    ok(good && out.shared > 1000, "100,000 packets: both points show %u of those chosen", out.shared);
    overview_free(view);
}

int main(void)
{
    alike_probes();
    nothing_lost(0);
    nothing_lost(3600 * NS_PER_S);
    nothing_lost(-3600 * NS_PER_S);
    lost_and_forged();
    offload();
    capture_drops();
    unseen();
    joined(900, false);
    joined(369, false);
    joined(368, true);
    clock_set();
    clock_set_at_end(0);
    clock_set_at_end(200 * MS);
    silences();
    sent_again(50, 0);
    sent_again(51, 1);
    numbers_unknown(true);
    numbers_unknown(false);
    answered_by_reset(0);
    answered_by_reset(TCP_ACK);
    alike_both_ways();
    answers_lost();
    row_lost(4, 0);
    row_lost(5, 10);
    row_in_doubt(16, false, 4);
    row_in_doubt(16, true, 0);
    row_in_doubt(8, false, 4);
    row_in_doubt(8, true, 0);
    row_around_step();
    forged_tail();
    stands_still();
    all_errors();
    sacked();
    cut();
    queries();
    nothing_shared();
    proxy();
    test_many();
    return tap_done();
}
