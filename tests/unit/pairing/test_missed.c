/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets at one point alone that something else explains: sums and lists agree afterwards. */
#include "pairing/missed.h"

#include "tap.h"

static struct transit_conversation conversations[2];
static struct transit_alone alone[8];
static struct transit_result result;

static void add(uint32_t conversation, enum transit_point point, enum transit_way way, enum transit_fate fate,
                uint32_t bytes, uint8_t ttl)
{
    struct transit_way_result *of = &conversations[conversation].ways[way];
    struct transit_alone *added = &alone[result.alone_count++];
    *added = (struct transit_alone){.frame = {.number = result.alone_count},
                                    .conversation = conversation,
                                    .bytes = bytes,
                                    .packets = 1,
                                    .point = (uint8_t)point,
                                    .way = (uint8_t)way,
                                    .fate = (uint8_t)fate,
                                    .ttl = ttl};
    if (fate == TRANSIT_LOST) {
        of->lost++;
        of->sent++;
        result.lost[way]++;
    } else {
        of->forged++;
        result.forged[way]++;
    }
}

static void begin(void)
{
    for (unsigned i = 0; i < 2; i++)
        conversations[i] = (struct transit_conversation){.protocol = IP_UDP, .paired = true};
    result =
        (struct transit_result){.conversations = conversations, .conversation_count = 2, .alone = alone, .hops = 3};
}

static bool is_even(void *context, const struct transit_frame *frame)
{
    (void)context;
    return frame->number % 2 == 0;
}

static void check(uint64_t lost, uint64_t forged, enum transit_reason reason, uint64_t excused, const char *name)
{
    uint64_t unjudged = 0, of_ways = 0, of_list = 0;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
            unjudged += conversations[i].ways[way].unjudged;
            of_ways += conversations[i].ways[way].lost + conversations[i].ways[way].forged;
        }
    for (uint64_t i = 0; i < result.alone_count; i++)
        of_list += alone[i].fate == TRANSIT_UNJUDGED && alone[i].reason == reason;
    is_num(result.lost[0] + result.lost[1], lost, "%s: lost", name);
    is_num(result.forged[0] + result.forged[1], forged, "%s: forged", name);
    is_num(of_ways, lost + forged, "%s: those of the conversations", name);
    is_num(result.unjudged_because[reason], excused, "%s: unjudged, with the reason", name);
    is_num(of_list, excused, "%s: in the list", name);
    is_num(unjudged, excused, "%s: in the conversations", name);
}

static void test_missed(void)
{
    begin();
    add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 100, 64);
    add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 100, 64);
    add(0, TRANSIT_FAR, TRANSIT_TOWARD_NEAR, TRANSIT_LOST, 100, 64);
    add(1, TRANSIT_NEAR, TRANSIT_TOWARD_NEAR, TRANSIT_FORGED, 100, 64);
    transit_excuse_missed(&result, TRANSIT_NEAR, is_even, NULL);
    check(2, 0, TRANSIT_MISSED, 2, "seen beyond");
}

static void test_expired(void)
{
    begin();
    add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 100, 3);
    add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 100, 4);
    add(0, TRANSIT_FAR, TRANSIT_TOWARD_FAR, TRANSIT_FORGED, 100, 1);
    transit_excuse_expired(&result);
    check(1, 1, TRANSIT_EXPIRED, 1, "expired");
    begin();
    result.hops = -1;
    add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 100, 1);
    transit_excuse_expired(&result);
    check(1, 0, TRANSIT_EXPIRED, 0, "an unknown number of routers");
    begin();
    result.hops_vary = true;
    add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 100, 1);
    transit_excuse_expired(&result);
    check(1, 0, TRANSIT_EXPIRED, 0, "a number of routers that varies");
}

/* The far point has a conversation of the same ports, and no partner for it. */
static void test_reused(void)
{
    struct transit_ends ends = {.client_port = 4000, .server_port = 443};
    addr_parse("192.0.2.1", &ends.client);
    addr_parse("192.0.2.2", &ends.server);
    for (unsigned far_port = 443; far_port <= 444; far_port++) {
        begin();
        for (unsigned i = 0; i < 2; i++)
            conversations[i].protocol = IP_TCP;
        conversations[0].ends[TRANSIT_NEAR] = conversations[0].ends[TRANSIT_FAR] = ends;
        conversations[1].paired = false;
        conversations[1].ends[TRANSIT_FAR] = ends;
        conversations[1].ends[TRANSIT_FAR].server_port = (uint16_t)far_port;
        conversations[1].first[TRANSIT_FAR] = 100 * NS_PER_S;
        conversations[1].last[TRANSIT_FAR] = 110 * NS_PER_S;
        add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 0, 64);
        add(0, TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, 0, 64);
        alone[0].time = 100 * NS_PER_S - 1100 * NS_PER_MS;
        alone[1].time = 110 * NS_PER_S + 900 * NS_PER_MS;
        ok(transit_excuse_reused(&result), "memory");
        check(far_port == 443 ? 1 : 2, 0, TRANSIT_AMBIGUOUS, far_port == 443, "ports used again");
    }
}

int main(void)
{
    test_reused();
    test_missed();
    test_expired();
    return tap_done();
}
