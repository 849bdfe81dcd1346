/* SPDX-License-Identifier: BSD-2-Clause */
/* The progress line of a live run, and what of it a narrow terminal shows. */
#include "cli/terminal/progress.h"

#include <string.h>

#include "tap.h"

#define NARROW 60

static const struct {
    const char *name;
    struct progress_run run;
    double passed;
    const char *line, *narrow;
} rows[] = {
    {"it sends",
     {.sent = 12, .farthest = 3, .spec = "tcp/443:data", .ttl = 4},
     1,
     "hopsonde: 12 packets sent, hop 3 replied, probing hop 4 with tcp/443:data",
     "hopsonde: 12 packets sent, hop 3 replied"},
    {"it waits for replies",
     {.sent = 12, .farthest = 3},
     1,
     "hopsonde: 12 packets sent, hop 3 replied, waiting for replies",
     "hopsonde: 12 packets sent, hop 3 replied"},
    {"a session is left alone",
     {.sent = 31, .farthest = 9, .wait = {"tcp/22:data@300s", 252, 252, 0}},
     48,
     "hopsonde: 4:12 until tcp/22:data@300s, 31 packets sent, hop 9 replied",
     "hopsonde: 4:12 until tcp/22:data@300s, 31 packets sent"},
    {"several sessions are left alone",
     {.sent = 31, .farthest = 9, .wait = {"tcp/22:data@60s", 12, 852, 0}},
     48,
     "hopsonde: 0:12 until tcp/22:data@60s, 14:12 in all, 31 packets sent, hop 9 replied",
     "hopsonde: 0:12 until tcp/22:data@60s, 14:12 in all"},
    {"a probe of one leaves while others wait",
     {.sent = 31, .farthest = 9, .spec = "udp/53@60s", .ttl = 2, .wait = {"udp/53@300s", 240, 240, 0}},
     60,
     "hopsonde: 31 packets sent, hop 9 replied, probing hop 2 with udp/53@60s",
     "hopsonde: 31 packets sent, hop 9 replied"},
    {"residual blocking",
     {.sent = 80, .farthest = 9, .wait = {.refused_s = 19}},
     30,
     "hopsonde: 0:19 until the control is sent again, both hosts are refused, 80 packets sent, hop 9 replied",
     "hopsonde: 0:19 until the control is sent again"},
    {"a port list",
     {.sent = 420, .farthest = 9, .ports = 1024, .decided = 512},
     3,
     "hopsonde: [###---] 512/1024 ports, 420 sent, 0:03 left, hop 9 replied, waiting for replies",
     "hopsonde: [###---] 512/1024 ports, 420 sent, 0:03 left"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct strbuf line;
        char narrow[NARROW + 1] = "";
        strbuf_init(&line);
        progress_add_run(&rows[i].run, rows[i].passed, &line);
        is_text(line.text, rows[i].line, "%s", rows[i].name);
        memcpy(narrow, line.text, progress_fitting(&line, NARROW - 1));
        is_text(narrow, rows[i].narrow, "%s, on %d columns", rows[i].name, NARROW);
        strbuf_free(&line);
    }
    return tap_done();
}
