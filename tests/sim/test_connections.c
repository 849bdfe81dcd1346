/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs with data in connections, over simulated networks in virtual time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/drive.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "verdict/verdict.h"

/* Ten hops of 5 ms; the rest of each network comes behind it. */
#define TEN                                                                                                            \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 9\nhost target 192.0.2.80 2001:db8:80::80 open tcp/80,tcp/443 "
#define LINKS "\nlinks 5ms client r1 r2 r3 r4 r5 r6 r7 r8 r9 target\n"
#define RTT (100 * NS_PER_MS)
#define LOSSY_RUNS 60

static const struct row {
    const char *name, *host, *rest; /* of the network */
    const char *strategy, *specs;
    const char *state, *how; /* of the last spec */
    int at, after;           /* TTLs; 0: none */
} rows[] = {
    {"an open port", "service answer", "", "trace", "tcp/80:data", "open", "", 10, 0},
    {"an open port that only acknowledges", "service quiet", "", "trace", "tcp/80:data", "open", "", 10, 0},
    {"without timestamps", "service answer no-stamps", "", "trace", "tcp/80:data", "open", "", 10, 0},
    {"a closed port", "service answer", "", "trace", "tcp/81:data", "closed", "tcp-reset", 10, 0},
    {"a server that resets", "service reset", "", "trace", "tcp/80:data", "open", "", 10, 0},
    {"a server that closes at once", "service close", "", "trace", "tcp/80:data", "closed", "tcp-reset", 10, 0},
    {"a server that resets each connection at once, traced", "service abort", "", "trace", "tcp/80:data", "closed",
     "tcp-reset", 10, 0},
    {"the same without timestamps", "service abort no-stamps", "", "trace", "tcp/80:data", "closed", "tcp-reset", 10,
     0},
    {"a kernel that resets each handshake, traced", "", "", "trace", "tcp/80:data", "closed", "tcp-reset", 10, 0},
    {"a server that resets each connection at once", "service abort", "", "diagnose", "icmp,tcp/80,tcp/80:data",
     "closed", "tcp-reset", 10, 0},
    {"a kernel that resets each handshake", "", "", "diagnose", "icmp,tcp/80,tcp/80:data", "closed", "tcp-reset", 10,
     0},
    {"a firewall that drops data", "service answer", "filter r4 forward data drop\n", "diagnose",
     "icmp,tcp/80,tcp/80:data", "dropped", "silent", 0, 4},
    {"a firewall that resets data", "service answer", "filter r4 forward data reset\n", "diagnose",
     "icmp,tcp/80,tcp/80:data", "rejected", "tcp-reset", 0, 4},
    {"the same before the target", "service answer", "filter r9 forward data reset\n", "diagnose",
     "icmp,tcp/80,tcp/80:data", "rejected", "tcp-reset", 0, 9},
    {"a device beside the path that resets both ends", "service answer", "filter r4 forward data inject\n", "diagnose",
     "icmp,tcp/80,tcp/80:data", "rejected", "tcp-reset", 0, 4},
    {"a firewall that rejects data", "service answer", "filter r4 forward data reject admin-prohibited\n", "diagnose",
     "icmp,tcp/80,tcp/80:data", "rejected", "admin-prohibited", 4, 0},
    {"a firewall that drops SYNs", "service answer", "filter r4 forward syn drop\n", "diagnose",
     "icmp,tcp/80,tcp/80:data", "dropped", "silent", 0, 4},
    {"a firewall that resets SYNs", "service answer", "filter r4 forward syn reset\n", "diagnose",
     "icmp,tcp/80,tcp/80:data", "rejected", "tcp-reset", 0, 4},
};

static enum status configure(const struct net *net, uint8_t family, const char *strategy, const char *specs,
                             uint64_t seed, struct session_config *config, struct err *err)
{
    enum status status = drive_config(net, family, specs, seed, config, err);
    config->strategy = strategy_find(strategy);
    if (config->strategy->side_by_side) {
        config->queries = 1;
        config->flows = 16;
        config->confidence = 990000;
        config->budget = 2000;
        config->slow_wait = 0;
    }
    return status;
}

/* Runs it; false: it could not. The caller frees both. */
static bool run(const char *text, uint8_t family, const char *strategy, const char *specs, uint64_t seed,
                struct net **net, struct drive *d)
{
    struct session_config config;
    struct err err = {0};
    *d = (struct drive){0};
    bool good = net_parse("test", text, net, &err) == STATUS_OK &&
                configure(*net, family, strategy, specs, seed, &config, &err) == STATUS_OK &&
                drive_live(d, *net, &config, NSTIME_NEVER);
    if (!good)
        printf("# %s%s\n", err.message, d->err.message);
    return good;
}

static void network_of(const struct row *row, char text[1024])
{
    snprintf(text, 1024, "%s%s%s%s", TEN, row->host, LINKS, row->rest);
}

/* Nothing half-open is left once all that is under way has arrived. */
static unsigned left_open(struct drive *d)
{
    unsigned client, target = drive_connections_left(d, &client);
    return target + client;
}

static void test_row(const struct row *row, uint8_t family)
{
    static struct judgement judgement;
    char text[1024], got[1024] = "", want[256];
    struct net *net = NULL;
    struct drive d;
    network_of(row, text);
    bool ran = run(text, family, row->strategy, row->specs, 1, &net, &d);
    snprintf(want, sizeof want, "%s %s at %d after %d", row->state, row->how, row->at, row->after);
    if (ran) {
        verdict_judge(d.session, &judgement);
        const struct verdict *v = &judgement.verdicts[judgement.verdict_count - 1];
        snprintf(got, sizeof got, "%s %s at %u after %u", verdict_state_name(v->state),
                 v->how ? verdict_how_name(v->how) : "", v->at.ttl, v->after.ttl);
        if (!is_text(got, want, "IPv%u, %s", family, row->name))
            printf("# %s\n", v->text);
        ok(drive_replays_alike(&d), "IPv%u, %s: its replay is alike", family, row->name);
        is_num(left_open(&d), 0, "IPv%u, %s: no connection is left open", family, row->name);
        verdict_release(&judgement);
    } else {
        ok(false, "IPv%u, %s: it runs", family, row->name);
    }
    drive_free(&d);
    free(net);
}

/* The whole run: a handshake, and one round trip of data. */
static void test_speed(uint8_t family)
{
    char text[1024];
    struct net *net = NULL;
    struct drive d;
    network_of(&rows[0], text);
    ok(run(text, family, "trace", "tcp/80:data", 1, &net, &d), "IPv%u: it runs", family);
    printf("# %.1f ms, %u packets\n", nstime_ms(d.done - SIM_START), d.sent_count);
    ok(d.done - SIM_START <= 4 * RTT, "IPv%u: an open port behind ten hops takes four round trips at most", family);
    drive_free(&d);
    free(net);
}

/* Three at once, and then one a second; one for each source port. */
static void test_manners(void)
{
    char text[1024];
    struct net *net = NULL;
    struct drive d;
    snprintf(text, sizeof text, "%sservice answer%sfilter r4 forward data drop\n", TEN, LINKS);
    ok(run(text, 4, "diagnose", "icmp,tcp/80:data", 1, &net, &d),
       "data that is dropped from all source ports: it runs");
    unsigned early = 0, in_time = 0;
    for (unsigned i = 3; i < d.connect_count && i < CONNECTS_NOTED; i++) {
        early += d.connects[i] - d.connects[i - 1] < NS_PER_S;
        in_time += d.connects[i] - d.connects[i - 1] < 2 * NS_PER_S;
    }
    is_num(d.connect_count, 8, "it opens eight connections");
    ok(d.connect_count > 2 && d.connects[2] - d.connects[0] < NS_PER_S, "the first three need not wait");
    is_num(early, 0, "the others follow one a second");
    is_num(in_time, 5, "and not later");
    drive_free(&d);
    free(net);
}

/* A router resets data: the first row searches for the TTL that draws the reset, seven others send one segment each. */
static void test_resets(void)
{
    char text[1024];
    struct net *net = NULL;
    struct drive d;
    snprintf(text, sizeof text, "%sservice answer%sfilter r4 forward data reset\n", TEN, LINKS);
    ok(run(text, 4, "diagnose", "icmp,tcp/80,tcp/80:data", 1, &net, &d),
       "data that is reset from all source ports: it runs");
    is_num(d.connect_count, 10,
           "three connections find the place, seven more show that it is the same from other ports");
    drive_free(&d);
    free(net);
}

/* A server that resets each connection at once: further ones show nothing more. */
static void test_aborts(void)
{
    char text[1024];
    struct net *net = NULL;
    struct drive d;
    snprintf(text, sizeof text, "%sservice abort%s", TEN, LINKS);
    ok(run(text, 4, "trace", "tcp/80:data", 1, &net, &d), "a server that resets each connection at once: it runs");
    is_num(d.connect_count, 3, "three connections show it");
    ok(d.done - SIM_START < 2 * NS_PER_S, "in %.1f s", nstime_ms(d.done - SIM_START) / 1000);
    drive_free(&d);
    free(net);
}

/* A device resets the first connection, and then drops the SYNs of all others. */
static void test_residual(void)
{
    static struct judgement judgement;
    char text[1024];
    struct net *net = NULL;
    struct session_config config;
    struct err err = {0};
    struct drive d = {0};
    snprintf(text, sizeof text,
             "%sservice answer%sfilter r4 forward data reset\nfilter r4 forward syn sport 50001-65535 drop\n", TEN,
             LINKS);
    bool ran = net_parse("test", text, &net, &err) == STATUS_OK &&
               configure(net, 4, "trace", "tcp/80:data", 1, &config, &err) == STATUS_OK;
    config.source_port = 50000;
    ok(ran && drive_live(&d, net, &config, NSTIME_NEVER), "a device that refuses all further connections: it runs");
    is_num(d.connect_count, 4, "three further handshakes are tried, no more");
    verdict_judge(d.session, &judgement);
    const struct verdict *v = &judgement.verdicts[0];
    ok(v->state != VERDICT_OPEN && v->state != VERDICT_CLOSED, "the target did not answer: %s", v->text);
    ok(drive_replays_alike(&d), "its replay is alike");
    verdict_release(&judgement);
    drive_free(&d);
    free(net);
}

/* Loss takes handshakes, resets and replies. */
static const struct lossy {
    const char *name, *host, *rule;
    enum verdict_state state;
    unsigned after;
    unsigned misplaced; /* verdicts that loss may move by a hop */
} lossy[] = {
    {"an open port", "service answer", "", VERDICT_OPEN, 0, 0},
    {"an open port without timestamps", "service answer no-stamps", "", VERDICT_OPEN, 0, 0},
    {"a server that closes at once", "service close", "", VERDICT_CLOSED, 0, 0},
    {"a server that resets each connection at once", "service abort", "", VERDICT_CLOSED, 0, 0},
    {"data that are dropped", "service answer", "filter r4 forward data drop\n", VERDICT_DROPPED, 4, 0},
    {"data that are reset", "service answer", "filter r4 forward data reset\n", VERDICT_REJECTED, 4, 0},
    {"data that are reset beside the path", "service answer", "filter r4 forward data inject\n", VERDICT_REJECTED, 4,
     2},
};

typedef bool verdict_fits(const void *row, const struct judgement *judgement, const struct verdict *verdict);

/* A diagnosis over this network, IPv4 or IPv6 by the seed. True if the verdict on the last spec is as the row says.
 * `alike`: whether the replay is the same. */
static bool judged_run(const char *text, const char *specs, uint64_t seed, verdict_fits *fits, const void *row,
                       bool *alike)
{
    static struct judgement judgement;
    struct net *net = NULL;
    struct drive d;
    bool right = false;
    if (run(text, seed % 2 ? 4 : 6, "diagnose", specs, seed, &net, &d)) {
        verdict_judge(d.session, &judgement);
        const struct verdict *v = &judgement.verdicts[judgement.verdict_count - 1];
        right = fits(row, &judgement, v);
        if (!right)
            printf("# seed %u: %s\n", (unsigned)seed, v->text);
        *alike = drive_replays_alike(&d);
        verdict_release(&judgement);
    }
    drive_free(&d);
    free(net);
    return right;
}

static bool fits_lossy(const void *context, const struct judgement *judgement, const struct verdict *v)
{
    const struct lossy *row = context;
    (void)judgement;
    return v->state == VERDICT_INCONCLUSIVE || (v->state == row->state && v->after.ttl == row->after);
}

static void test_loss(const struct lossy *row)
{
    char text[1024];
    unsigned wrong = 0, unlike = 0;
    snprintf(text, sizeof text,
             "%s%s\nlink client r1 delay 5ms loss 7%%\nlinks 5ms r1 r2 r3 r4 r5 r6 r7 r8 r9 target\n%s", TEN, row->host,
             row->rule);
    for (uint64_t seed = 1; seed <= LOSSY_RUNS; seed++) {
        bool alike = false;
        wrong += !judged_run(text, "icmp,tcp/80,tcp/80:data", seed, fits_lossy, row, &alike);
        unlike += !alike;
    }
    ok(wrong <= row->misplaced, "with 7 %% loss, %s: %u of %d verdicts are wrong", row->name, wrong, LOSSY_RUNS);
    is_num(unlike, 0, "all replays are alike");
}

/* The first handshake is lost, or all are. */
static void test_handshakes(void)
{
    static const struct {
        const char *rule;
        enum verdict_state state;
        unsigned connects;
    } cases[] = {{"filter r4 forward syn sport 50000 drop\n", VERDICT_OPEN, 2},
                 {"filter r4 forward syn drop\n", VERDICT_UNANSWERED, 2}};
    static struct judgement judgement;
    for (unsigned i = 0; i < 2; i++) {
        char text[1024];
        struct net *net = NULL;
        struct session_config config;
        struct err err = {0};
        struct drive d = {0};
        snprintf(text, sizeof text, "%sservice answer%s%s", TEN, LINKS, cases[i].rule);
        bool ran = net_parse("test", text, &net, &err) == STATUS_OK &&
                   configure(net, 4, "trace", "tcp/80:data", 1, &config, &err) == STATUS_OK;
        config.source_port = 50000;
        ok(ran && drive_live(&d, net, &config, NSTIME_NEVER), "%s handshake is lost: it runs",
           i ? "each" : "the first");
        verdict_judge(d.session, &judgement);
        is_num(judgement.verdicts[0].state, cases[i].state, "its verdict: %s", judgement.verdicts[0].text);
        is_num(d.connect_count, cases[i].connects, "two handshakes are tried");
        is_num(strstr(judgement.verdicts[0].text, "SYN") != NULL, i, "SYNs take the place of the data only then");
        verdict_release(&judgement);
        drive_free(&d);
        free(net);
    }
}

/* --- two routers side by side: one refuses or drops --- */

/* They meet at the router or the target `join`; `rest` is the path from there on. */
#define TWO_BRANCHES(join, rest)                                                                                       \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 2\nrouter r3 10.0.3.1 2001:db8:3::1 balance per-flow\n"            \
    "router a4 10.0.4.1 2001:db8:4::1\nrouter b4 10.0.4.2 2001:db8:4::2\nrouter r5 10.0.5.1 2001:db8:5::1\n"           \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/80 service answer\n"                                              \
    "links 5ms client r1 r2 r3 a4 " rest "\nlinks 5ms r3 b4 " join "\n"
static const char *const branched[] = {TWO_BRANCHES("r5", "r5 target"), TWO_BRANCHES("target", "target")};
#define BRANCH_RUNS 40

static const struct branch {
    const char *rule, *specs;
} branches[] = {
    {"data reset", "icmp,tcp/80,tcp/80:data"},
    {"data inject", "icmp,tcp/80,tcp/80:data"},
    {"data reject admin-prohibited", "icmp,tcp/80,tcp/80:data"},
    {"data drop", "icmp,tcp/80,tcp/80:data"},
    {"tcp reset", "icmp,tcp/80"},
    {"tcp reject admin-prohibited", "icmp,tcp/80"},
    {"tcp drop", "icmp,tcp/80"},
};

static bool is_path_dependent(const struct judgement *judgement, const struct trace *trace)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (judgement->findings[i].kind == FINDING_PATH_DEPENDENT && judgement->findings[i].trace == trace)
            return true;
    return false;
}

static bool is_refused_once(const struct trace *trace)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].reply_count &&
            (trace->probes[i].replies[0].kind == REPLY_RST || reply_rejects(trace, &trace->probes[i].replies[0])))
            return true;
    return false;
}

/* Other flows get through, so the port is open; if one was refused, it depends on the source port. */
static bool fits_branch(const void *row, const struct judgement *judgement, const struct verdict *v)
{
    (void)row;
    return v->state == VERDICT_OPEN && (!is_refused_once(v->trace) || is_path_dependent(judgement, v->trace));
}

static void test_branch(const struct branch *row)
{
    char text[1024];
    unsigned wrong = 0, unlike = 0;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%sfilter b4 forward %s\n", branched[i], row->rule);
        for (uint64_t seed = 1; seed <= BRANCH_RUNS; seed++) {
            bool alike = false;
            wrong += !judged_run(text, row->specs, seed, fits_branch, row, &alike);
            unlike += !alike;
        }
    }
    is_num(wrong, 0, "one of two branches stops it, %s: %d verdicts are open", row->rule, 2 * BRANCH_RUNS);
    is_num(unlike, 0, "one of two branches stops it, %s: each replay is the same", row->rule);
}

/* A device beside the path answers, and so does the target. Other source ports would show the same. */
static void test_answered_beside(void)
{
    static struct judgement judgement;
    char text[1024];
    struct net *net = NULL;
    struct drive d;
    unsigned others = 0;
    snprintf(text, sizeof text, "%sopen udp/53%sfilter r4 forward udp inject\n", TEN, LINKS);
    ok(run(text, 4, "diagnose", "icmp,udp/53", 1, &net, &d), "a device beside the path that answers: it runs");
    verdict_judge(d.session, &judgement);
    const struct verdict *v = &judgement.verdicts[judgement.verdict_count - 1];
    is_num(v->state, VERDICT_INTERCEPTED, "its verdict: %s", v->text);
    for (size_t i = 0; i < v->trace->probe_count; i++)
        others += v->trace->probes[i].flow != 0;
    is_num(others, 0, "no other source port is probed");
    verdict_release(&judgement);
    drive_free(&d);
    free(net);
}

static void test_interrupted(void)
{
    char text[1024];
    struct net *net = NULL;
    struct session_config config;
    struct err err = {0};
    struct drive d = {0};
    snprintf(text, sizeof text, "%sservice quiet%sfilter r9 forward data drop\n", TEN, LINKS);
    ok(net_parse("test", text, &net, &err) == STATUS_OK &&
           configure(net, 4, "trace", "tcp/80:data", 1, &config, &err) == STATUS_OK &&
           drive_live(&d, net, &config, 4 * RTT),
       "a run that is interrupted");
    is_num(d.end, SESSION_INTERRUPTED, "it was at work");
    is_num(left_open(&d), 0, "it leaves no connection open");
    ok(drive_replays_alike(&d), "its replay is alike");
    drive_free(&d);
    free(net);
}

int main(void)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_row(&rows[i], 4);
        test_row(&rows[i], 6);
    }
    test_speed(4);
    test_speed(6);
    test_manners();
    test_resets();
    test_aborts();
    test_residual();
    test_handshakes();
    for (unsigned i = 0; i < sizeof lossy / sizeof *lossy; i++)
        test_loss(&lossy[i]);
    for (unsigned i = 0; i < sizeof branches / sizeof *branches; i++)
        test_branch(&branches[i]);
    test_answered_beside();
    test_interrupted();
    return tap_done();
}
