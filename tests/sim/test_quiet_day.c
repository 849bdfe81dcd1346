/* SPDX-License-Identifier: BSD-2-Clause */
/* Hours of `watch` in virtual time, on a path that loses one packet of a hundred: chance makes no events, for any probe
 * type, alone or beside another, with IPv4 and with IPv6. Memory stays as it is. WATCH_HOURS, WATCH_SEEDS and
 * MEMORY_MINUTES make more of it: `make check-watch`.
 */
#include <stdlib.h>

#include "sim/heard.h"
#include "tap.h"
#include "watch/watch.h"

#define QUIET                                                                                                          \
    "client client 10.9.0.2 2001:db8:9::2\nchain r 5\n"                                                                \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/80,tcp/443,udp/53,udp/123,udp/443,dccp/33434,sctp/9899\n"         \
    "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 3ms\nlink r3 r4 delay 5ms loss 0.5%\n"                        \
    "links 5ms r4 r5 target\n"
#define TARGET_TTL 6
#define ROUNDS_OF_MINUTE 60
#define HOURS_OF_PAIR 4
#define MINUTES_ALONE 5 /* of each spec and family, for each hour of the pair */

#define LONG                                                                                                           \
    "client client 10.9.0.2\nchain r 11\n"                                                                             \
    "host target 192.0.2.80 open tcp/80,tcp/443,udp/53,udp/443\n"                                                      \
    "links 5ms client r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 target\n"
#define SEVEN "icmp,udp,udp/53,udp/443,tcp/443,tcp/80,tcp/80:ack"
#define MEMORY_MOST (24U << 20) /* of seven specs and twelve hops */
#define MEMORY_MINUTES 8
#define MEMORY_SLACK 65536 /* bytes by which two rounds may differ */

/* Each probe type, with each payload and variant that has an answer of its own. */
static const char *const specs[] = {"icmp",       "udp",        "udp/53",     "udp/123",   "udp/443",
                                    "tcp/443",    "tcp/80",     "tcp/80:ack", "tcp/81",    "udplite",
                                    "dccp/33434", "dccp/33435", "sctp/9899",  "sctp/9900", "ip/50"};

static unsigned number_of(const char *name, unsigned usual)
{
    const char *value = getenv(name);
    return value ? (unsigned)strtoul(value, NULL, 10) : usual;
}

/* Returns the events. */
static unsigned watch_path(const char *list, uint8_t family, unsigned minutes, uint64_t seed)
{
    struct watching w;
    struct heard heard;
    struct row_stats stats;
    uint32_t rounds = minutes * ROUNDS_OF_MINUTE;
    watching_init_family(&w, QUIET, family, list, seed);
    w.config.rounds = rounds;
    heard_run(&heard, &w);
    is_num(watch_rounds(w.session), rounds, "%s, IPv%u: as many rounds as %u minutes have seconds", list, family,
           minutes);
    monitor_hop_stats(heard.monitor, 0, TARGET_TTL, &stats);
    ok(stats.sent >= rounds && stats.loss > 0.003 && stats.loss < 0.017, "each probes the target: %llu, %.2f %% lost",
       (unsigned long long)stats.sent, 100 * stats.loss);
    unsigned count = heard.count;
    heard_free(&heard, &w);
    return count;
}

/* The bytes in use after so many minutes of seven specs and twelve hops, those of the simulator too; 0: not known. */
static size_t memory_after(unsigned minutes)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, LONG, SEVEN, 1);
    w.config.rounds = minutes * ROUNDS_OF_MINUTE;
    heard_run(&heard, &w);
    size_t bytes = watching_memory();
    is_num(heard.count, 0, "seven specs, twelve hops, %u minutes: no event", minutes);
    heard_free(&heard, &w);
    return bytes;
}

static void test_memory(unsigned minutes)
{
    if (!watching_memory())
        return; /* builds with sanitizers do not count it */
    size_t half = memory_after(minutes / 2), whole = memory_after(minutes);
    ok(whole <= half + MEMORY_SLACK, "%zu bytes after %u minutes, %zu after twice as many", half, minutes / 2, whole);
    ok(whole <= MEMORY_MOST, "%u MiB at most", MEMORY_MOST >> 20);
}

int main(void)
{
    test_memory(number_of("MEMORY_MINUTES", MEMORY_MINUTES));
    unsigned pair = number_of("WATCH_HOURS", HOURS_OF_PAIR), seeds = number_of("WATCH_SEEDS", 1), events = 0;
    unsigned alone = pair * MINUTES_ALONE, minutes = 0;
    for (unsigned seed = 1; seed <= seeds; seed++) {
        events += watch_path("icmp,tcp/443", 4, pair * 60, seed);
        minutes += pair * 60;
        for (unsigned i = 0; i < sizeof specs / sizeof *specs; i++) {
            events += watch_path(specs[i], 4, alone, seed);
            events += watch_path(specs[i], 6, alone, seed);
            minutes += 2 * alone;
        }
    }
    unsigned hours = minutes / 60, most = (hours + 23) / 24;
    ok(events <= most, "%u events in %u hours, at most %u: one a day", events, hours, most);
    return tap_done();
}
