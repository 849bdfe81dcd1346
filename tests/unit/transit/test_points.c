/* SPDX-License-Identifier: BSD-2-Clause */
/* Several capture points: which packets name themselves, which point is the reference, and when a clock is corrected.
 */
#include "config.h"

#include <stdlib.h>

#include "tap.h"
#include "transit/points.h"

#define MS NS_PER_MS
#define START (INT64_C(1700000000) * NS_PER_S)
#define POINTS_MOST 4

static struct sightings *points[POINTS_MOST];
static struct point_clock clocks[POINTS_MOST];

static void begin(unsigned count, unsigned most)
{
    for (unsigned i = 0; i < count; i++)
        points[i] = sightings_new(most);
}

static void end(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sightings_free(points[i]);
}

/* A hash of a small number, as identities are. */
static uint64_t identity(uint64_t number)
{
    number = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return number ^ number >> 31;
}

static void see(struct sightings *point, enum sighting_role role, uint64_t number, uint8_t ttl, nstime at,
                uint32_t mark)
{
    const struct sighting sighting = {
        .identity = identity(number), .time = START + at, .role = (uint8_t)role, .ttl = ttl, .mark = mark};
    sightings_add(point, &sighting);
}

static void see_alike(struct sightings *point, enum sighting_role role, uint64_t number, uint8_t ttl, nstime at,
                      uint32_t packet)
{
    const struct sighting sighting = {
        .identity = identity(number), .time = START + at, .packet = packet, .role = (uint8_t)role, .ttl = ttl};
    sightings_add(point, &sighting);
}

static void see_probe(struct sightings *point, uint64_t number, uint8_t ttl, nstime at)
{
    see(point, SIGHTING_PACKET, 2 * number, ttl, at, 0);
    see(point, SIGHTING_PROBE, number + 1000000, ttl, at, 0);
}

static void see_reply(struct sightings *point, uint64_t number, uint8_t ttl, nstime at, uint32_t mark)
{
    see(point, SIGHTING_PACKET, 2 * number + 1, ttl, at, 0);
    see(point, SIGHTING_REPLY, number + 1000000, ttl, at, mark);
}

static void test_names(void)
{
    static const struct {
        uint8_t ttl;
        nstime apart;
        bool names;
        const char *name;
    } rows[] = {
        {9, MS, true, "recorded twice"},
        {9, -MS, true, "recorded twice, out of order"},
        {9, 3 * MS, false, "the same bytes again"},
        {8, 100 * MS, true, "forwarded"},
        {8, 20 * NS_PER_S, false, "the same bytes much later"},
        {10, MS, false, "a higher TTL"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned count;
        begin(1, 16);
        see(points[0], SIGHTING_PACKET, 1, 9, NS_PER_S, 0);
        see(points[0], SIGHTING_PACKET, 1, rows[i].ttl, NS_PER_S + rows[i].apart, 0);
        const struct sighting *list = sightings_list(points[0], &count);
        is_num(count, 1, "%s", rows[i].name);
        is_num(list[0].is_repeated, !rows[i].names, "whether others are like it");
        is_num(list[0].time, START + NS_PER_S + (rows[i].apart < 0 && !rows[i].names ? rows[i].apart : 0),
               "the first counts");
        end(1);
    }
}

static void test_choice(void)
{
    unsigned count[2];
    begin(2, 1000);
    for (unsigned i = 0; i < 20000; i++) {
        see(points[0], SIGHTING_PACKET, i, 9, i * MS, 0);
        see(points[1], SIGHTING_PACKET, 19999 - i, 9, i * MS, 0);
    }
    const struct sighting *one = sightings_list(points[0], &count[0]), *other = sightings_list(points[1], &count[1]);
    ok(count[0] > 300 && count[0] <= 1000 && count[0] == count[1], "a bounded choice (%u)", count[0]);
    unsigned differ = 0;
    for (unsigned i = 0; i < count[0] && count[0] == count[1]; i++)
        differ += one[i].identity != other[i].identity;
    is_num(differ, 0, "which is the same in any order");
    nstime first, last;
    ok(sightings_range(points[0], &first, &last) && first == START && last == START + 19999 * MS,
       "all count for the range");
    end(2);
    begin(1, 4);
    ok(!sightings_range(points[0], &first, &last), "no range without sightings");
    for (unsigned i = 0; i < 100; i++)
        see(points[0], SIGHTING_PACKET, 0, 9, i * MS, 0);
    sightings_list(points[0], count);
    ok(count[0] <= 4, "the smallest table");
    end(1);
}

/* A large point prefers the packets that a small one saw, unless they are too many. */
static void test_preference(void)
{
    for (unsigned small = 50; small <= 5000; small *= 100) {
        struct identity_set *set = identity_set_new();
        unsigned count, shared = 0;
        begin(2, small == 50 ? 1000 : 10000);
        sightings_prefer(points[1], set);
        for (unsigned i = 0; i < small; i++)
            see(points[0], SIGHTING_PACKET, 3 * i, 9, i * MS, 0);
        identity_set_add(set, points[0]);
        for (unsigned i = 0; i < 30000; i++)
            see(points[1], SIGHTING_PACKET, i, 9, i * MS, 0);
        const struct sighting *list = sightings_list(points[1], &count);
        for (unsigned i = 0; i < count; i++)
            shared += (list[i].time - START) / MS % 3 == 0 && (list[i].time - START) / MS < 3 * small;
        is_num(shared, small, "all that the small point saw, %u", count);
        ok(count <= (small == 50 ? 1000 : 10000), "within the bound");
        end(2);
        identity_set_free(set);
    }
    struct identity_set *set = identity_set_new();
    unsigned count;
    begin(2, 1000);
    for (unsigned i = 0; i < 900; i++)
        see(points[0], SIGHTING_PACKET, i, 9, i * MS, 0);
    identity_set_add(set, points[0]);
    sightings_prefer(points[1], set);
    for (unsigned role = SIGHTING_PACKET; role <= SIGHTING_REPLY; role++)
        for (unsigned i = 0; i < 5000; i++)
            see(points[1], (enum sighting_role)role, i, 9, i * MS, 0);
    sightings_list(points[1], &count);
    ok(count > 300 && count <= 1000, "too many are preferred: a choice again (%u)", count);
    end(2);
    identity_set_free(set);
}

/* A trace of 6 hops, 3 probes each, seen by its prober and, from hop `from` on, by point `far` with that clock. The
 * delay is a millisecond a hop. */
static void see_trace(struct sightings *near, struct sightings *far, unsigned from, nstime ahead, uint64_t base)
{
    for (unsigned i = 0; i < 18; i++) {
        uint8_t ttl = (uint8_t)(i / 3 + 1);
        nstime at = i * 50 * MS;
        see_probe(near, base + i, ttl, at);
        see_reply(near, base + i, (uint8_t)(64 - ttl), at + 2 * ttl * MS, (uint32_t)(base + i) * 2 + 1);
        if (ttl < from)
            continue;
        see_probe(far, base + i, (uint8_t)(ttl - from + 1), at + from * MS + ahead);
        see_reply(far, base + i, (uint8_t)(64 - (ttl - from)), at + (2 * ttl - from) * MS + ahead,
                  (uint32_t)(base + i) * 2 + 1);
    }
}

static void test_two(void)
{
    static const nstime offsets[] = {0, 3 * MS, 50 * MS, -50 * MS, 3 * NS_PER_S, -3600 * NS_PER_S, 3600 * NS_PER_S};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        for (unsigned near = 0; near < 2; near++) {
            begin(2, 1000);
            see_trace(points[near], points[!near], 6, offsets[i], 0);
            ok(points_compare(points, 2, clocks), "compared");
            ok(clocks[near].parent == -1 && clocks[!near].parent == (int)near, "the prober's clock counts");
            bool corrected = llabs(offsets[i]) > 6 * MS;
            is_num(points_is_corrected(clocks, !near), corrected, "%lld ns: corrected", (long long)offsets[i]);
            ok(!points_is_corrected(clocks, near), "the prober's is not");
            nstime want = START + (corrected ? 0 : offsets[i]);
            is_num(points_correct(clocks, !near, START + offsets[i]), want, "the corrected time");
            is_num(points_correct(clocks, near, START), START, "the prober's time");
            struct clock_estimate described;
            points_describe(clocks, !near, &described);
            is_num(described.count, corrected, "clocks that are told");
            end(2);
        }
    }
}

/* Errors with low TTLs show nothing about the prober: they are seen nearer to their routers. */
static void test_low_errors(void)
{
    begin(2, 1000);
    for (unsigned i = 0; i < 20; i++) {
        see(points[1], SIGHTING_PACKET, i, 9, i * MS, 0);
        see(points[0], SIGHTING_PACKET, i, 8, i * MS + NS_PER_S, 0);
        for (unsigned k = 0; k < 2; k++) {
            const struct sighting error = {.identity = identity(1000 + 2 * i + k),
                                           .time = START + i * MS + MS,
                                           .role = SIGHTING_PACKET,
                                           .ttl = 20,
                                           .is_error = true};
            struct sighting later = error;
            later.ttl = 19;
            later.time -= NS_PER_S - MS;
            sightings_add(points[0], &error);
            sightings_add(points[1], &later);
        }
    }
    ok(points_compare(points, 2, clocks) && clocks[0].parent == 1, "the prober's clock counts");
    end(2);
}

/* Probes in one file, replies in the other. */
static void test_replies_apart(void)
{
    for (unsigned probes = 0; probes < 2; probes++) {
        begin(2, 1000);
        for (unsigned i = 0; i < 20; i++) {
            see_probe(points[probes], i, (uint8_t)(i / 3 + 1), i * 500 * MS);
            see_reply(points[!probes], i, 60, i * 500 * MS + (10 + i) * MS - 100 * MS, 0);
        }
        ok(points_compare(points, 2, clocks), "compared");
        is_num(clocks[!probes].parent, probes, "the clock of the probes counts");
        is_num(points_correct(clocks, !probes, START - 90 * MS), START + NS_PER_US,
               "the first reply follows its probe");
        end(2);
    }
}

/* All probes share a name, as those of one flow in IPv6. The fourth router is silent, and each reply exists twice. */
static void test_alike_replies(void)
{
    static const nstime offsets[] = {-3 * NS_PER_S, 0, 3600 * NS_PER_S};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        begin(2, 1000);
        for (unsigned k = 0; k < 100; k++) {
            nstime at = k * 100 * MS;
            see_alike(points[0], SIGHTING_PROBE, 1, (uint8_t)(k / 3 + 1), at, k + 1);
            if (k / 3 == 3)
                continue;
            at += offsets[i] + 10 * MS - (k == 1 ? 5 * MS : 0);
            see_alike(points[1], SIGHTING_REPLY, 1, (uint8_t)(64 - k / 3), at, 1000 + k);
            see_alike(points[1], SIGHTING_REPLY, 1, (uint8_t)(64 - k / 3), at + MS, 1000 + k);
        }
        ok(points_compare(points, 2, clocks), "compared");
        is_num(points_is_corrected(clocks, 1), offsets[i] != 0, "%lld: corrected", (long long)offsets[i]);
        nstime first = points_correct(clocks, 1, START + 105 * MS + offsets[i]);
        is_num(first - START, 100 * MS + (offsets[i] ? NS_PER_US : 5 * MS), "the reply that was fastest");
        end(2);
    }
}

/* Pieces of one capture, cut in the midst of alike probes: a piece begins with replies to the other. */
static void test_alike_pieces(void)
{
    begin(2, 1000);
    for (unsigned k = 0; k < 40; k++) {
        see_alike(points[k / 20], SIGHTING_PROBE, 1, 9, k * 100 * MS, k + 1);
        if (k >= 2)
            see_alike(points[k / 20], SIGHTING_REPLY, 1, 60, k * 100 * MS + 50 * MS, 1000 + k);
    }
    ok(points_compare(points, 2, clocks), "compared");
    ok(!points_is_corrected(clocks, 0) && !points_is_corrected(clocks, 1), "pieces of one capture");
    end(2);
}

/* All probes are alike but for their TTL; only the replies have names. */
static void test_alike_packets(void)
{
    for (unsigned near = 0; near < 2; near++) {
        begin(2, 1000);
        for (unsigned k = 0; k < 18; k++)
            see(points[near], SIGHTING_PACKET, 1, (uint8_t)(k / 3 + 1), 10 * k * MS, 0);
        for (unsigned k = 0; k < 3; k++) {
            nstime at = (150 + 10 * k) * MS;
            see(points[!near], SIGHTING_PACKET, 1, 1, at + MS - 500 * MS, 0);
            see(points[!near], SIGHTING_PACKET, 100 + k, 64, at + MS - 500 * MS, 0);
            see(points[near], SIGHTING_PACKET, 100 + k, 59, at + 2 * MS, 0);
        }
        ok(points_compare(points, 2, clocks) && clocks[near].parent == -1, "compared with the prober's");
        nstime error = points_correct(clocks, !near, START - 349 * MS) - (START + 151 * MS);
        ok(points_is_corrected(clocks, !near) && llabs(error) < 2 * MS, "corrected (%lld)", (long long)error);
        end(2);
    }
}

/* Replies that share a name with others are no copies of them, though their TTL is lower. */
static void test_alike_beside_named(void)
{
    begin(2, 1000);
    for (unsigned k = 0; k < 6; k++) {
        see_alike(points[0], SIGHTING_PROBE, 1, (uint8_t)(k + 1), k * 50 * MS, k + 1);
        see_alike(points[0], SIGHTING_REPLY, 1, (uint8_t)(64 - k), k * 50 * MS + 5 * MS, 100 + k);
    }
    see_alike(points[1], SIGHTING_PROBE, 1, 1, 252 * MS - 3 * NS_PER_S, 6);
    for (unsigned k = 0; k < 2; k++) {
        see(points[k], SIGHTING_PACKET, 10, (uint8_t)(6 - 5 * k), k ? 252 * MS - 3 * NS_PER_S : 250 * MS, 0);
        see(points[k], SIGHTING_PACKET, 11, (uint8_t)(59 + 5 * k), k ? 253 * MS - 3 * NS_PER_S : 255 * MS, 0);
    }
    ok(points_compare(points, 2, clocks) && points_is_corrected(clocks, 1), "packets with names decide");
    end(2);
}

/* An error with an id of its router is no coincidence. */
static void test_one_error(void)
{
    for (unsigned named = 0; named < 2; named++) {
        begin(2, 1000);
        for (unsigned k = 0; k < 2; k++) {
            const struct sighting error = {.identity = identity(1),
                                           .time = START + (k ? 3600 * NS_PER_S : 0),
                                           .mark = named,
                                           .ttl = (uint8_t)(59 + 5 * k),
                                           .is_error = true};
            sightings_add(points[k], &error);
        }
        ok(points_compare(points, 2, clocks), "compared");
        is_num(points_is_corrected(clocks, 0) || points_is_corrected(clocks, 1), named, "one error, named %u", named);
        end(2);
    }
}

/* A second name does not make two probes of one. */
static void test_second_names(void)
{
    for (unsigned probes = 1; probes < 3; probes++) {
        begin(2, 1000);
        for (unsigned k = 0; k < 2 * probes; k++) {
            struct sighting sighting = {.identity = identity(k),
                                        .time = START,
                                        .mark = 1,
                                        .role = SIGHTING_PROBE,
                                        .ttl = 3,
                                        .is_second = k % 2};
            sightings_add(points[0], &sighting);
            sighting.role = SIGHTING_REPLY;
            sighting.time -= 50 * NS_PER_S;
            sightings_add(points[1], &sighting);
        }
        ok(points_compare(points, 2, clocks), "compared");
        is_num(points_is_corrected(clocks, 1), probes > 1, "%u probes with two names each", probes);
        end(2);
    }
}

/* A translator between two points changes all other identities. A second run sends the same probes again. */
static void test_translated(void)
{
    enum { BOTH_WAYS, PROBES_ALONE, ONE_REPLY, NO_ROUTER, OTHER_REPLIES, CASES };
    static const char *const names[CASES] = {"packets of both ways", "probes alone", "a reply alone",
                                             "packets with equal TTLs", "replies of another run"};
    for (unsigned kind = 0; kind < CASES; kind++) {
        begin(2, 1000);
        for (unsigned k = 0; k < 3; k++) {
            uint8_t ttl = kind == NO_ROUTER ? 3 : 1;
            uint64_t reply = 10 + k, far_reply = reply + (kind == OTHER_REPLIES ? 10 : 0);
            see(points[0], SIGHTING_TRANSLATED, k, 3, k * 50 * MS, 0);
            see(points[1], SIGHTING_TRANSLATED, k, ttl, k * 50 * MS + 2 * MS + NS_PER_S, 0);
            if (kind == PROBES_ALONE || (kind == ONE_REPLY && k))
                continue;
            see(points[1], SIGHTING_TRANSLATED, far_reply, 64, k * 50 * MS + 3 * MS + NS_PER_S, 0);
            see(points[0], SIGHTING_TRANSLATED, reply, kind == NO_ROUTER ? 64 : 62, k * 50 * MS + 5 * MS, 0);
        }
        ok(points_compare(points, 2, clocks), "compared");
        is_num(points_is_corrected(clocks, 1), kind == BOTH_WAYS, "behind a translator: %s", names[kind]);
        if (kind == BOTH_WAYS)
            is_num(points_correct(clocks, 1, START + NS_PER_S), START, "the corrected time");
        end(2);
    }
}

/* Three in a row: the far ones share more with each other than with the prober. */
static void test_chain(void)
{
    begin(3, 1000);
    see_trace(points[2], points[0], 3, 5 * NS_PER_S, 0);
    for (unsigned i = 0; i < 30; i++) {
        see(points[0], SIGHTING_PACKET, 5000 + i, 60, i * MS + 5 * NS_PER_S, 0);
        see(points[1], SIGHTING_PACKET, 5000 + i, 58, i * MS + MS - 7 * NS_PER_S, 0);
        see(points[1], SIGHTING_PACKET, 6000 + i, 60, i * MS - 7 * NS_PER_S, 0);
        see(points[0], SIGHTING_PACKET, 6000 + i, 58, i * MS + MS + 5 * NS_PER_S, 0);
    }
    ok(points_compare(points, 3, clocks), "compared");
    ok(clocks[2].parent == -1 && clocks[0].parent == 2 && clocks[1].parent == 0, "a chain");
    nstime error = points_correct(clocks, 1, START - 7 * NS_PER_S) - START;
    ok(llabs(error) < 5 * MS, "both offsets are corrected (%lld)", (long long)error);
    struct clock_estimate described;
    points_describe(clocks, 1, &described);
    ok(described.count == 1 && described.segments[0].least <= -7 * NS_PER_S &&
           described.segments[0].most >= -7 * NS_PER_S,
       "against the prober's clock");
    end(3);
}

static void test_unrelated(void)
{
    begin(2, 1000); /* pieces of one capture */
    for (unsigned i = 0; i < 100; i++)
        see_probe(points[i / 50], i, 3, i * 50 * MS);
    ok(points_compare(points, 2, clocks) && clocks[0].parent == -1 && clocks[1].parent == -1, "nothing is shared");
    end(2);
    begin(2, 1000); /* one packet alone is a coincidence */
    see(points[0], SIGHTING_PACKET, 1, 64, 0, 0);
    see(points[1], SIGHTING_PACKET, 1, 64, 50 * NS_PER_S, 0);
    ok(points_compare(points, 2, clocks) && clocks[1].parent == -1, "one packet proves nothing");
    end(2);
    begin(2, 1000); /* an echo id and number that two tools used */
    for (unsigned i = 0; i < 2; i++) {
        see(points[i], SIGHTING_PROBE, 7, 64, i * 50 * NS_PER_S, 0);
        see(points[i], SIGHTING_REPLY, 7, 60, i * 50 * NS_PER_S + MS, 0);
    }
    ok(points_compare(points, 2, clocks) && clocks[1].parent == -1, "one probe proves nothing");
    end(2);
    begin(2, 1000); /* several of them */
    for (unsigned i = 0; i < 20; i++) {
        see(points[i % 2], SIGHTING_PROBE, i / 2, 64, i % 2 * 50 * NS_PER_S + i * MS, i + 1);
        see(points[i % 2], SIGHTING_REPLY, i / 2, 60, i % 2 * 50 * NS_PER_S + i * MS + MS, 0);
    }
    ok(points_compare(points, 2, clocks) && clocks[1].parent == -1, "different probes prove nothing");
    end(2);
    begin(2, 1000); /* the same file twice */
    see_trace(points[0], points[1], 1, -MS, 0);
    ok(points_compare(points, 2, clocks) && !points_is_corrected(clocks, 1), "the same file twice");
    end(2);
    begin(1, 1000);
    ok(points_compare(points, 1, clocks) && clocks[0].parent == -1, "one file alone");
    end(1);
}

/* A tool runs each hour and sends the same bytes; two files hold a run each. */
static void test_two_runs(void)
{
    for (unsigned named = 0; named < 2; named++) {
        begin(2, 1000);
        for (unsigned i = 0; i < 20; i++) {
            see(points[0], SIGHTING_PACKET, i, 9, i * MS, named);
            see(points[1], SIGHTING_PACKET, i, 9, i * MS + 3600 * NS_PER_S, named);
        }
        ok(points_compare(points, 2, clocks), "compared");
        is_num(points_is_corrected(clocks, 1), named,
               "one place, an hour apart: an IP id tells that it is the same packet");
        end(2);
    }
    for (unsigned marked = 0; marked < 2; marked++) {
        begin(2, 1000);
        for (unsigned run = 0; run < 2; run++) {
            for (unsigned i = 0; i < 18; i++) {
                nstime at = run * 3600 * NS_PER_S + i * 50 * MS;
                see_probe(points[run], i, (uint8_t)(i / 3 + 1), at);
                see_reply(points[run], i, 60, at + 5 * MS, marked ? run * 100 + i + 1 : 0);
            }
        }
        ok(points_compare(points, 2, clocks), "compared");
        ok(!points_is_corrected(clocks, 0) && !points_is_corrected(clocks, 1), "two runs are no offset (%u)", marked);
        end(2);
    }
}

/* Without names, one packet that disagrees is enough to doubt all. */
static void test_doubt(void)
{
    for (unsigned named = 0; named < 2; named++) {
        begin(2, 1000);
        for (unsigned i = 0; i < 20; i++) {
            nstime wrong = i == 7 ? 5 * NS_PER_S : 0;
            see(points[0], SIGHTING_PACKET, i, 9, i * MS, named);
            see(points[1], SIGHTING_PACKET, i, 8, i * MS + 50 * MS - wrong, named);
            see(points[1], SIGHTING_PACKET, 100 + i, 64, i * MS + 50 * MS, named);
            see(points[0], SIGHTING_PACKET, 100 + i, 63, i * MS + MS, named);
        }
        ok(points_compare(points, 2, clocks), "compared");
        is_num(points_is_corrected(clocks, 1), named, "a wrong pair, named %u", named);
        end(2);
    }
}

/* A tunnel keeps the TTL over a way of 20 ms. */
static void test_tunnel(void)
{
    begin(2, 1000);
    see_trace(points[0], points[1], 6, 0, 0);
    for (unsigned i = 0; i < 40; i++) {
        see(points[i % 2], SIGHTING_PACKET, 5000 + i, 60, i * MS, 0);
        see(points[!(i % 2)], SIGHTING_PACKET, 5000 + i, 60, i * MS + 20 * MS, 0);
    }
    ok(points_compare(points, 2, clocks) && clocks[1].parent == 0 && !clocks[1].corrected, "TTLs decide");
    end(2);
}

int main(void)
{
    test_names();
    test_choice();
    test_preference();
    test_two();
    test_low_errors();
    test_replies_apart();
    test_alike_replies();
    test_alike_pieces();
    test_alike_packets();
    test_alike_beside_named();
    test_one_error();
    test_second_names();
    test_translated();
    test_chain();
    test_unrelated();
    test_two_runs();
    test_doubt();
    test_tunnel();
    return tap_done();
}
