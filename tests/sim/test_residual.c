/* SPDX-License-Identifier: BSD-2-Clause */
/* Residual blocking, in simulated networks: a device that has seen a name stops all else between both hosts for a
 * while. The run waits until it ends, or says so; no verdict on the control or on another name comes of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"
#include "tap.h"

/* The target sends data in connections that are left alone: our kernel's acknowledgements meet the device, too. */
#define NET_OF(links)                                                                                                  \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 6\n"                                                               \
    "host target 192.0.2.80 2001:db8:80::80 open udp/53,tcp/443 service answer idle-talk 1s\n" links
#define LINKS "links 5ms client r1 r2 r3 r4 r5 r6 target\n"
#define LOSSY_LINKS "links 5ms client r1\nlink r1 r2 delay 5ms loss 4%\nlinks 5ms r2 r3 r4 r5 r6 target\n"
#define WAITS_MOST_S 180 /* for the end of residual blocking, in all */
#define TALK_MOST_S 80   /* all else: handshakes that fail take three seconds each */

static const char *const texts[][4] = {
    {"udp/53", "udp/53:name=blocked.example", "udp/53:name=fine.example", "udp/53:name=www.example.com"},
    {"tcp/443", "tcp/443:sni=blocked.example", "tcp/443:sni=fine.example", "tcp/443:sni=www.example.com"},
};
enum { PLAIN = 1, BLOCKED, FINE, CONTROL, SPECS }; /* behind icmp */

static const struct device {
    const char *name, *match, *verb;
    bool tcp;
    enum verdict_state state; /* of the name that it stops */
    const char *how;          /* of the finding */
} devices[] = {
    {"data that are dropped", "data port 443", "drop", true, VERDICT_DROPPED, "silent"},
    {"data that are reset", "data port 443", "reset", true, VERDICT_REJECTED, "tcp-reset"},
    {"data that are reset beside the path", "data port 443", "inject", true, VERDICT_REJECTED, "tcp-reset"},
    {"queries that are dropped", "udp port 53", "drop", false, VERDICT_DROPPED, "silent"},
    {"queries that are answered", "udp port 53", "answer", false, VERDICT_INTERCEPTED, "reply"},
    {"queries that are answered beside the path", "udp port 53", "inject", false, VERDICT_INTERCEPTED, "reply"},
};

struct run {
    const struct device *device;
    unsigned block_s;
    bool two; /* another name follows */
    uint8_t family;
    uint64_t seed;
};

static enum status config_of(const struct net *net, uint8_t family, bool tcp, bool two, uint64_t seed,
                             struct session_config *out, struct err *err)
{
    enum status status = world_config(net, family, "icmp", seed, out, err);
    for (size_t i = PLAIN; i < SPECS && status == STATUS_OK; i++)
        if (i != FINE || two)
            status = probe_spec_parse(texts[tcp][i - 1], &out->specs[out->spec_count++], err);
    out->controls = UINT32_C(1) << (out->spec_count - 1);
    return status;
}

static const char *how_of(const struct finding *finding)
{
    for (unsigned i = 0; i < FINDING_DETAILS_MOST && finding->detail[i].name; i++)
        if (strcmp(finding->detail[i].name, "how") == 0)
            return finding->detail[i].text;
    return "";
}

/* Of the findings that a name is filtered, and of those that residual blocking may feign: the only one. NULL: there is
 * none, or several. */
static const struct finding *only_finding(const struct judgement *judgement)
{
    const struct finding *only = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (judgement->findings[i].kind == FINDING_NAME_FILTER ||
            judgement->findings[i].kind == FINDING_PATH_DEPENDENT ||
            judgement->findings[i].kind == FINDING_RATE_LIMIT) {
            only = &judgement->findings[i];
            count++;
        }
    return count == 1 ? only : NULL;
}

/* What is said of the name that is blocked, of the other one, of the control, and what is found. */
static void describe(const struct judgement *judgement, const struct run *run, char text[256])
{
    const struct finding *finding = only_finding(judgement);
    const struct verdict *all = judgement->verdicts;
    /* Handshakes that fail leave few probes to judge by. */
    bool is_short = run->device->tcp && run->block_s > WAITS_MOST_S && all[BLOCKED].state == VERDICT_INCONCLUSIVE;
    snprintf(text, 256, "%s, %s, %s, %s, %s after %u, %s", verdict_state_name(all[PLAIN].state),
             verdict_state_name(is_short ? run->device->state : all[BLOCKED].state),
             run->two ? verdict_state_name(all[FINE].state) : "-",
             verdict_state_name(all[judgement->verdict_count - 1].state), finding ? how_of(finding) : "nothing",
             finding ? finding->after.ttl : 0,
             finding && strstr(finding->text, "afterwards the control was stopped, too") ? "refused later" : "passes");
}

static void complain(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        printf("#   %s\n", judgement->verdicts[i].text);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        printf("#   %s: %s\n", finding_kind_name(judgement->findings[i].kind), judgement->findings[i].text);
}

static void test_run(const struct run *run, const struct net *net)
{
    static struct judgement judgement;
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    char got[256], want[256], title[128];
    snprintf(title, sizeof title, "%s, for %u s, IPv%u, %s", run->device->name, run->block_s, run->family,
             run->two ? "and another name" : "alone");
    bool ended = config_of(net, run->family, run->device->tcp, run->two, run->seed, &config, &err) == STATUS_OK &&
                 drive_live(&d, net, &config, NSTIME_NEVER);
    if (!ok(ended, "%s: it ends %s%s", title, err.message, d.err.message)) {
        drive_free(&d);
        return;
    }
    verdict_judge(d.session, &judgement);
    describe(&judgement, run, got);
    bool is_waited_out = run->block_s < WAITS_MOST_S;
    double took = nstime_ms(d.done - d.first_send) / 1000;
    /* A block that ends before the control was sent often enough is not noticed. */
    const char *later = strstr(got, "refused later") || run->block_s > 10 ? "refused later" : "passes";
    snprintf(want, sizeof want, "open, %s, %s, open, %s after 3, %s", verdict_state_name(run->device->state),
             !run->two       ? "-"
             : is_waited_out ? "open"
                             : "inconclusive",
             run->device->how, later);
    if (!is_text(got, want, "%s: what is said, after %.0f s", title, took))
        complain(&judgement);
    unsigned most = TALK_MOST_S + (run->two ? (is_waited_out ? 2 * run->block_s : WAITS_MOST_S) : 0);
    ok(took < most, "%s: it takes less than %u s", title, most);
    ok(!run->two || is_waited_out || took > WAITS_MOST_S, "%s: it waits as long as it may", title);
    ok(drive_replays_alike(&d), "%s: its replay is alike", title);
    verdict_release(&judgement);
    drive_free(&d);
}

static struct net *net_of(const struct device *device, const char *links, unsigned block_s)
{
    char text[1024];
    struct net *net = NULL;
    struct err err = {0};
    snprintf(text, sizeof text, "%sfilter r3 forward %s name blocked.example block %us %s\n", links, device->match,
             block_s, device->verb);
    if (net_parse(device->name, text, &net, &err) != STATUS_OK) {
        printf("# %s\n", err.message);
        abort();
    }
    return net;
}

static void test_devices(void)
{
    static const unsigned blocks_s[] = {10, 60, 300};
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        for (size_t n = 0; n < sizeof blocks_s / sizeof *blocks_s; n++) {
            struct net *net = net_of(&devices[i], NET_OF(LINKS), blocks_s[n]);
            struct run run = {.device = &devices[i], .block_s = blocks_s[n], .seed = 1 + i + n};
            for (unsigned k = 0; k < 4; k++) {
                run.two = k % 2;
                run.family = k < 2 ? 4 : 6;
                test_run(&run, net);
            }
            free(net);
        }
}

/* --- packets are lost --- */

#define LOSSY_RUNS 6 /* for each device and time of its blocking, if no argument says how many */

/* Whether nothing that is said of names is wrong; less may be said. */
static bool is_sound(const struct judgement *judgement, const struct device *device)
{
    const struct verdict *all = judgement->verdicts;
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (judgement->findings[i].kind == FINDING_NAME_FILTER &&
            strcmp(judgement->findings[i].trace->flow.spec.name, "blocked.example") != 0)
            return false;
    return (all[BLOCKED].state == device->state || all[BLOCKED].state == VERDICT_INCONCLUSIVE) &&
           (all[FINE].state == VERDICT_OPEN || all[FINE].state == VERDICT_INCONCLUSIVE) &&
           all[CONTROL].state == VERDICT_OPEN;
}

static void test_loss(const struct device *device, unsigned block_s, unsigned runs)
{
    static struct judgement judgement;
    unsigned wrong = 0, found = 0;
    struct net *net = net_of(device, NET_OF(LOSSY_LINKS), block_s);
    for (uint64_t seed = 1; seed <= runs; seed++) {
        struct session_config config;
        struct drive d = {0};
        struct err err = {0};
        if (config_of(net, seed % 2 ? 4 : 6, device->tcp, true, seed, &config, &err) != STATUS_OK ||
            !drive_live(&d, net, &config, NSTIME_NEVER))
            abort();
        verdict_judge(d.session, &judgement);
        found += only_finding(&judgement) != NULL;
        if (!is_sound(&judgement, device)) {
            wrong++;
            printf("# seed %" PRIu64 ":\n", seed);
            complain(&judgement);
        }
        verdict_release(&judgement);
        drive_free(&d);
    }
    free(net);
    is_num(wrong, 0, "%s for %u s, with loss: nothing that is said of names is wrong", device->name, block_s);
    ok(found >= runs / 2, "%s for %u s, with loss: the name is found in %u of %u", device->name, block_s, found, runs);
}

int main(int argc, char **argv)
{
    static const unsigned blocks_s[] = {3, 6, 30};
    unsigned runs = argc > 1 ? (unsigned)atoi(argv[1]) : LOSSY_RUNS;
    test_devices();
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        for (size_t n = 0; n < sizeof blocks_s / sizeof *blocks_s; n++)
            test_loss(&devices[i], blocks_s[n], runs);
    return tap_done();
}
