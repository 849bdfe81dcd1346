/* SPDX-License-Identifier: BSD-2-Clause */
/* One capture file of two machines: which packets are the far machine's, and when a file is left as it is. */
#include "config.h"

#include "tap.h"
#include "transit/two_points.h"

#define MS NS_PER_MS
#define START (INT64_C(1700000000) * NS_PER_S)
#define PROBER 1
#define TARGET 2

static struct two_points *file;

static struct two_points_packet packet_of(unsigned number, bool is_reply, uint8_t ttl, nstime at)
{
    uint64_t identity = (2 * number + is_reply + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return (struct two_points_packet){.identity = identity ^ identity >> 29,
                                      .source = is_reply ? TARGET : PROBER,
                                      .target = is_reply ? PROBER : TARGET,
                                      .time = START + at,
                                      .ttl = ttl,
                                      .is_error = is_reply};
}

static void see(unsigned number, bool is_reply, uint8_t ttl, nstime at)
{
    struct two_points_packet packet = packet_of(number, is_reply, ttl, at);
    two_points_add(file, &packet);
}

/* Probes of TTL 6 and their replies, seen by the prober, and 5 ms later or earlier behind hop 6. */
static void see_trace(unsigned probes, nstime ahead, uint8_t ttl)
{
    for (unsigned i = 0; i < probes; i++) {
        see(i, false, ttl, i * 50 * MS);
        see(i, true, 59, i * 50 * MS + 10 * MS);
        see(i, false, (uint8_t)(ttl - 5), i * 50 * MS + 5 * MS + ahead);
        see(i, true, 64, i * 50 * MS + 5 * MS + ahead);
    }
}

static void test_offsets(void)
{
    static const nstime offsets[] = {0, 4 * MS, -4 * MS, 50 * MS, -50 * MS, 3 * NS_PER_S, -3600 * NS_PER_S};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        struct clock_estimate clock;
        bool differ = offsets[i] > 5 * MS || offsets[i] < -5 * MS;
        file = two_points_new();
        see_trace(3, offsets[i], 6);
        is_num(two_points_find(file, &clock), differ, "%lld ns", (long long)offsets[i]);
        if (differ)
            ok(clock.segments[0].least <= offsets[i] && offsets[i] <= clock.segments[0].most, "its bounds");
        struct two_points_packet far = packet_of(1, false, 1, 0), near = packet_of(1, false, 6, 0);
        ok(two_points_is_far(file, &far) && !two_points_is_far(file, &near), "a probe: the lower TTL is far");
        far = packet_of(1, true, 64, 0);
        near = packet_of(1, true, 59, 0);
        ok(two_points_is_far(file, &far) && !two_points_is_far(file, &near), "a reply: the higher TTL is far");
        struct two_points_packet other = packet_of(99, false, 1, 0);
        ok(!two_points_is_far(file, &other), "a packet that was seen once is not");
        two_points_free(file);
    }
}

static bool differs(void)
{
    struct clock_estimate clock;
    bool found = two_points_find(file, &clock);
    two_points_free(file);
    return found;
}

static void test_left_alone(void)
{
    file = two_points_new();
    ok(!differs(), "an empty file");
    file = two_points_new();
    see_trace(1, NS_PER_S, 6);
    ok(!differs(), "two packets are too few");
    file = two_points_new();
    see_trace(2, NS_PER_S, 6);
    ok(differs(), "four are enough");
    file = two_points_new();
    see_trace(10, NS_PER_S, 38);
    ok(differs(), "a high TTL of a probe");
    file = two_points_new();
    see_trace(10, NS_PER_S, 46);
    ok(!differs(), "ordinary traffic");
    file = two_points_new();
    for (unsigned i = 0; i < 20; i++) {
        see(i, false, 6, i * 50 * MS);
        see(i, false, 5, i * 50 * MS + 3 * NS_PER_S);
    }
    ok(!differs(), "one direction, late: sent again, perhaps");
    file = two_points_new();
    see_trace(10, NS_PER_S, 6);
    for (unsigned i = 0; i < 10; i++) {
        see(i, false, 4, i * 50 * MS + NS_PER_S);
        see(i, true, 62, i * 50 * MS + NS_PER_S);
    }
    ok(!differs(), "three sightings of each");
    file = two_points_new();
    for (unsigned i = 0; i < 10; i++)
        see_trace(10, NS_PER_S, 6);
    ok(differs(), "frames recorded twice");
    for (nstime apart = 1500 * NS_PER_US; apart < 3 * MS; apart += MS) {
        file = two_points_new();
        see_trace(10, NS_PER_S, 6);
        for (unsigned i = 0; i < 10; i++) {
            see(i, false, 6, i * 50 * MS + apart);
            see(i, true, 59, i * 50 * MS + 10 * MS + apart);
        }
        is_num(differs(), apart < 2 * MS, "recorded twice, %lld ns apart", (long long)apart);
    }
    file = two_points_new();
    see_trace(10, NS_PER_S, 6);
    bool room = true;
    for (unsigned i = 0; room && i < 100000; i++) {
        struct two_points_packet packet = packet_of(1000 + i, false, 64, i * MS);
        room = two_points_add(file, &packet);
    }
    ok(!room && !differs(), "too many packets");
}

int main(void)
{
    test_offsets();
    test_left_alone();
    return tap_done();
}
