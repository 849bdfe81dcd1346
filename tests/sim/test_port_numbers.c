/* SPDX-License-Identifier: BSD-2-Clause */
/* test_port_numbers: what a run with a port list sends over networks that stay the same, how sure it is, and how long
 * it takes. A change of a constant of portmap/ or ports/ shows here. */
#include <stdlib.h>

#include "sim/port_run.h"
#include "tap.h"
#include "verdict/port_verdicts.h"

static const struct {
    const char *name, *list;
    const char *routers[4]; /* options of r1 to r4; NULL: none */
    const char *target, *filters;
    unsigned sent, undecided, sureness; /* packets; ports; sum of the confidences, in thousandths */
    unsigned ms;                        /* from the first send to the end, in virtual time */
    bool lossy;
} numbers[] = {
    {.name = "long runs without limits",
     .list = "tcp/1-200",
     .target = "open tcp/80",
     .filters = "filter r3 forward tcp port 20-60 to target drop\nfilter r2 forward tcp port 90-95 to target drop\n"
                "filter r2 forward tcp port 100-105 to target drop\nfilter r2 forward tcp port 110-115 to target drop\n"
                "filter r4 forward tcp port 120-150 to target drop\n",
     .sent = 604,
     .undecided = 0,
     .sureness = 196990,
     .ms = 1881},
    {.name = "more silent ports than fit in a round",
     .list = "tcp/1-1500",
     .routers = {"limit 6 1", "limit 6 1", "limit 6 1", "limit 6 1"},
     .target = "open tcp/80",
     .filters = "filter r2 forward tcp port 100-1400 to target drop\n"
                "filter r2 forward tcp port 10-11 to target reject admin-prohibited\n",
     .sent = 4790,
     .undecided = 0,
     .sureness = 1434951,
     .ms = 10529},
    {.name = "a target that has spent its errors",
     .list = "udp/1-30",
     .target = "limit 4 0.001",
     .filters = "",
     .sent = 1108,
     .undecided = 26,
     .sureness = 16996,
     .ms = 44211},
    {.name = "a router silent to tcp",
     .list = "tcp/1-30",
     .routers = {NULL, NULL, "silent tcp", NULL},
     .target = "open tcp/20",
     .filters = "filter r4 forward tcp port 10-12 to target drop\n",
     .sent = 68,
     .undecided = 0,
     .sureness = 29943,
     .ms = 1580},
    {.name = "a router that has spent its errors",
     .list = "tcp/1-30",
     .routers = {NULL, NULL, "limit 2 0.001", NULL},
     .target = "open tcp/20",
     .filters = "filter r4 forward tcp port 10-12 to target drop\n",
     .sent = 64,
     .undecided = 0,
     .sureness = 29943,
     .ms = 419},
    {.name = "a router that has spent its errors on the path",
     .list = "tcp/1-30",
     .routers = {NULL, NULL, "limit 1 0.001", NULL},
     .target = "open tcp/20",
     .filters = "filter r4 forward tcp port 10-12 to target drop\n",
     .sent = 82,
     .ms = 10289,
     .sureness = 29943},
    {.name = "one silent port",
     .list = "tcp/1-300",
     .target = "open tcp/80",
     .filters = "filter r2 forward tcp port 50 to target drop\n",
     .sent = 335,
     .undecided = 0,
     .sureness = 299691,
     .ms = 1037},
    {.name = "a silent router",
     .list = "tcp/1-30",
     .routers = {NULL, NULL, "silent", NULL},
     .target = "open tcp/20",
     .filters = "",
     .sent = 54,
     .undecided = 0,
     .sureness = 29970,
     .ms = 1483},
    {.name = "loss",
     .list = "tcp/1-60",
     .target = "open tcp/20",
     .filters = "",
     .sent = 221,
     .undecided = 0,
     .sureness = 59940,
     .lossy = true,
     .ms = 3239},
    {.name = "loss and silent ports",
     .list = "tcp/1-60",
     .target = "open tcp/20",
     .filters = "filter r2 forward tcp port 30-31 to target drop\n",
     .lossy = true,
     .sent = 292,
     .sureness = 59922,
     .ms = 5229},
    {.name = "limited resets",
     .list = "tcp/1-120",
     .target = "open tcp/80 reset-limit 5 50",
     .filters = "filter r2 forward tcp port 20-25 to target drop\n",
     .sent = 627,
     .sureness = 119666,
     .ms = 5656},
    {.name = "limited resets and errors",
     .list = "tcp/1-120",
     .routers = {"limit 6 1", "limit 6 1", "limit 6 1", "limit 6 1"},
     .target = "open tcp/80 reset-limit 5 50",
     .filters = "filter r2 forward tcp port 20-25 to target reject admin-prohibited\n",
     .sent = 491,
     .sureness = 119880,
     .ms = 11247},
    {.name = "a router without a limit refuses a few ports",
     .list = "tcp/1-400",
     .target = "open tcp/80",
     .filters = "filter r2 forward tcp port 20-25 to target drop\n"
                "filter r3 forward tcp port 300-302 to target reject admin-prohibited\n",
     .sent = 470,
     .sureness = 399386,
     .ms = 1228},
    {.name = "some resets are lost",
     .list = "tcp/1-8",
     .target = "reset-limit 2 10",
     .filters = "",
     .sent = 89,
     .sureness = 7992,
     .ms = 1414},
};

static void describe_numbers(unsigned row, struct strbuf *out)
{
    strbuf_init(out);
    strbuf_add(out, "client client 10.9.0.2 2001:db8:99::2\n");
    for (unsigned k = 1; k <= 4; k++)
        strbuf_addf(out, "router r%u 10.0.%u.1 2001:db8:%u::1 %s\n", k, k, k,
                    numbers[row].routers[k - 1] ? numbers[row].routers[k - 1] : "");
    strbuf_addf(out, "host target 192.0.2.80 2001:db8:80::80 %s\n", numbers[row].target);
    strbuf_addf(out, "links 5ms client r1 r2 r3 r4\nlink r4 target delay 5ms%s\n%s",
                numbers[row].lossy ? " loss 25%" : "", numbers[row].filters);
}

static void check_numbers(unsigned row)
{
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    struct judgement *judgement = calloc(1, sizeof *judgement);
    double sureness = 0;
    unsigned undecided = 0;
    describe_numbers(row, &text);
    bool ran = judgement && net_parse("numbers", text.text, &net, &err) == STATUS_OK &&
               port_run(&d, net, numbers[row].list, 4, 1);
    if (ok(ran, "%s: ran %s", numbers[row].name, err.message)) {
        verdict_judge(d.session, judgement);
        for (uint32_t i = 0; i < judgement->ports->count; i++) {
            struct verdict verdict;
            if (ports_judge(judgement->ports, &judgement->ports->entries[i], &verdict))
                sureness += verdict.confidence;
            undecided += verdict.state == VERDICT_INCONCLUSIVE;
        }
        is_num(d.sent_count, numbers[row].sent, "%s: packets", numbers[row].name);
        is_num(undecided, numbers[row].undecided, "%s: undecided ports", numbers[row].name);
        is_num((d.done - d.first_send) / NS_PER_MS, numbers[row].ms, "%s: milliseconds", numbers[row].name);
        is_num(sureness * 1000 + 0.5, numbers[row].sureness, "%s: confidence", numbers[row].name);
        verdict_release(judgement);
    }
    free(judgement);
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

int main(void)
{
    for (unsigned row = 0; row < sizeof numbers / sizeof *numbers; row++)
        check_numbers(row);
    return tap_done();
}
