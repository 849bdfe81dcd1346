/* SPDX-License-Identifier: BSD-2-Clause */
/* A day of `watch` in virtual time, on a path that loses one packet of a hundred: chance makes no events. */
#include "sim/heard.h"
#include "tap.h"
#include "watch/watch.h"

#define QUIET                                                                                                          \
    "client client 10.9.0.2\nchain r 5\nhost target 192.0.2.80 open tcp/80,tcp/443\n"                                  \
    "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 3ms\nlink r3 r4 delay 5ms loss 0.5%\n"                        \
    "links 5ms r4 r5 target\n"

int main(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, QUIET, "icmp,tcp/443", 11);
    w.config.rounds = 86400;
    heard_run(&heard, &w);
    is_num(watch_rounds(w.session), 86400, "as many rounds as a day has seconds");
    ok(heard.count <= 1, "%u events, at most one", heard.count);
    heard_free(&heard, &w);
    return tap_done();
}
