/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that filter names, in simulated networks: each is found at its place, and none is found where there is none.
 *   test_names [RUNS]      networks without such a device, drawn for each loss */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"
#include "tap.h"

#define RUNS 40 /* networks for each loss; `make check-names` draws more */

/* Two probes with a name, and their controls. */
static const char *const of_udp[] = {"udp/53:name=blocked.example", "udp/443:sni=blocked.example",
                                     "udp/53:name=www.example.com", "udp/443:sni=www.example.com"};
static const char *const of_tcp[] = {"tcp/443:sni=blocked.example", "tcp/80:host=blocked.example",
                                     "tcp/443:sni=www.example.com", "tcp/80:host=www.example.com"};
#define NAMED_SPECS 4
#define CONTROLS (UINT32_C(3) << 3) /* behind icmp and the two */

static enum status config_of(const struct net *net, uint8_t family, bool tcp, uint64_t seed, struct session_config *out,
                             struct err *err)
{
    enum status status = world_config(net, family, "icmp", seed, out, err);
    for (size_t i = 0; i < NAMED_SPECS && status == STATUS_OK; i++)
        status = probe_spec_parse((tcp ? of_tcp : of_udp)[i], &out->specs[out->spec_count++], err);
    out->controls = CONTROLS;
    return status;
}

static const struct finding *find(const struct judgement *judgement, const char *spec)
{
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        char text[PROBE_SPEC_TEXT_BYTES] = "";
        const struct finding *finding = &judgement->findings[i];
        if (finding->kind != FINDING_NAME_FILTER)
            continue;
        probe_spec_format(&finding->trace->flow.spec, text);
        if (strcmp(text, spec) == 0)
            return finding;
    }
    return NULL;
}

static unsigned count(const struct judgement *judgement, enum finding_kind kind)
{
    unsigned found = 0;
    for (unsigned i = 0; i < judgement->finding_count; i++)
        found += judgement->findings[i].kind == kind;
    return found;
}

/* --- devices --- */

#define CHAIN                                                                                                          \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 6\n"                                                               \
    "host target 192.0.2.80 2001:db8:80::80 open udp/53,udp/443,tcp/80,tcp/443 service answer\n"                       \
    "links 5ms client r1 r2 r3 r4 r5 r6 target\n"
#define LIMITS                                                                                                         \
    "set r1 limit 6 1\nset r2 limit 6 1\nset r3 limit 6 1\nset r4 limit 6 1\nset r5 limit 6 1\nset r6 limit 6 1\n"     \
    "set target limit 6 1\n"
#define LOSSY                                                                                                          \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 6\n"                                                               \
    "host target 192.0.2.80 2001:db8:80::80 open udp/53,udp/443,tcp/80,tcp/443 service answer\n"                       \
    "links 5ms client r1\nlink r1 r2 delay 5ms loss 5%\nlinks 5ms r2 r3 r4 r5 r6 target\n"
/* A reply comes before the next probe leaves. */
#define FAST                                                                                                           \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 6\n"                                                               \
    "host target 192.0.2.80 2001:db8:80::80 open udp/53,udp/443,tcp/80,tcp/443 service answer\n"                       \
    "links 20us client r1 r2 r3 r4 r5 r6 target\n"
#define DNS "udp port 53 name blocked.example"
#define QUIC "udp port 443 name blocked.example"

#define TLS "data port 443 name blocked.example"
#define HTTP "data port 80 name blocked.example"

#define OF_TLS "tcp/443:sni=blocked.example"
#define OF_HTTP "tcp/80:host=blocked.example"
#define OF_DNS "udp/53:name=blocked.example"
#define OF_QUIC "udp/443:sni=blocked.example"

static const struct {
    const char *name, *text;
    const char *spec, *how; /* of the name filter that is found; NULL: none is */
    bool on_path;
    int after, before, at; /* TTLs; 0: none */
    bool tcp;
} devices[] = {
    {"no device", CHAIN, NULL, NULL, false, 0, 0, 0, false},
    {"it drops a query", CHAIN "filter r3 forward " DNS " drop\n", OF_DNS, "silent", false, 3, 4, 0, false},
    {"it drops a query before the TTL check", CHAIN "filter r3 prerouting " DNS " drop\n", OF_DNS, "silent", false, 2,
     3, 0, false},
    {"it drops an Initial", CHAIN "filter r3 forward " QUIC " drop\n", OF_QUIC, "silent", false, 3, 4, 0, false},
    {"it drops, and routers limit their replies", CHAIN LIMITS "filter r3 forward " DNS " drop\n", OF_DNS, "silent",
     false, 3, 4, 0, false},
    {"it drops, and packets are lost", LOSSY "filter r3 forward " DNS " drop\n", OF_DNS, "silent", false, 3, 4, 0,
     false},
    {"it drops, and the router behind is silent", CHAIN "set r4 silent\nfilter r3 forward " DNS " drop\n", OF_DNS,
     "silent", false, 3, 0, 0, false},
    {"it refuses", CHAIN "filter r3 forward " DNS " reject admin-prohibited\n", OF_DNS, "admin-prohibited", false, 0, 0,
     3, false},
    {"it refuses an Initial, and packets are lost", LOSSY "filter r3 forward " QUIC " reject port-unreachable\n",
     OF_QUIC, "port-unreachable", false, 0, 0, 3, false},
    {"it answers in the path", CHAIN "filter r3 forward " DNS " answer\n", OF_DNS, "reply", false, 3, 4, 0, false},
    {"it answers beside the path", CHAIN "filter r3 forward " DNS " inject\n", OF_DNS, "reply", true, 3, 4, 0, false},
    {"it answers soon, in the path", FAST "filter r3 forward " DNS " answer\n", OF_DNS, "reply", false, 3, 4, 0, false},
    {"it answers soon, beside the path", FAST "filter r3 forward " DNS " inject\n", OF_DNS, "reply", true, 3, 4, 0,
     false},
    {"it answers beside a router that drops",
     CHAIN "filter r3 prerouting " DNS " inject\nfilter r3 forward " DNS " drop\n", OF_DNS, "reply", false, 2, 3, 0,
     false},
    {"it resets beside a router that drops",
     CHAIN "filter r3 prerouting " HTTP " inject\nfilter r3 forward " HTTP " drop\n", OF_HTTP, "tcp-reset", false, 2, 3,
     0, true},
    {"it answers beside the path, from before a router", CHAIN "filter r3 prerouting " DNS " inject\n", OF_DNS, "reply",
     true, 2, 3, 0, false},
    {"it answers beside the path, and packets are lost", LOSSY "filter r3 forward " DNS " inject\n", OF_DNS, "reply",
     true, 3, 4, 0, false},
    {"it answers beside the path, and routers limit their replies", CHAIN LIMITS "filter r3 forward " DNS " inject\n",
     OF_DNS, "reply", true, 3, 4, 0, false},
    {"it answers beside the last link", CHAIN "filter r6 forward " DNS " inject\n", OF_DNS, "reply", true, 6, 0, 0,
     false},
    {"it drops the pair of hosts afterwards", CHAIN "filter r3 forward " DNS " hold 120s drop\n", OF_DNS, "silent",
     false, 3, 4, 0, false},
    {"it answers in the path, and drops the pair of hosts afterwards",
     CHAIN "filter r3 forward " DNS " hold 120s answer\n", OF_DNS, "reply", false, 3, 4, 0, false},
    {"no device, TCP", CHAIN, NULL, NULL, false, 0, 0, 0, true},
    {"it drops a hello", CHAIN "filter r3 forward " TLS " drop\n", OF_TLS, "silent", false, 3, 4, 0, true},
    {"it drops a request, and packets are lost", LOSSY "filter r3 forward " HTTP " drop\n", OF_HTTP, "silent", false, 3,
     4, 0, true},
    {"it refuses a hello", CHAIN "filter r3 forward " TLS " reject admin-prohibited\n", OF_TLS, "admin-prohibited",
     false, 0, 0, 3, true},
    {"it resets a hello", CHAIN "filter r3 forward " TLS " reset\n", OF_TLS, "tcp-reset", false, 3, 4, 0, true},
    {"it resets a request beside the path", CHAIN "filter r3 forward " HTTP " inject\n", OF_HTTP, "tcp-reset", true, 3,
     4, 0, true},
    {"the target resets it", CHAIN "filter target input " TLS " reset\n", NULL, NULL, false, 0, 0, 0, true},
    {"all data is reset", CHAIN "filter r3 forward data port 443 reset\n", NULL, NULL, false, 0, 0, 0, true},
    /* What stops the control as well is no filter of names. */
    {"all queries are dropped", CHAIN "filter r3 forward udp port 53 drop\n", NULL, NULL, false, 0, 0, 0, false},
    {"half of all queries are dropped", CHAIN "filter r3 forward udp port 53 chance 50% drop\n", NULL, NULL, false, 0,
     0, 0, false},
    {"all queries are answered", CHAIN "filter r3 forward udp port 53 answer\n", NULL, NULL, false, 0, 0, 0, false},
    {"half of all queries are refused", CHAIN "filter r3 forward udp port 53 chance 50% reject admin-prohibited\n",
     NULL, NULL, false, 0, 0, 0, false},
    {"the target ignores the name", CHAIN "filter target input " DNS " drop\n", NULL, NULL, false, 0, 0, 0, false},
};

static int ttl_of(const struct place *place)
{
    return place->known ? place->ttl : 0;
}

static const char *text_of(const struct finding *finding, const char *name)
{
    for (unsigned i = 0; i < FINDING_DETAILS_MOST && finding->detail[i].name; i++)
        if (strcmp(finding->detail[i].name, name) == 0)
            return finding->detail[i].is_flag ? finding->detail[i].number != 0 ? "true" : "false"
                                              : finding->detail[i].text;
    return "";
}

/* Whether what is told of the device is so. */
static bool is_right(size_t i, const struct judgement *judgement)
{
    const struct finding *finding = devices[i].spec ? find(judgement, devices[i].spec) : NULL;
    if (!devices[i].spec)
        return count(judgement, FINDING_NAME_FILTER) == 0;
    return finding && count(judgement, FINDING_NAME_FILTER) == 1 &&
           (!devices[i].how || strcmp(text_of(finding, "how"), devices[i].how) == 0) &&
           strcmp(text_of(finding, "on_path"), devices[i].on_path ? "true" : "false") == 0 &&
           ttl_of(&finding->after) == devices[i].after && ttl_of(&finding->before) == devices[i].before &&
           ttl_of(&finding->at) == devices[i].at;
}

/* Without a filter of its own the control is open, and its flows are told apart by nothing. */
static bool controls_are_open(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        if (judgement->verdicts[i].trace->is_control && judgement->verdicts[i].state != VERDICT_OPEN)
            return false;
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (judgement->findings[i].kind == FINDING_PATH_DEPENDENT)
            return false;
    return true;
}

static void complain(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        printf("#   %s\n", judgement->verdicts[i].text);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        printf("#   %s: %s\n", finding_kind_name(judgement->findings[i].kind), judgement->findings[i].text);
}

static void test_device(size_t i, const struct net *net, uint8_t family, uint64_t seed)
{
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    static struct judgement judgement;
    bool ended = config_of(net, family, devices[i].tcp, seed, &config, &err) == STATUS_OK &&
                 drive_live(&d, net, &config, NSTIME_NEVER);
    if (!ok(ended, "%s, IPv%u, seed %" PRIu64 ": it ends", devices[i].name, family, seed)) {
        drive_free(&d);
        return;
    }
    verdict_judge(d.session, &judgement);
    bool right = is_right(i, &judgement) && (!devices[i].spec || controls_are_open(&judgement));
    if (!ok(right && drive_replays_alike(&d), "%s, IPv%u, seed %" PRIu64 ": what is found, %u packets", devices[i].name,
            family, seed, d.sent_count))
        complain(&judgement);
    verdict_release(&judgement);
    drive_free(&d);
}

static void test_devices(void)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        struct net *net = NULL;
        struct err err = {0};
        if (!ok(net_parse(devices[i].name, devices[i].text, &net, &err) == STATUS_OK, "%s: a network %s",
                devices[i].name, err.message))
            continue;
        for (uint64_t seed = 1; seed <= 3; seed++) {
            test_device(i, net, 4, seed);
            test_device(i, net, 6, seed);
        }
        free(net);
    }
}

/* --- no device --- */

static void test_worlds(double loss, bool tcp, uint64_t first, unsigned runs)
{
    const char *which = tcp ? "TCP" : "UDP";
    const struct world_ills ills = {loss, false};
    unsigned wrong = 0, broken = 0;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        struct world world;
        struct session_config config;
        struct drive d = {0};
        struct err err = {0};
        static struct judgement judgement;
        bool serves = tcp && seed % 4;
        bool ended = world_draw(&ills, seed, &world, &err) && (!serves || world_serve(&world, seed, &err)) &&
                     config_of(world.net, world.family, tcp, seed, &config, &err) == STATUS_OK &&
                     drive_live(&d, world.net, &config, NSTIME_NEVER);
        broken += !ended;
        if (ended) {
            verdict_judge(d.session, &judgement);
            if (count(&judgement, FINDING_NAME_FILTER)) {
                wrong++;
                printf("# loss %g, seed %" PRIu64 ":\n", loss, seed);
                complain(&judgement);
            }
            verdict_release(&judgement);
        }
        drive_free(&d);
        world_free(&world);
    }
    is_num(broken, 0, "%g %% loss, %s: every run comes to its end", loss * 100, which);
    is_num(wrong, 0, "%g %% loss, %s: no name filter in %u networks without one", loss * 100, which, runs);
}

int main(int argc, char *argv[])
{
    static const double losses[] = {0, 0.02, 0.05, 0.1};
    unsigned runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : RUNS;
    test_devices();
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        test_worlds(losses[i], false, 1, runs);
        test_worlds(losses[i], true, 1, runs / 2);
    }
    test_worlds(0.1, false, 696, 1); /* only the control's probe at the target's hop was lost */
    return tap_done();
}
