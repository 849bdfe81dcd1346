/* SPDX-License-Identifier: BSD-2-Clause */
/* Hours of `watch` in virtual time, on a path that loses one packet of a hundred: chance makes no events. WATCH_HOURS
 * and WATCH_SEEDS make more of it: `make check-watch`. */
#include <stdlib.h>

#include "sim/heard.h"
#include "tap.h"
#include "watch/watch.h"

#define QUIET                                                                                                          \
    "client client 10.9.0.2\nchain r 5\nhost target 192.0.2.80 open tcp/80,tcp/443\n"                                  \
    "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 3ms\nlink r3 r4 delay 5ms loss 0.5%\n"                        \
    "links 5ms r4 r5 target\n"
#define TARGET_TTL 6
#define ROUNDS_OF_HOUR 3600

static unsigned number_of(const char *name, unsigned usual)
{
    const char *value = getenv(name);
    return value ? (unsigned)strtoul(value, NULL, 10) : usual;
}

/* Returns the events. */
static unsigned watch_path(const char *specs, unsigned hours, uint64_t seed)
{
    struct watching w;
    struct heard heard;
    struct row_stats stats;
    uint32_t rounds = hours * ROUNDS_OF_HOUR;
    watching_init(&w, QUIET, specs, seed);
    w.config.rounds = rounds;
    heard_run(&heard, &w);
    is_num(watch_rounds(w.session), rounds, "as many rounds as %u hours have seconds", hours);
    monitor_hop_stats(heard.monitor, 0, TARGET_TTL, &stats);
    ok(stats.sent >= rounds && stats.loss > 0.005 && stats.loss < 0.015, "each probes the target: %llu, %.2f %% lost",
       (unsigned long long)stats.sent, 100 * stats.loss);
    unsigned count = heard.count;
    heard_free(&heard, &w);
    return count;
}

int main(void)
{
    unsigned hours = number_of("WATCH_HOURS", 4), seeds = number_of("WATCH_SEEDS", 1), events = 0;
    for (unsigned seed = 1; seed <= seeds; seed++)
        events += watch_path("icmp,tcp/443", hours, seed);
    unsigned most = (hours * seeds + 23) / 24;
    ok(events <= most, "%u events in %u hours, at most %u: one a day", events, hours * seeds, most);
    return tap_done();
}
