/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions that are left alone, in simulated networks: where they are forgotten, and none where nothing forgets.
 *   test_idle [RUNS]      networks where nothing forgets, drawn for each loss */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"
#include "tap.h"

#define RUNS 40 /* networks for each loss; `make check-idle` draws more */

#define NET_OF(options, delays)                                                                                        \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 6\n"                                                               \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/80,udp/53 service answer " options "\n" delays
#define LINKS "links 5ms client r1 r2 r3 r4 r5 r6 target\n"
#define LOSSY_LINKS "link client r1 delay 5ms loss 10%\nlinks 5ms r1 r2 r3 r4 r5 r6 target\n"
#define HOST(options) NET_OF(options, LINKS)
#define CHAIN HOST("")
#define LOSSY NET_OF("", LOSSY_LINKS)
#define LIMITS                                                                                                         \
    "set r1 limit 6 1\nset r2 limit 6 1\nset r3 limit 6 1\nset r4 limit 6 1\nset r5 limit 6 1\nset r6 limit 6 1\n"
#define TCP "tcp/80:data"
#define UDP "udp/53"
#define LONGEST_S 300

static const struct row {
    const char *name, *text, *spec;
    const char *want; /* of the finding: times in seconds, how, hops at, after, before; "": none */
    unsigned left;    /* connections that the target keeps, since the device that forgot them stops our reset, too */
} rows[] = {
    {"nothing forgets", CHAIN, TCP, "", 0},
    {"nothing forgets, and packets are lost", LOSSY, TCP, "", 0},
    {"nothing forgets, UDP", CHAIN, UDP, "", 0},
    {"a router drops", CHAIN "filter r3 forward tcp idle 30s drop\n", TCP, "10 to 60, silent, at 0 after 3 before 4",
     2},
    {"a router drops, and packets are lost", LOSSY "filter r3 forward tcp idle 30s drop\n", TCP,
     "10 to 60, silent, at 0 after 3 before 4", 2},
    {"a router drops, and routers limit their replies", CHAIN LIMITS "filter r3 forward tcp idle 30s drop\n", TCP,
     "10 to 60, silent, at 0 after 3 before 4", 2},
    {"a router drops before the TTL check", CHAIN "filter r3 prerouting tcp idle 30s drop\n", TCP,
     "10 to 60, silent, at 0 after 2 before 3", 2},
    {"a router drops soon", CHAIN "filter r3 forward tcp idle 5s drop\n", TCP, "0 to 10, silent, at 0 after 3 before 4",
     3},
    {"a router drops late", CHAIN "filter r3 forward tcp idle 200s drop\n", TCP,
     "60 to 300, silent, at 0 after 3 before 4", 1},
    {"a router drops later than that", CHAIN "filter r3 forward tcp idle 400s drop\n", TCP, "", 0},
    {"the last router drops", CHAIN "filter r6 forward tcp idle 30s drop\n", TCP,
     "10 to 60, silent, at 0 after 6 before 0", 2},
    {"a router resets", CHAIN "filter r3 forward tcp idle 30s reset\n", TCP,
     "10 to 60, tcp-reset, at 0 after 3 before 4", 2},
    {"a router resets, without timestamps", HOST("no-stamps") "filter r3 forward tcp idle 30s reset\n", TCP,
     "10 to 60, tcp-reset, at 0 after 3 before 4", 2},
    {"the router before the target resets", CHAIN "filter r6 forward tcp idle 30s reset\n", TCP,
     "10 to 60, tcp-reset, at 0 after 6 before 0", 2},
    {"a router refuses", CHAIN "filter r3 forward tcp idle 30s reject admin-prohibited\n", TCP,
     "10 to 60, admin-prohibited, at 3 after 0 before 0", 2},
    {"the target closes", HOST("idle-fin 30s"), TCP, "10 to 30, fin, at 7 after 0 before 0", 0},
    {"the target resets", HOST("idle-reset 30s"), TCP, "10 to 30, tcp-reset, at 7 after 0 before 0", 0},
    {"the target forgets, or a translator does", HOST("idle-forget 30s"), TCP,
     "10 to 60, tcp-reset, at 7 after 0 before 0", 0},
    {"a server that closes at once", HOST("service close"), TCP, "", 0},
    {"a firewall that stops all data", CHAIN "filter r3 forward data drop\n", TCP, "", 0},
    {"a closed port", CHAIN, "tcp/81:data", "", 0},
    {"a router drops, UDP", CHAIN "filter r3 forward udp idle 30s drop\n", UDP,
     "10 to 60, silent, at 0 after 3 before 4", 0},
    {"a router refuses, UDP", CHAIN "filter r3 forward udp idle 30s reject admin-prohibited\n", UDP,
     "10 to 60, admin-prohibited, at 3 after 0 before 0", 0},
    {"no answer, UDP", CHAIN "filter r3 forward udp drop\n", UDP, "", 0},
};

static enum status config_of(const struct net *net, uint8_t family, const char *spec, uint64_t seed,
                             struct session_config *out, struct err *err)
{
    char specs[256];
    snprintf(specs, sizeof specs, "icmp,%s", spec);
    enum status status = world_config(net, family, specs, seed, out, err);
    for (unsigned i = 0; i < 3; i++) {
        static const uint32_t ages[] = {10, 60, LONGEST_S};
        out->specs[out->spec_count] = out->specs[1];
        out->specs[out->spec_count++].idle_s = ages[i];
    }
    return status;
}

static const struct finding *find(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (judgement->findings[i].kind == FINDING_IDLE_TIMEOUT)
            return &judgement->findings[i];
    return NULL;
}

static void describe(const struct finding *finding, char text[256])
{
    *text = '\0';
    if (finding)
        snprintf(text, 256, "%g to %g, %s, at %u after %u before %u", finding->detail[0].number,
                 finding->detail[1].number, finding->detail[2].text, finding->at.ttl, finding->after.ttl,
                 finding->before.ttl);
}

static void complain(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        printf("#   %s\n", judgement->verdicts[i].text);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        printf("#   %s: %s\n", finding_kind_name(judgement->findings[i].kind), judgement->findings[i].text);
}

/* What the target keeps once all that is under way has arrived. The client keeps nothing. */
static unsigned left_open(struct drive *d)
{
    unsigned client, target = drive_connections_left(d, &client);
    is_num(client, 0, "the client leaves no connection open");
    return target;
}

static void test_run(const struct row *row, const struct net *net, uint8_t family, uint64_t seed)
{
    static struct judgement judgement;
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    char got[256];
    bool ended = config_of(net, family, row->spec, seed, &config, &err) == STATUS_OK &&
                 drive_live(&d, net, &config, NSTIME_NEVER);
    if (!ok(ended, "%s, IPv%u, seed %" PRIu64 ": it ends %s%s", row->name, family, seed, err.message, d.err.message)) {
        drive_free(&d);
        return;
    }
    verdict_judge(d.session, &judgement);
    describe(find(&judgement), got);
    bool is_right = is_text(got, row->want, "%s, IPv%u, seed %" PRIu64 ": what is found, %u packets, %.1f s", row->name,
                            family, seed, d.sent_count, nstime_ms(d.done - d.first_send) / 1000);
    if (!is_right)
        complain(&judgement);
    ok(drive_replays_alike(&d), "its replay is alike");
    is_num(left_open(&d), row->left, "the target keeps those that no reset of ours can end");
    verdict_release(&judgement);
    drive_free(&d);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net *net = NULL;
        struct err err = {0};
        if (!ok(net_parse(rows[i].name, rows[i].text, &net, &err) == STATUS_OK, "%s: a network %s", rows[i].name,
                err.message))
            continue;
        for (uint64_t seed = 1; seed <= 2; seed++) {
            test_run(&rows[i], net, 4, seed);
            test_run(&rows[i], net, 6, seed);
        }
        free(net);
    }
}

/* --- packets are lost --- */

/* Each with 10 % loss each way. */
static const struct lossy {
    const char *name, *rule;
    const char *want; /* of the finding, behind its times */
} lossy[] = {
    {"a router drops", "filter r3 forward tcp idle 30s drop\n", ", silent, at 0 after 3 before 4"},
    {"a router resets", "filter r3 forward tcp idle 30s reset\n", ", tcp-reset, at 0 after 3 before 4"},
    {"a router refuses", "filter r3 forward tcp idle 30s reject admin-prohibited\n",
     ", admin-prohibited, at 3 after 0 before 0"},
    {"the last router drops", "filter r6 forward tcp idle 30s drop\n", ", silent, at 0 after 6 before 0"},
};
#define FORGETS_S 30
#define LOSSY_RUNS 40
#define FOUND_LEAST 30 /* of LOSSY_RUNS: the others are inconclusive, or a connection could not be opened */

/* Whether the finding has that place, and the time after which the device forgets lies between its times. */
static bool is_true(const struct finding *finding, const char *got, const char *want)
{
    return finding && strcmp(strchr(got, ','), want) == 0 && finding->detail[0].number < FORGETS_S &&
           finding->detail[1].number > FORGETS_S;
}

static void test_lossy(const struct lossy *row)
{
    static struct judgement judgement;
    unsigned right = 0, wrong = 0;
    char text[1024], got[256];
    struct net *net = NULL;
    struct err err = {0};
    snprintf(text, sizeof text, "%s%s", LOSSY, row->rule);
    if (!ok(net_parse(row->name, text, &net, &err) == STATUS_OK, "%s: a network %s", row->name, err.message))
        return;
    for (uint64_t seed = 1; seed <= LOSSY_RUNS; seed++) {
        struct session_config config;
        struct drive d = {0};
        if (config_of(net, seed % 2 ? 4 : 6, TCP, seed, &config, &err) != STATUS_OK ||
            !drive_live(&d, net, &config, NSTIME_NEVER))
            abort();
        verdict_judge(d.session, &judgement);
        describe(find(&judgement), got);
        if (is_true(find(&judgement), got, row->want)) {
            right++;
        } else if (*got) {
            wrong++;
            printf("# seed %" PRIu64 ": %s\n", seed, got);
            complain(&judgement);
        }
        verdict_release(&judgement);
        drive_free(&d);
    }
    free(net);
    is_num(wrong, 0, "10 %% loss, %s: no finding is wrong", row->name);
    ok(right >= FOUND_LEAST, "10 %% loss, %s: it is found in %u of %d networks", row->name, right, LOSSY_RUNS);
}

/* --- how long, and what an interruption leaves --- */

#define MOMENT (5 * NS_PER_S) /* for what comes before and behind the longest wait */

static void test_waits(const struct net *net)
{
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    bool ended = config_of(net, 4, TCP, 1, &config, &err) == STATUS_OK && drive_live(&d, net, &config, NSTIME_NEVER);
    ok(ended, "waits side by side: the run ends");
    ok(d.done - d.first_send < LONGEST_S * NS_PER_S + MOMENT, "it takes as long as the longest, and a moment: %.1f s",
       nstime_ms(d.done - d.first_send) / 1000);
    is_num(d.connect_count, 4, "four connections");
    ok(d.connect_count == 4 && d.connects[2] - d.connects[0] < NS_PER_S, "the first three need not wait");
    ok(d.connect_count == 4 && d.connects[3] - d.connects[2] >= NS_PER_S, "the fourth waits a second");
    drive_free(&d);
}

static void test_interruption(const struct net *net)
{
    static struct judgement judgement;
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    char got[256];
    bool ended = config_of(net, 4, TCP, 1, &config, &err) == STATUS_OK && drive_live(&d, net, &config, 100 * NS_PER_S);
    ok(ended && d.end == SESSION_INTERRUPTED, "a run that is interrupted after 100 s");
    verdict_judge(d.session, &judgement);
    describe(find(&judgement), got);
    is_text(got, "10 to 60, silent, at 0 after 3 before 4", "it tells what is known by then");
    is_num(judgement.verdict_count, 4, "and nothing of the session that still waits");
    is_num(left_open(&d), 2, "the target keeps those that were forgotten");
    ok(drive_replays_alike(&d), "its replay is alike");
    verdict_release(&judgement);
    drive_free(&d);
}

/* The user names a source port: each session that is left alone has another one. */
static void test_ports(const struct net *net)
{
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    bool good = config_of(net, 4, TCP, 1, &config, &err) == STATUS_OK;
    config.source_port = 50000;
    ok(good && drive_live(&d, net, &config, NSTIME_NEVER), "a source port that the user named: the run ends");
    unsigned same = 0;
    for (unsigned i = 1; i < 5; i++)
        for (unsigned k = 0; k < session_trace(d.session, 1)->flow_count; k++)
            same += i > 1 && session_trace(d.session, i)->flow.source_port ==
                                 trace_flow(session_trace(d.session, 1), k)->source_port;
    is_num(session_trace(d.session, 1)->flow.source_port, 50000, "the spec has it");
    is_num(same, 0, "no session that is left alone has a port of the spec");
    drive_free(&d);
}

/* A target that talks keeps its connections alive, so that the run does not wait for ever. */
static void test_talk(void)
{
    static struct judgement judgement;
    struct net *net = NULL;
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    bool ended = net_parse("talk", HOST("idle-talk 7s"), &net, &err) == STATUS_OK &&
                 config_of(net, 4, TCP, 1, &config, &err) == STATUS_OK && drive_live(&d, net, &config, NSTIME_NEVER);
    ok(ended, "a target that talks every 7 s: the run ends %s%s", err.message, d.err.message);
    nstime took = d.done - d.first_send;
    ok(took > 2 * LONGEST_S * NS_PER_S && took < 2 * LONGEST_S * NS_PER_S + MOMENT,
       "it takes twice as long as the longest wait: %.1f s", nstime_ms(took) / 1000);
    verdict_judge(d.session, &judgement);
    ok(!find(&judgement), "nothing is found");
    is_num(d.session ? session_trace(d.session, 4)->flow.connection->idle / NS_PER_S : 0, 7,
           "no session was idle for longer than 7 s");
    ok(drive_replays_alike(&d), "its replay is alike");
    verdict_release(&judgement);
    drive_free(&d);
    free(net);
}

/* The query that begins a UDP session, or its answer, may be lost. */
static void test_openers(void)
{
    enum { FIRST_IDLE_PORT = 50100 }; /* with --sport 50000 those of all sessions that are left alone are larger */
    struct net *net = NULL;
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    unsigned probed = 0;
    if (!ok(net_parse("queries", LOSSY, &net, &err) == STATUS_OK, "a network that loses queries"))
        return;
    for (uint64_t seed = 1; seed <= LOSSY_RUNS; seed++) {
        if (config_of(net, 4, UDP, seed, &config, &err) != STATUS_OK || !drive_live(&d, net, &config, NSTIME_NEVER))
            abort();
        for (unsigned i = 2; i < 5; i++)
            probed += session_trace(d.session, i)->started;
        drive_free(&d);
    }
    free(net);
    ok(probed >= 3 * LOSSY_RUNS - 3, "10 %% loss, UDP: %u of %d sessions begin", probed, 3 * LOSSY_RUNS);
    char text[1024];
    snprintf(text, sizeof text, "%sfilter r3 forward udp sport %d-65535 drop\n", CHAIN, FIRST_IDLE_PORT);
    bool good =
        net_parse("queries", text, &net, &err) == STATUS_OK && config_of(net, 4, UDP, 1, &config, &err) == STATUS_OK;
    config.source_port = 50000;
    ok(good && drive_live(&d, net, &config, NSTIME_NEVER), "no session is answered: the run ends");
    is_num(d.connect_count, 9, "three queries for each");
    ok(drive_replays_alike(&d), "its replay is alike");
    drive_free(&d);
    free(net);
}

/* --- nothing forgets --- */

static void test_worlds(double loss, const char *spec, uint64_t first, unsigned runs)
{
    const struct world_ills ills = {loss, false};
    unsigned wrong = 0, broken = 0, unlike = 0;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        static struct judgement judgement;
        struct world world;
        struct session_config config;
        struct drive d = {0};
        struct err err = {0};
        bool ended = world_draw(&ills, seed, &world, &err) &&
                     config_of(world.net, world.family, spec, seed, &config, &err) == STATUS_OK &&
                     drive_live(&d, world.net, &config, NSTIME_NEVER);
        broken += !ended;
        if (ended) {
            verdict_judge(d.session, &judgement);
            if (find(&judgement)) {
                wrong++;
                printf("# loss %g, seed %" PRIu64 ":\n", loss, seed);
                complain(&judgement);
            }
            unlike += !drive_replays_alike(&d);
            verdict_release(&judgement);
        }
        drive_free(&d);
        world_free(&world);
    }
    is_num(broken, 0, "%g %% loss, %s: every run comes to its end", loss * 100, spec);
    is_num(unlike, 0, "%g %% loss, %s: all replays are alike", loss * 100, spec);
    is_num(wrong, 0, "%g %% loss, %s: nothing is forgotten in %u networks", loss * 100, spec, runs);
}

int main(int argc, char *argv[])
{
    static const double losses[] = {0, 0.05, 0.1};
    unsigned runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : RUNS;
    struct net *net = NULL;
    struct err err = {0};
    test_rows();
    if (ok(net_parse("waits", CHAIN "filter r3 forward tcp idle 30s drop\n", &net, &err) == STATUS_OK, "a network")) {
        test_waits(net);
        test_interruption(net);
        test_ports(net);
    }
    free(net);
    test_talk();
    test_openers();
    for (size_t i = 0; i < sizeof lossy / sizeof lossy[0]; i++)
        test_lossy(&lossy[i]);
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        test_worlds(losses[i], TCP, 1, runs);
        test_worlds(losses[i], UDP, 1, runs / 2);
    }
    return tap_done();
}
