/* SPDX-License-Identifier: BSD-2-Clause */
/* test_portmap: what probes show of the ports of a list, over traces written in a line: fates, places, and which
 * silences count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portmap/portmap.h"
#include "tap.h"
#include "unit/support/fake_session.h"

#define TARGET "192.0.2.80"

/* The path: routers 10.0.1.1 to 10.0.3.1, then the target. A step is PORT/TTL:REPLY or FIRST-LAST/TTL:REPLY, or
 * icmp/TTL:REPLY of the path's spec, a millisecond after the one before; or +MS, a pause. REPLY:
 *   x  the router at this TTL lets it expire      s  the target accepts it      r  the target resets it
 *   pN router N prohibits it                      u  the target has no such port (ICMP)
 *   -  it timed out                               ?  it is still in flight
 * *HOP: the run tests the gateway at this hop. */
#define LONG_LIST 20
#define PATH "icmp/1:x icmp/2:x icmp/3:x icmp/4:e "

/* Port 1 of 60 is silent, and no probe of the others is lost. */
#define SILENT_OF_60 "1/4:- 2-60/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r "

static const struct {
    const char *name, *list, *steps;
    /* Each port of the list, of long ones without the closed: its fate; behind `@` the last hop that it passed and the
     * next. */
    const char *ports;
} rows[] = {
    {"nothing is asked", "tcp/1-2", PATH, "1 not-asked, 2 not-asked"},
    {"the target answers", "tcp/1-2", PATH "1/4:s 2/4:r", "1 open, 2 closed"},
    {"in flight", "tcp/1-2", PATH "1/4:? 2/4:r", "1 unsure, 2 closed"},
    {"a router refuses", "tcp/1-2", PATH "1/4:p2 2/4:r", "1 refused, 2 closed"},
    {"one silence in front of a reset", "tcp/1-2", PATH "1/4:- 2/4:r", "1 unsure, 2 closed"},
    {"two in one sample are one", "tcp/1-2", PATH "1/4:- 2/4:r 1/4:- 2/4:r", "1 unsure, 2 closed"},
    {"two samples, each in front of a reset", "tcp/1-2",
     PATH "1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r", "1 silent@0-4, 2 closed"},
    {"a hop shows another port of the list, so it may show this one", "tcp/1-2",
     PATH "1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r 2/3:x", "1 silent, 2 closed"},
    {"nothing is reset behind the silences", "tcp/1-2", PATH "2/4:r 1/4:- +60 1/4:- +60 1/4:- +60 1/4:-",
     "1 unsure, 2 closed"},
    {"a reset that comes too late", "tcp/1-2",
     PATH "1/4:- +11 2/4:r +60 1/4:- +11 2/4:r +60 1/4:- +11 2/4:r +60 1/4:- +11 2/4:r", "1 unsure, 2 closed"},
    {"all is silent: no limit explains it", "tcp/1-1", PATH "1/4:- +60 1/4:- +60 1/4:- +60 1/4:-", "1 silent"},
    {"a late answer decides", "tcp/1-2", PATH "1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:s 2/4:r",
     "1 open, 2 closed"},
    {"with refusals by ICMP, samples are a refill apart", "tcp/1-2",
     PATH "1/4:- 2/4:p2 +60 1/4:- 2/4:p2 +60 1/4:- 2/4:p2 +60 1/4:- 2/4:p2", "1 unsure, 2 refused"},
    {"and then count", "tcp/1-2", PATH "1/4:- 2/4:p2 +1100 1/4:- 2/4:p2 +1100 1/4:- 2/4:p2 +1100 1/4:- 2/4:p2",
     "1 silent, 2 refused"},
    {"a sender that had rested, and answered before it had another token", "tcp/1-2",
     PATH "2/4:p2 +1200 1/4:- +500 2/4:p2 +1200 1/4:- +500 2/4:p2 +1200 1/4:- +500 2/4:p2 +1200 1/4:- +500 2/4:p2",
     "1 silent, 2 refused"},
    {"a sender that had not rested", "tcp/1-2",
     PATH "2/4:p2 +900 1/4:- +500 2/4:p2 +900 1/4:- +500 2/4:p2 +900 1/4:- +500 2/4:p2 +900 1/4:- +500 2/4:p2",
     "1 unsure, 2 refused"},
    {"the place: it passes hop 2, and hop 3 shows it silent twice", "tcp/1-2",
     PATH "1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r 2/3:x 2/2:x 1/2:x 1/3:- 2/3:x +60 1/3:- 2/3:x "
          "+60 1/3:- 2/3:x",
     "1 silent@2-3, 2 closed"},
    {"a router had no token for the silence", "tcp/1-2",
     PATH "1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r +60 1/4:- 2/4:r 2/3:x 2/2:x 1/2:x 1/3:- +60 1/3:- +60 1/3:-",
     "1 silent, 2 closed"},
    {"one silence in front of one expiry: the token may have come just in time", "tcp/1-60",
     PATH SILENT_OF_60 "2/3:x 2/2:x 1/2:x 1/3:- 2/3:x", "1 silent"},
    {"one silence in front of two expiries", "tcp/1-60", PATH SILENT_OF_60 "2/3:x 2/2:x 1/2:x 1/3:- 2/3:x 2/3:x",
     "1 silent@2-3"},
    {"one silence in front of one expiry, of a router that had rested", "tcp/1-60",
     PATH SILENT_OF_60 "2/3:x 2/2:x 1/2:x +1200 1/3:- 2/3:x", "1 silent@2-3"},
    {"neighbours between two of one place have it", "tcp/1-4",
     PATH "1/4:- 2/4:- 3/4:- 4/4:r +60 1/4:- 2/4:- 3/4:- 4/4:r +60 1/4:- 2/4:- 3/4:- 4/4:r +60 1/4:- 2/4:- 3/4:- 4/4:r "
          "+60 1/4:- 2/4:- 3/4:- 4/4:r 4/3:x 4/2:x 1/3:x 3/3:x",
     "1 silent@3-4, 2 silent@3-4, 3 silent@3-4, 4 closed"},
    {"but not if their own probes contradict it", "tcp/1-4",
     PATH "1/4:- 2/4:- 3/4:- 4/4:r +60 1/4:- 2/4:- 3/4:- 4/4:r +60 1/4:- 2/4:- 3/4:- 4/4:r +60 1/4:- 2/4:- 3/4:- 4/4:r "
          "+60 1/4:- 2/4:- 3/4:- 4/4:r 4/3:x 4/2:x 1/3:x 3/3:x 2/3:- 4/3:x +60 2/3:- 4/3:x +60 2/3:- 4/3:x",
     "1 silent@3-4, 2 silent, 3 silent@3-4, 4 closed"},
    {"refusals without a limit: samples need not be a refill apart", "tcp/1-9",
     PATH "2-9/4:p2 +60 1/4:- 2/4:p2 +60 1/4:- 2/4:p2 +60 1/4:- 2/4:p2",
     "1 silent, 2 refused, 3 refused, 4 refused, 5 refused, 6 refused, 7 refused, 8 refused, 9 refused"},
    {"one refusal less may be a full bucket and its refill", "tcp/1-5",
     PATH "2-5/4:p2 +60 1/4:- 2/4:p2 +60 1/4:- 2/4:p2 +60 1/4:-",
     "1 unsure, 2 refused, 3 refused, 4 refused, 5 refused"},
    {"an expiry behind the gateway is the answer", "tcp/1-3", "*2 icmp/1:x icmp/2:x icmp/3:x 1/3:x 2/3:p2 3/3:s",
     "1 forwarded, 2 refused, 3 open"},
    {"a silence there needs a router with a token", "tcp/1-2",
     "*2 icmp/1:x icmp/2:x icmp/3:x 1/3:x 2/3:- +1200 2/3:- +1200 2/3:- +1200 2/3:-", "1 forwarded, 2 unsure"},
    {"the port behind the gateway that expired shows the token", "tcp/1-2",
     "*2 icmp/1:x icmp/2:x icmp/3:x 1/3:x 1/2:x 1/1:x +1200 2/3:- 1/3:x +1200 2/3:- 1/3:x +1200 2/3:- 1/3:x +1200 2/2:x",
     "1 forwarded, 2 silent@2-3"},
    {"a spec that expired there shows it as well", "tcp/1-1",
     "*2 icmp/1:x icmp/2:x icmp/3:x +1200 1/3:- icmp/3:x +1200 1/3:- icmp/3:x +1200 1/3:- icmp/3:x +1200 1/2:x",
     "1 silent@2-3"},
    {"a silent router behind the gateway: the next one counts", "tcp/1-1",
     "*2 icmp/1:x icmp/2:x icmp/3:- icmp/4:x 1/4:x", "1 forwarded"},
    {"no router behind it replies", "tcp/1-1", "*2 icmp/1:x icmp/2:x icmp/3:- 1/3:- +1200 1/3:- +1200 1/3:-",
     "1 unsure"},
    {"a closed UDP port spends a token", "udp/1-2", PATH "1/4:u 2/4:-", "1 closed, 2 unsure"},
    /* Ports 2 to 11 are reset only when repeated: the target limits its resets. */
    {"limited resets: silence counts only for probes that keep the pace", "tcp/1-12",
     PATH "12/4:r 2/4:- 3/4:- 4/4:- 5/4:- 6/4:- 7/4:- 8/4:- 9/4:- 10/4:- 11/4:- 1/4:- +30 2/4:r +30 3/4:r +30 4/4:r "
          "+30 5/4:r +30 6/4:r +30 7/4:r +30 8/4:r +30 9/4:r +30 10/4:r +30 11/4:r "
          "+60 12/4:r 1/4:- +60 12/4:r 1/4:- +60 12/4:r 1/4:- +60 12/4:r 1/4:- +60 12/4:r 1/4:-",
     "1 unsure, 2 closed, 3 closed, 4 closed, 5 closed, 6 closed, 7 closed, 8 closed, 9 closed, 10 closed, 11 closed, "
     "12 closed"},
    {"limited resets: probes that keep the pace", "tcp/1-12",
     PATH "12/4:r 2/4:- 3/4:- 4/4:- 5/4:- 6/4:- 7/4:- 8/4:- 9/4:- 10/4:- 11/4:- 1/4:- +30 2/4:r +30 3/4:r +30 4/4:r "
          "+30 5/4:r +30 6/4:r +30 7/4:r +30 8/4:r +30 9/4:r +30 10/4:r +30 11/4:r "
          "+60 1/4:- +60 1/4:- +60 1/4:- +60 1/4:- +60 1/4:-",
     "1 silent@0-4, 2 closed, 3 closed, 4 closed, 5 closed, 6 closed, 7 closed, 8 closed, 9 closed, 10 closed, 11 closed, "
     "12 closed"},
};

static void answer(struct fake *fake, unsigned trace, uint16_t serial, unsigned ttl, const char *reply)
{
    char from[ADDR_TEXT_BYTES];
    struct fake_reply row = {.from = TARGET, .ms = 0.5};
    switch (*reply) {
    case 'x':
        snprintf(from, sizeof from, "10.0.%u.1", ttl);
        row.from = from;
        row.kind = REPLY_TIME_EXCEEDED;
        break;
    case 'p':
        snprintf(from, sizeof from, "10.0.%c.1", reply[1]);
        row.from = from;
        row.kind = REPLY_UNREACHABLE;
        row.type = 3;
        row.code = 13;
        break;
    case 'u':
        row.kind = REPLY_UNREACHABLE;
        row.type = row.code = 3;
        break;
    case 'e':
        row.kind = REPLY_ECHO;
        break;
    case 's':
        row.kind = REPLY_SYN_ACK;
        break;
    case 'r':
        row.kind = REPLY_RST;
        break;
    case '-':
        fake_expire(fake, trace, serial);
        return;
    default:
        return;
    }
    fake_answer(fake, trace, serial, &row);
}

static void take_step(struct fake *fake, const char *step)
{
    char spec[16], reply[4];
    unsigned ttl;
    if (*step == '+') {
        fake->now += atoi(step + 1) * NS_PER_MS;
        return;
    }
    if (sscanf(step, "%15[^/]/%u:%3s", spec, &ttl, reply) != 3)
        abort();
    unsigned trace = strcmp(spec, "icmp") != 0, first = 0, last = 0;
    if (trace && sscanf(spec, "%u-%u", &first, &last) < 2)
        last = first;
    for (unsigned port = first; port <= last; port++) {
        uint16_t serial = fake_send(fake, trace, (uint8_t)ttl);
        struct trace *sender = fake_trace(fake, trace);
        sender->probes[sender->probe_count - 1].target_port = (uint16_t)port;
        answer(fake, trace, serial, ttl, reply);
    }
}

static void describe(const struct portmap *map, struct strbuf *out)
{
    static const char *const fates[] = {
        [FATE_NOT_ASKED] = "not-asked", [FATE_OPEN] = "open",     [FATE_CLOSED] = "closed", [FATE_REFUSED] = "refused",
        [FATE_FORWARDED] = "forwarded", [FATE_SILENT] = "silent", [FATE_UNSURE] = "unsure"};
    for (uint32_t i = 0; i < map->count; i++) {
        const struct port_entry *entry = &map->entries[i];
        if (map->count > LONG_LIST && entry->fate == FATE_CLOSED)
            continue;
        strbuf_addf(out, "%s%u %s", out->length ? ", " : "", entry->port, fates[entry->fate]);
        if (entry->fate == FATE_SILENT && entry->placing != PLACING_OPEN)
            strbuf_addf(out, "@%u-%u", entry->after_ttl, entry->before_ttl);
    }
}

static void check_row(unsigned row)
{
    struct fake fake;
    struct port_list list;
    struct err err;
    struct strbuf seen;
    char specs[64], steps[2048], *rest = steps;
    uint8_t gateway_ttl = 0;
    if (port_list_parse(rows[row].list, &list, &err) != STATUS_OK)
        abort();
    snprintf(specs, sizeof specs, "icmp %.3s/1", rows[row].list);
    fake_init(&fake, "t", TARGET, specs);
    struct trace *trace = fake_trace(&fake, 1);
    trace->ports = &list;
    trace->first_port = (uint16_t)port_list_next(&list, 1);
    trace->last_port = 65535;
    snprintf(steps, sizeof steps, "%s", rows[row].steps);
    for (char *step = strtok_r(steps, " ", &rest); step; step = strtok_r(NULL, " ", &rest))
        if (*step == '*')
            gateway_ttl = (uint8_t)atoi(step + 1);
        else
            take_step(&fake, step);
    struct trace_set path = {.traces = fake.session.trace_list, .count = 1, .max_ttl = 30, .send_gap = NS_PER_MS};
    path.gateway = trace_set_gateway(&path, &(struct addr){.family = 0}, gateway_ttl);
    struct trace_set lists = path;
    lists.traces = fake.session.trace_list + 1;
    struct portmap *map = portmap_new(&path, &lists);
    strbuf_init(&seen);
    if (map)
        describe(map, &seen);
    is_text(seen.text ? seen.text : "no map", rows[row].ports, "%s", rows[row].name);
    strbuf_free(&seen);
    portmap_free(map);
    trace->ports = NULL;
    fake_free(&fake);
}

int main(void)
{
    for (unsigned row = 0; row < sizeof rows / sizeof *rows; row++)
        check_row(row);
    return tap_done();
}
